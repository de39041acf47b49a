"""The composition root of the App: GitHub, the ledger, the queue, and the agent between them."""

import logging
import sys
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from bot import wiring
from bot.adapters.git_objects import CheckoutBudget
from bot.adapters.git_past import open_past
from bot.adapters.git_workspace import open_remote
from bot.adapters.github_access import GitHubAccess, GitHubHost, app_access
from bot.adapters.github_app import as_app
from bot.adapters.github_auth import AppIdentity
from bot.adapters.github_org_defaults import OrgFiles
from bot.adapters.github_pacing import Pacer
from bot.adapters.github_survey import open_survey
from bot.adapters.github_transport import Network, parse_api_address
from bot.adapters.sql_ledger import open_ledger
from bot.adapters.sql_turns import SqlTurns, open_turns
from bot.adapters.stoppable import StoppableModel, StoppableSandboxes
from bot.adapters.tree_sitter_syntax import TreeSitterSyntax
from bot.adapters.unsafe_setup import key_is_private
from bot.agent.service.command_job import CommandJob
from bot.agent.service.desk import Adviser, Connection, Desk, Equipment, Outlook
from bot.agent.service.merge_group_job import MergeGroupJob
from bot.agent.service.observe_job import ObserveJob
from bot.agent.service.reconcile_job import ReconcileJob
from bot.agent.service.review_job import ReviewJob
from bot.agent.tools.repair import Wish
from bot.domain.aftermath import CodeHistory
from bot.domain.app_forge import OpenChecks
from bot.domain.effective_config import EffectiveConfig
from bot.domain.export import RETENTION
from bot.domain.forge import (
    Committer,
    Forge,
    History,
    Publisher,
    Reactions,
    RemotePullRequest,
    RepoId,
)
from bot.domain.jobs import Handler, JobKind
from bot.domain.merge_group import MergeGroups
from bot.domain.opinions import Opinions
from bot.domain.org_defaults import OrgDefaults, OrgDefaultsSource
from bot.domain.ports import Sandboxes, Workspace
from bot.domain.pull_records import DELIVERIES_KEPT
from bot.domain.pull_request import Sha
from bot.domain.pull_state import PullStates
from bot.domain.repo_config import RepoConfig
from bot.domain.review import Decision, ProgressListener
from bot.domain.untrusted import one_line
from bot.errors import Refused
from bot.model_tools import answering
from bot.model_wiring import open_model
from bot.run_keeping import forget_old_runs, open_keeper
from bot.settings import AppSettings, ModelSettings, SandboxChoice, Settings


class Unheard:
    """A listener for where nobody watches; the ledger has every step."""

    def step_started(self, tool: str) -> None:
        """Ignore it."""

    def step_finished(self, decision: Decision) -> None:
        """Ignore it."""


@dataclass(frozen=True)
class _Org:
    """Implements `OrgDefaultsSource`."""

    files: OrgFiles
    repo: RepoId

    def read(self) -> OrgDefaults:
        return self.files.read(self.repo)


@dataclass(frozen=True)
class GitHubConnection:
    """Implements `Connection`."""

    access: GitHubAccess
    settings: Settings
    org_defaults: OrgDefaultsSource

    @property
    def forge(self) -> Forge:
        return self.access.forge

    @property
    def publisher(self) -> Publisher:
        return self.access.publisher

    @property
    def open_checks(self) -> OpenChecks:
        return self.access.open_checks

    @property
    def reactions(self) -> Reactions:
        return self.access.publisher

    @property
    def history(self) -> History:
        return self.access.history

    @property
    def merge_groups(self) -> MergeGroups:
        return self.access.merge_groups

    @property
    def states(self) -> PullStates:
        return self.access.states

    @property
    def opinions(self) -> Opinions:
        return self.access.opinions

    @contextmanager
    def past(self, shas: Collection[Sha]) -> Iterator[CodeHistory]:
        url = with_token(self.access.clone_url, self.access.token())
        cache = self.settings.state_dir / "mirrors"
        with open_past(url, shas, cache=cache, network=self.settings.network) as history:
            yield history

    @contextmanager
    def committing(self) -> Iterator[Committer]:
        yield self.access.committer

    @contextmanager
    def checkout(self, pull: RemotePullRequest) -> Iterator[Workspace]:
        opened = open_remote(
            with_token(self.access.clone_url, self.access.token()),
            base=pull.base_sha,
            head=pull.head_sha,
            cache=self.settings.state_dir / "mirrors",
            budget=CheckoutBudget(),
            network=self.settings.network,
        )
        with opened as workspace:
            yield workspace


@dataclass(frozen=True)
class GitHubSide:
    """One GitHub and who we are there, for the whole process."""

    host: GitHubHost
    identity: AppIdentity


def find_github(
    settings: Settings,
    app: AppSettings,
    stack: ExitStack,
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> GitHubSide:
    """Return where GitHub is and who we are; raises Refused where the App's key is not named."""
    key = key_file(app)
    turns = open_turns(app.database_url)
    stack.callback(turns.close)
    host = GitHubHost(
        parse_api_address(app.github_api_url),
        network_of(settings.network),
        lambda installation_id: Pacer(SqlTurns(turns, installation_id), sleep),
    )
    return GitHubSide(host, AppIdentity(str(app.app_id), key))


def build_desk(
    settings: Settings,
    app: AppSettings,
    github: GitHubSide,
    stack: ExitStack,
    model: ModelSettings | None = None,
) -> Desk:
    """Build what jobs are handed; what it opens is closed with the stack.

    Raises SandboxUnavailable where Docker is required.
    """
    # The Action builds its desk without the queue, and has it not installed.
    from bot.adapters.dbos_admin import DbosJobsAdmin
    from bot.adapters.dbos_jobs import DbosJobs

    host, identity = github.host, github.identity
    orgs = OrgFiles(host, identity)
    makers = Makers(settings, model, app.secrets)
    jobs, admin = DbosJobs(app.database_url), DbosJobsAdmin(app.database_url)
    ledger = open_ledger(app.database_url)
    for close in (jobs.close, admin.close, ledger.close):
        stack.callback(close)

    @contextmanager
    def connect(repo: RepoId) -> Iterator[Connection]:
        with app_access(host, identity, repo) as access:
            yield GitHubConnection(access, settings, _Org(orgs, repo))

    return Desk(
        connect=connect,
        configure=lambda workspace, org: wiring.load_config(workspace, {}, org),
        exports=wiring.keeps_for_export if settings.keep_runs_days else _keeps_nothing,
        equip=makers.equip,
        advise=makers.advise,
        has_model=model is not None and model.is_on,
        records=ledger,
        syntax=TreeSitterSyntax(),
        jobs=jobs,
        admin=admin,
        now=lambda: datetime.now(UTC),
        web_root=host.address.web_url,
        warn=logging.getLogger("pullwright.log").warning,
    )


def build_outlook(github: GitHubSide) -> Outlook:
    """Build what a round sees beyond one repository."""
    host, identity = github.host, github.identity
    return Outlook(
        as_app=lambda: as_app(host, identity),
        survey=lambda installation: open_survey(host, identity, installation),
        tell=logging.getLogger("pullwright.rounds").warning,
    )


def handlers(desk: Desk, outlook: Outlook) -> Mapping[JobKind, Handler]:
    """Return the code of every kind of job."""
    review = ReviewJob(desk)
    return {
        JobKind.REVIEW: review,
        JobKind.RECONSIDER: review,
        JobKind.COMMAND: CommandJob(desk),
        JobKind.MERGE_GROUP: MergeGroupJob(desk),
        JobKind.OBSERVE: ObserveJob(desk),
        JobKind.RECONCILE: ReconcileJob(desk, outlook),
    }


def forget_old(desk: Desk, settings: Settings) -> None:
    """Let go of records that nobody needs any more."""
    desk.records.deliveries.forget(before=desk.now() - DELIVERIES_KEPT)
    forget_old_runs(settings)
    # What people wrote is compared with what a run kept, and says nothing without it.
    kept = min(RETENTION, timedelta(days=settings.keep_runs_days))
    desk.records.forgetting.expire(before=desk.now() - kept)


def _keeps_nothing(_history: CodeHistory, _sha: Sha, _org: OrgDefaults) -> bool:
    return False


@dataclass(frozen=True)
class Makers:
    """Builds the agent for one change; code of a stranger runs in containers or not at all."""

    settings: Settings
    model: ModelSettings | None
    secrets: Sequence[str]
    """What must not be in a prompt."""
    listener: ProgressListener = field(default_factory=Unheard)
    around: Callable[[Sandboxes], Sandboxes] = lambda sandboxes: sandboxes
    """Returns where code runs, as whoever builds this wants it."""

    def equip(
        self,
        workspace: Workspace,
        config: EffectiveConfig,
        tools: Collection[str],
        repair: Wish | None,
    ) -> Equipment:
        settings, place = self.settings, wiring.Place("https://forge")
        opened = wiring.open_sandboxes(settings, place, lambda _question: False)
        sandboxes, own = StoppableSandboxes(self.around(opened)), config.config
        with ExitStack() as stack:
            stack.callback(sandboxes.close)
            model = self._open(own, stack)
            keeper = open_keeper(settings, own, secrets=self._all_secrets, tell=_tell)
            run = wiring.build_run(
                workspace,
                own,
                sandboxes,
                self.listener,
                tools=tools,
                model=model,
                keeper=keeper,
                repair=repair,
            )
            basis = wiring.reading_basis(workspace, own, sandboxes, self.model)
            close = stack.pop_all().close
        return Equipment(
            run.loop, run.prover, close, basis, run.listening, run.keep, studio=run.studio
        )

    def advise(self, workspace: Workspace, config: EffectiveConfig) -> Adviser:
        with ExitStack() as stack:
            model = self._open(config.config, stack)
            found = answering(model, workspace) if model is not None else None
            close = stack.pop_all().close
        return Adviser(found, close)

    @property
    def _all_secrets(self) -> tuple[str, ...]:
        return (*self.secrets, *(self.model.secrets if self.model is not None else ()))

    def _open(self, config: RepoConfig, stack: ExitStack) -> StoppableModel | None:
        if self.model is None or not self.model.is_on:
            return None
        client = ExitStack()
        opened = open_model(
            self.model, config.budget, network=self.settings.network, secrets=self.secrets
        )
        model = client.enter_context(opened)
        if model is None:
            return None
        stoppable = StoppableModel(model, client.close)
        stack.callback(stoppable.close)
        return stoppable


def key_file(app: AppSettings) -> Path:
    """Return where the App's key is; raises Refused where nobody says."""
    if app.private_key_file is None:
        raise Refused("PULLWRIGHT_PRIVATE_KEY_FILE is not set: name the App's private key")
    return app.private_key_file


def check_key(app: AppSettings) -> None:
    """Raise Refused for a key that cannot be used, or that everybody can read."""
    file = key_file(app)
    found = key_is_private(file)
    if not found.is_good and found.is_needed:
        raise Refused(found.detail)
    AppIdentity(str(app.app_id), file).authorization()


def warn_of_open_key(app: AppSettings) -> None:
    """Say to the operator, once and before a job meets it, that others can read the App's key."""
    found = key_is_private(key_file(app))
    if not found.is_good:
        _tell(f"warning: {found.detail}")


def _tell(text: str) -> None:
    sys.stderr.write(f"{one_line(text, limit=400)}\n")


def refuse_process_sandbox(settings: Settings) -> None:
    """Raise Refused where strangers' code would run as a process of ours (rule R12)."""
    if settings.sandbox is SandboxChoice.PROCESS:
        raise Refused("PULLWRIGHT_SANDBOX=process is for your own checkout: use docker or none")


def network_of(given: Mapping[str, str]) -> Network:
    """Return how the operator lets us out, from the variables that git reads."""
    proxies = {
        scheme: proxy
        for scheme in ("http", "https")
        if (proxy := given.get(f"{scheme}_proxy") or given.get(f"{scheme.upper()}_PROXY"))
    }
    return Network(proxies, given.get("GIT_SSL_CAINFO", ""))


def with_token(clone_url: str, token: str) -> str:
    """Return the URL with the token as git takes it; the adapter keeps it out of arguments."""
    parts = urlsplit(clone_url)
    return urlunsplit(parts._replace(netloc=f"x-access-token:{token}@{parts.netloc}"))
