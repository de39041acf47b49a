"""What a step was worth by what was measured, before anybody said a word."""

from dataclasses import replace

import pytest

from bot.domain.findings import Finding
from bot.domain.quality import BROKEN
from bot.domain.review import Decision
from bot.policy.intrinsic import of_quality, returns_of
from tests.reviews import unused_import


def step(number: int, tool: str, *, seconds: float = 0.0) -> Decision:
    return Decision(number, tool, {}, {}, {}, {}, {}, "v", seconds, "")


def made_by_autofix(quality: float | None) -> Finding:
    return unused_import(quality=quality)


def test_a_fix_of_full_quality_earns_three_tenths_and_one_of_none_costs_them() -> None:
    assert of_quality(1.0) == pytest.approx(0.3)
    assert of_quality(0.5) == pytest.approx(0.0)
    assert of_quality(0.0) == pytest.approx(-0.3)
    assert of_quality(BROKEN) < 0


def test_the_step_that_made_a_patch_earns_by_its_quality() -> None:
    found = returns_of([step(1, "lint"), step(2, "autofix")], [made_by_autofix(1.0)])

    assert found[2] == pytest.approx(0.3)


def test_what_led_to_a_patch_earns_a_discounted_share() -> None:
    found = returns_of([step(1, "lint"), step(2, "autofix")], [made_by_autofix(1.0)])

    assert found[1] == pytest.approx(0.95 * 0.3)


def test_every_step_costs_its_time() -> None:
    quick, slow = (returns_of([step(1, "test", seconds=s)], [])[1] for s in (1.0, 600.0))

    assert slow < quick <= 0
    assert slow == pytest.approx(-0.1)


def test_a_proof_earns_by_the_share_of_patches_that_it_proved() -> None:
    proved, untried = made_by_autofix(None), unused_import(is_target_back=False, quality=None)
    assert untried.suggestion is not None
    half = [proved, untried]

    assert returns_of([step(1, "verify")], half)[1] == pytest.approx(0.05)


def test_a_patch_that_nobody_scored_earns_nothing() -> None:
    finding = replace(unused_import(), suggestion=None)

    assert returns_of([step(1, "autofix")], [finding, made_by_autofix(None)])[1] == 0.0
