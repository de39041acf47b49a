"""Who mends a finding first is drawn, logged before it is done, and joined to what is posted."""

from dataclasses import replace

import pytest

from bot.agent.service.choosing import Choosing
from bot.domain.event_forms import Observed
from bot.domain.event_log import EventSource
from bot.domain.findings import FindingId
from bot.domain.identity import OF_FIXER
from bot.domain.ledger import RunId
from bot.domain.record_json import load
from bot.domain.repo_config import LearningMode
from bot.domain.review import Decision
from bot.policy.choosing import FIXERS, FIXERS_BY_HAND, PLACES, explained_again
from bot.policy.event_log import DecisionLogged, How
from bot.policy.ledger_log import decision_event, replayed
from bot.policy.standing import explanation
from tests.agent.model_toys import ToyModel
from tests.agent.test_turns import BASE, HEAD, mended, nothing
from tests.agent.toy_service import ToyService


def service(answer: object = mended, **settings: object) -> ToyService:
    model = ToyModel({"RewriteReply": answer})  # type: ignore[dict-item]  # any answer of a toy
    return ToyService(BASE, HEAD, settings, model=model)


def decisions(toys: ToyService, layout: str) -> list[DecisionLogged]:
    events = replayed(toys.ledger.events).events
    return [e for e in events if isinstance(e, DecisionLogged) and e.layout_version == layout]


def fixers(toys: ToyService) -> list[DecisionLogged]:
    return decisions(toys, FIXERS.version)


def sources(toys: ToyService) -> list[str]:
    return [each.source for each in toys.ledger.suggestions.shown(toys.pull)]


def told_before(answer: object = mended) -> ToyService:
    """Return a service whose log says already that the model goes first."""
    spared, again = service(answer), service(answer)
    spared.review()
    for made in fixers(spared):
        other = replace(made, chosen=made.tools.index("rewrite"))
        observed = Observed(made.occurred_at, EventSource.RUN)
        again.ledger.events.append([decision_event(other, again.pull, observed)])
    return again


def test_each_finding_that_two_could_mend_is_a_decision_with_its_chances() -> None:
    toys = service()

    toys.review()

    made = fixers(toys)
    assert len(made) == 2
    for each in made:
        assert each.tools == ("autofix", "rewrite")
        assert each.how is How.SAMPLED
        assert each.policy_version == FIXERS_BY_HAND.version
        assert min(each.propensities) >= 0.005 * (1 - 1e-9)


def test_what_the_log_says_is_done_though_it_would_be_drawn_otherwise_now() -> None:
    by_hand, told = service(), told_before()

    by_hand.review()
    told.review()

    assert set(sources(by_hand)) == {"autofix"}
    assert set(sources(told)) == {"rewrite"}


def test_who_finds_nothing_leaves_it_to_the_other() -> None:
    told = told_before(nothing)

    told.review()

    assert set(sources(told)) == {"autofix"}


@pytest.mark.parametrize("step", ["step 1", "step 2", "step 4", "publish"])
def test_a_host_that_dies_draws_each_once_and_goes_on_alike(step: str) -> None:
    died, spared = told_before(), told_before()

    died.review(crash_in=step)
    spared.review()

    assert fixers(died) == fixers(spared)
    assert sources(died) == sources(spared)
    assert [k.finding for k in died.known] == [k.finding for k in spared.known]


def test_nothing_is_drawn_where_nothing_may_be_learned_or_one_alone_can_mend() -> None:
    off, alone = service(learning={"mode": "off"}), ToyService(BASE, HEAD)

    off.review()
    alone.review()

    assert fixers(off) == fixers(alone) == []


def test_a_comment_s_place_names_who_was_to_mend_first_and_the_step_that_did() -> None:
    told = told_before()
    told.review()
    run = fixers(told)[0].decision_id.partition(".")[0]
    steps = [load(Decision, s.decision) for s in told.ledger.runs.steps(RunId(run))]
    [made_it] = [each.step for each in steps if each.tool == "rewrite"]

    placed = decisions(told, PLACES.version)

    assert {each.after[0] for each in placed} == {f"{run}.{made_it}"}
    assert {each.after[1] for each in placed} == {each.decision_id for each in fixers(told)}


def test_who_mends_first_is_explained_by_the_finding_s_name_and_parts_that_sum_to_u() -> None:
    toys = service()
    toys.review()
    names = {k.finding.fingerprint: str(k.id) for k in toys.known}

    told = [explanation(each, toys.ledger.policies, names) for each in fixers(toys)]

    assert sorted(line.partition(" (U=")[0] for line in told) == [
        "F1 who mends it first, chosen: autofix",
        "F2 who mends it first, chosen: autofix",
    ]
    choice = explained_again(fixers(toys)[0], toys.ledger.policies)
    assert choice is not None
    for tool, parts in choice.contributions.items():
        assert sum(parts.values()) == pytest.approx(choice.utilities[tool], abs=1e-9)


def test_no_place_of_a_finding_is_mistaken_for_who_mends_it() -> None:
    toys = service()
    toys.review()
    run = RunId(fixers(toys)[0].decision_id.partition(".")[0])

    standing = Choosing(toys.desk, toys.pull, run, LearningMode.SHADOW).standing()

    assert set(standing) == {FindingId("F1"), FindingId("F2")}
    assert all(OF_FIXER in each.decision_id for each in fixers(toys))
