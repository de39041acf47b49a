"""From the ledger's log to who serves: learned, tried, promoted, taken back, each on record."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from bot.adapters.sql_ledger import open_ledger
from bot.domain import policy_words as words
from bot.domain.event_forms import Observed, outcome_event
from bot.domain.event_log import EventSource, LoggedEvent, PolicyStatus
from bot.domain.ledger import PullKey
from bot.domain.outcomes import WORTH, Outcome, OutcomeRecord, Verdict
from bot.domain.pull_records import DecisionId, SuggestionId
from bot.policy.board import SchoolBoard
from bot.policy.choosing import (
    FIXERS,
    FIXERS_BY_HAND,
    HAND,
    PLACES,
    PLACES_BY_HAND,
    Occasion,
    fixers_by,
    logged,
    placing_by,
)
from bot.policy.convergence import Phase
from bot.policy.gate import GateSettings
from bot.policy.journal import NOBODYS, Drifted, TakenBack, Trained, Tried, for_pull_request
from bot.policy.ledger_log import decision_event
from bot.policy.placing import INLINE, SUMMARY
from bot.policy.school import NoPolicy, School, record_of
from bot.policy.softmax import Shape
from bot.policy.standing import standing
from tests.policy.schools import DULL, GOOD, Times, lived


@pytest.fixture(scope="module")
def promoted_log() -> Times:
    times = lived(700)
    assert isinstance(times.school.attempt(), Tried)
    return times


@pytest.fixture
def promoted(promoted_log: Times) -> Times:
    """Return a copy of a ledger in which what was learned serves."""
    ledger, copy = promoted_log.ledger, Times(now=promoted_log.now, lived=promoted_log.lived)
    copy.ledger.events.append(each.event for each in ledger.events.after(0, limit=10_000))
    for version in ledger.policies.all():
        copy.ledger.policies.record(version)
    return copy


def test_learning_from_the_first_event_on_gives_the_same_hash() -> None:
    times = lived(60)

    stored = times.school.store(times.school.lesson())
    again = times.school.lesson(after=0, upto=stored.log_seq)

    assert again.version == stored.version
    assert again.places.weights.blob() == stored.theta
    assert times.school.lesson(after=40).version != stored.version


def test_a_real_database_gives_the_same_hash(tmp_path: object) -> None:
    times = lived(60)
    ledger = open_ledger(f"sqlite:///{tmp_path}/l.db")
    ledger.events.append(each.event for each in times.ledger.events.after(0))
    school = School(ledger.events, ledger.policies, lambda: times.now)

    stored = school.store(school.lesson())

    assert stored.version == times.school.lesson().version
    assert ledger.policies.find(stored.version) == stored
    ledger.close()


def test_no_log_gives_the_hand_weights_and_trains_nothing() -> None:
    times = Times()

    assert times.school.train() is None
    assert times.school.lesson().places.phase is Phase.WARMING
    assert times.school.versions().serving.version == HAND
    assert times.school.attempt() == "0 rewards of 600"


def test_it_is_learned_anew_after_fifty_rewards_or_a_night() -> None:
    times = lived(60)
    first = times.school.train()
    assert first is not None
    assert times.school.train() is None

    times.live(20)
    assert times.school.train() is None
    times.now += timedelta(days=1)
    second = times.school.train()
    times.live(60)

    assert second is not None
    assert times.school.train() is not None
    assert [type(n) for n in times.school.notes()] == [Trained] * 3
    assert {v.status for v in times.ledger.policies.all()} == {PolicyStatus.SHADOW}


def test_what_people_like_better_is_promoted_with_its_record(promoted: Times) -> None:
    [tried] = [note for note in promoted.school.notes() if isinstance(note, Tried)]
    serving = promoted.school.versions().serving

    assert tried.is_promoted
    assert serving.version == tried.candidate
    assert serving.parent == HAND
    learned = placing_by(serving.blob)
    dull, good = (
        learned.pick({INLINE: f, SUMMARY: {}}, decision_id="d", repo="1") for f in (DULL, GOOD)
    )
    assert dull.propensities[SUMMARY] > 0.9
    assert good.propensities[INLINE] > 0.9
    assert promoted.ledger.policies.find(serving.version) is not None


def test_the_gate_is_not_tried_twice_in_a_week(promoted: Times) -> None:
    assert "less than 7 days ago" in str(promoted.school.attempt())


def test_a_host_that_died_before_the_status_left_the_truth_in_the_notes(promoted: Times) -> None:
    name = promoted.school.versions().serving.version
    promoted.ledger.policies.mark(name, PolicyStatus.CANDIDATE)

    assert promoted.school.versions().serving.version == name
    promoted.school.settle()

    stored = promoted.ledger.policies.find(name)
    assert stored is not None
    assert stored.status is PolicyStatus.PROMOTED


def test_in_its_first_week_a_fifth_of_the_pull_requests_has_it(promoted: Times) -> None:
    found, notes = promoted.school.versions(), promoted.school.notes()

    def share(days: int) -> float:
        at = promoted.now + timedelta(days=days)
        served = [
            for_pull_request(found, notes, repo_id=1, pull_request=f"1#{n}", at=at).version
            for n in range(400)
        ]
        return sum(version != HAND for version in served) / len(served)

    assert share(0) == pytest.approx(0.2, abs=0.06)
    assert share(8) == 1.0


def test_a_rollback_gives_the_parent_its_very_bytes_again(promoted: Times) -> None:
    school = promoted.school
    name = school.versions().serving.version

    school.take_back(name, "it is worse", by="ada")

    assert school.versions().serving.version == HAND
    assert school.versions().serving.blob == b""
    stored = promoted.ledger.policies.find(name)
    assert stored is not None
    assert stored.status is PolicyStatus.ROLLED_BACK
    with pytest.raises(NoPolicy, match="does not serve"):
        school.take_back(name, "again")


def test_who_rolls_back_without_a_note_is_not_overruled(promoted: Times) -> None:
    name = promoted.school.versions().serving.version
    promoted.ledger.policies.mark(name, PolicyStatus.ROLLED_BACK)

    promoted.school.settle()

    assert promoted.school.versions().serving.version == HAND
    stored = promoted.ledger.policies.find(name)
    assert stored is not None
    assert stored.status is PolicyStatus.ROLLED_BACK


def test_an_operator_sees_attempts_and_weights_and_takes_back_with_a_note(promoted: Times) -> None:
    board = SchoolBoard(promoted.school)
    promoted.school.train()
    name = promoted.school.versions().serving.version

    [attempt] = board.attempts()
    crowd = next(each for each in board.weights() if each.feature == "crowd")
    board.roll_back(name)

    assert (attempt.candidate, attempt.is_promoted, len(attempt.checks)) == (name, True, 8)
    assert crowd.hand == crowd.learned == -0.25
    statuses = {v.version: v.status for v in board.versions()}
    assert statuses[name] is PolicyStatus.ROLLED_BACK
    assert isinstance(promoted.school.notes()[-1], TakenBack)
    with pytest.raises(NoPolicy, match="does not serve"):
        board.roll_back(name)


def test_before_anything_was_learned_the_board_shows_the_hand_weights() -> None:
    board = SchoolBoard(Times().school)

    assert board.attempts() == []
    assert {each.learned for each in board.weights()} == {None}


def test_the_hand_weights_cannot_be_taken_back() -> None:
    with pytest.raises(NoPolicy, match="no parent"):
        Times().school.take_back(HAND, "why not")


def test_a_repository_takes_it_back_for_itself_alone(promoted: Times) -> None:
    school = promoted.school
    name = school.versions().serving.version
    at = promoted.now + timedelta(days=30)

    school.take_back_here(name, "asked for", by="ada", repo_id=2)

    found, notes = school.versions(), school.notes()
    served = {
        repo: for_pull_request(found, notes, repo_id=repo, pull_request="p", at=at).version
        for repo in (1, 2)
    }
    assert served == {1: name, 2: HAND}


def test_what_turns_out_worse_goes_by_itself(promoted: Times) -> None:
    learned = placing_by(promoted.school.versions().serving.blob)
    assert promoted.school.watch() is None

    promoted.live(120, learned, good=Outcome.REJECTED)

    note = promoted.school.watch()

    assert isinstance(note, TakenBack)
    assert "before" in note.reason
    assert promoted.school.versions().serving.version == HAND


def test_each_change_of_taste_is_noted_once_and_promotes_nothing() -> None:
    times = lived(200)
    times.live(150, good=Outcome.REJECTED)

    for _ in range(2):
        assert times.school.train() is not None
        times.live(55, good=Outcome.REJECTED)

    noted = [note.alarms for note in times.school.notes() if isinstance(note, Drifted)]
    assert noted
    assert noted == sorted(set(noted))
    assert times.school.versions().serving.version == HAND


@pytest.mark.parametrize("name", ["0" * 16, ""])
def test_a_version_that_nobody_stored_is_refused(name: str, promoted: Times) -> None:
    promoted.school.store(promoted.school.lesson())

    with pytest.raises(NoPolicy, match="stored polic"):
        promoted.school.named(name)


def test_a_patch_that_broke_a_test_counts_against_the_version_that_showed_it() -> None:
    times = lived(20)
    lesson = times.school.lesson()
    column = lesson.places.weights.layout.places["quality"]
    rows = [list(row) for row in lesson.made[0].features]
    rows[0][column] = -0.7
    broke = replace(lesson.made[0], features=tuple(tuple(row) for row in rows))

    found = record_of(HAND, (), [broke, *lesson.made[1:]])

    assert (found.runs, found.broken) == (10, 1)


def test_notes_are_under_no_pull_request_of_anybody(promoted: Times) -> None:
    assert all(e.event.pull == NOBODYS for e in promoted.ledger.events.of_pull(NOBODYS))
    assert len(promoted.ledger.events.of_pull(NOBODYS)) == 1


@pytest.mark.parametrize("damage", ["older", "cut", "not a number"])
def test_what_serves_and_cannot_be_read_is_said_and_the_hand_weights_serve(
    damage: str, promoted: Times
) -> None:
    copy = Times(now=promoted.now)
    copy.ledger.events.append(e.event for e in promoted.ledger.events.after(0, limit=10_000))
    for each in promoted.ledger.policies.all():
        blob = {
            "older": each.theta.replace(b'"layout":"', b'"layout":"0'),
            "cut": each.theta[:-3],
            "not a number": each.theta[:-8] + np.array([np.nan]).tobytes(),
        }[damage]
        copy.ledger.policies.record(replace(each, theta=blob))

    told = words.shown(standing(copy.school))

    assert any(line.startswith("trouble") and "hand weights serve" in line for line in told)
    taken = copy.school.watch()
    assert taken is not None
    assert taken.reason.startswith(("stored weights", "a stored weight"))
    assert copy.school.versions().serving.version == HAND


def mended(times: Times, count: int) -> None:
    """Let findings be mended by either tool; one in six is one that people want a model for."""
    even = replace(FIXERS_BY_HAND, shape=Shape(temperature=1e6, floor=0.0))
    events: list[LoggedEvent] = []
    for number in range(count):
        pull, at = PullKey(9, number), times.now - timedelta(minutes=number)
        is_for_model = number % 6 == 0
        plain = {"autofix": 1.0, "size": 0.8} if is_for_model else {"autofix": 1.0, "safe": 1.0}
        able = {"autofix": plain, "rewrite": {"rewrite": 1.0, "style": float(not is_for_model)}}
        name, place = f"m{number}.fix-a", f"m{number}.F1"
        choice = even.pick(able, decision_id=name, repo="9")
        only = {INLINE: GOOD}
        put = PLACES_BY_HAND.pick(only, decision_id=place, repo="9")
        kind = Outcome.APPLIED if (choice.tool == "rewrite") is is_for_model else Outcome.REJECTED
        verdict = Verdict(kind, WORTH[kind], is_final=True, by=number % 40)
        seen = OutcomeRecord(f"mended {number}", at, SuggestionId(f"m{number}"),
                             DecisionId(place), verdict)  # fmt: skip
        by = Observed(at, EventSource.RUN)
        first, second = Occasion(name, pull, at), Occasion(place, pull, at, after=(name,))
        events += [
            decision_event(logged(choice, able, FIXERS, first), pull, by),
            decision_event(logged(put, only, PLACES, second), pull, by),
            outcome_event(seen, pull, by),
        ]
    times.ledger.events.append(events)


def test_without_enough_said_a_new_version_keeps_who_mends_first(promoted: Times) -> None:
    [tried] = [note for note in promoted.school.notes() if isinstance(note, Tried)]
    stored = promoted.ledger.policies.find(tried.candidate)

    assert "who mends first stays: 0 rewards of 600" in tried.why
    assert fixers_by(stored) == FIXERS_BY_HAND


def test_who_mends_first_changes_with_a_version_where_people_like_it_better() -> None:
    times = lived(700)
    mended(times, 240)
    school = School(times.ledger.events, times.ledger.policies, lambda: times.now,
                    gate=GateSettings(least_rows=200))  # fmt: skip

    tried = school.attempt()

    assert isinstance(tried, Tried)
    assert tried.is_promoted
    assert any(said.startswith("who mends first changes: gains") for said in tried.why)
    serving = fixers_by(times.ledger.policies.find(tried.candidate))
    able = {"autofix": {"autofix": 1.0, "size": 0.8}, "rewrite": {"rewrite": 1.0}}
    assert serving.version == tried.candidate
    assert serving.pick(able, decision_id="d", repo="9").propensities["rewrite"] > 0.9
    school.take_back(tried.candidate, "it is worse")
    parent = times.ledger.policies.find(school.versions().serving.version)
    assert fixers_by(parent) == FIXERS_BY_HAND
