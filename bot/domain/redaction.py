"""What must not be written anywhere: known secrets in every usual form, and what looks like one.

A secret that a line break, a quote or a comma cuts in two is found as well, so callers hand over
whole records and never their pieces (rule R22).
"""

import base64
import json
import re
import string
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

INSTEAD = "[redacted]"
SHORTEST = 8
"""Characters of a known secret; a shorter one would take innocent words with it."""

_PLAIN = frozenset(string.ascii_letters + string.digits + "-._~")
_BREAK = re.compile(r"(?:\r|\n|\\r|\\n)+")
_GAP = re.compile(r"(?:[\s\x00'\",]|\\[nrt])+")
_LOOKS_SECRET = re.compile(
    "|".join(
        (
            # GitHub's tokens are 40 characters, or 520 with dots in them.
            r"gh[oprsu]_[A-Za-z0-9._-]{8,}",
            r"github_pat_[A-Za-z0-9_]{8,}",
            r"\bv1\.[0-9a-f]{40}\b",
            r"csk-[A-Za-z0-9_-]{8,}",
            # Only where a word may begin, else a long run of letters is tried from each of them.
            r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*",
            r"(?i:(?<=bearer )|(?<=basic )|(?<=token ))[A-Za-z0-9._~+/-]{16,}=*",
            r"(?<=://)[^\s/@:]{0,100}:[^\s/@]{1,500}(?=@)",
            r"-----BEGIN [A-Z0-9 ]{1,40}-----(?:[^-]|-(?!----))*(?:-----END [A-Z0-9 ]{1,40}-----)?",
            r"(?<![A-Za-z0-9+/=])[A-Za-z0-9+/=]{16,}-----END [A-Z0-9 ]{1,40}-----",
        )
    )
)


@dataclass(frozen=True, slots=True)
class Redactor:
    """Takes secrets out of text; without known ones, it takes out what looks like one."""

    secrets: tuple[str, ...] = field(default=(), repr=False)
    _known: re.Pattern[str] | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        found = {_GAP.sub("", form) for secret in self.secrets for form in forms(secret)}
        longest_first = sorted((f for f in found if len(f) >= SHORTEST), key=len, reverse=True)
        known = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None
        object.__setattr__(self, "_known", known)

    def knows(self, text: str) -> bool:
        """Tell whether a known secret is in the text, cut in two or not."""
        return self._known is not None and self._known.search(_GAP.sub("", text)) is not None

    def clean(self, text: str) -> str:
        """Return the text with INSTEAD where a secret was; all else is as it was."""
        if self._known is not None:
            text = _without(text, self._known, gap=_GAP)
        text = _without(text, _LOOKS_SECRET, gap=_BREAK)
        # And once as it stands: a word that is joined to the line above begins nowhere.
        return _LOOKS_SECRET.sub(INSTEAD, text)


def _without(text: str, wanted: re.Pattern[str], *, gap: re.Pattern[str]) -> str:
    """Cut what is found in the text without its gaps out of the text with them."""
    joined = gap.sub("", text)
    found = [match.span() for match in wanted.finditer(joined) if match[0]]
    if not found:
        return text
    places = _places(text, gap)
    kept: list[str] = []
    end = 0
    for first, after in found:
        kept += (text[end : places[first]], INSTEAD)
        end = places[after - 1] + 1
    return "".join((*kept, text[end:]))


def _places(text: str, gap: re.Pattern[str]) -> list[int]:
    """Return where each character that is in no gap stands."""
    places: list[int] = []
    start = 0
    for match in gap.finditer(text):
        places.extend(range(start, match.start()))
        start = match.end()
    places.extend(range(start, len(text)))
    return places


def forms(secret: str) -> Iterator[str]:
    """Yield the forms in which programs write a secret down."""
    data = secret.encode("utf-8", "surrogateescape")
    for text in (secret, *_long_lines(secret)):
        yield from (text, text[::-1], json.dumps(text)[1:-1], ascii(text)[1:-1])
        yield from _in_url(text.encode("utf-8", "surrogateescape"))
    yield from (data.hex(), data.hex().upper())
    yield from _in_base64(data)


def _long_lines(secret: str) -> Iterable[str]:
    """Return the lines of a key, each of which is a piece of it.

    Its header is none: all keys have it, and without it another key is not known for one.
    """
    lines = secret.splitlines()
    long = [line for line in lines if len(line) >= 2 * SHORTEST and not line.startswith("-----")]
    return long if len(lines) > 1 else ()


def _in_url(data: bytes) -> Iterator[str]:
    for kept in (_PLAIN, _PLAIN | {"/"}):
        quoted = "".join(chr(b) if chr(b) in kept else f"%{b:02X}" for b in data)
        yield quoted
        yield re.sub(r"%..", lambda match: match[0].lower(), quoted)
        yield quoted.replace("%20", "+")


def _in_base64(data: bytes) -> Iterator[str]:
    """Yield the core of the secret in base64, wherever in a longer text it begins.

    The characters at either end depend on what stands next to it, so they are left out.
    """
    for before in range(3):
        text = base64.b64encode(bytes(before) + data).decode("ascii")
        core = text[(0, 2, 3)[before] : len(text) - (0, 3, 2)[(before + len(data)) % 3]]
        yield core
        yield core.translate(str.maketrans("+/", "-_"))
