"""What the App chooses is in the log before it is done, once, and joined to what is posted."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.agent.service.choosing import Choosing
from bot.agent.service.learning import school_of
from bot.domain.event_forms import Observed, outcome_event, signals_of
from bot.domain.event_log import EventSource
from bot.domain.ledger import RunId
from bot.domain.markers import MarkerKind, parse_marker
from bot.domain.outcomes import judge, to_log
from bot.domain.policy_words import SHOWN_HERE
from bot.domain.repo_config import LearningMode
from bot.domain.signals import Match, Reading, Signal, SignalKind
from bot.policy import placing
from bot.policy.choosing import EPISODE, HAND, PLACES, PLACES_BY_HAND, Occasion, logged
from bot.policy.event_log import DecisionLogged, How, OutcomeSeen
from bot.policy.ledger_log import decision_event, replayed
from tests.agent.office import NUMBER, Office
from tests.agent.toy_service import ToyService

BASE = {"a.toy": b"one\n"}
HEAD = {"a.toy": b"BUG 1\n"}


def decisions(service: ToyService | Office) -> list[DecisionLogged]:
    events = replayed(service.ledger.events).events
    return [event for event in events if isinstance(event, DecisionLogged)]


def measured(service: ToyService | Office) -> dict[str, float]:
    events = replayed(service.ledger.events).events
    seen = [e for e in events if isinstance(e, OutcomeSeen)]
    return {e.decision_id: e.reward for e in seen if e.reward is not None}


def test_every_step_of_a_review_is_in_the_log_with_its_chances() -> None:
    office = Office()
    office.review()

    steps = [d for d in decisions(office) if d.layout_version == EPISODE.version]

    [run] = {d.decision_id.partition(".")[0] for d in steps}
    recorded = office.ledger.runs.steps(RunId(run))
    assert [d.decision_id for d in steps] == [f"{run}.{step.index}" for step in recorded]
    assert [d.tools[d.chosen] for d in steps] == [step.tool for step in recorded]
    assert {d.how for d in steps} == {How.SAMPLED}
    assert measured(office).keys() >= {d.decision_id for d in steps}


def test_a_comment_names_the_decision_that_put_it_there() -> None:
    office = Office()
    office.review()

    [thread] = office.fake.posted_threads[NUMBER]
    [shown] = office.ledger.suggestions.shown(office.pull)
    [placed] = [d for d in decisions(office) if d.layout_version == PLACES.version]

    marker = parse_marker(thread.body)
    assert marker is not None
    assert marker.kind is MarkerKind.FINDING
    assert marker.decision == shown.decision_id == placed.decision_id
    assert placed.tools[placed.chosen] == placing.INLINE
    assert placed.policy_version == HAND


@pytest.mark.parametrize("step", ["step 1", "step 3", "publish"])
def test_a_host_that_dies_logs_each_choice_once(step: str) -> None:
    service, spared = ToyService(BASE, HEAD), ToyService(BASE, HEAD)

    service.review(crash_in=step)
    spared.review()

    assert decisions(service) == decisions(spared)
    assert measured(service) == measured(spared)


def test_a_repository_that_wants_nothing_learned_has_no_log() -> None:
    service = ToyService(BASE, HEAD, settings={"learning": {"mode": "off"}})

    service.review()

    assert decisions(service) == []
    assert service.ledger.events.after(0) == []
    [thread] = service.forge.posted_threads[7]
    marker = parse_marker(thread.body)
    assert marker is not None
    assert marker.decision.rpartition(".")[2].isdigit()


def test_what_the_log_says_is_done_though_it_would_be_drawn_otherwise_now() -> None:
    spared = ToyService(BASE, HEAD)
    spared.review()
    [drawn] = [d for d in decisions(spared) if d.layout_version == PLACES.version]
    other = replace(drawn, tools=("inline", "summary"), chosen=1, propensities=(0.5, 0.5),
                    features=(drawn.features[0], (0.0,) * PLACES.size))  # fmt: skip
    observed = Observed(drawn.occurred_at, EventSource.RUN)
    again = ToyService(BASE, HEAD)
    again.ledger.events.append([decision_event(other, again.pull, observed)])

    again.review()

    assert again.forge.posted_threads.get(7, []) == []
    assert SHOWN_HERE.partition(" (")[0] in again.summary
    assert measured(again)[other.decision_id] == 0.0


def test_the_summary_tells_who_unfolds_it_why_a_finding_is_there() -> None:
    service = ToyService(BASE, HEAD)

    service.review()

    _, folded, rest = service.summary.partition("<details>")
    assert folded
    assert "F1 chosen: inline (U=" in rest
    assert ", p=" in rest


def test_what_is_chosen_explains_itself() -> None:
    service = ToyService(BASE, HEAD)
    service.review()
    run = RunId(decisions(service)[0].decision_id.partition(".")[0])

    [(name, placed)] = (
        Choosing(service.desk, service.pull, run, LearningMode.SHADOW).standing().items()
    )

    assert name == "F1"
    assert placed.choice is not None
    for place, parts in placed.choice.contributions.items():
        assert sum(parts.values()) == pytest.approx(placed.choice.utilities[place], abs=1e-9)


@pytest.mark.parametrize(("word", "reward"), [("/agent dismiss F1 wrong", -1.0), ("", -0.1)])
def test_what_people_make_of_a_comment_is_the_reward_of_the_choice_that_put_it_there(
    word: str, reward: float
) -> None:
    office = Office()
    office.review()
    [shown] = office.ledger.suggestions.shown(office.pull)
    if word:
        office.say(word)
    signals = signals_of(office.ledger.events.of_pull(office.pull))
    over = office.now + timedelta(days=1)
    signals += [
        Signal("read", SignalKind.READ, office.pull, office.now, shown.id,
               reading=Reading(Match.UNTOUCHED)),
        Signal("merged", SignalKind.MERGED, office.pull, over),
    ]  # fmt: skip

    verdict = judge(signals, shown.id)
    record = to_log(verdict, (), suggestion=shown.id, decision=shown.decision_id, closed_at=over)
    assert record is not None
    observed = Observed(over, EventSource.WEBHOOK)
    office.ledger.events.append([outcome_event(record, office.pull, observed)])
    known = school_of(office.desk()).lesson().places.rewards

    [rewarded] = [r for r in known.rewarded if r.decision.layout_version == PLACES.version]
    assert rewarded.decision.decision_id == shown.decision_id
    assert rewarded.reward == reward
    assert known.orphans == 0


def test_a_choice_is_logged_with_the_vector_it_was_made_by() -> None:
    eligible = {"inline": {"inline": 1.0, "crowd": 0.5}, "summary": {}}
    occasion = Occasion("r.F1", Office().pull, datetime(2026, 11, 1, tzinfo=UTC), slot=2)
    choice = PLACES_BY_HAND.pick(eligible, decision_id="r.F1", repo=occasion.repo)

    made = logged(choice, eligible, PLACES, occasion)

    assert made.features[0][PLACES.names.index("crowd")] == 0.5
    assert made.features[1] == (0.0,) * PLACES.size
    assert made.slot == 2
