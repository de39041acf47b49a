"""Secrets taken out of what a model is sent, and nothing else (rule R10).

A log may lose a word too many; a prompt may not: code that somebody hid behind the header of a key
would be code that nobody reviewed. So what is taken out here is exact, is counted, and leaves every
line where it was.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from bot.domain.redaction import INSTEAD, SHORTEST, forms

_KIND = "[A-Z0-9 ]{0,30}PRIVATE KEY-----"

_PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        # GitHub's tokens; the stateless `ghs_` one is a JWT of about 520 characters with dots.
        r"gh[pousr]_[A-Za-z0-9._-]{20,}",
        r"github_pat_[A-Za-z0-9_]{20,}",
        r"csk-[A-Za-z0-9_-]{20,}",
        r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
        r"(?i:aws_secret_access_key[\"']?\s{0,4}[=:]\s{0,4})[\"']?[A-Za-z0-9/+]{40}",
        r"\bglpat-[A-Za-z0-9_-]{20,}",
        r"\bxox[abeprs]-[A-Za-z0-9-]{10,}",
        r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}",
        # Only what can be in a key goes with it, so that a lone header hides no code.
        rf"-----BEGIN {_KIND}(?:[A-Za-z0-9+/=\s\\:,.]|\n-){{0,9000}}?-----END {_KIND}",
        rf"-----BEGIN {_KIND}(?:\s{{1,4}}[+-]?\s{{0,4}}[A-Za-z0-9+/=]{{40,}})*",
    )
)


@dataclass(frozen=True, slots=True)
class Redacted:
    """Text without the secrets that were found in it."""

    text: str
    """As many lines as before."""
    count: int


class PromptRedactor:
    """Knows the secrets of this process; its `repr` shows none of them."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        found = {form for secret in secrets for form in forms(secret.strip())}
        # The longest first: a form that holds another goes as a whole.
        self._forms = sorted((f for f in found if len(f) >= SHORTEST), key=lambda f: (-len(f), f))

    def redact(self, text: str) -> Redacted:
        """Return the text with each secret replaced by a mark, and how many there were."""
        count = 0
        for form in self._forms:
            if found := text.count(form):
                text = text.replace(form, _mark(form))
                count += found
        for pattern in _PATTERNS:
            text, found = pattern.subn(lambda match: _mark(match.group()), text)
            count += found
        return Redacted(text, count)


def _mark(secret: str) -> str:
    return INSTEAD + "\n" * secret.count("\n")
