"""Builds what plays runs again: the agent of any other run, with nothing around it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from bot import __version__, wiring
from bot.adapters.json_report import render_json
from bot.adapters.terminal_report import QuietProgress
from bot.agent.loop import Loop
from bot.agent.prompts import VERSION as PROMPTS
from bot.agent.replay.bundle import Bundle, BundleUnreadable, Header, decode, decode_header
from bot.agent.replay.forecast import Forecast, Forecaster, forecast
from bot.agent.replay.playing import Played, Player
from bot.agent.tool import Tool
from bot.agent.tools.repair import Repair, Wish
from bot.agent.tools.review import Review
from bot.domain import replay_words as words
from bot.domain.effective_config import effective
from bot.domain.model import Model
from bot.domain.ports import Analysis, Dependencies, Purpose, Sandbox, Workspace
from bot.domain.repo_config import RepoConfig
from bot.errors import AnalyzerFailed, Refused, SandboxUnavailable
from bot.policy.selection import VERSION as POLICY
from bot.run_keeping import run_files
from bot.settings import Settings


class Nowhere:
    """Implements `Sandboxes`: nothing is run when a run is played."""

    def open(self, purpose: Purpose, dependencies: Dependencies | None = None) -> Sandbox:  # noqa: ARG002 - the port's signature
        raise SandboxUnavailable("nothing runs in a replay")


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Implements `Analyzer`: stands for tools that were not ours, in what they understood."""

    paths: tuple[str, ...]
    name: str = "elsewhere"
    is_language_aware: bool = True

    def understands(self, path: str) -> bool:
        return path in self.paths

    def analyze(self, sandbox: Sandbox, files: Mapping[str, bytes]) -> Analysis:  # noqa: ARG002 - the port's signature
        raise AnalyzerFailed("nothing is analyzed in a replay")


def load_bundle(settings: Settings, run: str) -> Bundle:
    """Return a run by its id or from a file; raises Refused saying what is wrong with it."""
    return decode(run_files(settings.state_dir).load(run), name=run)


def headers(settings: Settings) -> Iterator[tuple[str, Header | str]]:
    """Yield each stored run's id with its header, or with what is wrong with it."""
    for run_id, line in run_files(settings.state_dir).first_lines():
        try:
            yield run_id, decode_header(line, name=run_id)
        except BundleUnreadable as error:
            yield run_id, str(error)


def play(bundle: Bundle) -> Played:
    """Play a run again and compare; raises Refused where it cannot be played."""
    player = Player(bundle)
    loop = build_loop(bundle, bundle.repo_config, player.workspace, player.model, player.around)
    return player.play(loop, render_json)


def other_versions(bundle: Bundle) -> list[str]:
    """Name what is of another version than it was, because that may explain a difference."""
    then = bundle.versions
    pairs = (
        ("pullwright", then.pullwright, __version__),
        ("policy", then.policy, POLICY),
        ("prompts", then.prompts, PROMPTS),
    )
    return [words.other_version(what, was, now) for what, was, now in pairs if was != now]


def build_loop(
    bundle: Bundle,
    config: RepoConfig,
    workspace: Workspace,
    model: Model,
    around: Callable[[Tool], Tool],
) -> Loop:
    """Build the loop with the tools that the run had."""
    run = wiring.build_run(
        workspace,
        config,
        Nowhere(),
        QuietProgress(),
        tools=bundle.tools,
        more_analyzers=[Elsewhere(bundle.read_elsewhere)],
        model=model if Review.name in bundle.tools else None,
        around=around,
        repair=Wish() if Repair.name in bundle.tools else None,
    )
    return run.loop


def foresee(bundle: Bundle, config: RepoConfig) -> Forecast:
    """Return what a configuration would change in a run; raises Refused where it has gaps."""
    from bot.adapters.analyzers.catalog import analyzers

    def build(told: Forecaster) -> Loop:
        return build_loop(bundle, told.config, told.workspace, told.model, told.around)

    return forecast(bundle, config, analyzers(), build)


def load_candidate(file: Path) -> RepoConfig:
    """Return the configuration of a file alone, with the defaults for what it does not name."""
    from bot.adapters.yaml_config import parse_config

    return effective([parse_config(wiring.read_bytes(file), origin=str(file))]).config


def forecasts(
    settings: Settings, config: RepoConfig, *, last: int | None
) -> Iterator[tuple[str, Forecast | str]]:
    """Yield each stored run's id with its forecast, or why there is none; the newest first."""
    for run_id, header in islice(headers(settings), last):
        if isinstance(header, str):
            yield run_id, header
            continue
        try:
            yield run_id, foresee(load_bundle(settings, run_id), config)
        except Refused as error:
            yield run_id, str(error)
