"""The kinds of decision that are logged: which tool next, who mends a finding first, its place.

An episode has up to 32 steps. A finding has at most one of each of the others, and the reward is
what people made of it, so importance weights are exact there.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.domain.event_log import PolicyUnreadable, PolicyVersion, PolicyVersions
from bot.domain.intake import pull_key
from bot.domain.ledger import PullKey
from bot.domain.review import Decision
from bot.policy import fixing, placing
from bot.policy.actor import ActorSettings
from bot.policy.event_log import DecisionLogged, How
from bot.policy.features import Features
from bot.policy.kept import read_kept
from bot.policy.learning import LearnSettings
from bot.policy.selection import HAND_WEIGHTS, VERSION, Choice
from bot.policy.serving import Sampled
from bot.policy.vectors import Layout
from bot.policy.weights import Weights, WeightsUnreadable, read_weights

EPISODE = Layout()
PLACES = Layout(placing.NAMES, placing.CORE)
FIXERS = Layout(fixing.NAMES, fixing.CORE)

EPISODE_SETTINGS = LearnSettings(layout=EPISODE)
PLACES_SETTINGS = LearnSettings(
    layout=PLACES,
    hand=placing.HAND_WEIGHTS,
    actor=ActorSettings(pinned=placing.PINNED),
)
FIXERS_SETTINGS = LearnSettings(
    layout=FIXERS,
    hand=fixing.HAND_WEIGHTS,
    actor=ActorSettings(pinned=fixing.PINNED),
)

TOOLS_BY_HAND = Sampled.by_hand(EPISODE, HAND_WEIGHTS)
PLACES_BY_HAND = Sampled.by_hand(PLACES, placing.HAND_WEIGHTS, placing.VERSION)
FIXERS_BY_HAND = Sampled.by_hand(FIXERS, fixing.HAND_WEIGHTS, fixing.VERSION)
HAND = PLACES_BY_HAND.version
"""The name of the policy that nothing was learned for."""


@dataclass(frozen=True, slots=True)
class Occasion:
    """Where and when something is chosen."""

    decision_id: str
    pull: PullKey
    at: datetime
    slot: int = 0
    after: tuple[str, ...] = ()
    """The decisions that led to what is chosen for: what becomes of it is theirs as well."""

    @property
    def repo(self) -> str:
        """Whose offsets count: the id, which a rename does not change."""
        return str(self.pull.repo_id)


@dataclass(frozen=True, slots=True)
class Placed:
    """Where one finding goes, as it was logged."""

    decision_id: str
    place: str
    choice: Choice | None = field(default=None, compare=False)
    """None where another version than the one at hand chose."""


def of_step(made: Decision, occasion: Occasion) -> DecisionLogged:
    """Return a step of a run as it is logged."""
    weighed = {tool: made.features[tool] for tool in made.utilities}
    choice = Choice(
        made.tool, made.utilities, made.contributions, made.propensities, made.policy_version
    )
    return logged(choice, weighed, EPISODE, occasion)


def logged(
    choice: Choice, eligible: Mapping[str, Features], layout: Layout, occasion: Occasion
) -> DecisionLogged:
    """Return a choice as it is logged: the whole of what could be picked, and how likely it was."""
    tools, rows = layout.rows(eligible)
    is_greedy = choice.policy_version == VERSION
    return DecisionLogged(
        event_id=f"decision:{occasion.decision_id}",
        occurred_at=occasion.at,
        decision_id=occasion.decision_id,
        repo=occasion.repo,
        pull_request=pull_key(occasion.pull.repo_id, occasion.pull.number),
        policy_version=choice.policy_version,
        layout_version=layout.version,
        how=How.GREEDY if is_greedy else How.SAMPLED,
        tools=tools,
        features=tuple(tuple(row) for row in rows.tolist()),
        propensities=tuple(choice.propensities[tool] for tool in tools),
        chosen=tools.index(choice.tool),
        slot=occasion.slot,
        after=occasion.after,
    )


def explained_again(made: DecisionLogged, policies: PolicyVersions) -> Choice | None:
    """Return a logged choice with its parts, or None where its weights are not here."""
    try:
        sampler = _sampler_of(made, policies)
    except (WeightsUnreadable, PolicyUnreadable):
        return None
    return None if sampler is None else again(made, sampler)


def again(made: DecisionLogged, sampler: Sampled) -> Choice | None:
    """Return what a policy chooses where a choice was logged; None where that was another's."""
    layout = sampler.layout
    if (made.layout_version, made.policy_version) != (layout.version, sampler.version):
        return None
    known = zip(made.tools, made.features, strict=True)
    weighed = {tool: dict(zip(layout.names, row, strict=True)) for tool, row in known}
    return sampler.pick(weighed, decision_id=made.decision_id, repo=made.repo)


def _sampler_of(made: DecisionLogged, policies: PolicyVersions) -> Sampled | None:
    """Return the policy that made a choice; raises WeightsUnreadable."""
    stored = policies.find(made.policy_version)
    if made.layout_version == EPISODE.version:
        return tools_by(stored)
    if made.layout_version == FIXERS.version:
        return fixers_by(stored)
    return placing_by(stored.theta if stored is not None else b"")


def placing_by(blob: bytes) -> Sampled:
    """Return the policy of stored weights, or of none; raises WeightsUnreadable."""
    return PLACES_BY_HAND if not blob else Sampled.learned(stored(blob))


def tools_by(version: PolicyVersion | None) -> Sampled:
    """Return the policy of tools that is stored with a version; by hand where none is.

    Its choices carry the version's name, under which all its weights are found again. Raises
    WeightsUnreadable.
    """
    kept = read_kept(version.state).tools if version is not None else b""
    if version is None or not kept:
        return TOOLS_BY_HAND
    return replace(Sampled.learned(read_weights(kept, EPISODE)), version=version.version)


def fixers_by(version: PolicyVersion | None) -> Sampled:
    """Return the policy of who mends first that is stored with a version; by hand where none is.

    Raises WeightsUnreadable.
    """
    kept = read_kept(version.state).fixers if version is not None else b""
    if version is None or not kept:
        return FIXERS_BY_HAND
    return replace(Sampled.learned(read_weights(kept, FIXERS)), version=version.version)


def stored(blob: bytes) -> Weights:
    """Return stored weights of where findings go; raises WeightsUnreadable."""
    return read_weights(blob, PLACES)
