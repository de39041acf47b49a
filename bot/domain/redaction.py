"""Secrets taken out of text before it leaves: for a model, a log or a comment (rules R10 and R22).

Known secrets go in every form that code or a mischievous model may give them; tokens and keys that
nobody told us go by their shape. Redact the joined text: a secret that is cut over two pieces is
in neither of them.
"""

import base64
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import quote

MARK = "[secret removed]"
SHORTEST_SECRET = 8
"""Anything shorter is a word of too many texts; no key of ours is."""
_SHORTEST_LINE = 24
"""Of a secret of several lines, each line this long is a secret of its own."""
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
        r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}",
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


class Redactor:
    """Knows the secrets of this process; its `repr` shows none of them."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        forms = {form for secret in secrets for form in _forms(secret)}
        # The longest first: a form that holds another goes as a whole.
        self._forms = sorted(forms, key=lambda form: (-len(form), form))

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
    return MARK + "\n" * secret.count("\n")


def _forms(secret: str) -> Iterator[str]:
    """Yield the secret as it is, in lines, encoded and backwards."""
    secret = secret.strip()
    if len(secret) < SHORTEST_SECRET:
        return
    lines = [line for line in secret.split("\n") if len(line) >= _SHORTEST_LINE]
    for text in {secret, *(lines if "\n" in secret else ())}:
        yield text
        yield text[::-1]
        yield json.dumps(text)[1:-1]
        yield from _urls(text)
        yield from _digits(text.encode())


def _urls(text: str) -> Iterator[str]:
    for safe in ("", "/"):
        quoted = quote(text, safe=safe)
        yield quoted
        yield re.sub("%[0-9A-F]{2}", lambda match: match.group().lower(), quoted)


def _digits(data: bytes) -> Iterator[str]:
    yield data.hex()
    yield data.hex().upper()
    # Base64 depends on what stands before, for three bytes make four digits: kept are the digits
    # that depend on the secret alone, for each of the three places where it may begin.
    for shift, first in enumerate((0, 2, 3)):
        digits = base64.b64encode(bytes(shift) + data).decode()
        own = digits[first : (len(data) + shift) * 8 // 6]
        yield own
        yield own.translate(str.maketrans("+/", "-_"))
