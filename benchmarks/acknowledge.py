"""How long a delivery waits for its 202, next to a bare Flask app that only checks and inserts.

    python -m benchmarks.acknowledge

500 signed deliveries of different pull requests, 20 at once, each over a connection of its own, to
our server with its durable queue, and to a Flask application on the same server that computes the
HMAC and makes one durable SQLite insert. The two take turns, while another process keeps a core
busy as a review does. Fails where our p99 is over three times the other's.
"""

import hashlib
import hmac
import http.client
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

DELIVERIES = 500
AT_ONCE = 20
ROUNDS = 5
MAX_RATIO = 3.0
SECRET = "a secret of the benchmark"  # noqa: S105 - it protects nothing
PAYLOAD_BYTES = 20_000
"""A typical pull_request payload."""
BUSY = "while True: sum(range(100_000))"
KINDS = ("bare", "ours")


class Figures(NamedTuple):
    """One round, in milliseconds."""

    p50: float
    p99: float
    per_second: float


def main() -> int:
    """Measure in turns and print the medians."""
    rounds: dict[str, list[Figures]] = {kind: [] for kind in KINDS}
    with tempfile.TemporaryDirectory() as folder, _process("-c", BUSY):
        for number in range(ROUNDS):
            for kind in KINDS:
                place = Path(folder) / f"{kind}{number}"
                place.mkdir()
                rounds[kind].append(_round(kind, place, number))
    for kind, figures in rounds.items():
        p50, p99, rate = (statistics.median(column) for column in zip(*figures, strict=True))
        print(f"{kind}: p50 {p50:.1f} ms, p99 {p99:.1f} ms, {rate:.0f} a second")
    ratios = [o.p99 / b.p99 for o, b in zip(rounds["ours"], rounds["bare"], strict=True)]
    ratio = statistics.median(ratios)
    print(f"p99 ratio {ratio:.2f} (rounds {min(ratios):.2f} to {max(ratios):.2f}), at most 3.0")
    return int(ratio > MAX_RATIO)


def _round(kind: str, folder: Path, number: int) -> Figures:
    bodies = [_body(number * DELIVERIES + i) for i in range(DELIVERIES)]
    with (
        _process("-m", "benchmarks.acknowledge_servers", kind, str(folder), SECRET) as server,
        ThreadPoolExecutor(AT_ONCE) as pool,
    ):
        assert server.stdout is not None
        address = urlsplit(server.stdout.readline().split()[-1])
        target = (str(address.hostname), int(address.port or 0))
        for body in bodies[:AT_ONCE]:
            _deliver(target, body.replace(b'"opened"', b'"reopened"'))
        began = time.perf_counter()
        times = list(pool.map(lambda body: _deliver(target, body), bodies))
        return _figures(times, time.perf_counter() - began)


def _deliver(target: tuple[str, int], body: bytes) -> float:
    """Return how many milliseconds the acknowledgement took, with the connection."""
    digest = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    headers = {
        "Content-Type": "application/json",
        "X-GitHub-Event": "pull_request",
        "X-GitHub-Delivery": hashlib.sha256(body).hexdigest()[:36],
        "X-Hub-Signature-256": f"sha256={digest}",
    }
    began = time.perf_counter()
    connection = http.client.HTTPConnection(*target, timeout=30)
    connection.request("POST", "/webhook", body, headers)
    response = connection.getresponse()
    answer = response.read()
    connection.close()
    assert response.status == 202, (response.status, answer)
    return (time.perf_counter() - began) * 1000


def _figures(times: Sequence[float], seconds: float) -> Figures:
    cuts = statistics.quantiles(times, n=100)
    return Figures(cuts[49], cuts[98], len(times) / seconds)


def _body(number: int) -> bytes:
    pull = {
        "number": number + 1,
        "head": {"sha": hashlib.sha1(str(number).encode(), usedforsecurity=False).hexdigest()},
        "base": {"ref": "main"},
        "updated_at": "2026-11-01T00:00:00Z",
        "labels": [{"name": f"label {i}", "url": "https://example.invalid/" * 4} for i in range(9)],
    }
    payload: dict[str, object] = {
        "action": "opened",
        "pull_request": pull,
        "repository": {"id": 1, "full_name": "octo/repo"},
        "installation": {"id": 5},
        "sender": {"id": 9, "login": "octocat"},
    }
    missing = PAYLOAD_BYTES - len(json.dumps(payload))
    payload["more"] = [{"field": "value " * 5} for _ in range(missing // 45)]
    return json.dumps(payload).encode()


@contextmanager
def _process(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.terminate()


if __name__ == "__main__":
    sys.exit(main())
