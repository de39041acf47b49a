"""What a scripted model answers, and how its server can break."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any


@dataclass(frozen=True)
class Reply:
    """One answer of the model."""

    text: str | None = "{}"
    finish_reason: str = "stop"
    tool_calls: tuple[Mapping[str, Any], ...] = ()
    reasoning: str | None = None
    """In a field of its own, as with `reasoning_format: parsed`."""
    cached_tokens: int = 0
    has_usage: bool = True
    prompt_tokens: int | None = None
    """In place of what the server counts, for servers that count otherwise."""


class Break(Enum):
    """How a server fails."""

    STATUS = "answers a status"
    DROP = "closes the connection without a byte"
    HANG = "says nothing"
    HANG_AFTER_HEADERS = "says nothing after the headers"
    DRIP_HEADERS = "sends its headers byte by byte"
    DRIP = "sends its body byte by byte"
    TRUNCATE = "closes in the middle of the body"


@dataclass(frozen=True)
class Fault:
    """One way to fail, for one request."""

    kind: Break = Break.STATUS
    status: int = 500
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b'{"message": "broken"}'


def status(code: int, message: str = "broken", **headers: str) -> Fault:
    """Answer with an error; `retry_after="1"` is a header."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Fault(status=code, headers=named, body=json.dumps({"message": message}).encode())


def body(content: bytes) -> Fault:
    """Answer 200 with these bytes, whatever they are."""
    return Fault(status=200, body=content)


HTML = body(b"<!doctype html><html><body>Please log in</body></html>")
EMPTY = body(b"")
GARBAGE = body(b"\x00\xff\xfe not json")
NO_CHOICES = body(b'{"id":"x","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":0}}')
HUGE = body(b'{"choices":[{"message":{"content":"' + b"a" * (10 << 20) + b'"}}]}')
NESTED = body(b"[" * 100_000 + b"]" * 100_000)
NESTED_REPLY = Reply("[" * 100_000 + "]" * 100_000)
TRUNCATED_REPLY = Reply('{"title": "cut of')


@dataclass(frozen=True)
class Asked:
    """One request for a chat, as the model sees it."""

    body: Mapping[str, Any]
    headers: Mapping[str, str]
    """By lower-case name."""

    @property
    def messages(self) -> Sequence[Mapping[str, Any]]:
        messages: Sequence[Mapping[str, Any]] = self.body.get("messages", [])
        return messages

    @property
    def rules(self) -> str:
        return "\n".join(str(m["content"]) for m in self.messages if m["role"] == "system")

    @property
    def said(self) -> str:
        """What is not the system's."""
        return "\n".join(str(m["content"]) for m in self.messages if m["role"] != "system")

    @property
    def text(self) -> str:
        return "\n".join(str(m["content"]) for m in self.messages)

    @property
    def schema(self) -> Mapping[str, Any]:
        """The schema of the reply, or an empty one."""
        form = self.body.get("response_format") or {}
        found: Mapping[str, Any] = form.get("json_schema", {}).get("schema", {})
        return found


Answer = Reply | Fault
Script = Callable[[Asked], Answer]


def in_turn(*answers: Answer) -> Script:
    """Answer one after the other, and with the last one from then on."""
    left = list(answers)
    return lambda _asked: left.pop(0) if len(left) > 1 else left[0]


def tokens(text: str) -> int:
    """Return how many tokens the server counts: UTF-8 bytes divided by 4, rounded up."""
    return -(-len(text.encode("utf-8", "surrogatepass")) // 4)
