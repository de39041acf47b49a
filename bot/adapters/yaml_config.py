"""Reads a repository's YAML file as plain data: no aliases, tags, duplicate keys or surprises.

The file is hostile until the base branch's owner is trusted, so it is built from the parser's
events under a budget: a bomb ends at its first anchor, before anything is expanded. Plain words
follow YAML 1.2, so that `mode: off` is a word and not `false`.
"""

import re
from collections.abc import Iterator, Mapping

import yaml

from bot.domain.effective_config import ConfigRefused, Layer
from bot.domain.pull_request import Sha, printable
from bot.domain.repo_config import CONFIG_PATHS

MAX_BYTES = 64 * 1024
MAX_DEPTH = 8
MAX_VALUES = 5000

_WORDS: Mapping[str, object] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"[-+]?[0-9]{1,18}")
_NUMBER = re.compile(r"[-+]?([0-9]{1,18}\.[0-9]{0,18}|\.[0-9]{1,18})([eE][-+]?[0-9]{1,2})?")


def load_repo_config(files: Mapping[str, bytes], *, sha: Sha) -> Layer | None:
    """Return what the repository's file sets, or None where it has none.

    `files` holds at least those of `CONFIG_PATHS` that the tree of `sha` has.
    Raises ConfigRefused where there are two, or where the file is not plain data.
    """
    found = [path for path in CONFIG_PATHS if path in files]
    if len(found) > 1:
        raise ConfigRefused(f"{found[0]} and {found[1]} both exist, keep one of them")
    if not found:
        return None
    return parse_config(files[found[0]], origin=f"{found[0]}@{sha[:12]}")


def parse_config(data: bytes, *, origin: str) -> Layer:
    """Return what one file sets; its keys and values are not checked yet.

    Raises ConfigRefused with the line that cannot be read.
    """
    if len(data) > MAX_BYTES:
        raise ConfigRefused(f"{origin}: {len(data)} bytes, at most {MAX_BYTES} are read")
    try:
        values = _Reader(data.decode("utf-8-sig")).read()
    except UnicodeDecodeError as error:
        raise ConfigRefused(f"{origin}: byte {error.start} is not UTF-8") from error
    except yaml.YAMLError as error:
        raise ConfigRefused(f"{origin}: not YAML: {_first_words(error)}") from error
    except _NotPlain as error:
        raise ConfigRefused(f"{origin}: {error}") from error
    if values is None:
        return Layer(origin, {})
    if not isinstance(values, dict):
        raise ConfigRefused(f"{origin}: should hold keys and values, not one {_kind(values)}")
    return Layer(origin, values)


class _NotPlain(Exception):
    """Something that plain data does not have; the message has the line."""

    def __init__(self, event: yaml.Event, what: str) -> None:
        mark = event.start_mark
        super().__init__(f"line {mark.line + 1}: {what}" if mark is not None else what)


class _Reader:
    """Builds one document from events; depth and number of values are bounded."""

    def __init__(self, text: str) -> None:
        self._events: Iterator[yaml.Event] = yaml.parse(text, Loader=_loader())
        self._values = 0

    def read(self) -> object:
        document: object = None
        documents = 0
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise _NotPlain(event, "a second document begins, one is read")
                document = self._value(next(self._events), depth=0)
        return document

    def _value(self, event: yaml.Event, *, depth: int) -> object:
        self._refuse_odd(event, depth=depth)
        match event:
            case yaml.ScalarEvent():
                return _scalar(event)
            case yaml.SequenceStartEvent():
                return self._sequence(depth=depth + 1)
            case _:
                return self._mapping(depth=depth + 1)

    def _refuse_odd(self, event: yaml.Event, *, depth: int) -> None:
        self._values += 1
        if self._values > MAX_VALUES:
            raise _NotPlain(event, f"more than {MAX_VALUES} values")
        if depth > MAX_DEPTH:
            raise _NotPlain(event, f"nested more than {MAX_DEPTH} deep")
        if isinstance(event, yaml.NodeEvent) and event.anchor is not None:
            raise _NotPlain(event, f"anchor or alias {_name(event.anchor)}, write the value out")
        tag = getattr(event, "tag", None)
        if tag is not None:
            raise _NotPlain(event, f"tag {_name(tag)}, only plain values are read")

    def _sequence(self, *, depth: int) -> list[object]:
        items: list[object] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._value(event, depth=depth))
        return items

    def _mapping(self, *, depth: int) -> dict[str, object]:
        pairs: dict[str, object] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._value(event, depth=depth)
            if not isinstance(key, str):
                raise _NotPlain(event, f"a key is a {_kind(key)}, keys are words")
            if key in pairs:
                raise _NotPlain(event, f"key {_name(key)} stands twice")
            pairs[key] = self._value(next(self._events), depth=depth)
        return pairs


def _loader() -> type[yaml.SafeLoader] | type[yaml.CSafeLoader]:
    """Prefer libyaml: the parser in Python needs a second for 64 KiB."""
    return yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader


def _scalar(event: yaml.ScalarEvent) -> object:
    word = event.value
    if not event.implicit[0]:
        return word
    if word in _WORDS:
        return _WORDS[word]
    if _INTEGER.fullmatch(word):
        return int(word)
    return float(word) if _NUMBER.fullmatch(word) else word


def _kind(value: object) -> str:
    names = {bool: "truth value", int: "number", float: "number", str: "text", list: "list"}
    return names.get(type(value), "null" if value is None else "mapping")


def _name(word: str) -> str:
    return printable(word[:60])


def _first_words(error: yaml.YAMLError) -> str:
    """Return the reason and the line, without the excerpt that PyYAML draws."""
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        return f"line {error.problem_mark.line + 1}: {error.problem}"
    return printable(str(error).splitlines()[0])
