"""Which green tests a candidate is checked with: first those that reach what it edits.

A small suite is run whole each time. In a large one a candidate has to pass the tests that reach a
line of its edits, then those that reach its files; the rest of the suite is asked of the patches
that would be shown (see `whole_suite`), because it costs the most and says the least.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from bot.repair.candidates import Candidate, SpanEdit, Spectrum

Reach = Mapping[str, Mapping[int, frozenset[str]]]
FEW = 150
"""A suite of so many green tests is run whole for every candidate that passes its targets."""


@dataclass(frozen=True)
class Aim:
    """What has to pass."""

    targets: tuple[str, ...]
    """Tests that are red and must turn green."""
    checked: tuple[str, ...]
    """Tests that are green and must stay so."""
    reach: Reach = field(default_factory=dict)
    """As the spectrum has it; where it is empty, every candidate is checked with everything."""


def aim_at(spectrum: Spectrum, wanted: Iterable[str]) -> Aim:
    """Return the aim of mending those of the wanted tests that are red."""
    targets = frozenset(wanted) & spectrum.red
    near = {
        test
        for lines in spectrum.reach.values()
        for tests in lines.values()
        if tests & targets
        for test in tests
    }
    checked = sorted(spectrum.green, key=lambda test: (test not in near, test))
    return Aim(tuple(sorted(targets)), tuple(checked), spectrum.reach)


@dataclass(frozen=True)
class Checks:
    """The green tests of an aim, by how near they are to an edit of these files."""

    aim: Aim
    texts: Mapping[str, str]

    @property
    def are_staged(self) -> bool:
        """Tell whether there are so many tests that the near ones are run alone at first."""
        return len(self.aim.checked) > FEW and bool(self.aim.reach)

    def near(self, batch: Sequence[Candidate]) -> tuple[str, ...]:
        """Return tests that reach a line which one of these candidates edits."""
        if not self.are_staged:
            return self.aim.checked
        return self._of(
            {test for c in batch for edit in c.edits for test in self._reaching(c, edit)}
        )

    def reaching(self, candidate: Candidate) -> frozenset[str]:
        """Return all tests, red ones too, that reach a line which a candidate edits.

        Empty where nobody knows what tests reach.
        """
        return frozenset(t for edit in candidate.edits for t in self._reaching(candidate, edit))

    def beside(self, batch: Sequence[Candidate]) -> tuple[str, ...]:
        """Return tests that reach a file which one of these candidates edits."""
        if not self.are_staged:
            return self.aim.checked
        paths = {edit.path for candidate in batch for edit in candidate.edits}
        return self._of({test for path in paths for test in self._in_file(path)})

    def _of(self, wanted: set[str]) -> tuple[str, ...]:
        return tuple(test for test in self.aim.checked if test in wanted)

    def _reaching(self, candidate: Candidate, edit: SpanEdit) -> Iterator[str]:
        text, lines = self.texts[edit.path], self.aim.reach.get(edit.path, {})
        first = text.count("\n", 0, edit.start) + 1
        edited = {candidate.line, *range(first, first + text.count("\n", edit.start, edit.end) + 1)}
        # No line of it runs in a test where it is read at import: then the whole file counts.
        known = [lines[line] for line in edited if line in lines]
        yield from (test for tests in known for test in tests)
        if not known:
            yield from self._in_file(edit.path)

    def _in_file(self, path: str) -> Iterator[str]:
        yield from (t for tests in self.aim.reach.get(path, {}).values() for t in tests)
