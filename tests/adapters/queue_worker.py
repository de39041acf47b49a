"""A worker process for tests: `python -m tests.adapters.queue_worker OPTIONS`.

Its handler does what the payload of a job says, and writes every effect to a file, one JSON line
each, so that the tests see what really happened, kill -9 included.
"""

import json
import os
import signal
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from bot.adapters.dbos_dispatch import Limits
from bot.adapters.dbos_worker import WorkerOptions, run_worker
from bot.domain.jobs import JobContext, JobKind, Json, RetryPolicy
from bot.errors import PullwrightError, Refused, Retryable


class Effects:
    """What handlers did, in order."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def write(self, **values: object) -> None:
        line = json.dumps({**values, "pid": os.getpid(), "at": time.time()})
        descriptor = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.write(descriptor, f"{line}\n".encode())
        os.close(descriptor)

    def read(self) -> list[dict[str, Any]]:
        if not self._file.exists():
            return []
        # A line that a kill cut short is no effect.
        lines = self._file.read_text().splitlines(keepends=True)
        return [json.loads(line) for line in lines if line.endswith("\n")]

    def count(self, **wanted: object) -> int:
        return sum(all(e.get(k) == v for k, v in wanted.items()) for e in self.read())


class Toy:
    """The handler."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._effects = Effects(folder / "effects.jsonl")

    def __call__(self, context: JobContext) -> Json:
        payload = context.job.payload
        sleep_s = float(str(payload.get("sleep_s", 0)))
        for number in range(1, int(str(payload.get("steps", 1))) + 1):
            try:
                context.step(f"step {number}", partial(self._step, context, number, sleep_s))
            except Refused as refused:
                if payload.get("is_refusal_final", True):
                    raise
                reply = partial(self._did, context, "reply", {"why": str(refused)})
                context.step("reply", reply)
            self._die_at(context, number, "recorded")
        return {}

    def _step(self, context: JobContext, number: int, sleep_s: float) -> Json:
        self._die_at(context, number, "begun")
        self._did(context, "begin", {"step": number})
        with context.on_stop(lambda: self._did(context, "closed", {"step": number})):
            self._wait(context, sleep_s)
        self._trouble(context, number)
        if context.job.payload.get("posts") and number == context.job.payload["steps"]:
            self._post(context)
        self._did(context, "end", {"step": number})
        self._die_at(context, number, "done")
        return {"number": number, "pair": [1, 2]}

    def _post(self, context: JobContext) -> None:
        """Post once, as a publisher does that looks for its marker first."""
        if not self._effects.count(job=context.job.id, event="post"):
            self._did(context, "post", {})

    def _did(self, context: JobContext, event: str, more: dict[str, object]) -> Json:
        self._effects.write(job=context.job.id, key=context.job.key, event=event, **more)
        return {}

    def _wait(self, context: JobContext, seconds: float) -> None:
        """Work until the time is over, or until a stop breaks it, as a killed container does."""
        until = time.time() + seconds
        while time.time() < until:
            if self._effects.count(job=context.job.id, event="closed", pid=os.getpid()):
                raise PullwrightError("the sandbox is gone")
            time.sleep(0.02)

    def _trouble(self, context: JobContext, number: int) -> None:
        """Fail as the payload says: {"trouble": {"2": ["Retryable", "down", 3]}}, thrice here."""
        troubles: Any = context.job.payload.get("trouble", {})
        if str(number) not in troubles:
            return
        kind, reason, times = troubles[str(number)]
        if (self._folder / f"mended-{context.job.id}").exists():
            return
        if self._effects.count(job=context.job.id, event="begin", step=number) > times:
            return
        errors: dict[str, Exception] = {
            "Retryable": Retryable(reason),
            "Later": Retryable(reason, retry_at=datetime.now(UTC) + timedelta(seconds=2)),
            "Refused": Refused(reason),
            "bug": ValueError(reason),
        }
        raise errors[kind]

    def _die_at(self, context: JobContext, number: int, when: str) -> None:
        """Die by SIGKILL at a point that the payload names, once."""
        points: Any = context.job.payload.get("die_at", [])
        if [number, when] not in points:
            return
        mark = self._folder / f"died-{context.job.id}-{number}-{when}"
        try:
            mark.touch(exist_ok=False)
        except FileExistsError:
            return
        os.kill(os.getpid(), signal.SIGKILL)


def _die_with_the_test() -> None:
    """Leave nothing behind where the test process itself was killed: its end of the pipe closes."""
    sys.stdin.read()
    os._exit(1)


def main(text: str) -> None:
    """Run a worker until SIGTERM."""
    values = json.loads(text)
    threading.Thread(target=_die_with_the_test, daemon=True).start()
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda _number, _frame: stop.set())
    toy = Toy(Path(values.pop("folder")))
    url = values.pop("url")
    soon, second = timedelta(seconds=0.1), timedelta(seconds=1)
    limits = Limits(
        running=values.pop("per_installation", 8),
        starts=values.pop("starts", 1000),
        window=timedelta(seconds=values.pop("window_s", 60)),
        retry=RetryPolicy(attempts=values.pop("attempts", 3), first=soon, longest=second),
    )
    keep = timedelta(seconds=values.pop("keep_s", 3600))
    fast = {"keep": keep, "poll_s": 0.05, "lease_s": 20.0, "patience_s": 0.5}
    options = WorkerOptions(**{**fast, **values}, limits=limits)
    try:
        run_worker(url, dict.fromkeys(JobKind, toy), options, stop)
    except PullwrightError as error:
        sys.exit(f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main(sys.argv[1])
