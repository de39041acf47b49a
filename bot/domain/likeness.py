"""Findings like ones that people turned down: hashed pieces of text, compared by their angle.

Nothing of the text is kept, only how often each bucket is met. Three different people have to turn
down findings alike before another one is held back, and three who want such findings let it pass.
"""

import hashlib
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.domain.findings import Category

BUCKETS = 4096
ALIKE = 0.6
"""Of the cosine."""
PEOPLE = 3
_PIECES = (3, 4, 5)
_MOST_TEXT = 2_000
_RULE_WEIGHT, _PATH_WEIGHT = 8.0, 2.0
"""So much as this many pieces of text do the rule and each folder of the path count."""

Vector = Mapping[int, float]
"""Counts by bucket, of length 1."""


@dataclass(frozen=True, slots=True)
class Vote:
    """What one person made of one finding."""

    vector: Vector
    by: int
    is_against: bool
    repo_id: int


def vector(*, rule: str, path: str, text: str) -> Vector:
    """Return a finding as a point; numbers and case say nothing, a folder more than a file."""
    plain = " ".join("".join("0" if c.isdigit() else c for c in text[:_MOST_TEXT].lower()).split())
    counts: Counter[int] = Counter()
    weights: dict[int, float] = {}
    for size in _PIECES:
        counts.update(_bucket(plain[at : at + size]) for at in range(len(plain) - size + 1))
    for bucket, count in counts.items():
        weights[bucket] = 1.0 + math.log(count)
    for name, weight in ((f"rule:{rule}", _RULE_WEIGHT), *_folders(path)):
        bucket = _bucket(name)
        weights[bucket] = weights.get(bucket, 0.0) + weight
    length = math.sqrt(math.fsum(weight * weight for weight in weights.values()))
    return {bucket: weight / length for bucket, weight in sorted(weights.items())}


def cosine(first: Vector, second: Vector) -> float:
    """Return how alike two findings are, from 0 to 1."""
    small, large = sorted((first, second), key=len)
    return min(1.0, math.fsum(weight * large.get(bucket, 0.0) for bucket, weight in small.items()))


def is_held_back(
    finding: Vector, category: Category, votes: Iterable[Vote], *, repo_id: int
) -> bool:
    """Tell whether three people of this repository turned down findings like this one.

    A person counts once, on the side of the finding that is most like this one. Security findings
    are never held back.
    """
    if category is Category.SECURITY:
        return False
    nearest: dict[int, tuple[float, bool]] = {}
    for vote in votes:
        likeness = cosine(finding, vote.vector)
        if vote.repo_id != repo_id or likeness < ALIKE:
            continue
        # At a tie the person wants to hear it.
        said = (likeness, not vote.is_against)
        nearest[vote.by] = max(nearest.get(vote.by, said), said)
    wanted = sum(is_wanted for _, is_wanted in nearest.values())
    return wanted < PEOPLE <= len(nearest) - wanted


def _folders(path: str) -> list[tuple[str, float]]:
    parts = path.split("/")
    return [(f"path:{'/'.join(parts[: end + 1])}", _PATH_WEIGHT) for end in range(len(parts))]


def _bucket(piece: str) -> int:
    data = piece.encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(data, digest_size=4).digest()) % BUCKETS
