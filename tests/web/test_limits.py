import json
import resource
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from bot.web.counts import Outcome
from bot.web.signature import MAX_BODY_BYTES
from tests.web.server import Site, opened, running, sign

HEAD = (
    "POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    "X-GitHub-Event: pull_request\r\nX-GitHub-Delivery: big\r\n"
)


def padded(size: int) -> bytes:
    """Return a good delivery of exactly this size."""
    body = opened()
    return body + b" " * (size - len(body))


def resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def chunked(body: bytes, chunk: int = 1 << 16) -> bytes:
    parts = [body[i : i + chunk] for i in range(0, len(body), chunk)]
    return b"".join(b"%x\r\n%b\r\n" % (len(p), p) for p in parts) + b"0\r\n\r\n"


def test_the_largest_delivery_that_github_sends_is_taken(site: Site) -> None:
    assert json.loads(site.deliver(padded(MAX_BODY_BYTES)).body) == {"accepted": 1}


def test_one_byte_more_is_refused_before_it_is_sent(site: Site) -> None:
    head = f"{HEAD}Content-Length: {MAX_BODY_BYTES + 1}\r\n\r\n"

    assert site.raw(head.encode()).status == 413


def test_a_chunked_delivery_is_taken_like_any_other(site: Site) -> None:
    body = opened()
    head = f"{HEAD}Transfer-Encoding: chunked\r\nX-Hub-Signature-256: {sign(body)}\r\n\r\n"

    assert site.raw(head.encode() + chunked(body, 50)).status == 202


def test_an_endless_chunked_delivery_is_refused_while_it_comes_in(site: Site) -> None:
    head = f"{HEAD}Transfer-Encoding: chunked\r\nX-Hub-Signature-256: {sign(b'')}\r\n\r\n"
    chunk = b"%x\r\n%b\r\n" % (1 << 20, bytes(1 << 20))
    before = resident_bytes()
    sent = 0

    with site.connect() as connection:
        connection.sendall(head.encode())
        try:
            while sent < 3 * MAX_BODY_BYTES:
                connection.sendall(chunk)
                sent += len(chunk)
        except ConnectionError:
            pass

    assert sent < 3 * MAX_BODY_BYTES
    assert resident_bytes() - before < 2 * MAX_BODY_BYTES
    assert site.deliver(opened()).status == 202


def test_large_deliveries_with_a_wrong_signature_do_not_fill_the_memory(site: Site) -> None:
    body = padded(MAX_BODY_BYTES)
    wrong = {"X-Hub-Signature-256": sign(b"another body")}
    before = resident_bytes()

    statuses = [site.deliver(body, headers=wrong).status for _ in range(3)]

    assert statuses == [401] * 3
    assert resident_bytes() - before < MAX_BODY_BYTES


@contextmanager
def slow_senders(site: Site, count: int) -> Iterator[list[socket.socket]]:
    """Open connections that have begun a request and never end it."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(site.connect()) for _ in range(count)]
        for each in sockets:
            each.sendall(HEAD.encode())
        yield sockets


def test_two_hundred_slow_senders_keep_nobody_waiting(site: Site) -> None:
    with slow_senders(site, 200) as senders:
        for _ in range(3):
            for sender in senders:
                sender.sendall(b"X")
            began = time.monotonic()
            assert site.deliver(opened()).status == 202
            assert time.monotonic() - began < 1


def test_a_request_that_does_not_end_is_cut_off_however_busy_it_looks() -> None:
    with running(request_timeout_s=1) as site, slow_senders(site, 3) as senders:
        deadline = time.monotonic() + 10
        while site.port and time.monotonic() < deadline and not all(map(_is_cut, senders)):
            time.sleep(0.1)

        assert all(map(_is_cut, senders))
        assert site.deliver(opened()).status == 202


def _is_cut(sender: socket.socket) -> bool:
    """Send one more byte, and tell whether the other side has gone."""
    try:
        sender.sendall(b"X")
        sender.setblocking(False)
        return sender.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionError:
        return True
    finally:
        sender.setblocking(True)


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
        b"POST /webhook HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        b"POST /webhook HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST /webhook HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST /webhook HTTP/1.1\r\nX: " + b"x" * 300_000 + b"\r\n\r\n",
    ],
    ids=["TLS", "two lengths", "a negative length", "no chunk", "a huge header"],
)
def test_what_is_no_http_is_refused_and_harms_nothing(site: Site, request_bytes: bytes) -> None:
    assert 400 <= site.raw(request_bytes).status < 500
    assert site.deliver(opened()).status == 202
    assert site.count(Outcome.ACCEPTED) == 1
