"""What a round asks for about our suggestions: one request for each open pull request, no more."""

from datetime import timedelta

from bot.domain.diff import Side
from bot.domain.event_forms import Observed, signal_event
from bot.domain.event_log import EventSource
from bot.domain.findings import FindingId
from bot.domain.forge import ForgeUnavailable
from bot.domain.identity import decision_id
from bot.domain.jobs import JobKind
from bot.domain.ledger import Head, RunId, RunKind, RunRecord, Thread
from bot.domain.opinions import Count
from bot.domain.pull_records import SuggestionId, SuggestionRecord
from bot.domain.signals import Actor, Signal, SignalKind, Standing
from tests.agent.watch import HEAD, NOW, NUMBER, Watch

RUN, COMMENT = RunId("run"), 77
SUGGESTION = SuggestionId("5" * 16)


def watch() -> Watch:
    """Return a round on a pull request that shows one suggestion of ours."""
    made = Watch()
    made.posted(RUN)
    head = Head(HEAD, HEAD, HEAD)
    run = RunRecord(RUN, "job", made.pull, "octo/shop", head, RunKind.REVIEW, NOW)
    made.ledger.runs.begin(run)
    made.ledger.findings.attach_thread(made.pull, FindingId("F1"), Thread("T", COMMENT))
    record = SuggestionRecord(
        SUGGESTION, FindingId("F1"), RUN, decision_id(RUN, 1), HEAD, "a.py", Side.RIGHT, 1, 1,
        source="autofix", proof=None, slot=1, slots=1,
    )  # fmt: skip
    made.ledger.suggestions.record(made.pull, [record])
    made.app.counts[NUMBER] = {COMMENT: Count()}
    return made


def log(made: Watch, kind: SignalKind, name: str = "n") -> None:
    about = None if kind in (SignalKind.MERGED, SignalKind.CLOSED) else SUGGESTION
    by = Actor(7, Standing.WRITER)
    signal = Signal(name, kind, made.pull, made.now, about, by)
    made.ledger.events.append([signal_event(signal, Observed(made.now, EventSource.POLL))])


def asked(made: Watch) -> list[str]:
    made.look_at_pulls()
    return made.submitted(JobKind.OBSERVE)


def test_a_pull_request_on_which_nothing_is_new_costs_one_request_and_no_job() -> None:
    made = watch()

    assert asked(made) == []
    assert made.app.thumbs_asked == [(made.repo.id, NUMBER)]


def test_thumbs_that_the_log_lacks_are_asked_for_once() -> None:
    made = watch()
    made.app.counts[NUMBER] = {COMMENT: Count(dislikes=1)}

    [job] = asked(made)
    assert job.startswith(f"observe:{made.repo.id}:{NUMBER}:thumbs:")
    assert asked(made) == [job]

    log(made, SignalKind.DISLIKED)
    made.app.counts[NUMBER] = {COMMENT: Count()}
    assert len(asked(made)) == 2


def test_a_pull_request_without_a_suggestion_costs_nothing() -> None:
    made = Watch()

    assert asked(made) == []
    assert made.app.thumbs_asked == []


def test_an_end_that_nobody_told_us_of_is_found() -> None:
    made = watch()
    made.show()

    assert len(asked(made)) == 1
    assert made.app.thumbs_asked == []


def test_an_ended_pull_request_is_looked_at_again_after_fourteen_days_and_not_before() -> None:
    made = watch()
    made.show()
    log(made, SignalKind.MERGED)

    assert asked(made) == []
    made.now += timedelta(days=14)
    assert len(asked(made)) == 1


def test_a_suggestion_that_is_thirty_days_old_is_looked_at() -> None:
    made = watch()
    made.now += timedelta(days=30)

    assert len(asked(made)) == 1


def test_a_pull_request_that_was_opened_again_is_looked_at() -> None:
    made = watch()
    log(made, SignalKind.CLOSED)

    assert len(asked(made)) == 1


def test_a_forge_that_breaks_on_thumbs_keeps_nothing_else_from_its_round() -> None:
    made = watch()
    made.app.thumbs_trouble = ForgeUnavailable("GitHub broke: 502")

    assert asked(made) == []
    assert made.submitted(JobKind.REVIEW)
