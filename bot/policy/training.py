"""A candidate for the gate: everything learned again, from the older pull requests alone."""

from collections.abc import Callable, Collection, Iterable
from typing import TypeGuard

import numpy as np

from bot.policy.event_log import DecisionLogged, Event, OutcomeSeen, canonical
from bot.policy.gate import Candidate
from bot.policy.holdout import Training
from bot.policy.learning import Learned, LearnSettings, learn
from bot.policy.serving import Sampled


def trainer(
    events: Iterable[Event], settings: LearnSettings, seed: int, kept: list[Learned]
) -> Callable[[Training], Candidate]:
    """Return what the gate asks for a candidate; what was learned is appended to `kept`.

    Of the log, only events of the pull requests in the training half are looked at.
    """
    ordered = canonical(events)

    def train(training: Training) -> Candidate:
        older = set(np.unique(training.rows.pull_requests).tolist())
        learned = learn(of_pull_requests(ordered, older), settings, seed)
        kept.append(learned)
        weights, layout = learned.weights, settings.layout
        policy = Sampled.learned(weights)
        pinned = {
            layout.places[name]: sign
            for name, sign in settings.actor.pinned.items()
            if name in layout.places
        }
        return Candidate(weights.version, policy.probabilities, weights.critic.mean, pinned)

    return train


def of_pull_requests(events: Iterable[Event], names: Collection[str]) -> list[Event]:
    """Return the decisions of some pull requests, and the outcomes of these decisions."""
    told = list(events)
    known = {each.decision_id for each in told if _is_of(each, names)}
    return [
        each
        for each in told
        if _is_of(each, names) or (isinstance(each, OutcomeSeen) and each.decision_id in known)
    ]


def _is_of(event: Event, names: Collection[str]) -> TypeGuard[DecisionLogged]:
    return isinstance(event, DecisionLogged) and event.pull_request in names
