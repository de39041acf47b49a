"""What the HTML report shows of a review, cut to bounded sizes: plain values for the template."""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from bot.adapters.report_rows import Row, excerpt, patch_rows
from bot.domain import comments, evidence_words
from bot.domain.evidence import Grade, TestReport, compare
from bot.domain.findings import Finding, Suggestion
from bot.domain.review import Decision, Review

T = TypeVar("T")

MAX_FINDINGS = 100
MAX_ROWS = 120
"""Of one excerpt or one patch."""
MAX_ROWS_TOTAL = 3000
MAX_LISTED = 100
"""Of skipped files, tests, limits."""
TOP_CONTRIBUTIONS = 3


@dataclass(frozen=True, slots=True)
class SuggestionView:
    """A patch and its evidence."""

    grade: Grade
    receipt: str
    doubt: str
    """Why a person has to choose; empty where nobody has to."""
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
    own_word: str
    """What a run means for which the change edits what decides it."""


def finding_views(review: Review) -> Iterator[FindingView]:
    """Yield the findings in order; code is left out once the page holds enough of it."""
    rows_left = MAX_ROWS_TOTAL
    for finding in review.findings[:MAX_FINDINGS]:
        limit = min(MAX_ROWS, rows_left)
        rows = tuple(itertools.islice(excerpt(finding, review.diff), limit))
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
    own_word = evidence_words.own_word(review.diff)
    if base is None or head is None:
        return TestsView(runs, (), (), own_word)
    change = compare(base, head)
    broken = ((test, head.messages.get(test, "")) for test in change.pass_to_fail[:MAX_LISTED])
    return TestsView(runs, tuple(broken), change.fail_to_pass[:MAX_LISTED], own_word)


def _suggestion(review: Review, suggestion: Suggestion | None, limit: int) -> SuggestionView | None:
    if suggestion is None:
        return None
    proof = suggestion.proof
    return SuggestionView(
        grade=proof.grade if proof is not None else Grade.NOT_VERIFIED,
        receipt=comments.receipt(proof),
        doubt=evidence_words.doubt_of(suggestion),
        source=suggestion.source,
        rows=tuple(itertools.islice(patch_rows(review.patch_text(suggestion)), max(0, limit))),
    )


def listed(items: Iterable[T]) -> tuple[T, ...]:
    """Return at most as many items as a list of the page holds."""
    return tuple(itertools.islice(items, MAX_LISTED))
