"""With which exit code a fix ends, so that a script knows what is left."""

from dataclasses import replace

from bot.domain.findings import Finding, number
from bot.domain.verdict import Coverage, FailOn
from bot.fixing import order
from bot.guard import Exit
from tests.reviews import fix_outcome, plain, regression, review, verdict


def _exit(*left: Finding, fail_on: tuple[FailOn, ...] = (), refused: str | None = None) -> Exit:
    whole = review(verdict=replace(verdict(), coverage=Coverage(12, 12)))
    outcome = fix_outcome(review=whole, left=number(left), refused=refused)
    typed = order((), (), is_commit=True, cpu_seconds=1.0)
    return typed.exit_code(outcome, fail_on)


def test_everything_that_was_asked_for_is_mended() -> None:
    assert _exit() is Exit.CLEAN


def test_a_lint_fix_beside_a_red_test_that_is_left_is_no_success() -> None:
    assert _exit(regression()) is Exit.FINDINGS


def test_a_mild_finding_without_a_patch_fails_nothing_beside_a_commit() -> None:
    assert _exit(plain()) is Exit.CLEAN


def test_nothing_of_it_could_be_mended() -> None:
    assert _exit(plain(), refused="no patch is proved") is Exit.FINDINGS


def test_nothing_was_to_be_mended() -> None:
    assert _exit(refused="nothing to fix") is Exit.CLEAN
