"""The App with a model and containers: written code is proved and committed."""

from collections.abc import Iterator

import pytest

from bot.adapters.docker_engine import DockerEngine
from tests.end_to_end.app import App
from tests.end_to_end.scripted_talk import TEST, TEST_PATH, answers, app_with
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
