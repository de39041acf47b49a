"""The composition root of the App: GitHub, the ledger, the queue, and the agent between them."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit, urlunsplit

from bot import wiring
from bot.adapters.dbos_admin import DbosJobsAdmin
from bot.adapters.dbos_jobs import DbosJobs
from bot.adapters.git_objects import CheckoutBudget
from bot.adapters.git_workspace import open_remote
from bot.adapters.github_access import GitHubAccess, GitHubHost, app_access
from bot.adapters.github_auth import AppIdentity
from bot.adapters.github_transport import Network, parse_api_address
from bot.adapters.sql_ledger import open_ledger
from bot.adapters.stoppable import StoppableSandboxes
from bot.adapters.tree_sitter_syntax import TreeSitterSyntax
from bot.agent.service.command_job import CommandJob
from bot.agent.service.desk import Connection, Desk, Equipment
from bot.agent.service.merge_group_job import MergeGroupJob
from bot.agent.service.review_job import ReviewJob
from bot.domain.effective_config import EffectiveConfig
from bot.domain.forge import (
    Committer,
    Forge,
    Publisher,
    Reactions,
    RemotePullRequest,
    RepoId,
)
from bot.domain.jobs import Handler, JobKind
from bot.domain.ports import Workspace
from bot.domain.review import Decision
from bot.domain.untrusted import one_line
from bot.errors import Refused
from bot.run_keeping import open_keeper
from bot.settings import AppSettings, SandboxChoice, Settings, load_model_settings


class Unheard:
    """A listener for where nobody watches; the ledger has every step."""

    def step_started(self, tool: str) -> None:
        """Ignore it."""

    def step_finished(self, decision: Decision) -> None:
        """Ignore it."""


@dataclass(frozen=True)
class GitHubConnection:
    """Implements `Connection`."""

    access: GitHubAccess
    settings: Settings

    @property
    def forge(self) -> Forge:
        return self.access.forge

    @property
    def publisher(self) -> Publisher:
        return self.access.publisher

    @property
    def reactions(self) -> Reactions:
        return self.access.publisher

    @contextmanager
    def committing(self) -> Iterator[Committer]:
        yield self.access.committer

    @contextmanager
    def checkout(self, pull: RemotePullRequest) -> Iterator[Workspace]:
        opened = open_remote(
            _with_token(self.access.clone_url, self.access.token()),
            base=pull.base_sha,
            head=pull.head_sha,
            cache=self.settings.state_dir / "mirrors",
            budget=CheckoutBudget(),
            network=self.settings.network,
        )
        with opened as workspace:
            yield workspace


def build_desk(settings: Settings, app: AppSettings, stack: ExitStack) -> Desk:
    """Build what jobs are handed; what it opens is closed with the stack.

    Raises Refused where the App's key is not named, SandboxUnavailable where Docker is required.
    """
    if app.private_key_file is None:
        raise Refused("PULLWRIGHT_PRIVATE_KEY_FILE is not set: name the App's private key")
    host = GitHubHost(parse_api_address(app.github_api_url), _network(settings))
    identity = AppIdentity(str(app.app_id), app.private_key_file)
    jobs, admin = DbosJobs(app.database_url), DbosJobsAdmin(app.database_url)
    ledger = open_ledger(app.database_url)
    for close in (jobs.close, admin.close, ledger.close):
        stack.callback(close)

    @contextmanager
    def connect(repo: RepoId) -> Iterator[Connection]:
        with app_access(host, identity, repo) as access:
            yield GitHubConnection(access, settings)

    return Desk(
        connect=connect,
        configure=lambda workspace: wiring.load_config(workspace, {}),
        equip=lambda workspace, config: _equip(settings, app, workspace, config),
        records=ledger,
        syntax=TreeSitterSyntax(),
        jobs=jobs,
        admin=admin,
        now=lambda: datetime.now(UTC),
        web_root=host.address.web_url,
    )


def handlers(desk: Desk) -> Mapping[JobKind, Handler]:
    """Return the code of every kind of job that intake asks for."""
    review = ReviewJob(desk)
    return {
        JobKind.REVIEW: review,
        JobKind.RECONSIDER: review,
        JobKind.COMMAND: CommandJob(desk),
        JobKind.MERGE_GROUP: MergeGroupJob(desk),
    }


def _equip(
    settings: Settings, app: AppSettings, workspace: Workspace, config: EffectiveConfig
) -> Equipment:
    """Build the agent for one change; code of a stranger runs in containers or not at all."""
    place = wiring.Place("https://forge")
    sandboxes = StoppableSandboxes(wiring.open_sandboxes(settings, place, lambda _question: False))
    keeper = open_keeper(settings, config.config, secrets=_secrets(app), tell=_tell)
    run = wiring.build_run(workspace, config.config, sandboxes, Unheard(), keeper=keeper)
    return Equipment(run.loop, run.prover, sandboxes.close, run.listening, run.keep)


def _secrets(app: AppSettings) -> tuple[str, ...]:
    """Return what must be in nothing that is kept."""
    password = urlsplit(app.database_url).password or ""
    known = (app.webhook_secret, app.admin_token or "", password)
    return (*(secret for secret in known if secret), *load_model_settings().secrets)


def _tell(text: str) -> None:
    sys.stderr.write(f"{one_line(text, limit=400)}\n")


def refuse_process_sandbox(settings: Settings) -> None:
    """Raise Refused where strangers' code would run as a process of ours (rule R12)."""
    if settings.sandbox is SandboxChoice.PROCESS:
        raise Refused("PULLWRIGHT_SANDBOX=process is for your own checkout: use docker or none")


def _network(settings: Settings) -> Network:
    given = settings.network
    proxies = {
        scheme: proxy
        for scheme in ("http", "https")
        if (proxy := given.get(f"{scheme}_proxy") or given.get(f"{scheme.upper()}_PROXY"))
    }
    return Network(proxies, given.get("GIT_SSL_CAINFO", ""))


def _with_token(clone_url: str, token: str) -> str:
    """Return the URL with the token as git takes it; the adapter keeps it out of arguments."""
    parts = urlsplit(clone_url)
    return urlunsplit(parts._replace(netloc=f"x-access-token:{token}@{parts.netloc}"))
