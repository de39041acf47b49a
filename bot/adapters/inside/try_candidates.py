"""Surveys the tests and tries candidates; the entry that is sent into the sandbox.

This process imports nothing of the project: it forks the warm one, starts it anew when a candidate
ends it, and keeps the results. Its arguments are the folder for results and the pieces of a job.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import json
import os
import sys
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.adapters.inside.batches import Batch, Job, Station
from bot.adapters.inside.behaviours import Behaviours
from bot.adapters.inside.forks import Limits, Pipe, adopt, run_child
from bot.adapters.inside.guarding import Progress, confine
from bot.adapters.inside.run_tests import import_roots
from bot.adapters.inside.suites import Suite, UnittestSuite, with_pytest_suite
from bot.adapters.inside.surveys import Survey
from bot.adapters.inside.swaps import Edit, decoded, edited, encoded
from bot.adapters.inside.tracing import Request, optional
from bot.adapters.inside.tree_copy import TreeCopy
from bot.adapters.inside.trials import Judge, Question, Tester

if TYPE_CHECKING:
    from collections.abc import Callable

RESTARTS = 20
_WARM = Limits(idle_s=60.0, wall_s=24 * 3600.0)


class Server:
    """One job in one sandbox command."""

    def __init__(self, results: Path, job: dict[str, Any]) -> None:
        self._root = Path.cwd()
        self._results = results
        self._words = job
        candidates = [[Edit(*edit) for edit in edits] for edits in job["candidates"]]
        self._job = Job(candidates, job["targets"], job["checked"], job["cpu_s"], job["chunk"])
        self._tree = TreeCopy(self._root)
        self._progress = Progress()
        self._lines: list[Any] = []
        self._done: dict[int, list[Any]] = {}
        self._used_s = 0.0
        self._is_cold = any("::" not in target for target in job["targets"])

    def run(self) -> None:
        """Do the job and write `repair.json`."""
        if self._words["mode"] == "survey":
            self._warm(self._survey)
        elif self._words["mode"] == "compare":
            self._warm(self._compare)
        else:
            self._try_all()
        self._tree.restore()
        found = {"nonce": self._words["nonce"], "lines": [*self._lines, *self._done.values()]}
        (self._results / "repair.json").write_text(json.dumps(found), encoding="utf-8")

    def _survey(self, suite: Suite, pipe: Pipe) -> None:
        Survey(suite, self._words["paths"], self._station(), pipe).run()

    def _compare(self, suite: Suite, pipe: Pipe) -> None:
        Behaviours(suite, self._job, self._station(), pipe).run()

    def _try_all(self) -> None:
        left = list(range(len(self._job.candidates)))
        if self._is_cold:
            self._done = {number: ["trial", number, "cold", [], None] for number in left}
            left = []
        for _ in range(RESTARTS):
            if not left or self._is_through(left):
                break
            # A candidate ended the warm process, which only what runs below it can have done: the
            # one that ran when that was noticed, or the one before.
            for number in (self._progress.number - 1, self._progress.number):
                if number in left and not self._is_through([number]):
                    self._done[number] = ["trial", number, "crashed", [], None]
            left = [number for number in left if number not in self._done]
        for number, line in sorted(self._done.items()):
            if line[2] == "cold":
                self._done[number] = self._cold(number)
        self._done = {n: line for n, line in self._done.items() if line[2] != "cold"}

    def _is_through(self, numbers: list[int]) -> bool:
        """Try candidates in one warm process; tell whether it came to its end."""
        before = len(self._lines)
        end = self._warm(functools.partial(self._batch, numbers=numbers))
        words = {line[0] for line in self._lines[before:]}
        return bool(words & {"done", "problem"}) or end.number < 0

    def _batch(self, suite: Suite, pipe: Pipe, numbers: list[int]) -> None:
        Batch(suite, self._job, self._station(), pipe).run(numbers)

    def _station(self) -> Station:
        return Station(self._root, self._tree, self._progress, (os.getpid(), os.getppid()))

    def _warm(self, work: Callable[[Suite, Pipe], None]) -> Any:
        """Import the project in a fork and work there; return how the fork ended."""
        only = [] if self._words["mode"] == "survey" else [*self._job.targets, *self._job.checked]

        def inside(pipe: Pipe) -> None:
            adopt()
            collect(self._request(only), lambda suite: work(suite, pipe), pipe)

        # Not its children's progress: their deadlines are in CPU time of their own.
        self._progress.set(-1)
        end = run_child(inside, Progress(), _WARM, self._hear)
        self._tree.restore()
        # What it was at when it died is what its children were at.
        return end._replace(number=self._progress.number)

    def _request(self, only: list[str]) -> Request:
        return Request(self._root, self._results, only, [], self._words["arguments"])

    def _hear(self, line: Any) -> None:
        if line[0] == "trial":
            self._done[line[1]] = line
        elif line != ["end"]:
            self._lines.append(line)

    def _cold(self, number: int) -> list[Any]:
        """Try a candidate in a process that imports the changed files."""
        line: list[Any] = ["trial", number, "cold", [], None]
        if self._used_s > self._job.cpu_s:
            return line
        try:
            self._write(self._job.candidates[number])
        except (SyntaxError, ValueError, KeyError, OSError, RecursionError, MemoryError):
            self._tree.restore()
            return ["trial", number, "invalid", [], None]
        said: list[Any] = []

        def inside(pipe: Pipe) -> None:
            adopt()
            only = [*self._job.targets, *self._job.checked]
            station = self._station()
            collect(self._request(only), lambda s: judged(s, self._job, station, pipe), pipe)

        end = run_child(inside, Progress(), Limits(idle_s=10.0, wall_s=120.0), said.append)
        self._used_s += end.cpu_s
        self._tree.restore()
        for words in said:
            if words[0] == "judged":
                return ["trial", number, words[1], words[2], None]
        fate = "hung" if end.is_stalled else "failed"
        return ["trial", number, fate, self._job.targets[:8], None]

    def _write(self, edits: list[Edit]) -> None:
        for path in {edit.path for edit in edits}:
            before = self._tree.data(path)
            text = edited(decoded(before), [edit for edit in edits if edit.path == path])
            if path.endswith(".py"):
                compile(text.lstrip("\ufeff"), path, "exec", dont_inherit=True)
            self._tree.write(path, encoded(text, before))


def judged(suite: Suite, job: Job, station: Station, report: Pipe) -> None:
    """Run the tests of a cold candidate in a fork of the process that imported it."""
    known = set(suite.ids)
    targets: list[str] = []
    for test_id in job.targets:
        within = [test_id] if "::" in test_id else [i for i in suite.ids if i.startswith(test_id)]
        targets += [i for i in within if i in known][:8]
    gone = [t for t in job.targets if not any(i == t or i.startswith(f"{t}::") for i in known)]
    checked = [test_id for test_id in job.checked if test_id in known]
    if gone or not targets or len(checked) < len(job.checked):
        report.send("judged", "failed", gone or job.targets[:8])
        return

    def work(pipe: Pipe) -> None:
        confine(station.progress, station.root, station.spared)
        answer = Judge(Tester(suite, station.progress, {}), Question(targets, checked, 2.0)).judge()
        pipe.send("judged", answer.fate, answer.red)

    def hear(line: Any) -> None:
        if line[0] == "judged":
            report.send(*line)

    run_child(work, station.progress, Limits(idle_s=5.0), hear)


def collect(request: Request, work: Callable[[Suite], None], pipe: Pipe) -> None:
    """Import the tests as the project's framework does, and work with them."""
    root = request.root
    roots = [str(root), *import_roots(root)]
    sys.path[:] = [path for path in sys.path if path not in roots]
    pytest = optional("pytest")
    sys.path[:0] = roots
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
    calls: list[int] = []

    def begin(suite: Suite) -> None:
        calls.append(1)
        if suite.problem:
            pipe.send("problem", suite.problem)
        else:
            work(suite)

    if pytest is None:
        files = frozenset(test_id.partition("::")[0] for test_id in request.only)
        begin(UnittestSuite(root, files))
        return
    code = with_pytest_suite(pytest, request, begin)
    if not calls:
        pipe.send("problem", f"pytest ended with exit code {code} before a test could run")


def main(arguments: list[str]) -> int:
    """Do one job."""
    folder, *pieces = arguments
    with contextlib.suppress(OSError):
        (Path(folder) / "repair.json").unlink()
    adopt()
    Server(Path(folder), json.loads(zlib.decompress(base64.b64decode("".join(pieces))))).run()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
