"""What the HTML report shows of a review, cut to bounded sizes: plain values for the template."""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from bot.domain import comments
from bot.domain.diff import Diff, FileDiff, Hunk, Line, LineKind, Side
from bot.domain.evidence import Grade, TestReport, compare
from bot.domain.findings import Finding, Suggestion
from bot.domain.review import Decision, Review

T = TypeVar("T")

CONTEXT_LINES = 4
MAX_FINDINGS = 100
MAX_ROWS = 120
"""Of one excerpt or one patch."""
MAX_ROWS_TOTAL = 3000
MAX_LISTED = 100
"""Of skipped files, tests, limits."""
MAX_LINE = 240
TOP_CONTRIBUTIONS = 3


@dataclass(frozen=True, slots=True)
class Row:
    """One line of code with its numbers and its sign."""

    old: int | None
    new: int | None
    sign: str
    text: str
    is_marked: bool = False

    @property
    def kind(self) -> str:
        """The CSS class of the sign."""
        return {"+": "add", "-": "del", "@": "cut"}.get(self.sign, "same")

    @property
    def indent(self) -> str:
        """The white space before the code, which is not underlined."""
        return self.text[: len(self.text) - len(self.text.lstrip())]


@dataclass(frozen=True, slots=True)
class SuggestionView:
    """A patch and its evidence."""

    grade: Grade
    receipt: str
    source: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class FindingView:
    """A finding with the lines around it."""

    finding: Finding
    rows: tuple[Row, ...]
    suggestion: SuggestionView | None


@dataclass(frozen=True, slots=True)
class UtilityView:
    """What one tool was worth in one step."""

    tool: str
    utility: float
    share: float
    """Of the greatest utility of the step, in percent; for the bar."""
    why: tuple[tuple[str, float], ...]
    is_picked: bool


@dataclass(frozen=True, slots=True)
class StepView:
    """One decision, best tool first."""

    decision: Decision
    tools: tuple[UtilityView, ...]
    ineligible: tuple[str, ...]

    @property
    def picked(self) -> UtilityView:
        """The tool that ran."""
        return next(tool for tool in self.tools if tool.is_picked)


@dataclass(frozen=True, slots=True)
class TestsView:
    """The suite before and after the change."""

    runs: tuple[tuple[str, TestReport], ...]
    broken: tuple[tuple[str, str], ...]
    """Ids of tests that passed before and do not now, with what they say."""
    mended: tuple[str, ...]


def finding_views(review: Review) -> Iterator[FindingView]:
    """Yield the findings in order; code is left out once the page holds enough of it."""
    rows_left = MAX_ROWS_TOTAL
    for finding in review.findings[:MAX_FINDINGS]:
        limit = min(MAX_ROWS, rows_left)
        rows = tuple(itertools.islice(_excerpt(finding, review.diff), limit))
        suggestion = _suggestion(review, finding.suggestion, min(MAX_ROWS, rows_left - len(rows)))
        rows_left -= len(rows) + (len(suggestion.rows) if suggestion is not None else 0)
        yield FindingView(finding, rows, suggestion)


def step_view(decision: Decision) -> StepView:
    """Return a decision with its tools from the best to the worst."""
    most = max((abs(u) for u in decision.utilities.values()), default=0.0)
    order = sorted(decision.utilities.items(), key=lambda item: (-item[1], item[0]))
    return StepView(
        decision,
        tuple(
            UtilityView(
                tool=tool,
                utility=utility,
                share=round(100 * abs(utility) / most, 1) if most else 0.0,
                why=top_contributions(decision.contributions.get(tool, {})),
                is_picked=tool == decision.tool,
            )
            for tool, utility in order
        ),
        tuple(sorted(tool for tool, may in decision.eligible.items() if not may)),
    )


def top_contributions(shares: Mapping[str, float]) -> tuple[tuple[str, float], ...]:
    """Return the features that moved a utility most."""
    ordered = sorted(shares.items(), key=lambda item: (-abs(item[1]), item[0]))
    return tuple((name, value) for name, value in ordered[:TOP_CONTRIBUTIONS] if value)


def tests_view(review: Review) -> TestsView | None:
    """Return the runs there were, or None where no test ran."""
    base, head = review.base_tests, review.head_tests
    runs = tuple((n, r) for n, r in (("merge base", base), ("head", head)) if r is not None)
    if not runs:
        return None
    if base is None or head is None:
        return TestsView(runs, (), ())
    change = compare(base, head)
    broken = ((test, head.messages.get(test, "")) for test in change.pass_to_fail[:MAX_LISTED])
    return TestsView(runs, tuple(broken), change.fail_to_pass[:MAX_LISTED])


def _suggestion(review: Review, suggestion: Suggestion | None, limit: int) -> SuggestionView | None:
    if suggestion is None:
        return None
    proof = suggestion.proof
    return SuggestionView(
        grade=proof.grade if proof is not None else Grade.NOT_VERIFIED,
        receipt=comments.receipt(proof),
        source=suggestion.source,
        rows=tuple(itertools.islice(_patch_rows(review.patch_text(suggestion)), max(0, limit))),
    )


def _patch_rows(text: str) -> Iterator[Row]:
    """Yield the lines of a unified diff; the names of the files stand in the rows that cut."""
    for line in text.split("\n")[:-1]:
        if line.startswith(("diff --git ", "--- ", "\\")):
            continue
        if line.startswith("+++ b/"):
            yield Row(None, None, "@", line.removeprefix("+++ b/"))
        elif not line.startswith("@@"):
            yield Row(None, None, line[:1], _cut(line[1:]))


def _excerpt(finding: Finding, diff: Diff | None) -> Iterator[Row]:
    """Yield the lines around a finding as the diff shows them, or its snippet where it does not."""
    place = finding.location
    file = diff.by_path.get(place.path) if diff is not None else None
    hunk = _hunk(file, finding)
    if hunk is None:
        for number, text in enumerate(finding.snippet.split("\n"), place.start_line):
            if text:
                yield Row(None, number, " ", _cut(text), is_marked=True)
        return
    marked = [_is_marked(line, finding) for line in hunk.lines]
    first = max(0, marked.index(True) - CONTEXT_LINES)
    last = len(marked) - marked[::-1].index(True) + CONTEXT_LINES
    for line, is_marked in zip(hunk.lines[first:last], marked[first:last], strict=True):
        text = _cut(line.text.removesuffix("\n"))
        yield Row(line.old_number, line.new_number, line.kind.value, text, is_marked)


def _hunk(file: FileDiff | None, finding: Finding) -> Hunk | None:
    """Return the hunk that shows at least one line of the finding."""
    if file is None:
        return None
    place = finding.location
    for number in range(place.start_line, min(place.end_line, place.start_line + MAX_ROWS) + 1):
        if (hunk := file.hunk_at(number, side=place.side)) is not None:
            return hunk
    return None


def _is_marked(line: Line, finding: Finding) -> bool:
    place = finding.location
    number = line.new_number if place.side is Side.RIGHT else line.old_number
    is_on_side = place.side is Side.RIGHT or line.kind is not LineKind.ADDED
    return is_on_side and number is not None and place.start_line <= number <= place.end_line


def _cut(text: str) -> str:
    over = len(text) - MAX_LINE
    return text if over <= 0 else f"{text[:MAX_LINE]}… {over} more characters"


def listed(items: Iterable[T]) -> tuple[T, ...]:
    """Return at most as many items as a list of the page holds."""
    return tuple(itertools.islice(items, MAX_LISTED))
