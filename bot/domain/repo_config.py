"""What a repository may decide: `.github/pullwright.yml` of the base side.

Everything here is a limit, a filter or a command that runs inside the sandbox. Addresses, images,
keys and the environment are the operator's (`bot.settings`), so no key for them exists.
"""

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from bot.domain.findings import Severity
from bot.domain.verdict import FailOn

CONFIG_PATHS = (".github/pullwright.yml", ".pullwright.yml")
"""Where the file may be; both at once is an error."""


class FixMode(StrEnum):
    """What a fix leaves behind."""

    SUGGEST = "suggest"
    COMMIT = "commit"
    STACKED = "stacked"


class LearningMode(StrEnum):
    """What becomes of choices and of what people make of them.

    `off`: the hand weights choose, and nothing is recorded. `shadow`: choices are drawn by the hand
    weights and recorded, and the App learns from them. `on`: what was learned and passed the gate
    chooses where findings go.
    """

    OFF = "off"
    SHADOW = "shadow"
    ON = "on"


def _no_escape(path: str) -> str:
    if path.startswith("/") or "://" in path or ".." in path.split("/"):
        raise ValueError("should be a path inside the repository")
    return path


def _names_something(glob: str) -> str:
    if not glob.removeprefix("!").strip("/"):
        raise ValueError("should name a path")
    return glob


_Word = Annotated[str, Field(min_length=1, max_length=200)]
_Words = Annotated[tuple[_Word, ...], Field(max_length=50)]
_Glob = Annotated[_Word, AfterValidator(_names_something)]
_Globs = Annotated[tuple[_Glob, ...], Field(max_length=100)]
_Path = Annotated[_Word, AfterValidator(_no_escape)]
_Command = Annotated[str, Field(min_length=1, max_length=2000)]
_Prose = Annotated[str, Field(min_length=1, max_length=4000)]
_ProfileName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
_Language = Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}$")]
_Trigger = Annotated[str, Field(pattern=r"^[/@][a-z0-9][a-z0-9_-]{0,38}$")]


class _Section(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True
    )


class AutoReview(_Section):
    """When a review starts without being asked for."""

    enabled: bool = True
    drafts: bool = False
    incremental: bool = True
    """Look only at what is new since the last review."""
    base_branches: _Words = ()
    """Only pull requests into these; none means all."""
    ignore_title_keywords: _Words = ()
    """No review when the title has one of these."""
    labels: _Words = ()
    """Only with one of these labels; none means always."""


class PathInstruction(_Section):
    """Guidance for some files."""

    path: _Glob
    instructions: _Prose


class Analyzers(_Section):
    """Which static analyzers run, by name."""

    enable: _Words = ()
    """Only these; none means all that fit the files."""
    disable: _Words = ()
    use_repo_config: bool = False
    """Heed what the tools' own files at the base say to ignore; the tools never read them."""


class Tests(_Section):
    """How the project's tests run, always inside the sandbox."""

    command: _Command | None = None
    """Replaces the command that was detected."""
    setup: _Command | None = None
    """Replaces the installation of dependencies that was detected."""
    image_profile: _ProfileName | None = None
    """The operator's name for an image, never an image."""
    timeout_s: Annotated[int, Field(ge=1, le=7200)] = 600
    """For one run of the tests, in seconds."""


class Fix(_Section):
    """What a fix may touch, and where it goes."""

    mode: FixMode = FixMode.COMMIT
    protected_paths: _Globs = ()
    """Never edited, besides those that never are."""
    max_files: Annotated[int, Field(ge=1, le=10)] = 10
    max_lines: Annotated[int, Field(ge=1, le=400)] = 400
    """Added plus removed."""


class Budget(_Section):
    """Where a run ends with a partial verdict."""

    steps: Annotated[int, Field(ge=1, le=32)] = 32
    seconds: Annotated[int, Field(ge=1, le=14400)] = 1800
    tokens: Annotated[int, Field(ge=0, le=10_000_000)] = 500_000
    """Of the prompts and replies of a model."""
    usd: Annotated[float, Field(ge=0, le=100)] = 1.0


class Learning(_Section):
    """What becomes of feedback."""

    mode: LearningMode = LearningMode.SHADOW
    export: bool = False
    """May the operator's export hold this repository's feedback."""
    keep_runs: bool = True
    """May runs be kept, with the code that they looked at, to be played again."""


class RepoConfig(_Section):
    """The whole configuration, with every default filled in."""

    auto_review: AutoReview = AutoReview()
    path_filters: _Globs = ()
    """Globs of what is reviewed; with `!` in front, of what is left out."""
    path_instructions: Annotated[tuple[PathInstruction, ...], Field(max_length=50)] = ()
    language: _Language = "en"
    """Of the sentences that a model writes about code; all other words are English."""
    severity_threshold: Severity = Severity.LOW
    """The mildest finding that is shown."""
    max_comments: Annotated[int, Field(ge=1, le=20)] = 10
    """Review comments on one head; the rest goes into the summary."""
    fail_on: Annotated[tuple[FailOn, ...], Field(max_length=3)] = ()
    """What turns the check red; nothing does by default."""
    trigger: _Trigger = "/agent"
    """The first word of a command."""
    analyzers: Analyzers = Analyzers()
    tests: Tests = Tests()
    fix: Fix = Fix()
    budget: Budget = Budget()
    learning: Learning = Learning()
    guidance: Annotated[tuple[_Path, ...], Field(max_length=20)] = ("AGENTS.md", "CONTRIBUTING.md")
    """Files of the base branch that a model is given."""


def schema() -> dict[str, object]:
    """Return the JSON schema of the file, for editors and for `pullwright config schema`."""
    return RepoConfig.model_json_schema() | {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Pullwright repository configuration",
    }
