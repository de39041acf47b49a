"""The clock of this machine, behind the `Clock` port."""

import time


class SystemClock:
    """Monotonic: it never goes back when somebody sets the time."""

    def seconds(self) -> float:
        return time.monotonic()
