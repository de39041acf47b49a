"""A round of learning in the worker: what is learned, what serves, and what the operator reads."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.agent.service.choosing import Choosing
from bot.agent.service.reconcile_job import ReconcileJob
from bot.domain.ledger import PullKey, RunId
from bot.domain.outcomes import Outcome
from bot.domain.repo_config import LearningMode
from bot.domain.rounds import learning
from bot.policy.choosing import (
    EPISODE,
    HAND,
    TOOLS_BY_HAND,
    Occasion,
    explained_again,
    logged,
    placing_by,
)
from bot.policy.event_log import DecisionLogged, How
from bot.policy.journal import Trained, Tried
from bot.policy.ledger_log import policy_events
from bot.policy.serving import Sampled
from bot.policy.standing import standing
from tests.agent.toy_service import ToyService
from tests.agent.watch import Watch
from tests.fakes.job_context import Crashed, FakeJobContext
from tests.policy.schools import Times, lived


def round_of(times: Times, name: str = "now", **options: object) -> tuple[Watch, FakeJobContext]:
    watch = Watch(ledger=times.ledger, now=times.now)
    return watch, watch.run(learning(name), **options)


def test_a_round_without_a_log_does_nothing_and_says_why() -> None:
    watch, context = round_of(Times())

    assert dict(context.steps)["gate"] == {"gate": "0 rewards of 600"}
    assert watch.ledger.events.after(0) == []
    assert watch.told == []


def test_a_round_trains_on_what_was_said() -> None:
    times = lived(80)

    _, context = round_of(times)

    [note] = times.school.notes()
    assert isinstance(note, Trained)
    assert note.version in str(dict(context.steps)["train"])
    assert "of 600" in str(dict(context.steps)["gate"])


@pytest.fixture(scope="module")
def promoted() -> Times:
    times = lived(700)
    watch, _ = round_of(times)
    assert "promoted: gains" in watch.told[-1]
    return times


def chooser(times: Times, mode: LearningMode, number: int) -> str:
    desk = Watch(ledger=times.ledger, now=times.now + timedelta(days=8)).desk()
    return Choosing(desk, PullKey(1, number), RunId("r"), mode).placer.version


def test_only_a_repository_that_wants_it_is_served_by_what_was_promoted(promoted: Times) -> None:
    name = promoted.school.versions().serving.version

    assert chooser(promoted, LearningMode.SHADOW, 1) == HAND
    assert chooser(promoted, LearningMode.ON, 1) == name


def test_weights_of_an_older_version_leave_a_review_to_the_hand_weights(promoted: Times) -> None:
    name = promoted.school.versions().serving.version
    copy = Times(now=promoted.now)
    copy.ledger.events.append(e.event for e in promoted.ledger.events.after(0, limit=10_000))
    for each in promoted.ledger.policies.all():
        is_it = each.version == name
        blob = each.theta.replace(b'"layout":"', b'"layout":"0') if is_it else each.theta
        copy.ledger.policies.record(replace(each, theta=blob))

    assert chooser(copy, LearningMode.ON, 1) == HAND


def tools(times: Times, mode: LearningMode) -> Sampled:
    desk = Watch(ledger=times.ledger, now=times.now + timedelta(days=8)).desk()
    return Choosing(desk, PullKey(1, 1), RunId("r"), mode).tools


def copied(times: Times, state: Callable[[bytes], bytes]) -> Times:
    copy = Times(now=times.now)
    copy.ledger.events.append(e.event for e in times.ledger.events.after(0, limit=10_000))
    for each in times.ledger.policies.all():
        copy.ledger.policies.record(replace(each, state=state(each.state)))
    return copy


def test_what_was_promoted_draws_the_order_of_tools_where_that_is_wanted(promoted: Times) -> None:
    name = promoted.school.versions().serving.version
    taught = promoted.school.lesson(upto=stored_seq(promoted, name)).episodes.weights

    serving = tools(promoted, LearningMode.ON)

    assert tools(promoted, LearningMode.SHADOW) == TOOLS_BY_HAND
    assert serving.version == name
    assert serving.weights.mean.tolist() == taught.critic.mean.tolist()


def stored_seq(times: Times, name: str) -> int:
    found = times.ledger.policies.find(name)
    assert found is not None
    return found.log_seq


@pytest.mark.parametrize("damage", [b"", b"x", b'{"format":9}\n'])
def test_tools_that_cannot_be_read_are_drawn_by_hand(promoted: Times, damage: bytes) -> None:
    copy = copied(promoted, lambda _: damage)

    assert tools(copy, LearningMode.ON) == TOOLS_BY_HAND
    assert bool(standing(copy.school).trouble) is bool(damage)


def test_a_rollback_takes_the_learned_order_of_tools_back_too(promoted: Times) -> None:
    copy = copied(promoted, lambda state: state)
    copy.school.take_back(copy.school.versions().serving.version, "it is worse")

    assert tools(copy, LearningMode.ON) == TOOLS_BY_HAND


def test_a_review_by_the_learned_order_says_the_same_and_names_who_ordered(promoted: Times) -> None:
    name = promoted.school.versions().serving.version
    ledger = copied(promoted, lambda state: state).ledger
    base, head = {"a.toy": b"one\n"}, {"a.toy": b"BUG 1\nBUG? 2\n"}
    by_hand = ToyService(base, head)
    learned = ToyService(base, head, {"learning": {"mode": "on"}}, ledger=ledger)

    by_hand.review()
    learned.review()

    made = [e for e in policy_events(ledger.events.of_pull(learned.pull))
            if isinstance(e, DecisionLogged) and e.layout_version == EPISODE.version]  # fmt: skip
    assert {each.policy_version for each in made} == {name}
    assert {each.how for each in made} == {How.SAMPLED}
    assert [k.finding for k in learned.known] == [k.finding for k in by_hand.known]


def test_a_drawn_order_is_explained_by_the_weights_that_drew_it(promoted: Times) -> None:
    picker = tools(promoted, LearningMode.ON)
    eligible = {"lint": {"unseen": 1.0}, "test": {"red_tests": 0.5, "seconds": 0.4}}
    occasion = Occasion("r.1", PullKey(1, 1), promoted.now)
    choice = picker.pick(eligible, decision_id="r.1", repo=occasion.repo)

    again = explained_again(logged(choice, eligible, EPISODE, occasion), promoted.ledger.policies)

    assert again == choice
    for tool, parts in choice.contributions.items():
        assert sum(parts.values()) == pytest.approx(choice.utilities[tool], abs=1e-9)


@pytest.mark.parametrize("step", ["train", "gate"])
def test_a_round_that_dies_is_done_once(step: str) -> None:
    times = lived(700)
    watch = Watch(ledger=times.ledger, now=times.now)
    context = FakeJobContext(learning("now"), crash_in=step)
    handler = ReconcileJob(watch.desk(), watch.outlook())

    with pytest.raises(Crashed):
        context.run(handler)
    context.run(handler)

    kinds = [type(note) for note in times.school.notes()]
    assert sorted(kinds, key=str) == sorted([Trained, Tried], key=str)
    assert times.school.versions().serving.version != HAND


def test_the_operator_reads_of_a_change_of_taste_and_of_what_was_taken_back() -> None:
    times = lived(700)
    round_of(times, "first")
    learned = placing_by(times.school.versions().serving.blob)
    times.live(250, learned, good=Outcome.REJECTED)

    watch, _ = round_of(times, "second")

    assert any("what people like has changed" in line for line in watch.told)
    assert any("was taken back: " in line for line in watch.told)
    assert times.school.versions().serving.version == HAND
