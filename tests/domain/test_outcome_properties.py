"""The outcome is a function of the set of signals, and a log of outcomes converges to it."""

from datetime import timedelta
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.outcomes import Outcome, OutcomeRecord, Verdict, judge, to_log
from bot.domain.pull_records import DecisionId
from bot.domain.signals import Match, OurCommit, Reading, Signal, SignalKind
from tests.domain.signal_values import (
    AUTHOR,
    BOT,
    MAINTAINER,
    MERGED,
    OTHER_MAINTAINER,
    POSTED,
    STRANGER,
    SUGGESTION,
    a_signal,
    read,
)

READINGS = st.builds(Reading, st.sampled_from(Match), st.sampled_from(OurCommit), st.booleans())
ACTORS = st.sampled_from([MAINTAINER, OTHER_MAINTAINER, AUTHOR, STRANGER, BOT])
MINUTES = st.integers(0, 90)
SIGNALS = st.one_of(
    st.builds(lambda m, r: a_signal(SignalKind.READ, m, reading=r), MINUTES, READINGS),
    st.builds(
        lambda kind, m, by: a_signal(kind, m, by=by),
        st.sampled_from([kind for kind in SignalKind if kind is not SignalKind.READ]),
        MINUTES,
        ACTORS,
    ),
)
SETS = st.lists(SIGNALS, max_size=12)


@settings(max_examples=300, deadline=None)
@given(SETS, st.randoms(use_true_random=False))
def test_order_and_repetition_of_signals_change_nothing(
    signals: list[Signal], random: Random
) -> None:
    shuffled = [*signals, *signals[: len(signals) // 2]]
    random.shuffle(shuffled)

    assert judge(shuffled, SUGGESTION) == judge(signals, SUGGESTION)


@settings(max_examples=300, deadline=None)
@given(SETS)
def test_strangers_and_bots_change_no_outcome(signals: list[Signal]) -> None:
    facts = (SignalKind.READ, SignalKind.REVERTED, SignalKind.MERGED, SignalKind.CLOSED,
             SignalKind.REOPENED, SignalKind.EXPIRED, SignalKind.UNINSTALLED,
             SignalKind.COMMENT_DELETED)  # fmt: skip
    trusted = [s for s in signals if s.kind in facts or s.by not in (STRANGER, BOT)]

    assert judge(trusted, SUGGESTION) == judge(signals, SUGGESTION)


@settings(max_examples=300, deadline=None)
@given(SETS, st.randoms(use_true_random=False))
def test_whatever_comes_late_the_last_record_of_the_log_is_the_outcome(
    signals: list[Signal], random: Random
) -> None:
    random.shuffle(signals)
    log: list[OutcomeRecord] = []
    for count in range(len(signals) + 1):
        verdict = judge(signals[:count], SUGGESTION)
        record = logged(verdict, log)
        log += [record] if record else []

    assert len({record.event_id for record in log}) == len(log)
    assert sorted(log, key=lambda r: (r.occurred_at, r.event_id)) == log
    assert [record.is_correction for record in log] == [n > 0 for n in range(len(log))]
    if verdict.is_final:
        assert log[-1].verdict == verdict


def logged(verdict: Verdict, log: list[OutcomeRecord]) -> OutcomeRecord | None:
    return to_log(
        verdict, log, suggestion=SUGGESTION, decision=DecisionId("r.1"), closed_at=POSTED,
    )  # fmt: skip


def test_a_revert_after_the_merge_corrects_the_log_and_edits_nothing() -> None:
    before = [read(Match.EXACT, has_trailer=True), MERGED]
    first = logged(judge(before, SUGGESTION), [])
    assert first is not None
    revert = a_signal(SignalKind.REVERTED, days=2)

    second = logged(judge([*before, revert], SUGGESTION), [first])

    assert second is not None
    assert (first.verdict.outcome, first.is_correction) == (Outcome.APPLIED, False)
    assert (second.verdict.outcome, second.is_correction) == (Outcome.REVERTED, True)
    assert second.occurred_at >= first.occurred_at + timedelta(microseconds=1)
    assert logged(judge([*before, revert], SUGGESTION), [first, second]) is None
