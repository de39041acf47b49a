"""The stream: ten tools, twelve repositories, late and noisy feedback, and the truth behind it.

Tool 0 is `skip`: no features, reward 0. The others have 6 features that all share, a constant of
their own, and two features of the tool's fit to the state, so d = 6 + 10 + 20 = 36. The truth is
linear with offsets by repository and a bend that no learner can represent. Feedback is +1, -1 or,
where nobody reacts, -0.1; some is flipped, and all of it comes late.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bot.policy.vectors import Layout, Matrix, Vector

TOOLS = 10
SHARED = 6
SIZE = SHARED + TOOLS + 2 * TOOLS
REPOS = 12
LAYOUT = Layout(
    names=(
        *(f"shared {index}" for index in range(SHARED)),
        *(f"tool:{index}" for index in range(TOOLS)),
        *(f"fit {tool}.{part}" for tool in range(TOOLS) for part in range(2)),
    ),
    core=tuple(f"shared {index}" for index in range(SHARED)),
)


@dataclass(frozen=True, slots=True)
class StreamSettings:
    """What the stream is like."""

    episodes: int = 5000
    repo_spread: float = 0.5
    """Standard deviation of a repository's offsets to the shared weights."""
    silence: float = 0.35
    """Share of decisions on which nobody reacts."""
    silent_reward: float = -0.1
    flips: float = 0.08
    median_delay: float = 30.0
    """In episodes, log-normal."""
    delay_spread: float = 1.0
    most_delay: int = 400
    is_drifting: bool = False
    """The tools' constants are drawn anew at half time."""


@dataclass(frozen=True, slots=True)
class Stream:
    """One stream, drawn whole before anybody decides, so that all learners meet the same."""

    settings: StreamSettings
    features: Matrix
    """Episodes x tools x features."""
    repos: NDArray[np.intp]
    means: Matrix
    """Episodes x tools: the expected feedback."""
    uniforms: Matrix
    """Episodes x 3: silence, sign, flip."""
    delays: NDArray[np.intp]
    hand: Vector
    """The noisy truth, with two fifths of it missing."""
    names: tuple[str, ...] = field(default=tuple(f"repo {index}" for index in range(REPOS)))

    def reward(self, episode: int, tool: int) -> float:
        """Return the feedback that this choice gets."""
        if tool == 0:
            return 0.0
        silence, sign, flip = self.uniforms[episode]
        if silence < self.settings.silence:
            return self.settings.silent_reward
        liked = (1.0 + self._opinion(episode, tool)) / 2.0
        is_liked = (sign < liked) != (flip < self.settings.flips)
        return 1.0 if is_liked else -1.0

    def _opinion(self, episode: int, tool: int) -> float:
        """Return the mean of those who react, before flips."""
        settings = self.settings
        told = self.means[episode, tool] - settings.silence * settings.silent_reward
        return float(told / ((1 - settings.silence) * (1 - 2 * settings.flips)))

    def regret(self, episode: int, tool: int) -> float:
        """Return what the best tool would have earned more, in expected feedback."""
        means = self.means[episode]
        return float(means.max() - means[tool])


def stream(settings: StreamSettings, seed: int) -> Stream:
    """Draw a stream; a pure function of its arguments."""
    rng = np.random.default_rng(seed)
    count = settings.episodes
    features = _features(rng, count)
    repos = _activity(rng, count)
    truth = _truth(rng)
    later = truth.copy()
    later[SHARED + 1 : SHARED + TOOLS] = _constants(rng)
    offsets = settings.repo_spread * rng.normal(size=(REPOS, SHARED))
    means = _means(features, truth, offsets[repos])
    if settings.is_drifting:
        half = count // 2
        means[half:] = _means(features[half:], later, offsets[repos[half:]])
    delays = settings.median_delay * np.exp(settings.delay_spread * rng.normal(size=count))
    return Stream(
        settings,
        features,
        repos,
        _feedback(means, settings),
        rng.random((count, 3)),
        np.clip(delays, 1, settings.most_delay).astype(np.intp),
        _hand(rng, truth, settings),
    )


# Chosen so that uniform choice, the hand weights and LinUCB have about the regret for each episode
# that the design's simulation had: .56, .20 and .11.
_SHARED_SCALE = 0.6
_FIT_SCALE = 0.5
_CONSTANT_SCALE = 0.45
_BEND = 0.15
_HAND_NOISE = 0.22
_HAND_MISSING = 0.4


def _features(rng: np.random.Generator, count: int) -> Matrix:
    features = np.zeros((count, TOOLS, SIZE))
    features[:, 1:, :SHARED] = rng.uniform(-1, 1, (count, TOOLS - 1, SHARED))
    state = rng.uniform(-1, 1, (count, 2))
    for tool in range(1, TOOLS):
        features[:, tool, SHARED + tool] = 1.0
        start = SHARED + TOOLS + 2 * tool
        features[:, tool, start : start + 2] = state
    return features


def _activity(rng: np.random.Generator, count: int) -> NDArray[np.intp]:
    """Return a repository for each episode: the k-th is as busy as 1 / k."""
    shares = 1.0 / np.arange(1, REPOS + 1)
    return rng.choice(REPOS, size=count, p=shares / shares.sum())


def _constants(rng: np.random.Generator) -> Vector:
    return _CONSTANT_SCALE * rng.normal(size=TOOLS - 1)


def _truth(rng: np.random.Generator) -> Vector:
    truth = np.zeros(SIZE)
    truth[:SHARED] = _SHARED_SCALE * rng.normal(size=SHARED)
    truth[SHARED + 1 : SHARED + TOOLS] = _constants(rng)
    truth[SHARED + TOOLS + 2 :] = _FIT_SCALE * rng.normal(size=2 * (TOOLS - 1))
    return truth


def _means(features: Matrix, truth: Vector, offsets: Matrix) -> Matrix:
    """Return the opinion in (-1, 1) of each tool: linear, offset by repository, and bent."""
    linear = features @ truth
    linear += np.einsum("nks,ns->nk", features[:, :, :SHARED], offsets)
    bend = _BEND * features[:, :, 0] * features[:, :, 1]
    return np.asarray(np.tanh(linear + bend))


def _feedback(opinions: Matrix, settings: StreamSettings) -> Matrix:
    """Return the expected feedback: opinion, thinned by silence and flips; 0 of `skip`."""
    loud = (1 - settings.silence) * (1 - 2 * settings.flips)
    means = loud * opinions + settings.silence * settings.silent_reward
    means[:, 0] = 0.0
    return np.asarray(means)


def _hand(rng: np.random.Generator, truth: Vector, settings: StreamSettings) -> Vector:
    loud = (1 - settings.silence) * (1 - 2 * settings.flips)
    noisy = loud * truth + _HAND_NOISE * rng.normal(size=SIZE) * (truth != 0)
    return np.asarray(noisy * (rng.random(SIZE) >= _HAND_MISSING))
