"""The composition root: the only place that builds the agent and its adapters.

Adapters are imported inside the factories that need them, so that `pullwright --help` does not pay
for Docker, GitPython and four parsers.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING

from bot import __version__
from bot.agent.fix import Asked, fix
from bot.agent.linting import Linter
from bot.agent.loop import Loop, Recorder, forgetful
from bot.agent.prove import Prover
from bot.agent.replay.bundle import FixTaken
from bot.agent.replay.recording import HeardProver
from bot.agent.review import Episode, review
from bot.agent.studio import Studio
from bot.agent.testing import Suite
from bot.agent.tool import Tool
from bot.agent.tools.autofix import Autofix
from bot.agent.tools.bisect import Bisect
from bot.agent.tools.finish import Finish
from bot.agent.tools.lint import Lint
from bot.agent.tools.repair import Wish
from bot.agent.tools.test import Test
from bot.agent.tools.verify import Verify
from bot.domain.aftermath import CodeHistory
from bot.domain.effective_config import EffectiveConfig, Layer, effective
from bot.domain.fix_words import NO_CODE_RUNS, TOOLS_ONLY
from bot.domain.model import Model
from bot.domain.org_defaults import OrgDefaults
from bot.domain.ports import Analyzer, Purpose, Sandboxes, Workspace
from bot.domain.pull_request import Sha
from bot.domain.reading import basis
from bot.domain.repo_config import CONFIG_PATHS, RepoConfig
from bot.domain.review import FixOutcome, ProgressListener
from bot.domain.test_detection import TestWish
from bot.errors import Refused, Retryable, SandboxUnavailable
from bot.model_wiring import model_basis
from bot.policy.selection import HAND_WEIGHTS, VERSION, Greedy
from bot.run_keeping import Keeper
from bot.settings import ModelSettings, SandboxChoice, Settings, SetupNetwork

if TYPE_CHECKING:
    from bot.adapters.repair_ground import SandboxGround

Ask = Callable[[str], bool]
"""Asks a person a question that yes or no answers."""


class Uncommitted(StrEnum):
    """Which work of a checkout that is in no commit is under review."""

    NONE = "none"
    STAGED = "staged"
    WORKTREE = "worktree"


@dataclass(frozen=True, slots=True)
class Place:
    """Where the change is."""

    repo: str
    """A folder, or an https URL."""
    base: str | None = None
    head: str | None = None
    uncommitted: Uncommitted = Uncommitted.NONE
    is_to_commit: bool = False
    """Refused at once where no fix could be committed on it."""

    @property
    def is_remote(self) -> bool:
        """True for a URL."""
        return "://" in self.repo


@dataclass(frozen=True)
class Run:
    """Everything that one run on one change needs."""

    workspace: Workspace
    config: RepoConfig
    loop: Loop
    prover: Prover
    run_id: str
    keeper: Keeper | None = None
    studio: Studio | None = None
    """None without a model."""

    def review(self) -> Episode:
        """Run the loop to its verdict."""
        record = self.listening(forgetful)
        episode = review(self.workspace, self.loop, self.config, run_id=self.run_id, record=record)
        self.keep(episode)
        return episode

    def fix(self, episode: Episode, asked: Asked) -> FixOutcome:
        """Offer or commit what the review proved."""
        prover = HeardProver(self.prover)
        outcome = fix(self.workspace, prover, episode, asked)
        if self.keeper is not None:
            self.keeper.keep(
                episode, outcome, FixTaken(asked, commit=outcome.commit, together=prover.said)
            )
        return outcome

    def listening(self, record: Recorder) -> Recorder:
        """Return the recorder whose steps are kept as well."""
        return self.keeper.recording.listening(record) if self.keeper is not None else record

    def keep(self, episode: Episode) -> None:
        """Keep what a finished run leaves behind, where runs are kept."""
        if self.keeper is not None:
            self.keeper.keep(episode, episode.review)


@contextmanager
def open_workspace(settings: Settings, place: Place) -> Iterator[Workspace]:
    """Open the change in the mirror cache and give the mirror back at the end."""
    from bot.adapters import git_workspace

    settings.state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    budget = git_workspace.CheckoutBudget()
    cache = settings.state_dir / "mirrors"
    if place.is_remote:
        if place.uncommitted is not Uncommitted.NONE:
            raise Refused(f"{place.uncommitted} work is on a machine, not at a URL: name a folder")
        opened = git_workspace.open_remote(
            place.repo,
            base=place.base,
            head=place.head,
            cache=cache,
            budget=budget,
            network=settings.network,
        )
    else:
        from bot.adapters.gitpython_commits import described

        opened = git_workspace.open_local(
            Path(place.repo),
            base=place.base,
            head=place.head,
            uncommitted=git_workspace.Uncommitted(place.uncommitted),
            cache=cache,
            budget=budget,
            describe=described,
        )
    with opened as workspace:
        if place.is_to_commit:
            workspace.check_commit()
        yield workspace


def load_config(
    workspace: Workspace, overrides: Mapping[str, object], org: OrgDefaults | None = None
) -> EffectiveConfig:
    """Return the base side's configuration, on the owner's and below the command line's keys."""
    sha = workspace.change.base_sha
    files = {file.path: file.data for file in workspace.files(sha, CONFIG_PATHS)}
    return _layered(files, sha, overrides, org)


def keeps_for_export(history: CodeHistory, sha: Sha, org: OrgDefaults) -> bool:
    """Tell whether the configuration of a commit lets text be kept; a broken one does not."""
    try:
        found = {path: history.file(sha, path) for path in CONFIG_PATHS}
        files = {path: data for path, data in found.items() if data is not None}
        learning = _layered(files, sha, {}, org).config.learning
    except Refused:
        return False
    return learning.export and learning.keep_runs


def _layered(
    files: Mapping[str, bytes], sha: Sha, overrides: Mapping[str, object], org: OrgDefaults | None
) -> EffectiveConfig:
    from bot.adapters.yaml_config import load_repo_config, parse_config

    own = load_repo_config(files, sha=sha)
    typed = [Layer("command line", overrides)] if overrides else []
    given = parse_config(org.data, origin=org.origin) if org and org.data is not None else None
    layers = [layer for layer in (given, own) if layer is not None]
    return effective([*layers, *typed], notes=org.notes if org else ())


def open_sandboxes(settings: Settings, place: Place, ask: Ask) -> Sandboxes:
    """Return where code runs, as the operator chose; raises SandboxUnavailable.

    `auto` takes Docker where it answers, and on a person's own checkout the process sandbox.
    """
    chosen = settings.sandbox
    if chosen is SandboxChoice.NONE:
        return _tools_only(settings, "PULLWRIGHT_SANDBOX is none")
    if chosen is SandboxChoice.PROCESS:
        return _process(settings, place, "PULLWRIGHT_SANDBOX is process")
    try:
        return _docker(settings, ask)
    except SandboxUnavailable as error:
        if chosen is SandboxChoice.DOCKER:
            raise
        if place.is_remote:
            return _tools_only(settings, f"it is not your own checkout, and {error}")
        return _process(settings, place, f"no container was used: {error}")


def _process(settings: Settings, place: Place, reason: str) -> Sandboxes:
    from bot.adapters.process_sandbox import ProcessSandboxes

    return ProcessSandboxes(
        reason=reason,
        checkout=checkout(place),
        home=Path.home(),
        search_path=settings.search_path,
    )


def checkout(place: Place) -> Path:
    """Return the root of a person's checkout, from whichever folder of it they name."""
    folder = Path(place.repo).absolute()
    return next((f for f in (folder, *folder.parents) if (f / ".git").exists()), folder)


def _tools_only(settings: Settings, reason: str) -> Sandboxes:
    from bot.adapters.no_sandbox import ToolsOnly
    from bot.adapters.process_sandbox import ProcessSandboxes

    told = f"{TOOLS_ONLY}, {NO_CODE_RUNS}: {reason}"
    tools = ProcessSandboxes(reason=told, search_path=settings.search_path)
    return ToolsOnly(tools, reason=reason)


def _docker(settings: Settings, ask: Ask) -> Sandboxes:
    from bot.adapters.docker_engine import connect
    from bot.adapters.docker_flags import DockerLimits
    from bot.adapters.docker_images import SANDBOX_IMAGE, TOOLS_IMAGE
    from bot.adapters.docker_sandboxes import DockerSandboxes

    engine = connect(settings.docker_host, cert_path=settings.docker_cert_path)
    images = (settings.tools_image or TOOLS_IMAGE, settings.sandbox_image or SANDBOX_IMAGE)
    for image in images:
        engine.image(image)
    return DockerSandboxes(
        engine,
        reason="a Docker Engine answers and has both images",
        tools_image=images[0],
        sandbox_image=images[1],
        limits=DockerLimits(workspace_bytes=settings.workspace_mib << 20),
        may_use_network=lambda command: _may_use_network(settings, ask, command),
    )


def _may_use_network(settings: Settings, ask: Ask, command: str) -> bool:
    match settings.setup_network:
        case SetupNetwork.ASK:
            question = f"the tests need `{command}`: may that reach the network, in a container?"
            return ask(question)
        case chosen:
            return chosen is SetupNetwork.YES


def repair_ground(settings: Settings, seed: int) -> "SandboxGround":
    """Return where the problems of a benchmark run; their code is not ours."""
    from bot.adapters.process_sandbox import ProcessSandboxes
    from bot.adapters.repair_ground import SandboxGround
    from bot.adapters.sandbox_validator import SandboxValidator

    reason = "a benchmark runs the functions of its set"
    if settings.sandbox in (SandboxChoice.PROCESS, SandboxChoice.NONE):
        return SandboxGround(
            ProcessSandboxes(reason=reason, search_path=settings.search_path),
            SandboxValidator,
            seed,
        )
    return SandboxGround(_docker(settings, lambda _question: False), SandboxValidator, seed)


def sarif_analyzers(logs: Sequence[Path], place: Place) -> list[Analyzer]:
    """Return analyzers that say what other tools wrote about the head."""
    from bot.adapters.analyzers.sarif import SarifFile

    root = "" if place.is_remote else str(Path(place.repo).absolute())
    return [SarifFile(read_bytes(log), root=root) for log in logs]


def read_bytes(file: Path) -> bytes:
    """Return what a person's file holds; raises Refused naming it when that fails."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise Refused(f"cannot read {file}: {error.strerror}") from error


def _analyzer_config(workspace: Workspace, config: RepoConfig) -> dict[str, bytes]:
    """Return the tools' own configuration at the base, where the repository wants it to count."""
    from bot.adapters.analyzers.base_config import CONFIG_PATHS as TOOL_CONFIG_PATHS

    if not config.analyzers.use_repo_config:
        return {}
    files = workspace.files(workspace.change.base_sha, TOOL_CONFIG_PATHS)
    return {file.path: file.data for file in files}


def reading_basis(
    workspace: Workspace,
    config: RepoConfig,
    sandboxes: Sandboxes,
    model: ModelSettings | None = None,
) -> str:
    """Return the digest of all that decides what is found in a file, besides the file.

    Empty where nobody can tell which tools would look at it.
    """
    from bot.adapters.installed import installed

    try:
        with closing(sandboxes.open(Purpose.TOOLS)) as sandbox:
            facts = sandbox.facts
    except (SandboxUnavailable, Retryable):
        return ""
    # The tools are in the image, or they are what is installed on this machine.
    tools = (facts.kind, facts.image, *(installed() if facts.kind == "process" else ()))
    own = repr(sorted(_analyzer_config(workspace, config).items()))
    asked = model_basis(model, workspace, config)
    return basis((__version__, VERSION, config.model_dump_json(), own, *tools, *asked))


def _heard(
    workspace: Workspace, model: Model | None, keeper: Keeper | None
) -> tuple[Workspace, Model | None]:
    """Return both as they are to be used, so that who keeps the run hears what they say."""
    if keeper is None:
        return workspace, model
    heard = keeper.recording.model(model) if model is not None else None
    return keeper.listened(workspace), heard


def build_run(
    workspace: Workspace,
    config: RepoConfig,
    sandboxes: Sandboxes,
    listener: ProgressListener,
    *,
    tools: Collection[str] = (),
    more_analyzers: Sequence[Analyzer] = (),
    model: Model | None = None,
    keeper: Keeper | None = None,
    around: Callable[[Tool], Tool] = lambda tool: tool,
    repair: Wish | None = None,
) -> Run:
    """Build the loop for one change, with all tools or with those named (and `finish`).

    Each tool is handed to the loop as `around` returns it.
    """
    from bot.adapters.analyzers.catalog import analyzers
    from bot.adapters.junit_runner import JunitRunner
    from bot.adapters.system_clock import SystemClock
    from bot.adapters.tree_sitter_syntax import TreeSitterSyntax
    from bot.model_tools import Parts, model_tools, studio
    from bot.repair_tools import repair_tool

    clock, syntax = SystemClock(), TreeSitterSyntax()
    read, model = _heard(workspace, model, keeper)
    own_files, chosen = _analyzer_config(workspace, config), config.analyzers
    own = analyzers(chosen.disable, enabled=chosen.enable, base_files=own_files)
    linter = Linter(sandboxes, [*own, *more_analyzers], syntax)
    runner = JunitRunner(TestWish(config.tests.command, timeout_s=config.tests.timeout_s))
    suite = Suite(workspace, sandboxes, runner, setup=config.tests.setup)
    prover = Prover(linter, suite, syntax, clock)
    parts = Parts(read, config, linter, suite, prover, syntax)
    everything: tuple[Tool, ...] = (
        Lint(linter),
        Test(suite),
        Bisect(suite),
        Autofix(),
        Verify(prover),
        *([repair_tool(suite, repair, model)] if repair is not None else ()),
        *(model_tools(model, parts) if model is not None else ()),
    )
    wanted = [around(tool) for tool in everything if not tools or tool.name in tools]
    if keeper is not None:
        keeper.hear([tool.name for tool in wanted], more_analyzers)
    loop = Loop([*wanted, Finish()], Greedy(HAND_WEIGHTS), clock, listener)
    made = studio(model, parts) if model is not None else None
    return Run(workspace, config, loop, prover, run_id=token_hex(8), keeper=keeper, studio=made)
