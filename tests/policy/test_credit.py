"""What people say of a comment is the reward of what led to it, too, and of nothing else."""

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.ledger import PullKey
from bot.domain.outcomes import WORTH, Outcome
from bot.policy.choosing import (
    EPISODE,
    EPISODE_SETTINGS,
    FIXERS,
    FIXERS_BY_HAND,
    FIXERS_SETTINGS,
    PLACES,
    PLACES_BY_HAND,
    TOOLS_BY_HAND,
    Occasion,
    logged,
)
from bot.policy.credit import of_episodes, of_fixers
from bot.policy.event_log import Event, OutcomeSeen
from bot.policy.kept import Kept, read_kept
from bot.policy.learning import learn, rows_of
from bot.policy.rewards import RewardSettings, rewards
from bot.policy.softmax import Shape
from bot.policy.weights import WeightsUnreadable, read_weights

AT = datetime(2026, 3, 1, tzinfo=UTC)
SETTINGS = RewardSettings()
ABLE = {"autofix": {"autofix": 1.0, "safe": 1.0}, "rewrite": {"rewrite": 1.0, "seconds": 0.5}}
EVEN = replace(FIXERS_BY_HAND, shape=Shape(temperature=1e6, floor=0.0))


def step(number: int, run: str = "r", measured: float = 0.1) -> list[Event]:
    name = f"{run}.{number}"
    occasion = Occasion(name, PullKey(1, 7), AT)
    choice = TOOLS_BY_HAND.pick({"lint": {"unseen": 1.0}}, decision_id=name, repo="1")
    seen = OutcomeSeen(f"measured:{name}", AT, name, f"measured:{name}", None, reward=measured)
    return [logged(choice, {"lint": {"unseen": 1.0}}, EPISODE, occasion), seen]


def fixer(name: str = "r.fix-a", number: int = 7) -> list[Event]:
    occasion = Occasion(name, PullKey(1, number), AT)
    choice = EVEN.pick(ABLE, decision_id=name, repo="1")
    return [logged(choice, ABLE, FIXERS, occasion)]


def placed(*after: str, name: str = "r.F1", number: int = 7) -> list[Event]:
    occasion = Occasion(name, PullKey(1, number), AT, after=after)
    places = {"inline": {"inline": 1.0}, "summary": {}}
    choice = PLACES_BY_HAND.pick(places, decision_id=name, repo="1")
    return [logged(choice, places, PLACES, occasion)]


def said(outcome: Outcome, name: str = "r.F1", **more: object) -> list[Event]:
    seen = OutcomeSeen(f"o {name}", AT + timedelta(days=2), name, f"s {name}", outcome)
    return [replace(seen, **more)]  # type: ignore[arg-type]  # a builder takes any field


def returns(events: Sequence[Event]) -> dict[str, float]:
    known = rewards(of_episodes(events, SETTINGS), SETTINGS).rewarded
    return {
        each.decision.decision_id: each.reward
        for each in known
        if each.decision.layout_version == EPISODE.version
    }


RUN = [*step(1), *step(2), *step(3), *placed("r.2")]


def test_a_step_that_made_a_patch_earns_what_people_said_and_earlier_ones_a_share() -> None:
    found = returns([*RUN, *said(Outcome.APPLIED)])

    assert found["r.2"] == pytest.approx(min(1.0, 0.1 + 1.0))
    assert found["r.1"] == pytest.approx(min(1.0, 0.1 + 0.95))
    assert found["r.3"] == pytest.approx(0.1)


def test_what_is_unsure_moves_a_return_less() -> None:
    worth = WORTH[Outcome.IGNORED]
    found = returns([*RUN, *said(Outcome.IGNORED)])

    assert found["r.2"] == pytest.approx(0.1 + worth.reward * worth.confidence)
    assert found["r.1"] == pytest.approx(0.1 + 0.95 * worth.reward * worth.confidence)


def test_many_patches_of_one_step_earn_their_mean() -> None:
    more = [*placed("r.2", name="r.F2"), *said(Outcome.REJECTED, "r.F2")]

    found = returns([*RUN, *said(Outcome.APPLIED), *more])

    assert found["r.2"] == pytest.approx(0.1)


@pytest.mark.parametrize(
    "more",
    [
        said(Outcome.CENSORED),
        said(Outcome.APPLIED, is_final=False),
        said(Outcome.APPLIED, "other.F1"),
        [OutcomeSeen("measured:r.F1", AT, "r.F1", "measured:r.F1", None, reward=0.0)],
    ],
)
def test_what_nobody_said_in_the_end_corrects_nothing(more: list[Event]) -> None:
    assert returns([*RUN, *more]) == returns(RUN)


def test_a_revert_after_the_merge_corrects_the_steps_too() -> None:
    taken_out = said(Outcome.REVERTED, event_id="later", is_correction=True)

    found = returns([*RUN, *said(Outcome.APPLIED), *taken_out])

    assert found["r.2"] == pytest.approx(0.1 - 1.0)


def test_no_return_leaves_its_bounds() -> None:
    events = [*step(1, measured=-0.9), *placed("r.1"), *said(Outcome.REJECTED)]

    assert returns(events) == {"r.1": -1.0}


def test_steps_are_learned_alike_in_any_order_and_twice() -> None:
    events = [*RUN, *said(Outcome.APPLIED)]
    blobs = {
        learn(of_episodes(told, SETTINGS), EPISODE_SETTINGS, 0).weights.blob()
        for told in (events, events[::-1], events * 2)
    }

    assert len(blobs) == 1
    assert blobs != {learn(RUN, EPISODE_SETTINGS, 0).weights.blob()}


def test_who_was_to_mend_first_earns_what_the_comment_earned() -> None:
    events = [
        *RUN,
        *fixer(),
        *placed("r.2", "r.fix-a", name="r.F2"),
        *said(Outcome.APPLIED, "r.F2"),
    ]

    [known] = rewards(of_fixers(events), SETTINGS).rewarded

    assert known.decision.decision_id == "r.fix-a"
    assert (known.reward, known.confidence) == (1.0, 1.0)
    placed_ones = rewards(events, SETTINGS).rewarded
    assert "r.F2" in {each.decision.decision_id for each in placed_ones}


def test_a_comment_that_nobody_was_drawn_for_teaches_nothing_about_fixers() -> None:
    assert rewards(of_fixers([*RUN, *fixer(), *said(Outcome.APPLIED)]), SETTINGS).rewarded == ()


@pytest.mark.parametrize("foreign", ["pull_request", "repo", "decision_id"])
def test_people_teach_nothing_about_a_decision_of_another_run(foreign: str) -> None:
    [comment] = placed("r.2", "r.fix-a", name="r.F2")
    name = "s.F2" if foreign == "decision_id" else "r.F2"
    stranger = replace(comment, **{foreign: name if foreign == "decision_id" else "2"})  # type: ignore[arg-type]  # a decision has all three
    events = [*step(1), *step(2), *fixer(), stranger, *said(Outcome.REJECTED, name)]

    assert rewards(of_fixers(events), SETTINGS).rewarded == ()
    assert returns(events) == returns(events[:4])


@pytest.mark.parametrize("name", ["r.x", "r.99999999999", "r", "r.-1", "r." + "9" * 5000])
def test_a_step_that_no_run_has_teaches_nothing_and_costs_nothing(name: str) -> None:
    run, _, number = name.partition(".")
    odd = [
        replace(each, decision_id=name, event_id=f"odd {each.event_id}") for each in step(1, run)
    ]

    found = returns([*odd, *placed(name), *said(Outcome.APPLIED)])

    assert found == {name: pytest.approx(0.1)}, number


def test_who_is_liked_better_is_learned() -> None:
    events: list[Event] = []
    for number in range(120):
        name, place = f"r{number}.fix-a", f"r{number}.F1"
        [made] = fixer(name, number)
        is_model = made.tools[made.chosen] == "rewrite"  # type: ignore[union-attr]  # a decision
        outcome = Outcome.APPLIED if is_model else Outcome.REJECTED
        events += [made, *placed(name, name=place, number=number), *said(outcome, place)]

    told = of_fixers(events)
    weights = learn(told, FIXERS_SETTINGS, 0).weights
    values = dict(zip(FIXERS.names, weights.critic.mean.tolist(), strict=True))

    assert len(rows_of(rewards(told, SETTINGS).rewarded, FIXERS)) == 120
    assert values["rewrite"] + 0.5 * values["seconds"] > 0.5 > values["autofix"] + values["safe"]


@pytest.mark.parametrize("kept", [Kept(), Kept(b"a\nb", b""), Kept(b"", b"c"), Kept(b"a", b"{}\n")])
def test_what_is_kept_with_a_version_is_read_as_it_was_written(kept: Kept) -> None:
    assert read_kept(kept.blob()) == kept


@pytest.mark.parametrize(
    "blob", [b"x", b"[]\n", b"{}\n", Kept(b"abc").blob()[:-1], b'{"kept":2}\n', b"[" * 100_000]
)
def test_what_is_damaged_is_refused(blob: bytes) -> None:
    with pytest.raises(WeightsUnreadable):
        read_kept(blob)


def test_what_an_older_version_kept_is_the_weights_of_tools() -> None:
    old = learn(RUN, EPISODE_SETTINGS, 0).weights.blob()

    assert read_kept(old) == Kept(tools=old)


def test_what_an_older_version_kept_of_many_repositories_is_read_too() -> None:
    first, _, rest = learn(RUN, EPISODE_SETTINGS, 0).weights.blob().partition(b"\n")
    header = {**json.loads(first), "repos": [str(10**9 + n) for n in range(200)]}
    old = json.dumps(header).encode() + b"\n" + rest

    assert read_kept(old) == Kept(tools=old)


@pytest.mark.parametrize("rewards", [b"Infinity", b"[" * 100_000])
def test_weights_whose_header_no_number_holds_are_refused(rewards: bytes) -> None:
    blob = learn(RUN, EPISODE_SETTINGS, 0).weights.blob()
    header = re.sub(rb'"rewards":\d+', b'"rewards":' + rewards, blob)

    with pytest.raises(WeightsUnreadable):
        read_weights(header, EPISODE)
