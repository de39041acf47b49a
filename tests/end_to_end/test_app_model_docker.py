"""The App with a model and containers: written code is proved and committed."""

from collections.abc import Iterator

import pytest

from bot.adapters.docker_engine import DockerEngine
from tests.end_to_end.app import App
from tests.end_to_end.scripted_talk import (
    COVER_TEST,
    TEST,
    TEST_PATH,
    WITH_MEAN,
    answers,
    app_with,
)
from tests.end_to_end.test_app import _answered, _repo
from tests.model_server.server import ModelServer

pytestmark = pytest.mark.docker


@pytest.fixture(scope="module")
def app(docker_engine: DockerEngine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    folder = tmp_path_factory.mktemp("app")
    with app_with(folder, ModelServer(answers), sandbox="docker") as ours:
        yield ours


def test_code_that_was_asked_for_is_committed_with_tests_that_failed_without_it(app: App) -> None:
    repo = _repo(app, "implemented")
    pr = repo.open_pull_request({"more.py": "LIMIT = 1\n"}, author="ada", draft=True)
    before = pr.head_sha

    reply = _answered(app, pr, "ada", "/agent implement most, the highest price")

    commit = repo.store.commit(pr.head_sha)
    assert commit is not None
    assert commit.parents == (before,)
    assert repo.store.read(pr.head_sha, TEST_PATH) == TEST.encode()
    assert commit.message.startswith("Add most")
    assert "1 new test failed before and pass now" in commit.message
    assert "Co-authored-by: ada" in commit.message
    assert "Committed" in reply


def test_a_test_for_a_line_that_none_reached_is_committed_with_the_mutant_that_it_catches(
    app: App,
) -> None:
    repo = _repo(app, "covered")
    pr = repo.open_pull_request({"app.py": WITH_MEAN}, author="ada", draft=True)
    before = pr.head_sha

    reply = _answered(app, pr, "ada", "/agent cover")

    commit = repo.store.commit(pr.head_sha)
    assert commit is not None
    assert commit.parents == (before,), reply
    assert repo.store.read(pr.head_sha, "test_pullwright_1.py") == COVER_TEST.encode()
    assert repo.store.read(pr.head_sha, "app.py") == WITH_MEAN.encode()
    assert commit.message.startswith("Test mean")
    assert "reaches line 6" in commit.message
    assert "Co-authored-by: ada" in commit.message
    assert reply.startswith(f"Committed {pr.head_sha}")
    assert "fails when" in reply
