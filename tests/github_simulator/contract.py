"""GitHub's own description of its API, and every exchange that does not fit it.

The description is a file of the folder that PULLWRIGHT_CONTRACT_DATA names. A field that GitHub
does not know is a violation in a request, although GitHub would ignore it: it is a slip of ours.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

from tests.github_simulator.exchange import Json, LoggedRequest

FOLDER = Path(
    os.environ.get("PULLWRIGHT_CONTRACT_DATA") or Path(__file__).parents[3] / "shared/data"
)
OPENAPI = FOLDER / "gh-bot.full.json"
HOOK_EXAMPLES = FOLDER / "hooks.all.json.gz"

_ANYWHERE = frozenset({301, 302, 304, 307, 400, 401, 403, 404, 422, 429, 500, 502, 503, 504})
"""Answers that GitHub may give to any request, described or not."""
_SOMETIMES_NULL: Mapping[str, tuple[str, ...]] = {
    # What outdated comments and deleted forks look like, whatever the description says.
    "pull-request-review-comment": ("line", "position", "original_line"),
    "review-comment": ("line", "position", "start_side"),
    "pull-request": ("head.repo", "head.user"),
    "pull-request-simple": ("head.repo", "head.user"),
    "hook-delivery-item": ("installation_id", "repository_id", "throttled_at"),
    "hook-delivery": ("installation_id", "repository_id", "throttled_at"),
}
_LISTS_OF: Mapping[str, str] = {
    # This file's copy of the list wants an account that is a user and an enterprise at once; the
    # schema that it was copied from wants one of both.
    "/app/installations": "installation",
}
_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")

_FORMATS = FormatChecker(formats=())


@_FORMATS.checks("date-time")
def _is_date_time(value: object) -> bool:
    return not isinstance(value, str) or _DATE_TIME.fullmatch(value) is not None


@_FORMATS.checks("uri")
def _is_uri(value: object) -> bool:
    return not isinstance(value, str) or re.match(r"[a-z]+:\S+$", value) is not None


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation with its schemas compiled."""

    body: Draft202012Validator | None
    needs_body: bool
    query: Mapping[str, Draft202012Validator]
    answers: Mapping[int, Draft202012Validator | None]


class Contract:
    """Checks exchanges and keeps what is wrong with them."""

    def __init__(self, *, is_on: bool = True) -> None:
        self._operations = _operations(OPENAPI) if is_on and OPENAPI.is_file() else {}
        self.violations: list[str] = []
        self.checked = 0

    def check(self, template: str, one: LoggedRequest) -> None:
        """Compare one exchange with the description of its operation."""
        if not self._operations:
            return
        operation = self._operations.get((one.method, template))
        if operation is None:
            self.violations.append(f"{one}: GitHub describes no such operation")
            return
        self.checked += 1
        found = [*_request_faults(operation, one), *_answer_faults(operation, one)]
        self.violations += [f"{one}: {fault}" for fault in found]


def _request_faults(operation: Operation, one: LoggedRequest) -> Iterator[str]:
    if operation.body is not None and one.json is not None:
        yield from (f"request {fault}" for fault in _faults(operation.body, one.json))
    elif operation.needs_body and one.json is None:
        yield "the request has no body"
    elif operation.body is None and one.json not in (None, {}):
        yield "the request has a body"
    for name, value in one.query.items():
        if name not in operation.query:
            yield f"the query parameter {name} is unknown"
            continue
        given = int(value) if value.isdecimal() else value
        yield from (f"query {name} {fault}" for fault in _faults(operation.query[name], given))


def _answer_faults(operation: Operation, one: LoggedRequest) -> Iterator[str]:
    if one.status not in operation.answers:
        if one.status not in _ANYWHERE:
            yield f"status {one.status} is not described"
        return
    schema = operation.answers[one.status]
    if schema is not None and not isinstance(one.answer, str):
        yield from (f"answer {fault}" for fault in _faults(schema, one.answer))


def _faults(schema: Draft202012Validator, content: object) -> Iterator[str]:
    for error in schema.iter_errors(content):
        place = ".".join(str(part) for part in error.absolute_path) or "body"
        yield f"{place}: {error.message[:200]}"


@cache
def _operations(path: Path) -> Mapping[tuple[str, str], Operation]:
    document: Json = json.loads(path.read_bytes())
    for name, properties in _SOMETIMES_NULL.items():
        schema = document["components"]["schemas"].get(name, {})
        for known in properties:
            _allow_null(schema, known.split("."))
    for template, item in _LISTS_OF.items():
        content = document["paths"][template]["get"]["responses"]["200"]["content"]
        content["application/json"]["schema"]["items"] = {"$ref": f"#/components/schemas/{item}"}
    reader = _Reader(document)
    return {
        (method.upper(), template): reader.operation(described)
        for template, methods in document["paths"].items()
        for method, described in methods.items()
        if method in ("get", "post", "put", "patch", "delete")
    }


def _allow_null(schema: Json, steps: list[str]) -> None:
    """Let the property at the end of a path be null, where the description has it."""
    found = schema.get("properties", {}).get(steps[0])
    if found is None:
        return
    if steps[1:]:
        _allow_null(found, steps[1:])
    else:
        schema["properties"][steps[0]] = {**found, "nullable": True}


class _Reader:
    """Turns the schemas of OpenAPI 3.0 into JSON schemas without references."""

    def __init__(self, document: Json) -> None:
        self._document = document
        self._done: dict[str, Json] = {}

    def operation(self, described: Json) -> Operation:
        body = described.get("requestBody", {})
        shape = body.get("content", {}).get("application/json", {}).get("schema")
        parameters = [self._resolve(one) for one in described.get("parameters", [])]
        return Operation(
            body=None if shape is None else _validator(_closed(self.convert(shape))),
            needs_body=body.get("required", False),
            query={
                one["name"]: _validator(self.convert(one["schema"]))
                for one in parameters
                if one["in"] == "query"
            },
            answers={
                int(status): self._answer(self._resolve(one))
                for status, one in described["responses"].items()
            },
        )

    def convert(self, schema: Json) -> Json:
        """Return a schema with references followed and `nullable` in JSON schema's own words."""
        if reference := schema.get("$ref"):
            if reference not in self._done:
                self._done[reference] = self.convert(self._resolve(schema))
            shared = self._done[reference]
            return {"anyOf": [shared, {"type": "null"}]} if schema.get("nullable") else shared
        result = {name: self._part(name, value) for name, value in schema.items()}
        if result.pop("nullable", False):
            return _or_null(result)
        return result

    def _part(self, name: str, value: Any) -> Any:
        match name:
            case "properties":
                return {key: self.convert(one) for key, one in value.items()}
            case "items" | "additionalProperties" | "not" if isinstance(value, dict):
                return self.convert(value)
            case "oneOf" | "anyOf" | "allOf":
                return [self.convert(one) for one in value]
            case _:
                return value

    def _answer(self, described: Json) -> Draft202012Validator | None:
        shape = described.get("content", {}).get("application/json", {}).get("schema")
        return None if shape is None else _validator(self.convert(shape))

    def _resolve(self, one: Json) -> Json:
        if "$ref" not in one:
            return one
        found: Any = self._document
        for step in one["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        return self._resolve(found)


def _or_null(schema: Json) -> Json:
    if "enum" in schema and None not in schema["enum"]:
        schema = {**schema, "enum": [*schema["enum"], None]}
    if isinstance(schema.get("type"), str):
        return {**schema, "type": [schema["type"], "null"]}
    return (
        {"anyOf": [schema, {"type": "null"}]}
        if schema.keys() & {"anyOf", "oneOf", "allOf"}
        else schema
    )


def _closed(schema: Json) -> Json:
    """Return a schema of requests that refuses unknown fields."""
    if "oneOf" in schema or "anyOf" in schema:
        return schema
    result = dict(schema)
    if "properties" in result:
        result["properties"] = {key: _closed(one) for key, one in result["properties"].items()}
        result.setdefault("additionalProperties", False)
    if isinstance(result.get("items"), dict):
        result["items"] = _closed(result["items"])
    return result


def _validator(schema: Json) -> Draft202012Validator:
    return Draft202012Validator(schema, format_checker=_FORMATS)
