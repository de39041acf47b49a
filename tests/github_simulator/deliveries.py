"""Webhook deliveries: signed, sent by one thread in order, kept with what became of them."""

import hashlib
import hmac
import http.client
import json
import queue
import threading
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tests.github_simulator.clock import SimulatorClock
from tests.github_simulator.exchange import Json

if TYPE_CHECKING:
    from tests.github_simulator.apps import App

TIMEOUT_S = 10.0
MAX_PAYLOAD_BYTES = 25_000_000


@dataclass(slots=True, eq=False, kw_only=True)
class Delivery:
    """One attempt to deliver an event."""

    id: int
    guid: str
    event: str
    payload: Json
    app: "App"
    is_redelivery: bool = False
    delivered_at: str = ""
    seconds: float = 0.0
    status_code: int = 0
    """0 until it was tried."""
    status: str = "pending"
    request_headers: dict[str, str] = field(default_factory=dict)
    response: str = ""

    @property
    def action(self) -> str | None:
        return self.payload.get("action")

    @property
    def is_ok(self) -> bool:
        return 200 <= self.status_code < 300

    @property
    def body(self) -> bytes:
        return json.dumps(self.payload).encode()


def signature(secret: str, body: bytes, digest: str = "sha256") -> str:
    """Return the value of `X-Hub-Signature-256` for a body."""
    return f"{digest}={hmac.new(secret.encode(), body, digest).hexdigest()}"


class Webhooks:
    """Sends deliveries; a test decides when, and whether the receiver is there at all."""

    def __init__(self, clock: SimulatorClock) -> None:
        self.url = ""
        self.is_queued = False
        """Keep deliveries until `deliver()`, instead of sending them with the act."""
        self.is_down = False
        """Nobody listens: deliveries fail, and wait to be found by reconciliation."""
        self.losses = 0
        """How many of the next events are lost without a trace, as payloads over 25 MB are."""
        self.all: list[Delivery] = []
        """Every delivery, the oldest first."""
        self.waiting: list[Delivery] = []
        """With `is_queued`: what `deliver()` will send, in this order. Tests may reorder it."""
        self._clock = clock
        self._outbox: queue.Queue[Delivery | None] = queue.Queue()
        self._thread: threading.Thread | None = None
        self._last_id = 5_000_000

    def emit(self, app: "App", event: str, payload: Json) -> None:
        """Take an event; called under the lock, sends nothing by itself."""
        if self.losses or len(json.dumps(payload)) > MAX_PAYLOAD_BYTES:
            self.losses = max(0, self.losses - 1)
            return
        self._enqueue(
            Delivery(id=self._next_id(), guid=_guid(), event=event, payload=payload, app=app)
        )

    def redeliver(self, delivery: Delivery) -> None:
        """Send again what was sent, under the same GUID."""
        again = Delivery(
            id=self._next_id(), guid=delivery.guid, event=delivery.event,
            payload=delivery.payload, app=delivery.app, is_redelivery=True,
        )  # fmt: skip
        self._enqueue(again)

    def repeat(self, delivery: Delivery) -> int:
        """Deliver once more at once, as a retry of the network would; return the status."""
        self._attempt(delivery)
        return delivery.status_code

    def after_act(self) -> None:
        """Wait until what an act provoked was answered."""
        if not self.is_queued:
            self.settle()

    def deliver(self) -> None:
        """Send everything that waits, and return when it was answered."""
        waiting, self.waiting = self.waiting, []
        for delivery in waiting:
            self._send(delivery)
        self.settle()

    def settle(self) -> None:
        """Wait until the outbox is empty."""
        self._outbox.join()

    def stop(self) -> None:
        """End the thread that sends."""
        if self._thread is not None:
            self._outbox.put(None)
            self._thread.join()
            self._thread = None

    def _next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def _enqueue(self, delivery: Delivery) -> None:
        self.all.append(delivery)
        if self.is_queued:
            self.waiting.append(delivery)
        else:
            self._send(delivery)

    def _send(self, delivery: Delivery) -> None:
        if not self.url and not self.is_down:
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="github-webhooks")
            self._thread.start()
        self._outbox.put(delivery)

    def _run(self) -> None:
        while (delivery := self._outbox.get()) is not None:
            self._attempt(delivery)
            self._outbox.task_done()
        self._outbox.task_done()

    def _attempt(self, delivery: Delivery) -> None:
        started = time.monotonic()
        delivery.delivered_at = self._clock.stamp()
        try:
            delivery.status_code, delivery.response = self._post(delivery)
            delivery.status = (
                "OK" if delivery.is_ok else f"Invalid HTTP Response: {delivery.status_code}"
            )
        except TimeoutError:
            delivery.status_code, delivery.status = 504, "timed out"
        except (OSError, http.client.HTTPException):
            delivery.status_code, delivery.status = 502, "failed to connect to host"
        delivery.seconds = round(time.monotonic() - started, 3)

    def _post(self, delivery: Delivery) -> tuple[int, str]:
        if self.is_down:
            raise ConnectionRefusedError
        body = delivery.body
        delivery.request_headers = _headers(delivery, body)
        where = urlsplit(self.url)
        connection = http.client.HTTPConnection(where.netloc, timeout=TIMEOUT_S)
        try:
            connection.request("POST", where.path or "/", body, delivery.request_headers)
            response = connection.getresponse()
            return response.status, response.read(65_536).decode("utf-8", "replace")
        finally:
            connection.close()


def _headers(delivery: Delivery, body: bytes) -> dict[str, str]:
    secret = delivery.app.webhook_secret
    return {
        "Accept": "*/*",
        "Content-Type": "application/json",
        "User-Agent": f"GitHub-Hookshot/{hashlib.sha256(body).hexdigest()[:7]}",
        "X-GitHub-Delivery": delivery.guid,
        "X-GitHub-Event": delivery.event,
        "X-GitHub-Hook-ID": str(delivery.app.id),
        "X-GitHub-Hook-Installation-Target-ID": str(delivery.app.id),
        "X-GitHub-Hook-Installation-Target-Type": "integration",
        "X-Hub-Signature": signature(secret, body, "sha1"),
        "X-Hub-Signature-256": signature(secret, body),
    }


def _guid() -> str:
    return str(uuid.uuid1())
