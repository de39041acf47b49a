"""An engine that is not there, hangs or breaks is told in one sentence and in bounded time."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot.adapters.docker_engine import DockerEngine, connect
from bot.adapters.docker_sandboxes import DockerSandboxes
from bot.domain.ports import Purpose
from bot.errors import SandboxFailed, SandboxUnavailable

VERSION = b'{"ApiVersion": "1.41", "Version": "20.10"}'


def reply(status: str, body: bytes) -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nConnection: close\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def broken(_request: bytes) -> bytes:
    return reply("500 Internal Server Error", b'{"message": "no space left on device"}')


def breaks_after_hello(request: bytes) -> bytes:
    return reply("200 OK", VERSION) if b"/version" in request else broken(request)


def has_no_image(request: bytes) -> bytes:
    if b"/version" in request:
        return reply("200 OK", VERSION)
    if b"/volumes" in request:
        return reply("200 OK", b'{"Volumes": []}')
    if b"/containers" in request:
        return reply("200 OK", b"[]")
    return reply("404 Not Found", b'{"message": "No such image: x"}')


@contextmanager
def engine_at(path: Path, answer: Callable[[bytes], bytes] | None) -> Iterator[str]:
    """Listen on a socket; without an answer, accept and say nothing."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen(8)
        held: list[socket.socket] = []

        def serve() -> None:
            while True:
                try:
                    client, _ = server.accept()
                except OSError:
                    return
                held.append(client)
                request = client.recv(65536)
                if answer is None or not request:
                    continue
                client.sendall(answer(request))
                client.close()

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"unix://{path}"
        server.shutdown(socket.SHUT_RDWR)
        thread.join()
        for client in held:
            client.close()


def test_an_engine_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(SandboxUnavailable, match="start Docker"):
        connect(f"unix://{tmp_path}/none.sock")


def test_an_engine_that_hangs_is_unavailable_in_time(tmp_path: Path) -> None:
    started = time.monotonic()
    with (
        engine_at(tmp_path / "s", None) as host,
        pytest.raises(SandboxUnavailable, match="no Docker Engine answers"),
    ):
        connect(host, ping_timeout_s=0.5)

    assert time.monotonic() - started < 4


def test_an_engine_that_answers_500_is_unavailable(tmp_path: Path) -> None:
    with engine_at(tmp_path / "s", broken) as host, pytest.raises(SandboxUnavailable):
        connect(host)


@pytest.mark.parametrize("host", ["no-such-scheme://x", "tcp://127.0.0.1:1"])
def test_a_host_that_makes_no_sense_is_unavailable(host: str) -> None:
    with pytest.raises(SandboxUnavailable):
        connect(host, ping_timeout_s=1)


def test_an_engine_that_breaks_in_use_is_a_failure_with_its_words(tmp_path: Path) -> None:
    with engine_at(tmp_path / "s", breaks_after_hello) as host:
        engine = connect(host)
        with pytest.raises(SandboxFailed, match="no space left on device"):
            DockerSandboxes(engine, "a test").open(Purpose.TESTS)
        engine.disconnect()


def test_a_missing_image_is_named_with_what_makes_it(tmp_path: Path) -> None:
    with engine_at(tmp_path / "s", has_no_image) as host:
        engine = connect(host)
        with pytest.raises(SandboxUnavailable, match=r"pullwright-tools:.*make images"):
            DockerSandboxes(engine, "a test").open(Purpose.TOOLS)
        engine.disconnect()


@pytest.mark.docker
def test_an_image_that_vanished_is_unavailable(docker_engine: DockerEngine) -> None:
    with pytest.raises(SandboxUnavailable):
        docker_engine.create({"Image": "sha256:" + "0" * 64})


@pytest.mark.docker
def test_what_is_gone_already_can_be_removed(docker_engine: DockerEngine) -> None:
    docker_engine.remove("0" * 64)

    assert docker_engine.remove_volume("pullwright-no-such-volume")
    assert docker_engine.remove_image("pullwright-no-such-image")
