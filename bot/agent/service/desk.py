"""What a job is handed: the records, the clock, and a connection to one repository."""

from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.agent.answering import Answering
from bot.agent.loop import Loop, Recorder
from bot.agent.prove import Prover
from bot.agent.review import Episode
from bot.agent.studio import Studio
from bot.agent.tools.repair import Wish
from bot.domain.aftermath import CodeHistory
from bot.domain.app_forge import AppForge, OpenChecks, Survey
from bot.domain.effective_config import EffectiveConfig
from bot.domain.forge import (
    Committer,
    Forge,
    History,
    Publisher,
    Reactions,
    RemotePullRequest,
    RepoId,
)
from bot.domain.jobs import Jobs, JobsAdmin
from bot.domain.merge_group import MergeGroups
from bot.domain.opinions import Opinions
from bot.domain.org_defaults import OrgDefaults, OrgDefaultsSource
from bot.domain.ports import Syntax, Workspace
from bot.domain.pull_records import Ledger
from bot.domain.pull_request import Sha
from bot.domain.pull_state import PullStates


@dataclass(frozen=True)
class Equipment:
    """The agent for one change; its sandboxes die at once when it is closed."""

    loop: Loop
    prover: Prover
    close: Callable[[], None]
    basis: str = ""
    """Of what is found in a file (`reading.basis`); empty where that cannot be told."""
    listening: Callable[[Recorder], Recorder] = lambda record: record
    """Hears the steps of the run as well, where runs are kept."""
    keep: Callable[[Episode], None] = lambda _episode: None
    """Keeps what the run leaves behind."""
    studio: Studio | None = None
    """None without a model."""


@dataclass(frozen=True)
class Adviser:
    """Who answers questions about one change, without a sandbox."""

    answering: Answering | None = None
    """None without a model."""
    close: Callable[[], None] = lambda: None


def nobody(_workspace: Workspace, _config: EffectiveConfig) -> Adviser:
    """Return the adviser where no model is set."""
    return Adviser()


class Connection(Protocol):
    """One repository of one installation, with the credentials of one job."""

    @property
    def forge(self) -> Forge:
        """The read side."""
        ...

    @property
    def publisher(self) -> Publisher:
        """Comments and checks."""
        ...

    @property
    def open_checks(self) -> OpenChecks:
        """Check runs that a run left open."""
        ...

    @property
    def reactions(self) -> Reactions:
        """Reactions to people's comments."""
        ...

    @property
    def history(self) -> History:
        """Commits, and what is stacked on them."""
        ...

    @property
    def merge_groups(self) -> MergeGroups:
        """Groups of the merge queue."""
        ...

    @property
    def states(self) -> PullStates:
        """How pull requests and our threads stand."""
        ...

    @property
    def opinions(self) -> Opinions:
        """Thumbs on our comments."""
        ...

    def past(self, shas: Collection[Sha]) -> AbstractContextManager[CodeHistory]:
        """Open commits with what came before them; those that are gone are left out."""
        ...

    @property
    def org_defaults(self) -> OrgDefaultsSource:
        """What the repository's owner sets for all."""
        ...

    def committing(self) -> AbstractContextManager[Committer]:
        """Open the write side of contents; only once no sandbox is left (rule R4)."""
        ...

    def checkout(self, pull: RemotePullRequest) -> AbstractContextManager[Workspace]:
        """Open the pull request's commits, by SHA."""
        ...


@dataclass(frozen=True)
class Desk:
    """Everything that the code of a job may use."""

    connect: Callable[[RepoId], AbstractContextManager[Connection]]
    """Opens a connection; its tokens are revoked at the end."""
    configure: Callable[[Workspace, OrgDefaults], EffectiveConfig]
    """Raises ConfigRefused where one of the two files is no valid configuration."""
    equip: Callable[[Workspace, EffectiveConfig, Collection[str], Wish | None], Equipment]
    """Builds the agent with all tools, or with those that are named; it searches for repairs only
    where that is wished."""
    records: Ledger
    syntax: Syntax
    jobs: Jobs
    admin: JobsAdmin
    now: Callable[[], datetime]
    web_root: str
    """The forge's address for people, such as `https://github.com`."""
    advise: Callable[[Workspace, EffectiveConfig], Adviser] = nobody
    has_model: bool = False
    warn: Callable[[str], object] = lambda _line: None
    """Takes one line for the operator, of what a job went on without."""
    exports: Callable[[CodeHistory, Sha, OrgDefaults], bool] = lambda _history, _sha, _org: False
    """Tells by the configuration of a commit whether text of the repository is kept for export."""

    def web_url(self, repo: RepoId) -> str:
        """Return the repository's address for people."""
        return f"{self.web_root}/{repo.full_name}"


@dataclass(frozen=True)
class Outlook:
    """What a round sees beyond one repository."""

    as_app: Callable[[], AbstractContextManager[AppForge]]
    survey: Callable[[int], AbstractContextManager[Survey]]
    """Opens an installation to look at; its token is revoked at the end."""
    tell: Callable[[str], object]
    """Takes one line for the operator."""
