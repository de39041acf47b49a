"""Which hunks deserve a reader first: those that could do harm, are large, branch, or are untested.

The order decides what a budget leaves out, so it is fixed, explainable and the same in every run.
"""

import re
from collections.abc import Collection, Mapping

from bot.domain.diff import FileDiff, Hunk, LineKind
from bot.domain.test_files import is_test_file

_WEIGHTS: Mapping[str, float] = {
    "sensitive": 0.35,
    "churn": 0.20,
    "branching": 0.20,
    "untested": 0.15,
    "removed": 0.10,
}
"""They sum to 1, so a risk is in [0, 1]."""
_TEST_SHARE = 0.4
"""What a hunk of a test counts next to one of the code under test."""
_UNKNOWN_REACH = 0.5

_SENSITIVE = re.compile(
    r"auth|login|passw|secret|token|crypt|cipher|session|permission|privilege|admin|csrf|cors|jwt"
    r"|saml|sql|cursor|execute|eval\b|exec\b|subprocess|shell|system\(|pickle|marshal|unserial"
    r"|deserial|yaml\.load|innerhtml|upload|payment|billing|price|migrat|webhook|redirect|unlink"
    r"|rmtree|chmod|lock|thread|async|race",
    re.IGNORECASE,
)
_BRANCH = re.compile(
    r"\b(?:if|elif|else|for|while|case|switch|match|catch|except|try|finally|and|or|return|raise"
    r"|throw|break|continue|goto|select|defer)\b|&&|\|\||\?"
)


def risk_of(file: FileDiff, hunk: Hunk, *, reached: Collection[int] | None) -> float:
    """Return how much a hunk deserves to be read first, in [0, 1].

    `reached` holds the lines of the head that tests execute; None where nobody traced.
    """
    return sum(_WEIGHTS[name] * share for name, share in parts(file, hunk, reached=reached).items())


def parts(file: FileDiff, hunk: Hunk, *, reached: Collection[int] | None) -> dict[str, float]:
    """Return what a risk is made of, each in [0, 1], before its weight."""
    added = [line.text for line in hunk.lines if line.kind is LineKind.ADDED]
    removed = [line.text for line in hunk.lines if line.kind is LineKind.REMOVED]
    branches = sum(len(_BRANCH.findall(text)) for text in added)
    is_sensitive = _SENSITIVE.search("".join((file.path, "\n", *added, *removed))) is not None
    shares = {
        "sensitive": float(is_sensitive),
        "churn": _saturating(len(added) + len(removed), half=30),
        "branching": _saturating(branches, half=5),
        "untested": _untested(hunk, reached),
        "removed": _saturating(len(removed), half=10),
    }
    weight = _TEST_SHARE if is_test_file(file.path) else 1.0
    return {name: weight * share for name, share in shares.items()}


def _untested(hunk: Hunk, reached: Collection[int] | None) -> float:
    added = hunk.added_numbers
    if reached is None or not added:
        return _UNKNOWN_REACH
    return sum(number not in reached for number in added) / len(added)


def _saturating(count: int, *, half: int) -> float:
    return count / (count + half)
