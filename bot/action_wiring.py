"""The composition root of the Action: the App's jobs on one pull request, with one token."""

import secrets
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from bot import wiring
from bot.action_settings import ActionSettings, TokenSettings
from bot.adapters.action_doctor import examine_token
from bot.adapters.cached_ledger import CachedLedger, append
from bot.adapters.doctor_check import Check
from bot.adapters.github_access import GitHubAccess, GitHubHost, token_access
from bot.adapters.github_auth import PlainToken
from bot.adapters.github_degrading import DegradingPublisher, Said
from bot.adapters.github_transport import parse_api_address
from bot.adapters.inline_jobs import InlineJobs
from bot.adapters.no_sandbox import ToolsOnly
from bot.adapters.sql_ledger import open_ledger
from bot.adapters.tree_sitter_syntax import TreeSitterSyntax
from bot.adapters.yaml_config import parse_config
from bot.agent.review import Episode
from bot.agent.service.command_job import CommandJob
from bot.agent.service.desk import Connection, Desk, Equipment
from bot.agent.service.remembering import Memory, NotedPublications
from bot.agent.service.review_job import ReviewJob
from bot.agent.tools.repair import Wish
from bot.app_wiring import GitHubConnection, Makers, network_of
from bot.domain.action_inputs import UNPRIVILEGED
from bot.domain.action_state import (
    NOTHING,
    ActionState,
    StateUnreadable,
    merged,
    state_in,
    state_line,
    with_state,
)
from bot.domain.action_words import (
    FORK_LEDGER,
    NO_WORKFLOWS,
    UNWRITTEN_SUMMARY,
    lost_ledger,
    lost_state,
    unkept_ledger,
)
from bot.domain.effective_config import ConfigRefused, EffectiveConfig, Layer, effective
from bot.domain.event_log import EventLog
from bot.domain.forge import (
    Publisher,
    Reactions,
    RemotePullRequest,
    RepoId,
)
from bot.domain.jobs import Handler, JobKind
from bot.domain.markers import Marker, MarkerKind
from bot.domain.org_defaults import OrgDefaults
from bot.domain.ports import Sandboxes, Workspace
from bot.errors import Refused, Retryable
from bot.output import PlainProgress

Equip = Callable[[Workspace, EffectiveConfig, Collection[str], Wish | None], Equipment]

INPUTS = "the workflow's inputs"
"""The origin of what a workflow sets, in the provenance of a configuration."""


@dataclass(frozen=True)
class NoOrganization:
    """Implements `OrgDefaultsSource`: the job's token reads one repository."""

    def read(self) -> OrgDefaults:
        return OrgDefaults()


@dataclass(frozen=True)
class ActionConnection(GitHubConnection):
    """The App's connection, with a token that perhaps may not write."""

    degrading: DegradingPublisher

    @property
    def publisher(self) -> Publisher:
        return self.degrading

    @property
    def reactions(self) -> Reactions:
        return self.degrading


@dataclass
class Bench:
    """What one step works with on one pull request."""

    desk: Desk
    connection: ActionConnection
    jobs: InlineJobs
    memory: Memory
    notes: list[str]
    """What the reader of the job summary must know."""
    episodes: list[Episode] = field(default_factory=list)
    keep: Callable[[], None] = lambda: None
    """Puts what was learned where the workflow caches it."""
    before: ActionState = NOTHING
    """What was remembered when the step began."""

    @property
    def said(self) -> Said:
        """What was said, posted or not."""
        return self.connection.degrading.said

    def handlers(self) -> dict[JobKind, Handler]:
        """Return the code of the kinds of jobs that an event may ask for."""
        review = ReviewJob(self.desk)
        return {
            JobKind.REVIEW: review,
            JobKind.RECONSIDER: review,
            JobKind.COMMAND: CommandJob(self.desk),
        }

    def recall(self) -> None:
        """Begin with what the last run left."""
        forge, number = self.connection.forge, self.memory.number
        posted = forge.summary(number)
        try:
            self.before = (state_in(posted.body) if posted is not None else None) or NOTHING
        except StateUnreadable as error:
            self.notes.append(lost_state(str(error)))
        self.memory.recall(self.before)

    def remember(self) -> None:
        """Leave what is known to the next run: in the cached file, and in our summary comment."""
        self.keep()
        state, number = self.memory.state(), self.memory.number
        conversations = self.connection.access.forge.conversations
        conversations.forget(number)
        posted = self.connection.forge.summary(number)
        if posted is None and not state.needs_a_comment:
            return
        theirs = self._theirs(posted.body if posted is not None else "")
        line = state_line(merged(self.before, state, theirs))
        body = posted.body if posted is not None else self._first_summary()
        degrading = self.connection.degrading
        said = replace(degrading.said)
        degrading.remembered = lambda: line
        degrading.summary(number, with_state(body, line))
        # What people are told of this run is what the run said.
        degrading.said.summary, degrading.said.summary_url = said.summary, said.summary_url

    def _theirs(self, body: str) -> ActionState:
        try:
            return state_in(body) or self.before
        except StateUnreadable:
            return self.before

    def _first_summary(self) -> str:
        head = self.connection.forge.pull_request(self.memory.number).head_sha
        return Marker(MarkerKind.SUMMARY, head, "none").under(UNWRITTEN_SUMMARY)


@contextmanager
def open_access(settings: ActionSettings, repo: RepoId) -> Iterator[GitHubAccess]:
    """Open the repository with the token of the step; the token is not ours to revoke."""
    address = parse_api_address(settings.runner.api_url)
    host = GitHubHost(address, network_of(settings.settings.network))
    with token_access(host, PlainToken(settings.inputs.token), repo) as access:
        yield access


@contextmanager
def open_bench(
    settings: ActionSettings,
    access: GitHubAccess,
    pull: RemotePullRequest,
    repo: RepoId,
    no_code: str | None = None,
) -> Iterator[Bench]:
    """Build what a step works with; `no_code` says why no code of the pull request may run."""
    with ExitStack() as stack:
        name = f"ledger-{secrets.token_hex(8)}.db"
        ledger = open_ledger(f"sqlite:///{settings.settings.state_dir / name}")
        stack.callback(ledger.close)
        notes = NotedPublications(ledger.publications)
        records = replace(ledger, publications=notes)
        told: list[str] = []
        keep = learned(settings, pull, repo, ledger.events, told)
        memory = Memory(records, notes, repo, pull.number)
        connection = _connection(settings, access, memory)
        jobs, episodes = InlineJobs(time.sleep), list[Episode]()
        makers = Makers(
            settings.settings,
            settings.model,
            settings.secrets,
            PlainProgress(),
            _around(no_code),
        )

        @contextmanager
        def connect(_repo: RepoId) -> Iterator[Connection]:
            yield connection

        desk = Desk(
            connect=connect,
            configure=lambda workspace, _org: configuration(settings, workspace),
            equip=_equip(makers, episodes),
            advise=makers.advise,
            has_model=settings.model.is_on,
            records=records,
            syntax=TreeSitterSyntax(),
            jobs=jobs,
            admin=jobs,
            now=lambda: datetime.now(UTC),
            web_root=parse_api_address(settings.runner.api_url).web_url,
        )
        yield Bench(desk, connection, jobs, memory, told, episodes, keep)


def learned(
    settings: ActionSettings,
    pull: RemotePullRequest | None,
    repo: RepoId,
    log: EventLog,
    told: list[str],
) -> Callable[[], None]:
    """Fill a log from the cached file and return what puts it back; `told` hears what is wrong."""
    given = settings.inputs.ledger
    is_theirs = pull is not None and pull.is_fork_of(repo) and settings.runner.event in UNPRIVILEGED
    if not given or is_theirs:
        told += [FORK_LEDGER] if given else []
        return lambda: None
    file = CachedLedger(settings.runner.workspace / given, repo.id)

    def keep() -> None:
        try:
            file.write(log)
        except (Refused, Retryable) as error:
            told.append(unkept_ledger(str(error)))

    try:
        append(log, file.read())
    except Refused as error:
        told.append(lost_ledger(str(error)))
    return keep


def examine_action(given: TokenSettings) -> Iterator[Check]:
    """Yield what `doctor` looks at of the Action."""
    try:
        host = GitHubHost(parse_api_address(given.api_url), network_of(given.network))
    except Refused as error:
        yield Check("action token", False, f"GITHUB_API_URL: {error}")
        return
    yield from examine_token(host, PlainToken(given.token), given.repo)


def configuration(settings: ActionSettings, workspace: Workspace) -> EffectiveConfig:
    """Return the base side's configuration below what the workflow sets.

    Raises ConfigRefused for a file or an input that cannot be used.
    """
    inputs = settings.inputs
    overrides = dict(inputs.overrides)
    given = [Layer(INPUTS, overrides)] if overrides else []
    if inputs.config_file:
        own = effective([_named_file(workspace, inputs.config_file)])
    else:
        own = wiring.load_config(workspace, {})
    for layer in given:
        own = _onto(own, layer)
    if not inputs.extra_instructions:
        return own
    everywhere = {"path": "**", "instructions": inputs.extra_instructions}
    kept = [one.model_dump() for one in own.config.path_instructions]
    layer = Layer(INPUTS, {"path_instructions": [*kept, everywhere]})
    return _onto(own, layer)


def _onto(own: EffectiveConfig, layer: Layer) -> EffectiveConfig:
    """Return a configuration with one more layer; who set the other keys is kept."""
    whole = effective([Layer("", own.config.model_dump(mode="json")), layer])
    theirs = {key for key, origin in whole.origins.items() if origin == layer.origin}
    origins = {**own.origins, **dict.fromkeys(theirs, layer.origin)}
    return EffectiveConfig(whole.config, origins, own.notes)


def _named_file(workspace: Workspace, path: str) -> Layer:
    sha = workspace.change.base_sha
    found = {file.path: file.data for file in workspace.files(sha, (path,))}
    if path not in found:
        raise ConfigRefused(f"the input config_file names {path}, which {sha[:12]} does not have")
    return parse_config(found[path], origin=f"{path}@{sha[:12]}")


def _connection(settings: ActionSettings, access: GitHubAccess, memory: Memory) -> ActionConnection:
    def epilogue() -> str:
        return NO_WORKFLOWS if memory.new_commits else ""

    degrading = DegradingPublisher(
        access.publisher,
        access.publisher,
        is_dry=settings.inputs.is_dry_run,
        remembered=lambda: state_line(memory.state()),
        epilogue=epilogue,
    )
    return ActionConnection(access, settings.settings, NoOrganization(), degrading)


def _around(no_code: str | None) -> Callable[[Sandboxes], Sandboxes]:
    if no_code is None:
        return lambda sandboxes: sandboxes
    return lambda sandboxes: ToolsOnly(sandboxes, reason=no_code)


def _equip(makers: Makers, episodes: list[Episode]) -> Equip:
    def equip(
        workspace: Workspace, config: EffectiveConfig, tools: Collection[str], repair: Wish | None
    ) -> Equipment:
        return replace(makers.equip(workspace, config, tools, repair), keep=episodes.append)

    return equip
