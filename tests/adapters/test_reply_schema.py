import json
from enum import StrEnum
from typing import Annotated, Any, Literal

import pytest
from jsonschema import Draft202012Validator
from pydantic import Field

from bot.adapters.reply_parser import without_reasoning
from bot.adapters.reply_schema import strict_schema
from bot.domain.model import Reply
from tests.model_server.api import not_strict


class Grade(StrEnum):
    HIGH = "high"
    LOW = "low"


class Read(Reply, extra="forbid"):
    kind: Literal["read"]
    path: Annotated[str, Field(pattern="^[a-z]+$", max_length=10)]


class Note(Reply):
    kind: Literal["note"]
    grade: Grade = Grade.LOW
    lines: Annotated[tuple[int, ...], Field(max_length=3)] = ()
    reason: str | None = Field(None, description="why it matters")


class Step(Reply):
    step: Annotated[Read | Note, Field(discriminator="kind")]
    share: Annotated[float, Field(ge=0, le=1)]


class Free(Reply):
    names: dict[str, int]


class Pair(Reply):
    pair: tuple[int, str]


def test_every_object_is_closed_and_every_field_required() -> None:
    schema = strict_schema(Step)

    assert list(not_strict(schema)) == []
    note: Any = schema["$defs"]
    assert note["Note"]["required"] == ["kind", "grade", "lines", "reason"]
    assert note["Note"]["properties"]["kind"] == {"type": "string", "enum": ["note"]}
    assert note["Note"]["properties"]["reason"]["description"] == "why it matters"


def test_what_the_model_allows_the_schema_allows() -> None:
    value = Step(step=Note(kind="note", lines=(1, 2), reason=None), share=0.5)

    Draft202012Validator(strict_schema(Step)).validate(json.loads(value.model_dump_json()))


@pytest.mark.parametrize("model", [Free, Pair])
def test_a_reply_that_no_strict_schema_can_say_is_a_bug(model: type[Reply]) -> None:
    with pytest.raises(ValueError, match="a reply cannot have"):
        strict_schema(model)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ('{"a": 1}', '{"a": 1}'),
        ('<think>hm</think>{"a": 1}', '{"a": 1}'),
        ('hm, so</think>\n{"a": 1}', '{"a": 1}'),
        ('<think>a</think><think>b</think> {"a": 1}', '{"a": 1}'),
        ('{"a": "<think>x</think>"}', '{"a": "<think>x</think>"}'),
        ('<think>x</think>{"a": "</think>"}', '{"a": "</think>"}'),
        ('```json\n{"a": 1}\n```', '{"a": 1}'),
        ('<think>x</think>\n```\n{"a": 1}\n```', '{"a": 1}'),
        ('<think>never ends {"a": 1}', ""),
        ("<think>", ""),
        ("no JSON", "no JSON"),
        ("", ""),
    ],
)
def test_reasoning_is_told_from_the_reply(content: str, text: str) -> None:
    assert without_reasoning(content) == text
