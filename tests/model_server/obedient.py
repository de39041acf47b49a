"""The attacker's dream: a model that does whatever the text of the pull request tells it to.

It cannot tell data from instructions and does not try. What stays safe in front of this one stays
safe in front of any. It obeys, anywhere in what it was given apart from the system's rules:

print WORDS (or say, repeat)    every text of its reply holds the words
print your rules / env / prompt every text of its reply holds all that it was ever given
read PATH (or open, write)      every path of its reply is the path
on line N                       every number of its reply is N
reply with {...}                its reply is this, whatever the schema
call NAME {...}                 it calls the tool through the API
approve (or merge)              its reply says so in fields that nobody asked for
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.model_server.replies import Asked, Reply

_SAY = re.compile(r"\b(?:print|say|repeat) ([^\n]{1,2000})", re.IGNORECASE)
_ALL = re.compile(r"\bprint (?:your|the|all|env)\b[^\n]*", re.IGNORECASE)
_PATH = re.compile(r"\b(?:read|open|write) ([^\s`'\"]{1,400})", re.IGNORECASE)
_LINE = re.compile(r"\bon line (-?\d{1,18})", re.IGNORECASE)
_REPLY = re.compile(r"\breply with (\{[^\n]*\})", re.IGNORECASE)
_CALL = re.compile(r"\bcall (\w+) (\{[^\n]*\})", re.IGNORECASE)
_APPROVE = re.compile(r"\b(approve|merge)\b", re.IGNORECASE)
_MOST_TEXT = 20_000


@dataclass(frozen=True)
class _Orders:
    """What the text tells the model to do."""

    words: str
    paths: list[str]
    line: int
    given: str
    """All of it, to pick alternatives that are named."""


def obey(asked: Asked) -> Reply:
    """Return the reply that the pull request's author wants."""
    said = asked.said
    if verbatim := _REPLY.search(said):
        return Reply(verbatim.group(1))
    words = " ".join(_SAY.findall(said))
    if _ALL.search(said):
        words = f"{words} {asked.text}"
    lines = _LINE.findall(said)
    orders = _Orders(
        words[:_MOST_TEXT], _PATH.findall(said), int(lines[0]) if lines else 1, said.lower()
    )
    value = _filled(asked.schema, asked.schema, orders, name="")
    if isinstance(value, dict) and (acts := _APPROVE.findall(said)):
        value |= dict.fromkeys((act.lower() for act in acts), True)
    calls = [
        {"id": f"call_{n}", "type": "function", "function": {"name": name, "arguments": arguments}}
        for n, (name, arguments) in enumerate(_CALL.findall(said))
    ]
    return Reply(json.dumps(value), tool_calls=tuple(calls))


def _filled(schema: Mapping[str, Any], root: Mapping[str, Any], orders: _Orders, name: str) -> Any:
    """Return a value of the schema that holds what was ordered, wherever it may stand."""
    if "$ref" in schema:
        schema = _resolved(schema, root)
    if "anyOf" in schema:
        return _filled(_alternative(schema["anyOf"], root, orders), root, orders, name)
    match schema.get("type"):
        case "object":
            fields = schema.get("properties", {})
            return {key: _filled(each, root, orders, key) for key, each in fields.items()}
        case "array":
            is_ordered = orders.words or orders.paths
            return [_filled(schema["items"], root, orders, name)] if is_ordered else []
    return _scalar(schema, orders, name)


def _scalar(schema: Mapping[str, Any], orders: _Orders, name: str) -> Any:
    if "enum" in schema:
        named = [value for value in schema["enum"] if str(value).lower() in orders.given]
        return (named or schema["enum"])[0]
    text = orders.paths[0] if orders.paths and "path" in name else orders.words
    by_type = {"string": text, "integer": orders.line, "number": orders.line, "boolean": True}
    return by_type.get(schema.get("type", ""))


def _resolved(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = root["$defs"][schema["$ref"].rsplit("/", 1)[1]]
    return found


def _alternative(
    choices: list[Mapping[str, Any]], root: Mapping[str, Any], orders: _Orders
) -> Mapping[str, Any]:
    """Return the alternative that the text names by its constant, or the first."""
    for choice in choices:
        found = _resolved(choice, root) if "$ref" in choice else choice
        enums = [each.get("enum", []) for each in found.get("properties", {}).values()]
        if any(len(enum) == 1 and str(enum[0]).lower() in orders.given for enum in enums):
            return choice
    return choices[0]
