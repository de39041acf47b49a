"""A JSON object that others wrote, read field by field: a wrong type is a missing field.

Numbers and text come out fit to be stored: ids that a database holds, text without NUL and without
halves of surrogate pairs.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.domain.pull_request import Sha
from bot.errors import PullwrightError

_MAX_ID = (1 << 63) - 1
_MAX_TEXT = 1000
_UNSTORABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


class Unreadable(PullwrightError):
    """A field that we need is missing or is of another type."""


@dataclass(frozen=True, slots=True)
class Payload:
    """One JSON object and where in the document it stands."""

    data: Mapping[str, object]
    path: str = ""

    def inner(self, name: str) -> "Payload":
        """Return the object in a field."""
        found = self.maybe(name)
        if found is None:
            raise self._unreadable(name, "an object")
        return found

    def maybe(self, name: str) -> "Payload | None":
        """Return the object in a field, or None where there is none."""
        value = self.data.get(name)
        return Payload(value, f"{self.path}{name}.") if isinstance(value, Mapping) else None

    def items(self, name: str) -> "Iterator[Payload]":
        """Yield the objects in a list; none where there is no list."""
        value = self.data.get(name)
        for item in value if isinstance(value, list) else ():
            if isinstance(item, Mapping):
                yield Payload(item, f"{self.path}{name}[].")

    def id(self, name: str = "id") -> int:
        """Return a positive number that fits into 63 bits."""
        value = self.data.get(name)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= _MAX_ID:
            raise self._unreadable(name, "an id")
        return value

    def maybe_id(self, name: str = "id") -> int | None:
        """Return an id, or None where there is none."""
        value = self.data.get(name)
        return None if value is None else self.id(name)

    def text(self, name: str, *, form: re.Pattern[str] | None = None) -> str:
        """Return 1 to 1000 characters that every database can hold."""
        value = self.data.get(name)
        if not isinstance(value, str) or not 0 < len(value) <= _MAX_TEXT:
            raise self._unreadable(name, "text")
        if _UNSTORABLE.search(value):
            raise self._unreadable(name, "plain text")
        if form is not None and not form.fullmatch(value):
            raise self._unreadable(name, "of the known form")
        return value

    def body(self, name: str) -> str:
        """Return text of any length and kind, or nothing where there is none."""
        value = self.data.get(name)
        return value if isinstance(value, str) else ""

    def sha(self, name: str) -> Sha:
        """Return a full object id in lower-case hex."""
        return Sha(self.text(name, form=_SHA))

    def is_true(self, name: str) -> bool:
        """Tell whether the field holds `true`."""
        return self.data.get(name) is True

    def has(self, name: str) -> bool:
        """Tell whether the field is there and is not null."""
        return self.data.get(name) is not None

    def _unreadable(self, name: str, wanted: str) -> Unreadable:
        return Unreadable(f"{self.path}{name} is not {wanted}")
