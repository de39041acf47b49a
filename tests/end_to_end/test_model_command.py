"""The command line with a model: what it adds, and that a broken one takes nothing away."""

from pathlib import Path

import pytest

from tests.end_to_end.command import Command
from tests.end_to_end.scripted_talk import MEAN, SUM, answers
from tests.model_server.api import Api
from tests.model_server.server import ModelServer, serving
from tests.situations import RepoFixture, repository


@pytest.fixture
def mean(tmp_path: Path) -> RepoFixture:
    """A change that the model has something to say of, without tests."""
    head = {path: text.encode() for path, text in MEAN.items()}
    return repository(tmp_path / "project", base={"app.py": SUM.encode()}, head=head)


def test_a_review_has_the_models_finding_and_says_what_it_cost(
    pullwright: Command, mean: RepoFixture
) -> None:
    with serving(ModelServer(answers)) as server:
        ended = pullwright(
            "review", "--base", "main", "--explain", cwd=mean.path, CEREBRAS_BASE_URL=server.url
        )

    assert "total divides by the number of prices" in ended.out
    assert " tokens, $0." in ended.out
    assert "critique" in ended.out


def test_a_wrong_key_leaves_the_review_without_a_model_and_says_who_acts(
    pullwright: Command,
    mean: RepoFixture,
) -> None:
    key = "csk-wrong-0123456789abcdef0123456789"
    arguments = ("review", "--base", "main")
    with serving(ModelServer(answers, api=Api(key="csk-right-0123456789"))) as server:
        ended = pullwright(
            *arguments, cwd=mean.path, CEREBRAS_BASE_URL=server.url, CEREBRAS_API_KEY=key
        )
    without = pullwright(*arguments, cwd=mean.path)

    assert ended.code == without.code
    assert ended.out.splitlines()[0] == without.out.splitlines()[0]
    assert "set CEREBRAS_API_KEY" in " ".join(ended.out.split())
    assert key not in ended.out + ended.err
