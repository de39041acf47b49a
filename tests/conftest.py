"""What several test folders share: the Docker Engine, or the reason why there is none."""

import os
from collections.abc import Iterator

import pytest

from bot.adapters.docker_engine import DockerEngine, connect
from bot.adapters.docker_images import SANDBOX_IMAGE, TOOLS_IMAGE
from bot.errors import SandboxUnavailable


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
