"""The language of the configuration is that of the sentences that a model writes."""

import pytest

from bot.adapters.tree_sitter_outline import TreeSitterOutline
from bot.agent.prompts.answering import answer_prompt
from bot.agent.review import start
from bot.agent.tools.review import Reading, Review
from bot.domain.model_findings import ChunkReply
from bot.domain.repo_config import RepoConfig
from tests.agent.model_toys import ToyModel, text_of
from tests.fakes.workspace import FakeWorkspace

HEAD = {f"m{n}.py": b"".join(b"x%d = %d\n" % (n, i) for i in range(20)) for n in range(2)}


def _asked(language: str) -> list[str]:
    """Return every prompt of a review in two chunks, so that what spans them is asked as well."""
    reply = ChunkReply(findings=(), facts=("x is renamed",), lookups=())
    model = ToyModel({"ChunkReply": lambda _: reply})
    workspace = FakeWorkspace({"a.py": b"1\n"}, HEAD)
    reading = Reading(model, workspace, TreeSitterOutline(), chunk_bytes=300)
    Review(reading).run(start(workspace, RepoConfig(language=language)))
    return [text for _, text in model.prompts]


def test_a_model_is_asked_for_the_language_of_the_configuration() -> None:
    asked = _asked("de")

    assert len(asked) > 2
    assert all("Write `title` and `body` in the language `de`" in text for text in asked)


@pytest.mark.parametrize("language", ["en", "EN-gb"])
def test_english_needs_no_word(language: str) -> None:
    assert not any("in the language" in text for text in _asked(language))


def test_a_question_is_answered_in_that_language() -> None:
    prompt = answer_prompt("why?", finding=None, thread=(), pieces=(), head={}, language="pt-BR")

    assert "Write `answer` in the language `pt-BR`" in text_of(prompt)
