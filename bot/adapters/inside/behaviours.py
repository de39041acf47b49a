"""What candidates do with arguments like those of the tests: seen once, then given to each of them.

The process that ran the tests as they are is the parent of all that is compared: each candidate
gets copies of the same arguments, in forks that start from the same state.
"""

from __future__ import annotations

import copy
import functools
import os
import sys
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from bot.adapters.inside.forks import Limits, Pipe, adopt, run_child
from bot.adapters.inside.guarding import Caught, Hung, Progress, confine, within
from bot.adapters.inside.recording import Recorder
from bot.adapters.inside.reloads import executed_again
from bot.adapters.inside.swaps import Cold, Sources
from bot.adapters.inside.texts import compared, raised
from bot.adapters.inside.trials import Remains, Tester
from bot.adapters.inside.variants import Call, like

if TYPE_CHECKING:
    from bot.adapters.inside.batches import Job, Station
    from bot.adapters.inside.suites import Suite
    from bot.adapters.inside.swaps import Site, Source

AS_IS = -1
"""The program without a candidate."""
MOST_SEEN = 40
MOST_CALLS = 200
MOST_HUNG = 2
"""So many calls that hang without a candidate are made with each of them."""
MOST_LOST = 4
"""So often a candidate may hang or end its process; the rest of the calls it is not given."""
MOST_CRASHES = 3
TEST_LIMIT_S = 2.0
CALL_LIMIT_S = 0.1
LEAST_SHARE_S = 0.5
HUNG, LOST, UNTRIED = "hangs", "ends the process", "not tried"
_LIMITS = Limits(idle_s=1.5)


class Place(NamedTuple):
    """A function that a candidate changes."""

    source: Source
    site: Site

    @property
    def name(self) -> str:
        """Its name with those of its classes."""
        return ".".join((*self.site.outer, self.site.node.name))

    @property
    def live(self) -> list[Any]:
        """The functions of the running program that came from it."""
        return self.source.functions.get((self.site.line, self.site.node.name), [])


class Behaviours:
    """One comparison, led from one warm process."""

    def __init__(self, suite: Suite, job: Job, station: Station, report: Pipe) -> None:
        self._suite = suite
        self._job = job
        self._station = station
        self._report = report

    def run(self) -> None:
        """Report `given` with the calls as texts, and `does` with a row for each candidate."""
        paths = {edit.path for edits in self._job.candidates for edit in edits}
        sources = Sources(self._station.root)
        sources.load(paths)
        remains = Remains(self._station.root, paths)
        skipped: list[str] = []
        while len(skipped) < MOST_CRASHES:
            comparison = Comparison(self._suite, self._job, self._station, sources, remains)
            crashed = self._compared(comparison, skipped)
            if not crashed:
                break
            skipped.append(crashed)
        self._report.send("done")

    def _compared(self, comparison: Comparison, skipped: list[str]) -> str:
        """Compare in a fork; return the test that ended it, or nothing."""
        begun = [""]

        def hear(line: Any) -> None:
            if line[0] == "begin":
                begun[0] = line[1]
            elif line != ["end"]:
                self._report.send(*line)

        work = functools.partial(comparison.run, skipped=skipped)
        limits = Limits(idle_s=10.0, wall_s=60.0 + 20 * self._job.cpu_s)
        end = run_child(work, self._station.progress, limits, hear)
        self._station.tree.restore()
        return "" if end.is_clean else begun[0]


class Comparison(NamedTuple):
    """What happens in the process that runs the tests as they are."""

    suite: Suite
    job: Job
    station: Station
    sources: Sources
    remains: Remains

    def run(self, pipe: Pipe, skipped: list[str]) -> None:
        """See the calls, think of others, and make them with each candidate."""
        adopt()
        confine(self.station.progress, self.station.root, self.station.spared)
        places = {place.name: place for place in self._places()}
        calls = self._calls(self._seen(pipe, places, skipped))
        pipe.send("begin", "")
        calls = self._steady(places, calls)
        pipe.send("given", [call.text for call in calls])
        candidates = range(len(self.job.candidates)) if calls else range(0)
        left_s = self.job.cpu_s - time.process_time()
        share_s = max(LEAST_SHARE_S, left_s / max(1, len(candidates)))
        for number in candidates:
            row = Row(self, places, number, share_s).told(calls, MOST_LOST)
            self.station.tree.restore()
            pipe.send("does", number, row)

    def _places(self) -> list[Place]:
        """Return the functions that candidates edit; all of a file where one edits none of them."""
        places: dict[tuple[str, int], Place] = {}
        for edits in self.job.candidates:
            try:
                found = [Place(source, site) for source, site, _ in self.sources.sites(edits)]
            except Cold:
                sources = [self.sources.of(path) for path in sorted({e.path for e in edits})]
                found = [Place(source, site) for source in sources if source for site in source.all]
            for place in found:
                places.setdefault((place.source.file, place.site.first), place)
        return [place for place in places.values() if place.live]

    def _seen(self, pipe: Pipe, places: dict[str, Place], skipped: list[str]) -> list[Call]:
        """Run the tests, those to be mended first, and return what they call."""
        codes = {f.__code__: name for name, place in places.items() for f in place.live}
        recorder = Recorder(codes, MOST_SEEN)
        tester = Tester(self.suite, self.station.progress, {})
        known = self.suite.ids
        targets = [test_id for test_id in self.job.targets if test_id in known]
        for test_id in (*targets, *(i for i in known if i not in targets)) if codes else ():
            is_late = time.process_time() > self.job.cpu_s / 2
            if is_late or recorder.is_full or tester.is_spent:
                break
            if test_id not in skipped:
                pipe.send("begin", test_id)
                recorder.start()
                tester.run(test_id, TEST_LIMIT_S)
                recorder.stop()
        return recorder.calls

    def _calls(self, seen: list[Call]) -> list[Call]:
        self.station.progress.begin_test(TEST_LIMIT_S)
        with Caught() as caught, within(TEST_LIMIT_S):
            return like(seen, MOST_CALLS) if seen else []
        return seen if caught.error is not None else []

    def _steady(self, places: dict[str, Place], calls: list[Call]) -> list[Call]:
        """Leave out calls whose outcome without a candidate is not the same twice."""
        share_s = max(self.job.cpu_s / 4, LEAST_SHARE_S)
        first = Row(self, places, AS_IS, share_s).told(calls, MOST_CALLS)
        hung = [place for place, text in enumerate(first) if text == HUNG][MOST_HUNG:]
        kept = [(c, t) for n, (c, t) in enumerate(zip(calls, first)) if n not in hung]
        calls = [call for call, _ in kept]
        second = Row(self, places, AS_IS, share_s).told(calls, MOST_CALLS)
        return [call for (call, one), two in zip(kept, second) if one == two]


class Row(NamedTuple):
    """One candidate, and what it does."""

    comparison: Comparison
    places: dict[str, Place]
    number: int
    share_s: float
    """CPU time for all calls."""

    def told(self, calls: list[Call], most_lost: int) -> list[str]:
        """Return what it does with each call; fewer where its time is over."""
        row: list[str] = []
        lost, used_s = 0, 0.0
        while len(row) < len(calls) and used_s < self.share_s:
            # The count of forks is for mutated code, not for this process.
            self.comparison.station.progress.set(AS_IS)
            said: list[Any] = []
            progress = Progress()
            work = functools.partial(
                self.answer, calls=calls[len(row) :], most_hung=most_lost - lost, progress=progress
            )
            end = run_child(work, progress, _LIMITS, said.append)
            used_s += end.cpu_s
            row += [line[1] for line in said if line[0] == "text"]
            if not end.is_clean and len(row) < len(calls):
                row.append(HUNG if end.is_stalled else LOST)
            lost += (not end.is_clean) + sum(line == ["text", HUNG] for line in said)
            if lost > most_lost:
                return row + [UNTRIED] * (len(calls) - len(row))
        return row

    def answer(self, pipe: Pipe, calls: list[Call], most_hung: int, progress: Progress) -> None:
        """Make the calls in this fork, until one more hangs than may."""
        spared = (*self.comparison.station.spared, os.getppid())
        confine(progress, self.comparison.station.root, spared)
        functions = self._functions()
        hung = 0
        for call in calls:
            self.comparison.remains.undo()
            text = _outcome(functions[call.function], call, progress)
            pipe.send("text", text)
            hung += text == HUNG
            if hung > most_hung or time.process_time() > self.share_s:
                return

    def _functions(self) -> dict[str, Any]:
        """Put the candidate into this process, and return the functions by name."""
        edits = self.comparison.job.candidates[self.number] if self.number != AS_IS else []
        fresh: dict[str, Any] = {}
        try:
            self.comparison.sources.apply(edits)
        except Cold:
            fresh = executed_again(self.comparison.sources, edits)
        return {name: fresh.get(name, place.live[0]) for name, place in self.places.items()}


def _outcome(function: Any, call: Call, progress: Progress) -> str:
    """Return what a call returns or raises, and what becomes of its arguments."""
    progress.begin_test(CALL_LIMIT_S)
    chance = sys.modules.get("random")
    if chance is not None:
        chance.seed(0)
    text = ""
    with Caught() as caught, within(CALL_LIMIT_S):
        before = compared(_copied(call))
        given = _copied(call)
        with Caught() as own:
            text = compared(function(*given[0], **given[1]))
        if isinstance(own.error, Hung):
            raise own.error
        if own.error is not None:
            text = raised(own.error)
        after = compared(given)
        if after != before:
            text += f", and leaves {after}"
    if caught.error is None:
        return text
    return HUNG if isinstance(caught.error, Hung) else raised(caught.error)


def _copied(call: Call) -> Any:
    return copy.deepcopy((call.positional, call.named))
