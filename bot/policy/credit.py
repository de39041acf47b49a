"""Whose an outcome is besides the place of the comment: who mended first, and the run's steps.

People judge a comment. What they say is the reward of the decision that placed it, of the one who
was to mend the finding first, and of the step that made the patch, discounted for the steps before.
Both are folded from the log: pure functions of the set of events, corrections included.
"""

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from bot.policy.choosing import EPISODE, FIXERS
from bot.policy.event_log import DecisionLogged, Event, OutcomeSeen, canonical
from bot.policy.returns import GAMMA
from bot.policy.rewards import Rewarded, RewardSettings, rewards

_NUMBERED = re.compile(r"\.[1-9][0-9]{0,2}\Z")
"""How the name of a step ends; an episode has at most 32."""


def of_fixers(events: Iterable[Event]) -> list[Event]:
    """Return the decisions who mends first, with the outcomes of the comments that came of them."""
    ordered = canonical(events)
    made = _decisions(ordered)
    known = {e.decision_id: e for e in made if e.layout_version == FIXERS.version}
    led = {
        each.decision_id: name
        for each in made
        for name in each.after
        if name in known and _is_of_one_run(each, known[name])
    }
    return [
        event if isinstance(event, DecisionLogged) else _moved(event, led[event.decision_id])
        for event in ordered
        if event.decision_id in (known if isinstance(event, DecisionLogged) else led)
    ]


def of_episodes(events: Iterable[Event], settings: RewardSettings) -> list[Event]:
    """Return the events with the steps' returns corrected by what people said in the end.

    A step that made patches earns the mean of reward times confidence, as what is unsure moves the
    measured return less; the k-th step before it earns that times gamma^k.
    """
    ordered = canonical(events)
    own = _measured(ordered)
    earned: defaultdict[str, list[float]] = defaultdict(list)
    known_at: dict[str, datetime] = {}
    for step, told in _by_step(ordered, own, settings).items():
        worth = math.fsum(each.reward * each.confidence for each in told) / len(told)
        run, _, number = step.rpartition(".")
        for back in range(int(number)):
            earlier = f"{run}.{int(number) - back}"
            if earlier in own:
                earned[earlier].append(GAMMA**back * worth)
                last = max(each.known_at for each in told)
                known_at[earlier] = max(last, known_at.get(earlier, last))
    return [*ordered, *(_corrected(own[n], earned[n], known_at[n]) for n in sorted(earned))]


def _is_of_one_run(one: DecisionLogged, other: DecisionLogged) -> bool:
    """Tell whether the one may have led to the other: what others review is not ours to teach."""
    return one.pull_request == other.pull_request and _run(one) == _run(other)


def _run(made: DecisionLogged) -> tuple[str, str]:
    return made.repo, made.decision_id.partition(".")[0]


def _decisions(events: Iterable[Event]) -> list[DecisionLogged]:
    return [event for event in events if isinstance(event, DecisionLogged)]


def _moved(seen: OutcomeSeen, decision: str) -> OutcomeSeen:
    return replace(seen, decision_id=decision)


def _measured(ordered: Sequence[Event]) -> dict[str, OutcomeSeen]:
    """Return what was measured of each step."""
    made = (e for e in _decisions(ordered) if e.layout_version == EPISODE.version)
    steps = {e.decision_id for e in made if _NUMBERED.search(e.decision_id)}
    seen = (event for event in ordered if isinstance(event, OutcomeSeen))
    return {e.decision_id: e for e in seen if e.reward is not None and e.decision_id in steps}


def _by_step(
    ordered: Sequence[Event], own: dict[str, OutcomeSeen], settings: RewardSettings
) -> dict[str, list[Rewarded]]:
    """Return what people said of the comments that a step made, by that step."""
    steps = {e.decision_id: e for e in _decisions(ordered)}
    people = [e for e in ordered if isinstance(e, DecisionLogged) or e.outcome is not None]
    found: defaultdict[str, list[Rewarded]] = defaultdict(list)
    for each in rewards(people, settings).rewarded:
        for name in each.decision.after:
            if name in own and _is_of_one_run(each.decision, steps[name]):
                found[name].append(each)
    return found


def _corrected(seen: OutcomeSeen, earned: Sequence[float], at: datetime) -> OutcomeSeen:
    total = math.fsum((seen.reward or 0.0, *earned))
    return replace(
        seen,
        event_id=f"people:{seen.event_id}",
        occurred_at=max(at, seen.occurred_at),
        reward=max(-1.0, min(1.0, total)),
        is_correction=True,
    )
