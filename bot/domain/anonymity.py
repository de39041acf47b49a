"""Names and texts that may leave this machine: who and where is gone, and alike stays alike.

A name is a keyed hash, because a plain one of a repository, a login or a path is guessed by trying.
Text is cleaned line by line, so that a line of a patch still reads as the same line of its file.
"""

import hashlib
import hmac
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cached_property

EMAIL, URL, PERSON, TRAILER, REPOSITORY = "[email]", "[url]", "[person]", "[trailer]", "[repo]"
_LENGTH = 16
_MOST_FOLDERS = 16
"""In front of a path of the repository."""

_TRAILERS = re.compile(
    r"^(?P<mark>[^\w\n@]*)(?:@author\b|(?:signed-off|co-authored|co-developed|authored|committed"
    r"|reviewed|acked|tested|reported|suggested|helped|requested|approved)-by\s*:"
    r"|(?:cc|change-id|pullwright-run|pullwright-suggestion|pullwright-undo)\s*:)[^\n]*",
    re.IGNORECASE | re.MULTILINE,
)
_URLS = re.compile(
    r"(?:\b[a-z][a-z0-9+.-]{0,30}://|\bwww\.|\bmailto:)[^\s\"'<>`|\\^{}\[\]()]+"
    r"|\b[a-z][a-z0-9+.-]{0,30}://"
    # A clone URL as ssh takes it, and a forge's address as people write it.
    r"|\b[\w.-]{1,64}@[\w.-]{1,200}:[\w./~-]+"
    r"|\b(?:github|gitlab|bitbucket|codeberg)\.(?:com|org)/[^\s\"'<>`|\\^{}\[\]()]+",
    re.IGNORECASE,
)
_EMAILS = re.compile(r"(?<![\w.%+-])[\w.%+-]+@[\w-]+(?:\.[\w-]+)+")
_MENTIONS = re.compile(r"(?<![\w@./-])(?:@[A-Za-z0-9][A-Za-z0-9_-]{0,38}(?:/[A-Za-z0-9-]+)?)+")
_COMMENTS = re.compile(r"(?:#|//|/\*|--|<!--|^[ \t]*\*)[^\n]*", re.MULTILINE)
_TAGS = frozenset(
    f"@{tag}"
    for tag in (
        "param", "params", "return", "returns", "throws", "raise", "raises", "type", "typedef",
        "deprecated", "see", "since", "example", "property", "override", "ts-ignore", "ts-nocheck",
        "ts-expect-error", "template", "yields", "private", "public", "internal",
    )
)  # fmt: skip
_TOKENS = re.compile(r"(?<![\w./-])\.{0,2}/?[\w-][\w.-]*(?:/[\w.-]+)*")


@dataclass(frozen=True, slots=True)
class Namer:
    """Gives names that only who has the key can check; its `repr` does not show it."""

    key: bytes = field(repr=False)

    def name(self, kind: str, value: str) -> str:
        """Return 16 hex digits; equal values of another kind have another name."""
        text = f"{kind}\0{value}".encode("utf-8", "surrogatepass")
        return hmac.new(self.key, text, hashlib.sha256).hexdigest()[:_LENGTH]


@dataclass(frozen=True)
class Scrubber:
    """Takes people and places out of the texts of one repository."""

    namer: Namer
    repo: str
    """`owner/name`."""
    paths: Collection[str] = ()
    """Of its files; one that has neither a folder nor a suffix is a word like any other."""
    people: Collection[str] = ()
    """Logins that are known to have to do with the text."""

    def path(self, path: str) -> str:
        """Return the name of a file: its suffix stays, because it tells the language."""
        stem, dot, suffix = path.rpartition("/")[2].rpartition(".")
        is_plain = stem and dot and suffix.isascii() and suffix.isalnum() and len(suffix) <= 8
        name = self.namer.name("path", f"{self.repo}\0{path}")
        return f"file-{name}.{suffix}" if is_plain else f"file-{name}"

    def prose(self, text: str) -> str:
        """Return what a person or a model wrote, every mention gone."""
        return self._without(_MENTIONS.sub(PERSON, self._addresses(text)))

    def code(self, text: str) -> str:
        """Return code or output: an `@word` of it is a mention only in a comment."""
        return self._without(_COMMENTS.sub(_unmentioned, self._addresses(text)))

    def _addresses(self, text: str) -> str:
        text = _TRAILERS.sub(lambda found: f"{found['mark']}{TRAILER}", text)
        return _EMAILS.sub(EMAIL, _URLS.sub(URL, text))

    def _without(self, text: str) -> str:
        # Places first: a person next to one is found where the place has its name.
        text = _TOKENS.sub(self._renamed, text)
        return text if self._known_people is None else self._known_people.sub(PERSON, text)

    def _renamed(self, found: re.Match[str]) -> str:
        token = found[0].rstrip(".")
        rest = found[0][len(token) :]
        if token.casefold() == self.repo.casefold():
            return REPOSITORY + rest
        if (alias := self._aliases.get(token.removeprefix("./"))) is not None:
            return alias + rest
        if token.startswith("/"):
            # The sandbox and people's machines have a folder of their own in front.
            parts = token.split("/")
            for first in range(1, min(len(parts), _MOST_FOLDERS)):
                if (alias := self._aliases.get("/".join(parts[first:]))) is not None:
                    return f"/{alias}{rest}"
        return found[0]

    @cached_property
    def _aliases(self) -> dict[str, str]:
        return {path: self.path(path) for path in self.paths if "/" in path or "." in path}

    @cached_property
    def _known_people(self) -> re.Pattern[str] | None:
        if not any(self.people):
            return None
        logins = "|".join(re.escape(login) for login in sorted(filter(None, self.people)))
        return re.compile(rf"(?<![\w@./-])(?:@(?:{logins})(?![\w-]))+", re.IGNORECASE)


def addresses(text: str) -> list[str]:
    """Return the e-mail addresses and URLs in a text: what is cleaned has none."""
    return [found[0] for pattern in (_URLS, _EMAILS) for found in pattern.finditer(text)]


def _unmentioned(comment: re.Match[str]) -> str:
    return _MENTIONS.sub(
        lambda found: found[0] if found[0].lower() in _TAGS else PERSON, comment[0]
    )
