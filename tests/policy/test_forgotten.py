"""Weights that are learned again after `forget` are those of a log that never knew the person."""

from bot.domain.event_forms import outcomes_of
from bot.domain.forgetting import FORGOTTEN, Whom
from bot.policy.learning import learn
from bot.policy.ledger_log import replayed
from tests.adapters.forgetting_contract import MARK
from tests.fakes.ledger import fake_ledger
from tests.policy.test_ledger_log import LOG, SETTINGS, VERSION, version_of


def test_who_is_forgotten_has_taught_nothing() -> None:
    ledger = fake_ledger()
    ledger.events.append(LOG)
    decided = {o.event_id for o in outcomes_of(ledger.events.after(0)) if o.verdict.by == 1}
    without = [event for event in LOG if event.event_id not in decided]

    gone = ledger.forgetting.forget(Whom(person_id=1), MARK)
    again = learn(replayed(ledger.events).events, SETTINGS, 7).weights.version

    assert gone.censored == len(decided) > 5
    assert again == version_of(without)
    assert again != VERSION
    assert ledger.events.after(0)[-1].event.kind == FORGOTTEN
