"""The event of a workflow that has ended: which run of a pull request, and on which head."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain.event_parser import source_of
from bot.domain.events import Source
from bot.domain.payload import Payload, Unreadable
from bot.domain.pull_request import Sha
from bot.errors import Refused


@dataclass(frozen=True, slots=True)
class WorkflowRun:
    """A finished run. All of it is GitHub's own word, but a branch's name is its owner's."""

    source: Source
    event: str
    """What had started it."""
    head_sha: Sha
    head_branch: str
    head_owner: str
    """Of the repository that the head is in; empty where that was deleted."""
    head_repo: str


def parse_workflow_run(document: object) -> WorkflowRun:
    """Return the run; raises Refused for what is no such event."""
    if not isinstance(document, Mapping):
        raise Refused("the event of workflow_run is not an object")
    payload = Payload(document)
    try:
        run = payload.inner("workflow_run")
        head = run.maybe("head_repository")
        return WorkflowRun(
            source_of(payload),
            event=run.text("event"),
            head_sha=run.sha("head_sha"),
            head_branch=run.text("head_branch"),
            head_owner=head.inner("owner").text("login") if head is not None else "",
            head_repo=head.text("full_name") if head is not None else "",
        )
    except Unreadable as error:
        raise Refused(f"the event of workflow_run cannot be read: {error}") from error
