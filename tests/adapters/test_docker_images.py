"""Dependencies are installed once, with a network only where it is allowed, and never for ever."""

import http.server
import io
import ipaddress
import threading
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.adapters.docker_engine import DockerEngine, Image
from bot.adapters.docker_images import SANDBOX_IMAGE, SetupLimits, prune, to_prune
from bot.adapters.docker_reaper import OWNER
from bot.adapters.docker_sandboxes import DockerSandboxes
from bot.domain.ports import Dependencies, Purpose
from tests.adapters.docker_sandboxes import SMALL, Job

NOW = 1_800_000_000.0
IMPORTS = "import tiny, pytest, sys; print(tiny.ANSWER, sys.prefix)"


def wheel() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("tiny/__init__.py", "ANSWER = 42\n")
        about = "Metadata-Version: 2.1\nName: tiny-answer\nVersion: 1.0\n"
        archive.writestr("tiny_answer-1.0.dist-info/METADATA", about)
        kind = "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        archive.writestr("tiny_answer-1.0.dist-info/WHEEL", kind)
        archive.writestr("tiny_answer-1.0.dist-info/RECORD", "")
    return buffer.getvalue()


@dataclass
class Index:
    """A package index with one package, where containers on the bridge can reach it."""

    url: str
    requests: list[str] = field(default_factory=list)

    @property
    def limits(self) -> SetupLimits:
        host = self.url.split("/")[2].split(":")[0]
        environment = {"PIP_INDEX_URL": self.url, "PIP_TRUSTED_HOST": host, "PIP_RETRIES": "0"}
        return SetupLimits(
            timeout_s=60, installed_bytes=256 << 20, tmp_bytes=64 << 20, environment=environment
        )


@pytest.fixture
def index(docker_engine: DockerEngine) -> Iterator[Index]:
    found = docker_engine._client.inspect_network("bridge")["IPAM"]["Config"][0]
    gateway = found.get("Gateway") or str(next(ipaddress.ip_network(found["Subnet"]).hosts()))
    index = Index("")
    data = wheel()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            index.requests.append(self.path)
            name = "tiny_answer-1.0-py3-none-any.whl"
            body = data if self.path.endswith(".whl") else f'<a href="{name}">{name}</a>'.encode()
            known = self.path.startswith("/simple/tiny-answer/")
            self.send_response(200 if known else 404)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    try:
        server = http.server.ThreadingHTTPServer((gateway, 0), Handler)
    except OSError as error:
        pytest.skip(f"the engine's bridge is not on this machine: {error}")
    index.url = f"http://{gateway}:{server.server_port}/simple"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield index
    server.shutdown()
    thread.join()
    server.server_close()


def sandboxes(engine: DockerEngine, index: Index, *, allowed: bool = True) -> DockerSandboxes:
    job = Job(engine).name
    return DockerSandboxes(
        engine,
        "a test",
        limits=SMALL,
        setup=index.limits,
        may_use_network=lambda _: allowed,
        job=job,
    )


@pytest.mark.docker
def test_dependencies_are_installed_once_and_found_without_a_network(
    docker_engine: DockerEngine, index: Index
) -> None:
    # The comment makes the image this test's own.
    lock = {"requirements.txt": f"tiny-answer==1.0  # {index.url}\n".encode()}
    opened = sandboxes(docker_engine, index)

    first = opened.open(Purpose.TESTS, Dependencies(lock))
    said = first.run(["{python}", "-c", IMPORTS], timeout_s=30)
    first.close()
    asked = len(index.requests)
    second = sandboxes(docker_engine, index, allowed=False).open(Purpose.TESTS, Dependencies(lock))
    second.close()
    docker_engine.remove_image(first.facts.image)

    assert said.stdout == b"42 /opt/pullwright/venv\n", said.stderr
    assert first.facts.notes == second.facts.notes == ()
    assert first.facts.image == second.facts.image != docker_engine.image(SANDBOX_IMAGE).id
    assert asked == len(index.requests) > 0
    job = Job(docker_engine, name=opened.job)
    assert (job.containers(), job.volumes()) == ([], [])


@pytest.mark.docker
def test_without_leave_nothing_is_installed_and_the_sandbox_says_so(
    docker_engine: DockerEngine, index: Index
) -> None:
    asked: list[str] = []
    opened = sandboxes(docker_engine, index)

    def refuse(command: str) -> bool:
        asked.append(command)
        return False

    opened.may_use_network = refuse
    lock = Dependencies({"requirements.txt": b"tiny-answer\n"})

    for _ in range(2):
        sandbox = opened.open(Purpose.TESTS, lock)
        sandbox.close()

    assert len(asked) == 1
    assert index.requests == []
    assert sandbox.facts.image == docker_engine.image(SANDBOX_IMAGE).id
    assert "PULLWRIGHT_SETUP_NETWORK=yes" in sandbox.facts.notes[0]


@pytest.mark.docker
def test_a_setup_that_fails_is_told_with_its_last_lines(
    docker_engine: DockerEngine, index: Index
) -> None:
    setup = Dependencies(setup="echo trying; touch /etc/mine; exit 9")
    opened = sandboxes(docker_engine, index)

    sandbox = opened.open(Purpose.TESTS, setup)
    sandbox.close()

    note = sandbox.facts.notes[0]
    assert "exited 9" in note
    assert "Read-only file system" in note
    assert Job(docker_engine, name=opened.job).containers() == []


@pytest.mark.docker
def test_a_setup_that_hangs_is_stopped(docker_engine: DockerEngine, index: Index) -> None:
    opened = sandboxes(docker_engine, index)
    opened.setup = replace(index.limits, timeout_s=0.5)

    sandbox = opened.open(Purpose.TESTS, Dependencies(setup="sleep 60"))
    sandbox.close()

    assert "timeout" in sandbox.facts.notes[0]


@pytest.mark.docker
def test_a_setup_finds_the_hosts_certificates(
    docker_engine: DockerEngine, index: Index, tmp_path: Path
) -> None:
    (tmp_path / "ca.pem").write_bytes(b"OUR CA\n")
    opened = sandboxes(docker_engine, index)
    opened.setup = replace(index.limits, ca_file=tmp_path / "ca.pem")

    sandbox = opened.open(Purpose.TESTS, Dependencies(setup='cat "$PIP_CERT"; exit 1'))
    sandbox.close()

    assert "OUR CA" in sandbox.facts.notes[0]


def derived(name: str, *, days_old: float, mebibytes: int) -> Image:
    created = datetime.fromtimestamp(NOW - days_old * 86_400, UTC).isoformat()
    labels = {"pullwright.base-bytes": str(100 << 20)}
    return Image(name, labels, None, (100 + mebibytes) << 20, created)


def test_images_are_pruned_by_age_and_the_oldest_where_all_are_too_large() -> None:
    limits = SetupLimits(keep_days=10, keep_bytes=50 << 20)
    images = [
        derived("new", days_old=0, mebibytes=30),
        derived("large", days_old=2, mebibytes=30),
        derived("old", days_old=11, mebibytes=0),
        derived("small", days_old=1, mebibytes=10),
    ]

    assert [image.id for image in to_prune(images, limits, NOW)] == ["large", "old"]


@pytest.mark.docker
def test_a_young_image_is_not_pruned_and_forgets_who_made_it(
    docker_engine: DockerEngine, index: Index
) -> None:
    opened = sandboxes(docker_engine, index)
    setup = Dependencies(setup=f"echo {index.url} > /opt/pullwright/mine")
    sandbox = opened.open(Purpose.TESTS, setup)
    sandbox.close()

    prune(docker_engine, SetupLimits(), now=time.time())
    image = docker_engine.image(sandbox.facts.image)
    docker_engine.remove_image(image.id)

    assert image.labels[OWNER] == ""
    assert docker_engine.find_image(image.id) is None
