"""Where learning stands: who serves, what each version earned, and what the gate waits for."""

from collections.abc import Iterable, Mapping, Sequence

from bot.domain import policy_words as words
from bot.domain.event_log import PolicyUnreadable, PolicyVersions
from bot.domain.identity import OF_FIXER
from bot.domain.policy_words import Shown, Value, Weight
from bot.domain.record_json import RecordUnreadable
from bot.domain.unreadable import Unreadable
from bot.policy.choosing import (
    EPISODE,
    FIXERS,
    PLACES,
    explained_again,
    fixers_by,
    placing_by,
    tools_by,
)
from bot.policy.credit import of_episodes, of_fixers
from bot.policy.event_log import DecisionLogged, Event
from bot.policy.journal import Drifted, Note, Tried, versions
from bot.policy.placing import HAND_WEIGHTS
from bot.policy.promotion import TRIAL, TRIAL_SHARE, Versions
from bot.policy.returns import value_by_version
from bot.policy.rewards import Rewarded, RewardSettings, rewards
from bot.policy.school import School
from bot.policy.vectors import Vector, hand_weights
from bot.policy.weights import Weights, WeightsUnreadable


def standing(school: School, *, repo_id: int | None = None) -> Shown:
    """Return where learning stands now, for people to read.

    Of a repository, its own figures: what others say in theirs is not for it to know.
    """
    lesson, notes = school.lesson(), school.readable_notes().found
    known, trouble = _known(school)
    everywhere = len(lesson.places.rewards.rewarded)
    told = lesson.events if repo_id is None else _of_repo(lesson.events, str(repo_id))
    rewarded = rewards(told, RewardSettings())
    placed = [e for e in rewarded.rewarded if e.decision.layout_version == PLACES.version]
    is_tried = school.now() - known.serving.promoted_at < TRIAL and known.parent is not None
    return Shown(
        serving=known.serving.version,
        share=TRIAL_SHARE if is_tried else 1.0,
        trouble=trouble,
        left_out=lesson.left_out,
        decisions=sum(_is_placing(event) for event in told),
        rewards=len(placed),
        censored=rewarded.censored,
        orphans=rewarded.orphans,
        learned=lesson.version,
        log_seq=lesson.seq,
        phase=lesson.places.phase.value,
        alarms=max((n.alarms for n in notes if isinstance(n, Drifted)), default=0),
        values=tuple(_values(told, placed)),
        gate=_gate(school, notes, everywhere),
        weights=weights_of(lesson.places.weights),
    )


def weights_of(weights: Weights) -> tuple[Weight, ...]:
    """Return the weights by feature: by hand, of the critic that serves, and of the actor."""
    hand = hand_weights(PLACES, HAND_WEIGHTS)
    columns: Sequence[Vector] = (hand, weights.critic.mean, weights.theta)
    rows = zip(PLACES.names, *(column.tolist() for column in columns), strict=True)
    return tuple(Weight(*row) for row in rows)


def _known(school: School) -> tuple[Versions, str]:
    """Return who serves, and what keeps it from that: the App goes on by hand then."""
    try:
        known = school.versions()
    except RecordUnreadable as error:
        return versions((), ()), f"{error}; the hand weights serve meanwhile"
    try:
        placing_by(known.serving.blob)
        stored = school.policies.find(known.serving.version)
        tools_by(stored)
        fixers_by(stored)
    except (WeightsUnreadable, PolicyUnreadable) as error:
        return known, f"{error}; the hand weights serve meanwhile"
    return known, ""


def _of_repo(events: Sequence[Event], repo: str) -> Sequence[Event]:
    own = {e.decision_id for e in events if isinstance(e, DecisionLogged) and e.repo == repo}
    return [event for event in events if event.decision_id in own]


def _is_placing(event: Event) -> bool:
    return isinstance(event, DecisionLogged) and event.layout_version == PLACES.version


def _values(events: Sequence[Event], placed: Sequence[Rewarded]) -> Iterable[Value]:
    """Yield J of each version: of a placed finding, of who mends first, and of a whole run."""
    settings = RewardSettings()
    mended = rewards(of_fixers(events), settings).rewarded
    runs = rewards(of_episodes(events, settings), settings).rewarded
    first = [each for each in runs if _is_first(each)]
    for what, told in (("finding", placed), ("fixer", mended), ("run", first)):
        for version, value in value_by_version(told).items():
            low, high = value.interval()
            yield Value(what, version, value.value, low, high, value.rows)


def _is_first(each: Rewarded) -> bool:
    is_step = each.decision.layout_version == EPISODE.version
    return is_step and each.decision.decision_id.endswith(".1")


def _gate(school: School, notes: Sequence[Note], rewarded: int) -> str:
    waits = school.why_no_attempt(rewarded)
    last = next((note for note in reversed(notes) if isinstance(note, Tried)), None)
    said = "" if last is None else f"{'; '.join(last.why)} ({last.at:%Y-%m-%d})"
    parts = [said, f"next: {waits}" if waits is not None else "next: at the next round"]
    return " · ".join(part for part in parts if part)


def of_run(events: Iterable[object], run: str) -> tuple[DecisionLogged, ...]:
    """Return the decisions of one run about findings, as they were logged."""
    return tuple(
        event
        for event in events
        if isinstance(event, DecisionLogged)
        and event.layout_version in (PLACES.version, FIXERS.version)
        and event.decision_id.startswith(f"{run}.")
    )


def is_of_run(lost: Unreadable, run: str) -> bool:
    """Tell whether an event that cannot be read was about a choice of a run."""
    return (lost.decision or "").startswith(f"{run}.")


def explanation(made: DecisionLogged, policies: PolicyVersions, names: Mapping[str, str]) -> str:
    """Return a line about a choice for a finding, with all the parts of its utility.

    `names` are the ids of findings by fingerprint: who mends first is chosen before there are ids.
    """
    name, chosen = made.decision_id.rpartition(".")[2], made.tools[made.chosen]
    if name.startswith(OF_FIXER):
        fingerprint = name.removeprefix(OF_FIXER)
        name = f"{names.get(fingerprint, fingerprint)} {words.MENDS_FIRST}"
    choice = explained_again(made, policies)
    if choice is None:
        return f"{name} {words.unexplained(chosen, made.policy_version)}"
    parts = choice.contributions[chosen]
    figures = choice.utilities[chosen], parts, choice.propensities[chosen]
    return f"{name} {words.chosen(chosen, *figures, most=len(parts))}"
