"""What somebody typed after `pullwright fix`, what is asked of the run by it, and how it ended."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bot.agent.fix import Asked
from bot.agent.named import Names, misspelt
from bot.agent.review import Episode
from bot.agent.tools.repair import Repair, Wish
from bot.agent.tools.test import RED_TEST, REGRESSION
from bot.domain import fix_words, mending
from bot.domain.findings import FindingId
from bot.domain.review import FixOutcome
from bot.domain.verdict import Conclusion, FailOn, has_gap, is_failure
from bot.errors import Refused
from bot.guard import Exit
from bot.output import Output, write
from bot.repair.search import Budget


@dataclass(frozen=True, slots=True)
class Order:
    """One `pullwright fix`, as it was typed."""

    asked: Asked
    failing: tuple[str, ...] = ()
    """The only tests that are to be mended; none for all that the change made red."""
    cpu_seconds: float = 0.0
    """Of the search; 0 for none."""

    def names(self, *, may_find_more: bool) -> Names:
        """Return what is to be refused early where there is nothing of that name."""
        return Names(self.asked.ids, self.failing, may_find_more)

    def wish(self, output: Output) -> Wish | None:
        """Return what is asked of the search, or None for no search.

        A revert that is asked for by name is not to be replaced by a repair.
        """
        if self.cpu_seconds > 0 and not self.asked.is_revert:
            return Wish(Budget(self.cpu_seconds), frozenset(self.failing), output.searched)
        if self.failing:
            raise Refused(
                "--failing narrows a search for a repair, and there is none with this option"
            )
        return None

    def noted(self, episode: Episode) -> Episode:
        """Say of tests that were named why there was no search, where it never came to one."""
        report, review = episode.state.head_tests, episode.review
        if report is None or Repair.name in review.verdict.tools:
            return episode
        notes = [mending.not_red(test, report) for test in self.failing if test not in report.red]
        return replace(episode, review=replace(review, notes=(*review.notes, *notes)))

    def exit_code(self, outcome: FixOutcome, fail_on: Sequence[FailOn]) -> Exit:
        """Return 0 where everything that was asked for is mended or nothing was to mend.

        1 while something is left that was asked for and that a review would fail on, while one of
        its red tests is, or where nothing of it could be mended.
        """
        left, verdict = outcome.left, outcome.review.verdict
        is_red = any(finding.rule in (REGRESSION, RED_TEST) for finding in left)
        is_all_left = bool(left) and outcome.refused is not None
        if is_red or is_all_left or is_failure(verdict, left, fail_on=fail_on):
            return Exit.FINDINGS
        if verdict.conclusion is Conclusion.ERROR:
            return Exit.ERROR
        return Exit.PARTIAL if has_gap(verdict) else Exit.CLEAN


def order(
    words: Sequence[str], failing: Sequence[str], *, is_commit: bool, cpu_seconds: float
) -> Order:
    """Read `F1 F2`, `all` and `F1 revert` as the command in a comment would be; raises Refused."""
    is_revert = bool(words) and words[-1] == "revert"
    names = [word for word in (words[:-1] if is_revert else words) if word != "all"]
    if is_revert and not names:
        raise Refused("a revert is only made by name: fix F1 revert")
    ids = tuple(FindingId(name) for name in names)
    if wrong := misspelt(ids):
        raise Refused(fix_words.not_an_id(wrong))
    asked = Asked(ids, is_revert, is_commit, is_checked_enough=not is_commit)
    return Order(asked, tuple(failing), cpu_seconds)


def write_patch(file: Path, outcome: FixOutcome, output: Output) -> None:
    """Write what is offered, or say that there is nothing to write and leave no empty file."""
    if outcome.patch_text:
        write(file, outcome.patch_text)
        if not output.is_quiet:
            sys.stderr.write(f"{fix_words.written(str(file))}\n")
        return
    output.warn(fix_words.nothing_written(str(file)))
