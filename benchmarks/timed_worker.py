"""The worker as `pullwright worker` runs it, which also says when it waits and for how long.

Its output is one JSON object a line. Times are of the clock that all processes of a machine share.

    python -m benchmarks.timed_worker
"""

import json
import signal
import threading
import time
from contextlib import ExitStack

from bot import app_wiring
from bot.adapters.dbos_worker import WorkerOptions, run_worker
from bot.domain.jobs import Handler, JobContext, Json
from bot.settings import load_app_settings, load_settings


def main() -> None:
    """Run jobs until SIGTERM."""
    settings, app, stop = load_settings(), load_app_settings(), threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    with ExitStack() as stack:
        github = app_wiring.find_github(settings, app, stack, sleep=_sleep)
        desk = app_wiring.build_desk(settings, app, github, stack)
        outlook = app_wiring.build_outlook(github)
        handlers = {kind: _timed(one) for kind, one in app_wiring.handlers(desk, outlook).items()}
        _say(event="working")
        run_worker(app.database_url, handlers, WorkerOptions(), stop)


def _sleep(seconds: float) -> None:
    """Sleep for the pace of writes, and say how long it really took."""
    began = time.monotonic()
    time.sleep(seconds)
    _say(event="paced", began=began, seconds=time.monotonic() - began)


def _timed(handler: Handler) -> Handler:
    def run(context: JobContext) -> Json:
        _say(event="begun", began=time.monotonic())
        return handler(context)

    return run


def _say(**values: object) -> None:
    print(json.dumps(values), flush=True)


if __name__ == "__main__":
    main()
