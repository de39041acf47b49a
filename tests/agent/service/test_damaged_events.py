"""A review goes on where an event of the log cannot be read, by hand, and the operator is told."""

from dataclasses import replace

from bot.agent.service.choosing import Choosing
from bot.agent.service.polling import Polling
from bot.agent.service.review_job import ReviewJob
from bot.domain.event_forms import Observed
from bot.domain.event_log import EventSource, Numbered
from bot.domain.jobs import JobStatus
from bot.domain.ledger import PullKey, RunId
from bot.domain.outcomes import Outcome
from bot.domain.quieting import KINDS, folded
from bot.domain.repo_config import LearningMode
from bot.domain.signals import SignalKind
from bot.domain.unreadable import Unreadable
from bot.policy.choosing import HAND, PLACES
from bot.policy.event_log import DecisionLogged
from bot.policy.journal import Tried
from bot.policy.ledger_log import decision_event, replayed
from tests import reviews
from tests.agent.test_polling import log, watch
from tests.agent.toy_service import ToyService
from tests.domain.quiet_values import turned_down
from tests.fakes.event_log import FakeEventLog
from tests.policy.schools import Times, easily_pleased

BASE, HEAD = {"a.toy": b"one\n"}, {"a.toy": b"BUG 1\n"}
BUG = reviews.finding(rule="toy-bug", source="toy", title="A bug", snippet="BUG\n")


def damage(events: object, place: int) -> Unreadable:
    """Let an event of a fake log be one that cannot be read."""
    assert isinstance(events, FakeEventLog)
    found = events.numbered[place]
    made = found.event
    trouble = Unreadable(
        found.seq, made.event_id, made.kind, "cut off", made.decision, made.suggestion
    )
    events.numbered[place] = Numbered(found.seq, replace(made, body="{}"), trouble)
    return trouble


def reviewed(service: ToyService) -> list[str]:
    """Run a review and return what the operator is told."""
    warned: list[str] = []
    desk = replace(service.desk, warn=warned.append)
    assert service.job(None).run(ReviewJob(desk)) is JobStatus.DONE
    return warned


def test_a_review_goes_on_without_an_outcome_that_cannot_be_read() -> None:
    service = ToyService(BASE, HEAD)
    service.ledger.events.append(turned_down(BUG, 1, 0, repo_id=service.pull.repo_id))
    outcome = [e.kind for e in service.ledger.events.events].index("outcome")  # type: ignore[attr-defined]  # a fake's
    trouble = damage(service.ledger.events, outcome)

    [warned] = reviewed(service)

    assert warned == f"1 event of the log could not be read: {trouble}; left out"
    assert len(service.forge.posted_threads[7]) == 1


def test_a_choice_that_cannot_be_read_is_done_by_hand_and_drawn_no_second_time() -> None:
    spared, service = ToyService(BASE, HEAD), ToyService(BASE, HEAD)
    spared.review()
    logged = replayed(spared.ledger.events).events
    [drawn] = [
        e for e in logged if isinstance(e, DecisionLogged) and e.layout_version == PLACES.version
    ]
    observed = Observed(drawn.occurred_at, EventSource.RUN)
    service.ledger.events.append([decision_event(drawn, service.pull, observed)])
    damage(service.ledger.events, 0)

    warned = reviewed(service)

    assert any("decision:" in line for line in warned)
    assert len(service.forge.posted_threads[7]) == 1


def test_where_a_note_of_the_policy_cannot_be_read_findings_are_placed_by_hand() -> None:
    times = Times()
    times.live(600)
    assert isinstance(easily_pleased(times.school).attempt(), Tried)
    warned: list[str] = []
    service = ToyService(BASE, HEAD)
    desk = replace(service.desk, records=times.ledger, warn=warned.append, now=lambda: times.now)
    damage(times.ledger.events, -1)

    placer = Choosing(desk, PullKey(1, 1), RunId("r"), LearningMode.ON).placer

    assert placer.version == HAND
    assert "policy tried" in warned[0]
    assert warned[0].endswith("findings are placed by the hand weights meanwhile")


def test_a_suggestion_whose_correction_cannot_be_read_quiets_nothing() -> None:
    events = FakeEventLog()
    events.append(turned_down(BUG, 20, 0, repo_id=2))
    places = [n for n, e in enumerate(events.events) if e.kind == "outcome"]

    whole = folded(2, events.of_repo(2, KINDS))
    damage(events, places[0])
    without = folded(2, events.of_repo(2, KINDS))

    assert whole.steps
    assert not without.steps
    assert len(without.left_out) == 1


def test_a_round_looks_at_the_other_pull_requests_and_names_the_damaged_one() -> None:
    made = watch()
    warned: list[str] = []
    log(made, SignalKind.DISLIKED)
    damage(made.ledger.events, 0)
    desk = replace(made.desk(), warn=warned.append)

    with made.app.survey(1) as survey:
        asked = Polling(desk, survey, made.repo).run(())

    assert asked == 0
    assert "1 (signal n: cut off)" in warned[0]


def test_nothing_else_is_learned_of_a_decision_whose_correction_cannot_be_read() -> None:
    times = Times()
    times.live(40)
    events = times.ledger.events
    assert isinstance(events, FakeEventLog)
    whole = replayed(events)
    last = [n for n, e in enumerate(events.events) if e.kind == "outcome"][-1]

    trouble = damage(events, last)
    read = replayed(events)

    assert read.left_out == (trouble,)
    assert read.seq == whole.seq
    assert set(whole.events) - set(read.events) == {
        each for each in whole.events if each.decision_id == trouble.decision
    }
    assert Outcome.APPLIED in {getattr(each, "outcome", None) for each in read.events}
