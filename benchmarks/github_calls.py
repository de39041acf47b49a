"""How many calls to GitHub one review makes, those for tokens included: goal at most 14.

The whole App runs in front of the simulated GitHub, which logs every call; what git fetches is no
call of the API. One pull request has 2 files, the other 40, each with a finding.

    python -m benchmarks.github_calls
"""

import sys
import tempfile
from pathlib import Path

from tests.end_to_end.app import App, api_calls, running_app

GOAL = 14


def main() -> int:
    """Print the calls and return 1 where the goal is missed."""
    with (
        tempfile.TemporaryDirectory() as folder,
        running_app(Path(folder), sandbox="none") as app,
    ):
        return int(max(_calls_of(app, count) for count in (2, 40)) > GOAL)


def _calls_of(app: App, count: int) -> int:
    repo = app.github.repo(f"owner-{count}/shop")
    files = {f"m{i}.py": f"import os\n\nX = {i}\n" for i in range(count)}
    calls = api_calls(app, lambda: repo.open_pull_request(files, author="ada"))
    print(f"{len(calls)} calls for {count} files, goal at most {GOAL}")
    print(*(f"    {call}" for call in calls), sep="\n")
    return len(calls)


if __name__ == "__main__":
    sys.exit(main())
