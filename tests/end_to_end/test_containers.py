"""The App in containers: what the image is, and that compose.yaml runs."""

import json
import os
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.footprint import GOALS, image_size
from bot import __version__
from bot.adapters.docker_engine import DockerEngine
from tests.end_to_end.app import open_app
from tests.end_to_end.containers import (
    Stack,
    build_app_image,
    build_postgres_image,
    compose,
    said,
)
from tests.github_simulator import GitHub
from tests.web.server import opened, sign, site_of

pytestmark = [
    pytest.mark.docker,
    # The first one of a bare machine makes three images.
    pytest.mark.timeout(1200),
]

IMAGE = f"pullwright:{__version__}"
SECRET = "It's a Secret to Everybody"  # noqa: S105 - of GitHub's documentation


@pytest.fixture(scope="module")
def image(docker_engine: DockerEngine) -> str:
    assert docker_engine.facts()
    build_app_image()
    return IMAGE


def test_the_image_runs_as_a_user_without_rights_and_says_how_it_is(image: str) -> None:
    (found,) = json.loads(said("docker", "image", "inspect", image))
    config = found["Config"]

    assert config["User"] == "10001:10001"
    assert "/healthz" in str(config["Healthcheck"]["Test"])
    assert config["Entrypoint"] == ["pullwright"]
    assert not [line for line in config["Env"] if "SECRET" in line or "KEY" in line]


def test_the_image_adds_no_more_than_its_goal_to_its_base(image: str) -> None:
    assert 0 < image_size() <= GOALS["image"], image


def test_nobody_in_a_container_can_change_the_code(image: str) -> None:
    look = "find / -xdev -writable -type f -not -path '/proc/*' 2>/dev/null; command -v pip || :"
    looked = said(
        "docker", "run", "--rm", "--network", "none", "--entrypoint", "sh", image, "-c", look
    )  # fmt: skip

    assert looked == ""


def test_a_pull_request_is_reviewed_from_a_container_on_a_read_only_file_system(
    image: str, tmp_path: Path
) -> None:
    with open_app(tmp_path, sandbox="none") as app:
        container = said(
            *_run_on(app.github, tmp_path, image), "serve", "--with-worker", "--port", "0"
        )
        container = container.strip()
        try:
            app.github.webhook_url = f"{_listening(container)}/webhook"
            repo = app.github.repo("octo/shop", base={"app.py": "X = 1\n"})
            repo.open_pull_request({"app.py": "import os\n\nX = 1\n"}, author="ada")

            app.until(lambda: any(r.conclusion for r in repo.check_runs), _log(container))
        finally:
            said("docker", "rm", "--force", container)


def _run_on(github: GitHub, folder: Path, image: str) -> list[str]:
    """Return the command that starts a container next to a simulated GitHub."""
    (app,) = github.apps
    key, secret = folder / "key.pem", folder / "secret"
    user = 10001 if os.getuid() == 0 else os.getuid()
    for file in (key, secret):
        os.chown(file, user, -1)
        file.chmod(0o600)
    environment = {
        "PULLWRIGHT_APP_ID": str(app.id),
        "PULLWRIGHT_PRIVATE_KEY_FILE": "/key/key.pem",
        "PULLWRIGHT_WEBHOOK_SECRET_FILE": "/key/secret",
        "PULLWRIGHT_GITHUB_API_URL": github.api_url,
        "PULLWRIGHT_SANDBOX": "none",
    }
    return [
        "docker", "run", "--detach", "--network", "host", "--user", f"{user}:{user}",
        "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges",
        "--tmpfs", "/tmp:mode=1777", "--tmpfs", f"/state:uid={user},mode=700",
        "--volume", f"{key}:/key/key.pem:ro", "--volume", f"{secret}:/key/secret:ro",
        *(word for name, value in environment.items() for word in ("--env", f"{name}={value}")),
        image,
    ]  # fmt: skip


def _log(container: str) -> str:
    return said("sh", "-c", f"docker logs {container} 2>&1")


def _listening(container: str) -> str:
    deadline = time.monotonic() + 120
    while not (found := re.search(r"listening on (\S+)", _log(container))):
        assert time.monotonic() < deadline, _log(container)
        time.sleep(0.2)
    return found[1]


@pytest.fixture(scope="module")
def stack(
    image: str, docker_engine: DockerEngine, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    assert image
    build_postgres_image(docker_engine.image(IMAGE).labels["pullwright.base"])
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with compose(tmp_path_factory.mktemp("compose"), f"pullwright-test-{port}", port) as stack:
        _store_app(stack)
        stack.said("up", "--detach", "web", "worker")
        stack.until(lambda: "healthy" in _health(stack), "web did not get healthy")
        yield stack


def _store_app(stack: Stack) -> None:
    """Put an App into the volumes, as `setup` would."""
    write = "umask 077; mkdir -p /state/app; cat >"
    files = {
        "/state/app/app.json": json.dumps({"app_id": 29310}),
        "/state/app/webhook-secret": SECRET,
        "/key/private-key.pem": _key(),
    }
    for file, text in files.items():
        stack.said(
            "run", "--rm", "-T", "--entrypoint", "sh", "setup", "-c", f"{write} {file}", given=text
        )


def _key() -> str:
    return said("openssl", "genrsa", "2048")


def _health(stack: Stack) -> str:
    container = stack.said("ps", "--quiet", "web").strip()
    return said("docker", "inspect", "--format", "{{.State.Health.Status}}", container)


def test_compose_takes_a_delivery_in_and_a_worker_gets_its_job(stack: Stack) -> None:
    site = site_of(f"http://127.0.0.1:{stack.environment['PULLWRIGHT_PORT']}")
    site.guids = iter((1,))

    reply = site.deliver(opened(), headers={"X-Hub-Signature-256": sign(opened(), SECRET)})

    assert (reply.status, json.loads(reply.body)) == (202, {"accepted": 1})
    # It gets as far as its token: there is no GitHub behind this.
    taken = "no answer to POST /api/v3/app/installations/5/access_tokens"
    stack.until(lambda: taken in _jobs(stack), "no worker took the job")


def _jobs(stack: Stack) -> str:
    done = stack.inside("worker", "pullwright", "jobs", "list")
    return done.stdout + done.stderr


def test_what_github_reaches_has_neither_the_key_nor_a_file_system_to_write_to(
    stack: Stack,
) -> None:
    web = stack.inside("web", "sh", "-c", "id -u; cat /key/private-key.pem; touch /opt/x /x")
    worker = stack.inside("worker", "sh", "-c", "head -c 5 /key/private-key.pem; touch /key/x")

    assert web.stdout == "10001\n"
    assert web.stderr.count("No such file") == 1
    assert web.stderr.count("Read-only file system") == 2
    assert worker.stdout == "-----"
    assert "Read-only file system" in worker.stderr


def test_doctor_in_the_worker_sees_the_app_and_the_database(stack: Stack) -> None:
    said_by = stack.inside("worker", "pullwright", "doctor").stdout

    assert "ok   database: database pullwright on db, version" in said_by
    assert "ok   webhook secret:" in said_by
    assert "ok   key: /key/private-key.pem, for its owner alone" in said_by
