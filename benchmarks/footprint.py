"""What the App costs while nothing happens: memory of its processes, size of its image.

    python -m benchmarks.footprint

Starts `serve` and `worker` in front of the simulated GitHub, on SQLite, lets both do something (one
delivery, one review without containers), waits until all is quiet, and adds up the proportional set
size of each with its children. The image's size is what it has over its base, as the Engine counts.
Goals: web 130 MB, worker 200 MB, image 300 MB, in millions of bytes.
"""

import os
import re
import sys
import tempfile
from pathlib import Path

from bot import __version__
from bot.adapters.docker_engine import connect
from bot.errors import SandboxUnavailable
from tests.end_to_end.app import AS_RUN, open_app, start_both
from tests.end_to_end.command import Process

GOALS = {"web": 130.0, "worker": 200.0, "image": 300.0}
MB = 1e6


def main() -> int:
    """Print the figures and return 1 where a goal is missed or nothing could be measured."""
    figures = {**memory(), "image": image_size()}
    for name, figure in figures.items():
        print(f"{name:8} {figure:6.0f} MB of at most {GOALS[name]:.0f}")
    return int(any(not figure <= GOALS[name] for name, figure in figures.items()))


def memory() -> dict[str, float]:
    """Return what the two processes hold after their first job."""
    with (
        tempfile.TemporaryDirectory() as folder,
        open_app(Path(folder), sandbox="none", program=AS_RUN) as app,
    ):
        start_both(app)
        repo = app.github.repo("octo/shop", base={"app.py": "X = 1\n"})
        repo.open_pull_request({"app.py": "import os\n\nX = 1\n"}, author="ada")
        app.until(
            lambda: any(run.conclusion for run in repo.check_runs), "the end of the first review"
        )
        web, worker = app.processes
        return {"web": _pss(web) / MB, "worker": _pss(worker) / MB}


def image_size() -> float:
    """Return what the App's image adds to its base; not a number where there is no image."""
    try:
        engine = connect(os.environ.get("DOCKER_HOST") or None)
        image = engine.image(f"pullwright:{__version__}")
        base = engine.image(image.labels["pullwright.base"])
    except SandboxUnavailable as error:
        print(f"image    not measured: {error}")
        return float("nan")
    engine.disconnect()
    return (image.size_bytes - base.size_bytes) / MB


def _pss(process: Process) -> int:
    """Return the bytes of a process and its children; shared pages count by their share."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return sum(_pss_of(pid) for pid in (str(process.pid), *children))


def _pss_of(pid: str) -> int:
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    found = re.search(r"^Pss:\s+(\d+) kB$", rollup, re.MULTILINE)
    assert found is not None, rollup
    return int(found[1]) * 1024


if __name__ == "__main__":
    sys.exit(main())
