"""Keeps what runs leave behind, where the operator and the repository allow it."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot import __version__
from bot.adapters.json_report import render_json
from bot.adapters.run_files import RunFiles
from bot.agent.replay.bundle import FixTaken, encode
from bot.agent.replay.making import Ended, bundle_of
from bot.agent.replay.recording import Recording
from bot.agent.review import Episode
from bot.agent.tools.finish import Finish
from bot.domain.licences import LICENCE_PATHS
from bot.domain.ports import Analyzer, Workspace
from bot.domain.prompt_redaction import PromptRedactor
from bot.domain.redaction import Redactor
from bot.domain.repo_config import RepoConfig
from bot.domain.review import FixOutcome, Review
from bot.errors import Refused
from bot.settings import Settings


@dataclass
class Keeper:
    """Keeps one run; a run that cannot be kept is a run all the same."""

    files: RunFiles
    recording: Recording
    secrets: tuple[str, ...] = field(repr=False)
    tell: Callable[[str], object]
    at: datetime
    is_exported: bool = False
    """The repository allows an export, which asks for its licence."""
    tools: tuple[str, ...] = ()
    elsewhere: tuple[Analyzer, ...] = ()

    def hear(self, tools: Sequence[str], elsewhere: Sequence[Analyzer]) -> None:
        """Note what the loop may pick, and analyzers that are not ours."""
        self.tools = (*tools, Finish.name)
        self.elsewhere = tuple(elsewhere)

    def listened(self, workspace: Workspace) -> Workspace:
        """Return the workspace whose reads are kept; the licence of the base side is one."""
        heard = self.recording.workspace(workspace)
        if self.is_exported:
            deque(heard.files(heard.change.base_sha, LICENCE_PATHS), maxlen=0)
        return heard

    def keep(
        self, episode: Episode, outcome: Review | FixOutcome, fix: FixTaken | None = None
    ) -> None:
        """Write the bundle of a run that is over; say so where that cannot be done."""
        is_resumed = any(not step.is_heard for step in self.recording.steps)
        if is_resumed and self.files.has(episode.review.run_id):
            # An earlier attempt of the job heard more than this one.
            return
        ended = Ended(
            episode,
            outcome,
            event="review" if fix is None else "fix",
            at=self.at,
            version=__version__,
            tools=self.tools,
            read_elsewhere=tuple(p for p in episode.state.head if self._is_read_elsewhere(p)),
            fix=fix,
        )
        try:
            self.files.save(episode.review.run_id, self._data(ended))
        except (Refused, ValueError) as error:
            self.tell(f"the run is not kept for a replay: {error}")

    def _data(self, ended: Ended) -> bytes:
        data = encode(bundle_of(self.recording, ended, render_json))
        # What was cut in two is not found when it is taken out, and it is a secret all the same.
        text = data.decode().replace('\\"', '"')
        if Redactor(self.secrets).knows(text):
            raise Refused("a secret of this process is in it")
        return data

    def _is_read_elsewhere(self, path: str) -> bool:
        return any(a.is_language_aware and a.understands(path) for a in self.elsewhere)


def run_files(state_dir: Path) -> RunFiles:
    """Return where runs are kept."""
    return RunFiles(state_dir / "runs")


def open_keeper(
    settings: Settings,
    config: RepoConfig,
    *,
    secrets: Sequence[str],
    tell: Callable[[str], object],
) -> Keeper | None:
    """Return who keeps a run, or None where it is not to be kept; old ones go first."""
    forget_old_runs(settings)
    if not settings.keep_runs_days or not config.learning.keep_runs:
        return None
    known = tuple(secrets)
    recording = Recording(PromptRedactor(known))
    return Keeper(
        run_files(settings.state_dir),
        recording,
        known,
        tell,
        datetime.now(UTC),
        is_exported=config.learning.export,
    )


def forget_old_runs(settings: Settings) -> int:
    """Remove runs that were kept long enough; return how many."""
    oldest = datetime.now(UTC) - timedelta(days=settings.keep_runs_days)
    return run_files(settings.state_dir).purge(before=oldest)
