"""The configuration that counts, and who decided each key of it."""

import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from bot.domain.pull_request import printable
from bot.domain.repo_config import RepoConfig
from bot.errors import Refused

BUILT_IN = "built-in default"
_PROBLEMS_SHOWN = 10
_IN_YAML_WORDS = {"tuple_type": "should be a list", "model_type": "should hold keys and values"}


class ConfigRefused(Refused):
    """A configuration cannot be used as it stands; nothing of it is."""


@dataclass(frozen=True, slots=True)
class Layer:
    """The keys that one place sets, still unchecked."""

    origin: str
    """For people: `.github/pullwright.yml@3f2a...`, `command line`."""
    values: Mapping[str, object]
    """As nested in the file; lists are leaves and are replaced, never joined."""


@dataclass(frozen=True, slots=True)
class EffectiveConfig:
    """The merged configuration."""

    config: RepoConfig
    origins: Mapping[str, str]
    """Who set a key, by dotted key; a key that is not here has its built-in default."""
    notes: tuple[str, ...] = ()
    """What was not read, one sentence each."""

    def rows(self) -> tuple[tuple[str, str, str], ...]:
        """Return every key with its value as JSON and who decided it, in the file's order."""
        values = self.config.model_dump(mode="json")
        return tuple(
            (key, json.dumps(value, ensure_ascii=False), self.origins.get(key, BUILT_IN))
            for key, value in _leaves(values)
        )


def effective(layers: Sequence[Layer] = (), *, notes: tuple[str, ...] = ()) -> EffectiveConfig:
    """Return the configuration that the layers make, each one overruling those before it.

    Raises ConfigRefused naming the layer, the key and what is allowed, for every layer by itself: a
    bad value is an error even where another layer overrules it.
    """
    merged: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for layer in layers:
        _check(layer)
        merged = _merge(merged, layer.values)
        origins |= {key: layer.origin for key, _ in _leaves(layer.values)}
    return EffectiveConfig(_parse(merged), origins, notes)


def known_keys() -> tuple[str, ...]:
    """Return every dotted key that holds a value."""
    return tuple(key for key, _ in _leaves(RepoConfig().model_dump()))


def _parse(values: Mapping[str, object]) -> RepoConfig:
    # JSON is what a strict model takes lists and words from.
    return RepoConfig.model_validate_json(json.dumps(values))


def _check(layer: Layer) -> None:
    try:
        _parse(layer.values)
    except ValidationError as error:
        found = error.errors(include_url=False)
        shown = found[:_PROBLEMS_SHOWN]
        told = [_problem(e["type"], e["loc"], e["input"], e["msg"]) for e in shown]
        if len(found) > len(shown):
            told.append(f"and {len(found) - len(shown)} more")
        raise ConfigRefused(f"{layer.origin}: {'; '.join(told)}") from error


def _problem(kind: str, location: Sequence[str | int], value: object, message: str) -> str:
    key = _dotted(location)
    if kind == "extra_forbidden":
        return f"unknown key {_short(key)}, the nearest known one is {_nearest(key)}"
    if kind == "missing":
        return f"{_short(key)} is missing"
    plain = message.removeprefix("Value error, ").removeprefix("Input ")
    allowed = _IN_YAML_WORDS.get(kind, plain)
    return f"{_short(key)} is {_short(json.dumps(value))}, {allowed[0].lower()}{allowed[1:]}"


def _dotted(location: Sequence[str | int]) -> str:
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return "".join(parts).removeprefix(".")


def _nearest(key: str) -> str:
    """Return the known key that reads most like this one, in its own section if it can."""
    section, _, name = key[:80].rpartition(".")

    def likeness(known: str) -> float:
        known_section, _, known_name = known.rpartition(".")
        names = difflib.SequenceMatcher(None, name, known_name).ratio()
        return names + 0.25 * difflib.SequenceMatcher(None, section, known_section).ratio()

    return max((*_sections(), *known_keys()), key=likeness)


def _sections() -> list[str]:
    values = RepoConfig().model_dump()
    return [key for key, value in values.items() if isinstance(value, dict)]


def _short(text: str) -> str:
    shown = printable(text)
    return shown if len(shown) <= 80 else f"{shown[:77]}..."


def _leaves(values: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    for key, value in values.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _merge(lower: Mapping[str, Any], upper: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(lower)
    for key, value in upper.items():
        is_section = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _merge(merged[key], value) if is_section else value
    return merged
