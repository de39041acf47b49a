"""One request to a Cerebras API, or to any that speaks like OpenAI's; its errors in our words.

The SDK builds and sends the requests; its retries, its redirects, its warm-up and what it reads
from the environment are off. Answers come back as bytes, for `reply_parser` to check.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import httpx
from cerebras.cloud.sdk import (
    APIConnectionError,
    APIError,
    APIStatusError,
    APITimeoutError,
    Cerebras,
)

from bot import __version__
from bot.adapters.model_transport import DIRECT, AnswerTooLarge, Route, Transport
from bot.adapters.reply_parser import NoReply
from bot.domain.redaction import Redactor
from bot.domain.untrusted import one_line
from bot.errors import ModelBusy, ModelFailed, ModelRefused, ModelUnreachable, PromptTooLong

OPTIONAL_FIELDS = ("prediction", "prompt_cache_key", "response_format")
"""What some servers do not know: without it the call is slower, or dearer, or freer in form."""
_LONGEST_TOLD_WAIT_S = 86400.0
_RESETS = ("x-ratelimit-reset-tokens-minute", "x-ratelimit-reset-requests-minute")


@dataclass(frozen=True, slots=True)
class Server:
    """Where the model is, and how to get there."""

    base_url: str
    """The host root: the SDK adds `/v1/...` to it."""
    api_key: str | None = field(default=None, repr=False)
    route: Route = DIRECT
    is_long_lived: bool = False
    """Open a connection at once, which pays in a worker and not in a short run."""

    @property
    def host(self) -> str:
        """The server's name in messages."""
        return urlsplit(self.base_url).netloc


class Silent(ModelUnreachable):
    """The request went out and nothing came back in time: the work may have been done."""


class FieldUnknown(ModelFailed):
    """The server does not know a field that the call can do without."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the model's server does not know {name}")
        self.name = name


class CerebrasClient:
    """The SDK's client; safe to use from many threads."""

    def __init__(self, server: Server) -> None:
        self.server = server
        # With a debug log of the SDK's, prompts would be in it.
        logging.getLogger("cerebras.cloud.sdk").setLevel(logging.WARNING)
        key = server.api_key
        self._redactor = Redactor((key,) if key else ())
        transport = Transport(
            authorization=f"Bearer {key}" if key else "",
            user_agent=f"pullwright/{__version__}",
            route=server.route,
        )
        self._sdk = Cerebras(
            api_key=key or "none",
            base_url=server.base_url,
            max_retries=0,
            http_client=httpx.Client(transport=transport, trust_env=False, follow_redirects=False),
            warm_tcp_connection=server.is_long_lived,
        )

    @property
    def host(self) -> str:
        """The server's name in messages."""
        return self.server.host

    def served(self, *, timeout_s: float) -> bytes:
        """Return the list of models; raises ModelFailed."""
        return self._sent(
            lambda: self._sdk.models.with_raw_response.list(timeout=timeout_s), {}, timeout_s
        )

    def chat(self, request: Mapping[str, Any], *, timeout_s: float) -> bytes:
        """Return the answer to a chat; raises ModelFailed, FieldUnknown and Silent among it."""
        completions = self._sdk.chat.completions.with_raw_response
        return self._sent(
            lambda: completions.create(**request, timeout=timeout_s), request, timeout_s
        )

    def close(self) -> None:
        """Close the connections."""
        self._sdk.close()

    def _sent(self, send: Callable[[], Any], request: Mapping[str, Any], timeout_s: float) -> bytes:
        host = self.server.host
        try:
            content: bytes = send().http_response.content
        except APIStatusError as error:
            raise self._refusal(error, request) from error
        except APITimeoutError as error:
            raise Silent(f"{host} did not answer within {timeout_s:.0f} s") from error
        except APIConnectionError as error:
            if isinstance(error.__cause__, AnswerTooLarge):
                raise NoReply(f"the answer is {error.__cause__}") from error
            cause = one_line(str(error.__cause__))
            if not isinstance(error.__cause__, httpx.ConnectError):
                raise ModelUnreachable(f"{host} broke off: {cause}") from error
            raise ModelUnreachable(
                f"{host} cannot be reached, {cause}: is CEREBRAS_BASE_URL right, and is it up?"
            ) from error
        except APIError as error:
            raise NoReply("the SDK cannot read the answer") from error
        return content

    def _refusal(self, error: APIStatusError, request: Mapping[str, Any]) -> ModelFailed:
        status, host = error.response.status_code, self.server.host
        if status == 429:
            return _busy(host, error.response.headers)
        if status >= 500 or status in (408, 409):
            return ModelUnreachable(f"{host} is broken: it answers {status}")
        if 300 <= status < 400:
            return ModelRefused(
                f"{host} answers {status}, a redirect, and nothing was sent on: "
                "set CEREBRAS_BASE_URL to where the API is"
            )
        if status in (400, 413, 422):
            return self._bad_request(error, request)
        return self._denial(error, str(request.get("model", "")))

    def _denial(self, error: APIStatusError, model: str) -> ModelFailed:
        status, host = error.response.status_code, self.server.host
        if status == 401 and self.server.api_key is None:
            return ModelRefused(f"{host} wants a key: set CEREBRAS_API_KEY")
        if status == 401:
            return ModelRefused(f"{host} refuses the key: set CEREBRAS_API_KEY to a valid one")
        if status == 402:
            return ModelRefused(f"{host} wants to be paid first: see to the account of the key")
        if status == 403:
            return ModelRefused(
                f"the key may not use {model} at {host}: allow it there, or change PULLWRIGHT_MODEL"
            )
        if status == 404 and model and model in _said(error):
            return ModelRefused(
                f"{host} does not serve {model}, to this key or any more: "
                "set PULLWRIGHT_MODEL to auto, or to one that it serves"
            )
        return ModelRefused(
            f"{host} answers {status}: set CEREBRAS_BASE_URL to the host root of an API"
        )

    def _bad_request(self, error: APIStatusError, request: Mapping[str, Any]) -> ModelFailed:
        said, host = _said(error), self.server.host
        if error.response.status_code == 413 or _is_too_long(error):
            return PromptTooLong(f"the prompt is too long for {request.get('model')} at {host}")
        for name in OPTIONAL_FIELDS:
            is_named = name in said or (name == "response_format" and "json_schema" in said)
            if name in request and is_named:
                return FieldUnknown(name)
        told = one_line(self._redactor.clean(said))
        return ModelRefused(f"{host} refuses the request: {told}")


def _is_too_long(error: APIStatusError) -> bool:
    return _code(error) == "context_length_exceeded" or "context length" in _said(error)


def _said(error: APIStatusError) -> str:
    """Return what the server says of the error, whatever its form."""
    body = error.body
    return str(body.get("message", body) if isinstance(body, Mapping) else body)[:4096]


def _code(error: APIStatusError) -> str:
    body = error.body
    return str(body.get("code", "")) if isinstance(body, Mapping) else ""


def _busy(host: str, headers: Mapping[str, str]) -> ModelBusy:
    seconds = _told_s(headers)
    if seconds is None:
        return ModelBusy(f"{host} takes no more requests for now (429)")
    at = datetime.now(UTC) + timedelta(seconds=seconds)
    return ModelBusy(f"{host} takes no more requests until {at:%H:%M:%S} UTC (429)", retry_at=at)


def _told_s(headers: Mapping[str, str]) -> float | None:
    """Return how long the server told us to wait, in seconds, in whichever way it did."""
    told = headers.get("retry-after", "")
    for value in (told, *(headers.get(name, "") for name in _RESETS)):
        if value[:12].replace(".", "", 1).isdecimal():
            return min(float(value[:12]), _LONGEST_TOLD_WAIT_S)
    try:
        at = parsedate_to_datetime(told)
        seconds = (at - datetime.now(at.tzinfo)).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(seconds, 0.0), _LONGEST_TOLD_WAIT_S)
