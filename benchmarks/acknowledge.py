"""How long a delivery waits for its 202, next to a bare Flask app that only checks and inserts.

    python -m benchmarks.acknowledge [ROUNDS]

500 signed deliveries of different pull requests, 20 at once, each over a connection of its own, to
our server with its durable queue, and to a Flask application on the same server that computes the
HMAC and makes one durable SQLite insert. The two take turns while a worker reviews pull requests of
the simulated GitHub: from our server's own database, so that both write to it, and in the other's
turn from another one. Our server's worker has the delivered jobs to do as well. Fails where our p99
is over three times the other's.
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
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from bot.adapters.dbos_jobs import DbosJobs
from bot.domain.events import PullAction
from bot.domain.forge import RepoId
from bot.domain.intake import pull_key
from bot.domain.jobs import Job, JobId, JobKind
from bot.domain.pull_request import Sha
from bot.domain.requests import ReviewRequest, to_payload
from tests.end_to_end.app import App, open_app
from tests.github_simulator import PullRequest

DELIVERIES = 500
AT_ONCE = 20
ROUNDS = 5
MAX_RATIO = 3.0
SECRET = "a secret of the benchmark"  # noqa: S105 - it protects nothing
PAYLOAD_BYTES = 20_000
"""A typical pull_request payload."""
REVIEWS, SLOTS = 12, 4
BASE = {"app.py": "def total(prices):\n    return sum(prices)\n"}
BUG = {"app.py": "import os\n\n\ndef total(prices):\n    return sum(prices)\n"}
KINDS = ("bare", "ours")


class Figures(NamedTuple):
    """One round, in milliseconds."""

    p50: float
    p99: float
    per_second: float


def main() -> int:
    """Measure in turns and print the medians."""
    rounds: dict[str, list[Figures]] = {kind: [] for kind in KINDS}
    with tempfile.TemporaryDirectory() as folder, open_app(Path(folder), sandbox="none") as app:
        pulls = [_opened(app, number) for number in range(REVIEWS)]
        for number in range(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS):
            for kind in KINDS:
                place = Path(folder) / f"{kind}{number}"
                place.mkdir()
                with _reviewing(app, place / "pullwright.db", pulls):
                    rounds[kind].append(_round(kind, place, number))
                p50, p99, rate = rounds[kind][-1]
                print(f"    {kind}: p50 {p50:.1f} ms, p99 {p99:.1f} ms, {rate:.0f} a second")
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


def _opened(app: App, number: int) -> PullRequest:
    repo = app.github.repo(f"owner{number}/shop", base=BASE)
    return repo.open_pull_request(BUG, author=repo.owner)


@contextmanager
def _reviewing(app: App, database: Path, pulls: Sequence[PullRequest]) -> Iterator[None]:
    """Let a worker review the pull requests; the block begins once it has begun with one."""
    url, seen = f"sqlite:///{database}", len(app.github.log)
    with closing(DbosJobs(url)) as jobs:
        for pr in pulls:
            assert jobs.submit(_review(app, pr, database.parent.name))
    app.environment = {**app.environment, "PULLWRIGHT_DATABASE_URL": url}
    worker = app.spawn("worker", "--slots", str(SLOTS))
    try:
        app.until(lambda: any("check-runs" in r.path for r in app.github.log[seen:]), "a review")
        yield
    finally:
        worker.kill()
        worker.wait()
    begun = [r for r in app.github.log[seen:] if r.method == "GET" and "check-runs" in r.path]
    print(f"    {len(begun)} of {len(pulls)} reviews had begun", flush=True)


def _review(app: App, pr: PullRequest, turn: str) -> Job:
    (installation,) = (one for one in app.github.apps[0].installations if pr.repo in one.repos)
    repo = RepoId(installation.id, pr.repo.id, pr.repo.full_name)
    request = ReviewRequest(
        repo, pr.number, Sha(pr.head_sha), pr.base_ref, PullAction.OPENED
    )  # fmt: skip
    key = pull_key(repo.id, pr.number)
    payload = to_payload(request)
    return Job(JobId(f"{turn} {key}"), JobKind.REVIEW, key, 1, installation.id, payload)


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
