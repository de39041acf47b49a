"""Reading a JSON body as GitHub does: unknown fields are ignored, wrong types are 422."""

from collections.abc import Mapping
from typing import Any

from tests.github_simulator.exchange import ApiError

_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}


class Fields:
    """The fields of one JSON object."""

    def __init__(self, content: Any, *, place: str = "properties") -> None:
        if content is None:
            content = {}
        if not isinstance(content, dict):
            raise ApiError(
                422, f"Invalid request.\n\nFor '{place}', {_shown(content)} is not an object."
            )
        self._content = content
        self._place = place

    def __contains__(self, name: str) -> bool:
        return name in self._content

    def text(self, name: str, *, longest: int | None = None) -> str | None:
        value = self._typed(name, "string")
        if value is not None and longest is not None and len(value) > longest:
            raise ApiError(
                422,
                f"Invalid request.\n\nFor '{self._place}/{name}', only {longest} characters are "
                f"allowed; {len(value)} were supplied.",
            )
        return value if value is None else str(value)

    def needed_text(self, name: str, *, longest: int | None = None) -> str:
        value = self.text(name, longest=longest)
        if value is None:
            raise self._missing(name)
        return value

    def integer(self, name: str) -> int | None:
        value = self._typed(name, "integer")
        return value if value is None else int(value)

    def needed_integer(self, name: str) -> int:
        value = self.integer(name)
        if value is None:
            raise self._missing(name)
        return value

    def flag(self, name: str, *, default: bool = False) -> bool:
        value = self._typed(name, "boolean")
        return default if value is None else bool(value)

    def choice(self, name: str, allowed: tuple[str, ...]) -> str | None:
        value = self.text(name)
        if value is not None and value not in allowed:
            raise ApiError(
                422,
                f"Invalid request.\n\nFor '{self._place}/{name}', {value} is not a member of "
                f"{list(allowed)}.",
            )
        return value

    def mapping(self, name: str) -> "Fields | None":
        value = self._typed(name, "object")
        return None if value is None else Fields(value, place=f"{self._place}/{name}")

    def texts(self, name: str) -> dict[str, str] | None:
        """Return an object whose values are all text."""
        value = self._typed(name, "object")
        if value is None:
            return None
        inner = Fields(value, place=f"{self._place}/{name}")
        return {key: inner.needed_text(key) for key in value}

    def objects(self, name: str, *, most: int | None = None) -> list["Fields"]:
        """Return a list of objects."""
        values = self.items(name)
        if most is not None and len(values) > most:
            raise ApiError(
                422,
                f"Invalid request.\n\nNo more than {most} items are allowed; {len(values)} were "
                "supplied.",
            )
        return [
            Fields(value, place=f"{self._place}/{name}/{place}")
            for place, value in enumerate(values)
        ]

    def items(self, name: str) -> list[Any]:
        """Return a list, empty where there is none."""
        value = self._typed(name, "array")
        return [] if value is None else list(value)

    def _typed(self, name: str, kind: str) -> Any:
        if name not in self._content:
            return None
        value = self._content[name]
        # JSON's true is not a number, although Python's is.
        is_bool = isinstance(value, bool) and kind != "boolean"
        if is_bool or not isinstance(value, _TYPES[kind]):
            article = "an" if kind[0] in "aio" else "a"
            raise ApiError(
                422,
                f"Invalid request.\n\nFor '{self._place}/{name}', {_shown(value)} is not "
                f"{article} {kind}.",
            )
        return value

    def _missing(self, name: str) -> ApiError:
        return ApiError(422, f'Invalid request.\n\n"{name}" wasn\'t supplied.')


def _shown(value: object) -> str:
    return "nil" if value is None else str(value)[:50]
