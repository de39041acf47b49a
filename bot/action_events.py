"""What a step has to do: read from its event and from its inputs, before anything is fetched."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from bot.action_settings import Runner
from bot.domain.action_inputs import ActionCommand, ActionInputs
from bot.domain.action_words import UNSAFE_EVENT, bot_ignored
from bot.domain.bundle import Bundle
from bot.domain.commands import Command, Fix, Review, Test
from bot.domain.event_parser import parse_event
from bot.domain.events import (
    CommentCreated,
    Event,
    Ignored,
    MergeGroupRequested,
    Person,
    PullAction,
    PullChanged,
    Source,
)
from bot.domain.forge import RepoId
from bot.domain.intake import Ourselves, Wanted, decide
from bot.domain.jobs import NO_INSTALLATION
from bot.domain.payload import Payload, Unreadable
from bot.domain.untrusted import one_line
from bot.domain.workflow_runs import WorkflowRun, parse_workflow_run
from bot.errors import Refused

OURSELVES = Ourselves(app_id=15368)
"""The App behind every `GITHUB_TOKEN`; its events start no workflow, so this is a second wall."""
TIMED = ("schedule", "workflow_dispatch")
"""What is about no single pull request."""
_ASKED: dict[ActionCommand, Command] = {
    ActionCommand.REVIEW: Review(),
    ActionCommand.FIX: Fix(),
    ActionCommand.TEST: Test(),
}


@dataclass(frozen=True, slots=True)
class Task:
    """Something to do on one pull request."""

    repo: RepoId
    number: int
    sender: Person
    wanted: Wanted | None = None
    """What the event asks for."""
    command: Command | None = None
    """What the workflow asks for."""
    is_feedback: bool = False
    """The pull request was closed: read what became of our suggestions."""
    bundle: Bundle | None = None
    """What a run without secrets found."""


@dataclass(frozen=True, slots=True)
class FeedbackTask:
    """Read what became of our suggestions on all pull requests that were closed lately."""

    repo: RepoId


@dataclass(frozen=True, slots=True)
class BundleTask:
    """Something to post that a run on a fork's head found."""

    repo: RepoId
    run: WorkflowRun
    sender: Person


def read_task(
    runner: Runner, inputs: ActionInputs, document: object
) -> Task | BundleTask | FeedbackTask | str:
    """Return what is to be done, or why nothing is.

    Raises Refused for a file that is no event, and for an event that is not safe to work on.
    """
    if runner.event == "pull_request_target":
        raise Refused(UNSAFE_EVENT)
    if runner.event == "workflow_run":
        return _bundle_task(runner, parse_workflow_run(document))
    if runner.event in TIMED:
        return _feedback_task(runner, document)
    event = parse_event(runner.event, document)
    if isinstance(event, Ignored):
        if event.is_alarm:
            raise Refused(f"{runner.event_file} is not an event: {event.reason}")
        return event.reason
    return _task(runner, inputs, event)


def _feedback_task(runner: Runner, document: object) -> FeedbackTask:
    try:
        repo = Payload(document if isinstance(document, Mapping) else {}).inner("repository")
        found = RepoId(NO_INSTALLATION, repo.id(), repo.text("full_name"))
    except Unreadable as error:
        raise Refused(f"{runner.event_file} is not an event: {error}") from error
    _refuse_other(runner, found.full_name)
    return FeedbackTask(found)


def _bundle_task(runner: Runner, run: WorkflowRun) -> BundleTask | str:
    repo = _repo(runner, run.source)
    if run.event != "pull_request":
        return f"the run that ended was one for {one_line(run.event, limit=40)}"
    if not run.head_owner:
        return "the fork of the head was deleted"
    if run.head_repo.casefold() == runner.repo.casefold():
        return "the head is in this repository, whose own run posts what it finds"
    return BundleTask(repo, run, run.source.sender)


def _task(runner: Runner, inputs: ActionInputs, event: Event) -> Task | str:
    match event:
        case PullChanged() | CommentCreated():
            repo = _repo(runner, event.source)
        case MergeGroupRequested():
            return "merge groups get their verdict from the App only"
        case _:
            return f"the event {runner.event} asks for nothing"
    command = _command(runner, inputs, event)
    is_closed = isinstance(event, PullChanged) and event.action is PullAction.CLOSED
    if command is not None or is_closed:
        is_feedback = is_closed and inputs.command is ActionCommand.AUTO
        number, sender = event.number, event.source.sender
        return Task(repo, number, sender, command=command, is_feedback=is_feedback)
    if isinstance(event, CommentCreated) and _is_unheard(event.source.sender, inputs):
        return bot_ignored(event.source.sender.login)
    return _wanted(runner, event, repo)


def _command(
    runner: Runner, inputs: ActionInputs, event: PullChanged | CommentCreated
) -> Command | None:
    """Return what is asked for whatever the event would ask for."""
    if inputs.command is not ActionCommand.AUTO:
        return _ASKED[inputs.command]
    is_open = isinstance(event, PullChanged) and event.action is not PullAction.CLOSED
    # Who runs a job again wants it done again, although the head is the same.
    return Review() if is_open and runner.attempt > 1 else None


def _wanted(runner: Runner, event: PullChanged | CommentCreated, repo: RepoId) -> Task | str:
    source = replace(event.source, installation_id=NO_INSTALLATION)
    wanted = decide(replace(event, source=source), ourselves=OURSELVES, delivery=runner.run)
    if isinstance(wanted, Ignored):
        return wanted.reason
    return Task(repo, event.number, event.source.sender, wanted)


def _repo(runner: Runner, source: Source) -> RepoId:
    _refuse_other(runner, source.repo)
    return RepoId(NO_INSTALLATION, source.repo_id, source.repo)


def _refuse_other(runner: Runner, repo: str) -> None:
    if repo.casefold() != runner.repo.casefold():
        raise Refused(f"{runner.event_file} is of {repo}, and this job is of {runner.repo}")


def _is_unheard(sender: Person, inputs: ActionInputs) -> bool:
    return sender.login.endswith("[bot]") and sender.login not in inputs.allowed_bots
