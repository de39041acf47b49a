"""A round of learning in the worker: what is learned, what serves, and what the operator reads."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.agent.service.choosing import Choosing
from bot.agent.service.reconcile_job import ReconcileJob
from bot.domain.ledger import PullKey, RunId
from bot.domain.outcomes import Outcome
from bot.domain.repo_config import LearningMode
from bot.domain.rounds import learning
from bot.policy.choosing import HAND, placing_by
from bot.policy.journal import Trained, Tried
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
