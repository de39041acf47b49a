"""What several test folders share: a Docker Engine, a PostgreSQL server, or why there is none."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.adapters.docker_engine import DockerEngine, connect
from bot.adapters.docker_images import SANDBOX_IMAGE, TOOLS_IMAGE
from bot.errors import SandboxUnavailable
from tests.plain_python import plain_python
from tests.postgres import Cluster, NoPostgres, cluster


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest first, so that no process is left with them when the others have ended."""
    items.sort(key=lambda item: "end_to_end" not in item.path.parts)


@pytest.fixture(scope="session", autouse=True)
def _plain_python_first(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let `python3` be one that starts fast, for what runs tests of small projects."""
    before = os.environ["PATH"]
    programs = plain_python(tmp_path_factory.mktemp("plain") / "python")
    os.environ["PATH"] = f"{programs}{os.pathsep}{before}"
    yield
    os.environ["PATH"] = before


@pytest.fixture(scope="session")
def docker_engine() -> Iterator[DockerEngine]:
    """The engine with both images; a test that asks for it is skipped where there is none.

    With PULLWRIGHT_REQUIRE_DOCKER=1 it fails instead, so that no gate passes by skipping.
    """
    try:
        engine = connect(os.environ.get("DOCKER_HOST") or None)
        for image in (TOOLS_IMAGE, SANDBOX_IMAGE):
            engine.image(image)
    except SandboxUnavailable as error:
        if os.environ.get("PULLWRIGHT_REQUIRE_DOCKER") == "1":
            pytest.fail(f"PULLWRIGHT_REQUIRE_DOCKER is set, and {error}")
        pytest.skip(str(error))
    yield engine
    engine.disconnect()


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[Cluster]:
    """A server of this test process; a test that asks for it is skipped where none is installed.

    With PULLWRIGHT_REQUIRE_POSTGRES=1 it fails instead, so that no gate passes by skipping.
    """
    try:
        with cluster() as running:
            yield running
    except NoPostgres as error:
        if os.environ.get("PULLWRIGHT_REQUIRE_POSTGRES") == "1":
            pytest.fail(f"PULLWRIGHT_REQUIRE_POSTGRES is set, and {error}")
        pytest.skip(str(error))


@pytest.fixture
def postgres_url(postgres_cluster: Cluster) -> Iterator[str]:
    """The URL of an empty PostgreSQL database."""
    with postgres_cluster.database() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def sql_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database, of one kind after the other."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/state/pullwright.db"
    return str(request.getfixturevalue("postgres_url"))
