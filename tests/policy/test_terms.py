"""No word of the policy is shown that is not explained where it is shown, and in one way."""

import re

from bot.domain import policy_terms
from bot.domain import policy_words as words
from bot.domain.event_log import PolicyStatus
from bot.domain.policy_terms import TERMS
from bot.policy.choosing import HAND
from bot.policy.convergence import Phase
from bot.policy.standing import standing
from tests.policy.schools import Times, lived


def explained(told: list[str]) -> set[str]:
    lines = "\n".join(told)
    return {
        word for word, meaning in TERMS.items() if re.search(f"{word} +{re.escape(meaning)}", lines)
    }


def test_every_word_that_show_uses_is_explained_under_its_tables() -> None:
    told = words.shown(standing(lived(40).school))

    assert explained(told) == {
        HAND, "serves", "rewards", "censored", "warming", "drift", "gate", "J", "hand", "learned",
        "actor",
    }  # fmt: skip


def test_where_nothing_was_learned_the_same_is_said_everywhere() -> None:
    told = words.shown(standing(Times().school))

    assert f"learned  {policy_terms.NOTHING_LEARNED}" in told
    assert "converged" not in explained(told)


def test_every_phase_and_every_status_has_its_meaning() -> None:
    assert {phase.value for phase in Phase} <= TERMS.keys()
    assert {status.value for status in PolicyStatus} == set(policy_terms.OF_VERSIONS)
    assert policy_terms.BY_HAND == HAND
    assert set(policy_terms.OF_WEIGHTS) <= TERMS.keys()
