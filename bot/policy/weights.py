"""Learned weights as one value with one text of bytes and one hash.

The bytes are a line of JSON that says what follows, then little-endian doubles. Reading is strict:
another format, another layout, a cut or a number that is not finite is refused, never guessed.
Format 1 has no offsets of the actor and format 2 has some. Weights without any are written as they
always were, in format 1: what was stored before is read, and keeps its bytes and so its name.
"""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from bot.errors import Refused
from bot.policy.critic import CriticWeights, Offset
from bot.policy.vectors import Layout, Matrix, Vector

FORMAT = 2
_WITHOUT_OFFSETS = 1
_LONGEST_HEADER = 1 << 20


class WeightsUnreadable(Refused):
    """Stored weights were not written by this version for this layout, or are damaged."""


@dataclass(frozen=True, slots=True)
class Weights:
    """What was learned from a log under a configuration and a seed."""

    layout: Layout
    critic: CriticWeights
    theta: Vector
    hand: Vector
    rewards: int
    """How many the log held."""
    configuration: str
    """Digest of the settings."""
    seed: int
    """Enters the version, and through it every draw."""
    own: Mapping[str, Vector] = field(default_factory=dict)
    """By repository, what it adds to theta on the core features."""

    def blob(self) -> bytes:
        """Return the bytes to store."""
        repos = sorted(self.critic.offsets)
        header: dict[str, object] = {
            "format": FORMAT if self.own else _WITHOUT_OFFSETS,
            "layout": self.layout.version,
            "rewards": self.rewards,
            "configuration": self.configuration,
            "seed": self.seed,
            "repos": repos,
        }
        if self.own:
            header["acting"] = sorted(self.own)
        first = json.dumps(header, separators=(",", ":"), sort_keys=True).encode()
        return first + b"\n" + np.concatenate(self._numbers(repos)).astype("<f8").tobytes()

    def _numbers(self, repos: list[str]) -> list[Vector]:
        parts = [self.theta, self.hand, self.critic.mean, self.critic.spread.ravel()]
        for repo in repos:
            offset = self.critic.offsets[repo]
            parts += [offset.weights, offset.coupling.ravel(), offset.inverse.ravel()]
        return parts + [self.own[repo] for repo in sorted(self.own)]

    @property
    def version(self) -> str:
        """The hash of the bytes."""
        return hashlib.sha256(self.blob()).hexdigest()


def read_weights(blob: bytes, layout: Layout) -> Weights:
    """Return the weights that `blob` wrote; raises WeightsUnreadable."""
    first, separator, rest = blob.partition(b"\n")
    if not separator or len(first) > _LONGEST_HEADER:
        raise WeightsUnreadable("stored weights have no header")
    try:
        header = json.loads(first)
        found, written_for = header["format"], header["layout"]
        repos = [str(repo) for repo in header["repos"]]
        acting = [str(repo) for repo in header["acting"]] if found == FORMAT else []
        told = int(header["rewards"]), str(header["configuration"]), int(header["seed"])
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise WeightsUnreadable(f"stored weights have no header ({error})") from error
    if found not in (_WITHOUT_OFFSETS, FORMAT):
        raise WeightsUnreadable(f"stored weights have format {found}, this version reads {FORMAT}")
    if written_for != layout.version:
        raise WeightsUnreadable(
            f"stored weights are for layout {written_for}, not {layout.version}: learn anew"
        )
    numbers = _numbers(rest, layout, len(repos), len(acting))
    return _weights(numbers, layout, (repos, acting), told)


def _numbers(rest: bytes, layout: Layout, repos: int, acting: int) -> Vector:
    size, own = layout.size, len(layout.core)
    count = 3 * size + size * size + repos * (own + size * own + own * own) + acting * own
    if len(rest) != 8 * count:
        raise WeightsUnreadable(f"stored weights have {len(rest)} bytes of {8 * count}")
    numbers = np.frombuffer(rest, dtype="<f8").astype(np.float64)
    if not np.isfinite(numbers).all():
        raise WeightsUnreadable("a stored weight is not finite")
    return numbers


def _weights(
    numbers: Vector,
    layout: Layout,
    repos: tuple[list[str], list[str]],
    told: tuple[int, str, int],
) -> Weights:
    size, own = layout.size, len(layout.core)
    start = 0

    def taken(*shape: int) -> Matrix:
        nonlocal start
        part = numbers[start : start + math.prod(shape)].reshape(shape)
        start += part.size
        return part

    theta, hand, mean, spread = taken(size), taken(size), taken(size), taken(size, size)
    offsets = {repo: Offset(taken(own), taken(size, own), taken(own, own)) for repo in repos[0]}
    acting = {repo: taken(own) for repo in repos[1]}
    rewards, configuration, seed = told
    critic = CriticWeights(mean, spread, offsets)
    return Weights(layout, critic, theta, hand, rewards, configuration, seed, acting)
