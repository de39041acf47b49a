"""What an earlier review may be gone on from: the same tools with the same configuration."""

from collections.abc import Callable

import pytest

from bot.domain.ports import Dependencies, Purpose, Sandbox, SandboxFacts
from bot.domain.repo_config import RepoConfig
from bot.errors import SandboxUnavailable
from bot.settings import load_model_settings
from bot.wiring import reading_basis
from tests.fakes.sandbox import FakeSandbox
from tests.fakes.workspace import FakeWorkspace
from tests.situations import Tree

BASE: Tree = {"a.py": b"1\n", "ruff.toml": b"lint.ignore = ['F401']\n"}
USES_OWN = RepoConfig.model_validate({"analyzers": {"use_repo_config": True}})


class Place:
    """Opens sandboxes of one image, or none."""

    def __init__(self, image: str = "sha256:1", *, is_there: bool = True) -> None:
        self._facts = SandboxFacts("docker", image, "a test")
        self._is_there = is_there

    def open(self, purpose: Purpose, dependencies: Dependencies | None = None) -> Sandbox:
        assert (purpose, dependencies) == (Purpose.TOOLS, None)
        if not self._is_there:
            raise SandboxUnavailable("start Docker")
        return FakeSandbox(facts=self._facts)


def basis(config: RepoConfig | None = None, base: Tree = BASE, image: str = "sha256:1") -> str:
    workspace = FakeWorkspace(base, {"a.py": b"2\n"})
    return reading_basis(workspace, config or RepoConfig(), Place(image))


@pytest.mark.parametrize(
    "other",
    [
        lambda: basis(RepoConfig(max_comments=3)),
        lambda: basis(image="sha256:2"),
        lambda: basis(USES_OWN),
    ],
    ids=["configuration", "image", "own rules"],
)
def test_what_decides_the_findings_is_in_it(other: Callable[[], str]) -> None:
    assert other() != basis()


def test_the_tools_own_files_are_in_it_where_they_count() -> None:
    quiet: Tree = {**BASE, "ruff.toml": b"lint.ignore = ['E711']\n"}

    assert basis(base=quiet) == basis()
    assert basis(USES_OWN, base=quiet) != basis(USES_OWN)


def test_another_version_of_ours_is_another_basis(monkeypatch: pytest.MonkeyPatch) -> None:
    before = basis()
    monkeypatch.setattr("bot.wiring.__version__", "9.9.9")

    assert basis() != before


def test_where_no_tool_can_look_there_is_none() -> None:
    workspace = FakeWorkspace(BASE, {"a.py": b"2\n"})

    assert reading_basis(workspace, RepoConfig(), Place(is_there=False)) == ""


def test_the_model_and_what_it_is_guided_by_are_in_it() -> None:
    config, place = RepoConfig(), Place()

    def told(model: str, guidance: bytes = b"be kind\n") -> str:
        workspace = FakeWorkspace({**BASE, "AGENTS.md": guidance}, {"a.py": b"2\n"})
        env = {"CEREBRAS_API_KEY": "k", "PULLWRIGHT_MODEL": model} if model else {}
        return reading_basis(workspace, config, place, load_model_settings(env))

    assert len({told(""), told("auto"), told("other"), told("auto", b"be strict\n")}) == 4
    assert told("") == told("", b"be strict\n")
