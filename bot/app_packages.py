"""What the App's commands are imported under: its packages need not be installed."""

from collections.abc import Iterator
from contextlib import contextmanager

from bot.errors import Refused


@contextmanager
def app_packages() -> Iterator[None]:
    """Raise Refused where a package is missing, with the command that installs it."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise Refused(f"{error.name} is missing: pip install 'pullwright[app]'") from error
