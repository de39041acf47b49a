"""A real server on a real socket, over a queue that keeps what it was given."""

from collections.abc import Iterator

import pytest

from tests.web.server import Site, running


@pytest.fixture
def site() -> Iterator[Site]:
    with running() as site:
        yield site
