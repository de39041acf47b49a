"""What a model's server sent, read as if an attacker had written it.

The envelope is checked before anything of it is used; reasoning is cut off; what is left must be
the JSON that was asked for. The parser is pydantic's, which does not recurse without bound.
"""

import re
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.domain.model import Usage
from bot.domain.prompt import estimated_tokens
from bot.domain.untrusted import one_line
from bot.errors import ReplyUnusable

T = TypeVar("T", bound=BaseModel)

MAX_REPLY_CHARACTERS = 1 << 20
_OPEN, _CLOSE = "<think>", "</think>"
_FENCE = re.compile(r"```(?:json)?[ \t]*\n(.*)\n```", re.DOTALL)
_Count = Annotated[int, Field(ge=0, le=1_000_000_000)]


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class _Message(_Wire):
    content: str | None = None


class _Choice(_Wire):
    message: _Message = _Message()
    finish_reason: str | None = None


class _PromptDetails(_Wire):
    cached_tokens: _Count | None = None


class _Usage(_Wire):
    prompt_tokens: _Count
    completion_tokens: _Count
    prompt_tokens_details: _PromptDetails | None = None


class _Answer(_Wire):
    choices: list[_Choice] = []
    usage: _Usage | None = None


class _Served(_Wire):
    id: str


class _ServedList(_Wire):
    data: list[_Served]


class Invalid(ReplyUnusable):
    """A reply that one repair may mend: the message quotes what is wrong with it."""

    def __init__(self, problem: str, reply: str, usage: Usage) -> None:
        super().__init__(problem)
        self.reply = reply
        self.usage = usage


class NoReply(ReplyUnusable):
    """The server answered with something that is no reply of a model at all."""


def parse_served(body: bytes) -> list[str]:
    """Return the ids that `models.list` names; raises NoReply."""
    try:
        return [model.id for model in _ServedList.model_validate_json(body).data]
    except ValidationError as error:
        raise NoReply(f"the list of models is {_kind(body)}") from error


def parse_answer(body: bytes, schema: type[T], *, prompt_text: str) -> tuple[T, str, Usage]:
    """Return the value, its JSON and the usage; raises NoReply, or Invalid to be repaired."""
    try:
        answer = _Answer.model_validate_json(body)
    except ValidationError as error:
        raise NoReply(f"the answer is {_kind(body)}") from error
    if not answer.choices:
        raise NoReply("the answer has no choices")
    choice = answer.choices[0]
    content = choice.message.content or ""
    usage = _usage(answer.usage) or estimated_usage(prompt_text, content)
    text = without_reasoning(content)
    if choice.finish_reason == "length":
        raise Invalid(f"it was cut off after {usage.completion_tokens} tokens", text, usage)
    if len(text) > MAX_REPLY_CHARACTERS:
        raise Invalid(f"it is longer than {MAX_REPLY_CHARACTERS} characters", "", usage)
    if not text:
        raise Invalid("it is empty: write the JSON, and nothing else", "", usage)
    try:
        return schema.model_validate_json(text), text, usage
    except ValidationError as error:
        raise Invalid(_problems(error), text, usage) from error


def estimated_usage(prompt_text: str, reply: str) -> Usage:
    """Return the usage of a try that the server did not count."""
    return Usage(estimated_tokens(prompt_text), estimated_tokens(reply), is_estimated=True)


def without_reasoning(content: str) -> str:
    """Return what follows the reasoning, closed or not, opened by the reply or by the template.

    A reply that begins as JSON keeps the same words in its strings.
    """
    text = content.strip()
    while not text.startswith(("{", "[", "```")):
        if _CLOSE in text:
            text = text.partition(_CLOSE)[2].strip()
        elif text.startswith(_OPEN):
            return ""
        else:
            break
    fenced = _FENCE.fullmatch(text)
    return fenced.group(1).strip() if fenced else text


def _usage(said: _Usage | None) -> Usage | None:
    if said is None:
        return None
    details = said.prompt_tokens_details
    cached = (details.cached_tokens if details else None) or 0
    return Usage(said.prompt_tokens, said.completion_tokens, cached)


def _problems(error: ValidationError) -> str:
    """Quote where and what, and nothing of the values: they may be anything."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    told = [f"{'.'.join(map(str, each['loc'])) or 'reply'}: {each['msg']}" for each in found[:5]]
    more = f"; and {len(found) - 5} more" if len(found) > 5 else ""
    return one_line("; ".join(told), limit=1000) + more


def _kind(body: bytes) -> str:
    if not body.strip():
        return "empty"
    is_page = body.lstrip()[:1] == b"<"
    return "a web page: is the base URL the API's?" if is_page else "not what the API answers"
