"""Somebody who listens for webhooks and keeps them."""

import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.github_simulator.exchange import Answer, Json, Request
from tests.github_simulator.http_server import serving


@dataclass
class Receiver:
    """Answers every delivery with one status."""

    status: int = 202
    url: str = ""
    requests: list[Request] = field(default_factory=list)

    def respond(self, request: Request) -> Answer:
        self.requests.append(request)
        return Answer(self.status, {"ok": True})

    @property
    def events(self) -> list[tuple[str, str | None]]:
        """Event and action of every delivery."""
        return [
            (one.headers["x-github-event"], self.payload(one).get("action"))
            for one in self.requests
        ]

    def payload(self, request: Request) -> Json:
        content: Json = request.json()
        return content

    def is_signed(self, request: Request, secret: str) -> bool:
        digest = hmac.new(secret.encode(), request.body, "sha256").hexdigest()
        return request.headers["x-hub-signature-256"] == f"sha256={digest}"


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Listen until the block ends."""
    receiver = Receiver()
    with serving(receiver.respond) as url:
        receiver.url = f"{url}/webhook"
        yield receiver
