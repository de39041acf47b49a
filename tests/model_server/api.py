"""What the API checks and says, as strictly as Cerebras' does."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.model_server.replies import Asked, Reply, tokens

_KNOWN = {
    "max_completion_tokens",
    "messages",
    "model",
    "prediction",
    "prompt_cache_key",
    "reasoning_effort",
    "response_format",
    "seed",
    "stop",
    "stream",
    "stream_options",
    "temperature",
    "tool_choice",
    "tools",
    "top_p",
    "user",
}
_ROLES = {"system", "user", "assistant", "tool"}
_SCHEMA_WORDS = {
    "$defs",
    "$ref",
    "additionalProperties",
    "anyOf",
    "description",
    "enum",
    "items",
    "properties",
    "required",
    "type",
}


@dataclass(frozen=True)
class Denied(Exception):
    """An error answer."""

    status: int
    message: str
    code: str = "wrong_api_format"
    param: str | None = None

    @property
    def body(self) -> bytes:
        kind = "invalid_request_error"
        said = {"message": self.message, "type": kind, "param": self.param, "code": self.code}
        return json.dumps(said).encode()


@dataclass
class Api:
    """What this server knows and serves."""

    models: tuple[str, ...] = ("gpt-oss-120b", "qwen-3.8-27b")
    key: str | None = None
    """The only key that is let in; None for a server that wants none."""
    forbidden: tuple[str, ...] = ()
    """Models that the key may not use."""
    unknown_fields: tuple[str, ...] = ()
    """What this server does not know although Cerebras does."""
    context_tokens: int = 131_072

    def listed(self) -> bytes:
        rows = [{"id": m, "object": "model", "created": 0, "owned_by": "x"} for m in self.models]
        return json.dumps({"object": "list", "data": rows}).encode()

    def admit(self, headers: Mapping[str, str]) -> None:
        if self.key is not None and headers.get("authorization") != f"Bearer {self.key}":
            raise Denied(401, "Wrong API Key", "wrong_api_key")

    def check(self, asked: Asked) -> None:
        """Raise Denied for what Cerebras would not take."""
        body = asked.body
        for name in body:
            if name not in _KNOWN or name in self.unknown_fields:
                raise Denied(400, f"property '{name}' is unsupported", param=name)
        model = body.get("model")
        if model in self.forbidden:
            raise Denied(403, f"no access to {model}", "forbidden")
        if model not in self.models:
            message = f"Model {model} does not exist or you do not have access to it."
            raise Denied(404, message, "model_not_found")
        if {m.get("role") for m in asked.messages} - _ROLES or not asked.messages:
            raise Denied(400, "messages are wrong", param="messages")
        self._check_form(body)
        if tokens(asked.text) + int(body.get("max_completion_tokens") or 0) > self.context_tokens:
            raise Denied(400, "Please reduce the length", "context_length_exceeded")

    def _check_form(self, body: Mapping[str, Any]) -> None:
        form = body.get("response_format")
        if form is None:
            return
        if body.get("tools"):
            raise Denied(400, '"tools" is incompatible with "response_format"')
        if body.get("stream"):
            raise Denied(400, '"stream" is incompatible with "response_format"', param="stream")
        if form.get("type") == "json_schema" and form["json_schema"].get("strict"):
            for problem in not_strict(form["json_schema"]["schema"]):
                raise Denied(422, f"Schema is invalid: {problem}", param="response_format")


def not_strict(schema: Any) -> Iterator[str]:
    """Yield what a strict schema must not be."""
    if not isinstance(schema, dict):
        yield f"{schema!r} is no schema"
        return
    for word in set(schema) - _SCHEMA_WORDS:
        yield f"{word} is not supported"
    properties = schema.get("properties", {})
    if schema.get("type") == "object":
        if schema.get("additionalProperties") is not False:
            yield "additionalProperties must be false"
        if set(schema.get("required", [])) != set(properties):
            yield "all fields must be required"
    nested = [*properties.values(), *schema.get("$defs", {}).values(), *schema.get("anyOf", [])]
    for each in [*nested, *([schema["items"]] if "items" in schema else [])]:
        yield from not_strict(each)


def answer(asked: Asked, reply: Reply) -> dict[str, Any]:
    """Return the body of an answer, cut where the request wants no more tokens."""
    text, finish = _cut(reply, int(asked.body.get("max_completion_tokens") or 1 << 30))
    message: dict[str, Any] = {"role": "assistant", "content": text}
    if reply.reasoning is not None:
        message["reasoning"] = reply.reasoning
    if reply.tool_calls:
        message["tool_calls"] = list(reply.tool_calls)
    choice = {"index": 0, "finish_reason": finish, "message": message}
    body: dict[str, Any] = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 0,
        "model": asked.body["model"],
        "system_fingerprint": "fp_1",
        "choices": [choice],
    }
    if reply.has_usage:
        body["usage"] = usage(asked, reply, text or "")
    return body


def usage(asked: Asked, reply: Reply, text: str) -> dict[str, Any]:
    counted = tokens(asked.text) if reply.prompt_tokens is None else reply.prompt_tokens
    completion = tokens(text) + tokens(reply.reasoning or "")
    return {
        "prompt_tokens": counted,
        "completion_tokens": completion,
        "total_tokens": counted + completion,
        "prompt_tokens_details": {"cached_tokens": reply.cached_tokens},
    }


def events(asked: Asked, reply: Reply) -> Iterator[bytes]:
    """Yield a streamed answer, a few characters in each event."""
    whole = answer(asked, reply)
    head = {key: whole[key] for key in ("id", "created", "model", "system_fingerprint")}
    head["object"] = "chat.completion.chunk"
    text = whole["choices"][0]["message"]["content"] or ""
    for start in range(0, len(text), 16):
        delta = {"index": 0, "delta": {"content": text[start : start + 16]}}
        yield _event({**head, "choices": [delta]})
    last = {"index": 0, "delta": {}, "finish_reason": whole["choices"][0]["finish_reason"]}
    yield _event({**head, "choices": [last], "usage": whole.get("usage")})
    yield b"data: [DONE]\n\n"


def _event(data: Mapping[str, Any]) -> bytes:
    return b"data: " + json.dumps(data).encode() + b"\n\n"


def _cut(reply: Reply, limit: int) -> tuple[str | None, str]:
    if reply.text is None or tokens(reply.text) <= limit:
        return reply.text, reply.finish_reason
    kept = reply.text.encode("utf-8", "surrogatepass")[: limit * 4].decode("utf-8", "ignore")
    return kept, "length"
