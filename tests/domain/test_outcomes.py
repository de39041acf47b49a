"""Every row of the outcome table, and what stands above all rows."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.outcomes import WORTH, BadWorth, Outcome, Verdict, Worth, judge
from bot.domain.pull_records import SuggestionId
from bot.domain.signals import Actor, Match, OurCommit, Signal, SignalKind
from tests.domain.signal_values import (
    AUTHOR,
    BOT,
    CLOSED,
    MAINTAINER,
    MERGED,
    OTHER_MAINTAINER,
    STRANGER,
    SUGGESTION,
    THIRD_MAINTAINER,
    a_signal,
    read,
    said,
)

K = SignalKind
UNTOUCHED = read()

ROWS: list[tuple[str, Outcome, tuple[Signal, ...]]] = [
    ("1 command", Outcome.REJECTED, (said(K.REJECTED), UNTOUCHED)),
    ("1 review", Outcome.REJECTED, (said(K.REVIEW_DISMISSED), UNTOUCHED)),
    ("2 after", Outcome.REVERTED, (a_signal(K.REVERTED, days=13), read(ours=OurCommit.KEPT))),
    ("2 before", Outcome.REVERTED, (a_signal(K.REVERTED, 30), read(ours=OurCommit.REMOVED))),
    ("2 removed", Outcome.REVERTED, (read(Match.TOUCHED, OurCommit.REMOVED),)),
    ("3 trailer", Outcome.APPLIED, (read(Match.EXACT, has_trailer=True),)),
    ("3 commit", Outcome.APPLIED, (read(Match.TOUCHED, OurCommit.KEPT),)),
    ("4", Outcome.APPLIED_MANUALLY, (read(Match.EXACT),)),
    ("5", Outcome.ADAPTED, (read(Match.SIMILAR),)),
    ("5 ours", Outcome.ADAPTED, (read(Match.SIMILAR, OurCommit.DROPPED),)),
    ("6", Outcome.DROPPED, (read(Match.UNTOUCHED, OurCommit.DROPPED),)),
    ("7", Outcome.ADDRESSED, (said(K.RESOLVED), read(Match.TOUCHED))),
    ("8", Outcome.WAVED_OFF, (said(K.RESOLVED), UNTOUCHED)),
    ("9 down", Outcome.DISLIKED, (said(K.DISLIKED), UNTOUCHED)),
    ("9 up", Outcome.LIKED, (said(K.LIKED), UNTOUCHED)),
    ("10 bad", Outcome.REPLY_NEGATIVE, (said(K.REPLIED_BADLY), UNTOUCHED)),
    ("10 good", Outcome.REPLY_POSITIVE, (said(K.REPLIED_WELL), UNTOUCHED)),
    ("11", Outcome.TOUCHED, (read(Match.TOUCHED),)),
    ("12", Outcome.IGNORED, (UNTOUCHED,)),
    ("14 deleted", Outcome.CENSORED, (a_signal(K.COMMENT_DELETED), UNTOUCHED)),
]


def of(*signals: Signal) -> Verdict:
    return judge(signals, SUGGESTION)


@pytest.mark.parametrize(
    ("outcome", "signals"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS]
)
def test_each_row_of_the_table_is_final_at_the_merge(
    outcome: Outcome, signals: tuple[Signal, ...]
) -> None:
    verdict = of(*signals, MERGED)

    assert (verdict.outcome, verdict.is_final) == (outcome, True)
    assert verdict.worth == WORTH[outcome]
    assert not verdict.is_contradicted


@pytest.mark.parametrize("signals", [row[2] for row in ROWS], ids=[row[0] for row in ROWS])
def test_nothing_is_final_while_the_pull_request_is_open(signals: tuple[Signal, ...]) -> None:
    assert not of(*signals).is_final


def test_an_upper_row_beats_a_lower_one() -> None:
    everything = (
        said(K.REJECTED), read(Match.EXACT), said(K.RESOLVED), said(K.DISLIKED),
        said(K.REPLIED_BADLY), MERGED,
    )  # fmt: skip

    seen = [of(*everything[first:]).outcome for first in range(5)]

    assert seen == [
        Outcome.REJECTED, Outcome.APPLIED_MANUALLY, Outcome.DISLIKED, Outcome.DISLIKED,
        Outcome.REPLY_NEGATIVE,
    ]  # fmt: skip


def test_a_pull_request_closed_unmerged_without_a_word_teaches_nothing() -> None:
    for reading in (read(Match.EXACT), read(ours=OurCommit.DROPPED), UNTOUCHED):
        verdict = of(reading, CLOSED)
        assert (verdict.outcome, verdict.is_final) == (Outcome.CENSORED, True)


def test_what_people_said_counts_also_where_nothing_was_merged() -> None:
    assert of(said(K.DISLIKED), UNTOUCHED, CLOSED).outcome is Outcome.DISLIKED
    assert of(said(K.REJECTED), CLOSED).outcome is Outcome.REJECTED


def test_a_pull_request_that_was_open_for_too_long_or_lost_teaches_nothing() -> None:
    for lost in (K.EXPIRED, K.UNINSTALLED):
        verdict = of(said(K.LIKED), a_signal(lost))
        assert (verdict.outcome, verdict.is_final) == (Outcome.CENSORED, True)
        assert of(said(K.LIKED), a_signal(lost), UNTOUCHED, MERGED).outcome is Outcome.LIKED


def test_a_merge_that_git_was_never_asked_about_is_not_taken_for_silence() -> None:
    assert of(MERGED).outcome is Outcome.CENSORED
    assert of(said(K.RESOLVED), MERGED).outcome is Outcome.CENSORED


def test_a_reopened_pull_request_has_no_final_outcome_until_it_closes_again() -> None:
    closed, reopened = a_signal(K.CLOSED, 20), a_signal(K.REOPENED, 30)

    assert not of(UNTOUCHED, closed, reopened).is_final
    assert of(UNTOUCHED, closed, reopened, MERGED).outcome is Outcome.IGNORED


def test_a_thread_that_was_opened_again_is_not_resolved() -> None:
    again = said(K.UNRESOLVED, minute=20)

    assert of(said(K.RESOLVED), again, UNTOUCHED, MERGED).outcome is Outcome.IGNORED


def test_the_last_reading_of_git_stands() -> None:
    early = read(Match.EXACT, minute=5)

    assert of(early, UNTOUCHED, MERGED).outcome is Outcome.IGNORED


def test_the_action_wins_over_a_word_against_it_and_is_trusted_less() -> None:
    verdict = of(said(K.DISLIKED), read(Match.EXACT, has_trailer=True), MERGED)

    assert verdict.outcome is Outcome.APPLIED
    assert verdict.is_contradicted
    assert verdict.worth == Worth(1.0, 0.7)


def test_a_suggestion_that_was_rejected_and_applied_all_the_same_is_contradicted() -> None:
    verdict = of(said(K.REJECTED), read(Match.EXACT), MERGED)

    assert (verdict.outcome, verdict.worth.confidence) == (Outcome.REJECTED, 0.7)


def test_a_revert_is_not_contradicted_by_what_it_reverts() -> None:
    verdict = of(read(Match.EXACT, OurCommit.KEPT), MERGED, a_signal(K.REVERTED, days=2))

    assert (verdict.outcome, verdict.is_contradicted) == (Outcome.REVERTED, False)


def test_a_revert_after_two_weeks_is_about_something_else() -> None:
    late = a_signal(K.REVERTED, days=14, minute=61)

    assert of(read(Match.EXACT), MERGED, late).outcome is Outcome.APPLIED_MANUALLY


def test_one_person_has_one_opinion_the_last_one() -> None:
    later = said(K.LIKED, minute=20)

    verdict = of(said(K.DISLIKED), later, UNTOUCHED, MERGED)

    assert (verdict.outcome, verdict.is_contradicted) == (Outcome.LIKED, False)
    taken_back = said(K.UNREACTED, minute=21)
    assert of(said(K.DISLIKED), later, taken_back, UNTOUCHED, MERGED).outcome is Outcome.IGNORED


def test_most_people_decide_between_thumbs_and_a_tie_is_against_us() -> None:
    against, for_it = said(K.DISLIKED), said(K.LIKED, OTHER_MAINTAINER)

    assert of(against, for_it, UNTOUCHED, MERGED).outcome is Outcome.DISLIKED
    more = said(K.LIKED, THIRD_MAINTAINER)
    verdict = of(against, for_it, more, UNTOUCHED, MERGED)
    assert (verdict.outcome, verdict.is_contradicted) == (Outcome.LIKED, True)


@pytest.mark.parametrize("by", [STRANGER, BOT, None])
@pytest.mark.parametrize("kind", [K.REJECTED, K.RESOLVED, K.LIKED, K.DISLIKED, K.REPLIED_BADLY])
def test_strangers_and_bots_teach_nothing(kind: SignalKind, by: Actor | None) -> None:
    signal = replace(said(kind), by=by)

    assert of(signal, UNTOUCHED, MERGED).outcome is Outcome.IGNORED


def test_acts_of_an_author_count_and_opinions_do_not() -> None:
    for kind, outcome in (
        (K.REJECTED, Outcome.REJECTED), (K.RESOLVED, Outcome.WAVED_OFF),
        (K.DISLIKED, Outcome.IGNORED), (K.REPLIED_WELL, Outcome.IGNORED),
    ):  # fmt: skip
        assert of(said(kind, AUTHOR), UNTOUCHED, MERGED).outcome is outcome


def test_an_outcome_names_who_acted() -> None:
    assert of(said(K.DISLIKED), UNTOUCHED, MERGED).by == MAINTAINER.id
    assert of(UNTOUCHED, MERGED).by is None


def test_signals_about_another_suggestion_say_nothing_about_this_one() -> None:
    other = replace(said(K.REJECTED), suggestion=SuggestionId("6" * 16))

    assert of(other, UNTOUCHED, MERGED).outcome is Outcome.IGNORED


def test_a_clock_that_is_minutes_off_loses_no_signal_of_the_close() -> None:
    late = replace(said(K.RESOLVED), occurred_at=MERGED.occurred_at + timedelta(minutes=4))
    far_too_late = replace(late, occurred_at=MERGED.occurred_at + timedelta(minutes=6))

    assert of(late, UNTOUCHED, MERGED).outcome is Outcome.WAVED_OFF
    assert of(far_too_late, UNTOUCHED, MERGED).outcome is Outcome.IGNORED


@pytest.mark.parametrize("reward", [1.01, -1.01, float("nan"), float("inf")])
def test_a_reward_out_of_range_is_refused(reward: float) -> None:
    with pytest.raises(BadWorth):
        Worth(reward, 1.0)
