"""From a delivery's JSON to an event: tolerant of everything that GitHub adds or leaves out.

Official payloads lack fields that the documentation promises, so only what we need is asked for.
"""

import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import TypeVar

from bot.domain.events import (
    CheckRequested,
    CommentCreated,
    CommentDeleted,
    CommentPlace,
    Event,
    Ignored,
    InstallationChange,
    InstallationChanged,
    MergeGroupRequested,
    Person,
    PullAction,
    PullChanged,
    Pushed,
    ReviewAction,
    ReviewChanged,
    Source,
    ThreadChanged,
)
from bot.domain.payload import Payload, Unreadable

RERUN = "rerun"
"""The identifier of our own button that asks for a new review."""

T = TypeVar("T", bound=StrEnum)

_NUMBER = re.compile(r"#([1-9][0-9]{0,8})$")
_REPO = re.compile(r"[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}")
_LOGIN = re.compile(r"[A-Za-z0-9_-]{1,100}(?:\[bot\])?")


def parse_event(name: str, document: object) -> Event | Ignored:
    """Return what a delivery says; never raises, whatever the JSON holds.

    `name` is its X-GitHub-Event.
    """
    parse = _PARSERS.get(name)
    if parse is None:
        return Ignored(f"the event {_word(name)} asks for nothing")
    if not isinstance(document, Mapping):
        return Ignored(f"the payload of {name} is not an object", is_alarm=True)
    try:
        return parse(Payload(document))
    except Unreadable as error:
        return Ignored(f"the payload of {name} cannot be read: {error}", is_alarm=True)


def action_of(document: object) -> str:
    """Return the `action` of a delivery as it may be stored; empty where it names none."""
    action = document.get("action") if isinstance(document, Mapping) else None
    return "" if action is None else _word(action)


def _ping(_payload: Payload) -> Ignored:
    return Ignored("a ping asks for nothing")


def _pull_request(payload: Payload) -> Event | Ignored:
    action = _action(payload, PullAction)
    if action is None:
        return _nothing(payload, "pull_request")
    changes = payload.maybe("changes")
    if action is PullAction.EDITED and not (changes and changes.has("base")):
        if not (changes and changes.has("title")):
            return Ignored("only its description was edited")
        action = PullAction.RETITLED
    pull = payload.inner("pull_request")
    return PullChanged(
        source_of(payload),
        action,
        number=pull.id("number"),
        head_sha=pull.inner("head").sha("sha"),
        base_ref=pull.inner("base").text("ref"),
        is_draft=pull.is_true("draft"),
        changed_at=pull.text("updated_at") if pull.has("updated_at") else "",
    )


def _issue_comment(payload: Payload) -> Event | Ignored:
    issue = payload.inner("issue")
    if not issue.has("pull_request"):
        return Ignored("the comment is on an issue, not on a pull request")
    return _comment(payload, issue.id("number"), CommentPlace.CONVERSATION)


def _review_comment(payload: Payload) -> Event | Ignored:
    number = payload.inner("pull_request").id("number")
    if payload.data.get("action") == "deleted":
        return CommentDeleted(source_of(payload), number)
    return _comment(payload, number, CommentPlace.THREAD)


def _comment(payload: Payload, number: int, place: CommentPlace) -> Event | Ignored:
    # An edit could put a command into a comment that somebody else had reacted to (case B06).
    if payload.data.get("action") != "created":
        return Ignored("only new comments are read")
    comment = payload.inner("comment")
    app = comment.maybe("performed_via_github_app")
    return CommentCreated(
        source_of(payload),
        number,
        place,
        comment_id=comment.id(),
        body=comment.body("body"),
        written_by_app=app.id() if app else None,
        in_reply_to=comment.maybe_id("in_reply_to_id"),
    )


def _review(payload: Payload) -> Event | Ignored:
    action = _action(payload, ReviewAction)
    if action is None:
        return _nothing(payload, "pull_request_review")
    number = payload.inner("pull_request").id("number")
    return ReviewChanged(source_of(payload), action, number, payload.inner("review").id())


def _thread(payload: Payload) -> Event | Ignored:
    action = payload.data.get("action")
    if action not in ("resolved", "unresolved"):
        return _nothing(payload, "pull_request_review_thread")
    return ThreadChanged(
        source_of(payload),
        payload.inner("pull_request").id("number"),
        payload.inner("thread").text("node_id"),
        is_resolved=action == "resolved",
    )


def _check_run(payload: Payload) -> Event | Ignored:
    match payload.data.get("action"):
        case "requested_action":
            identifier = payload.inner("requested_action").text("identifier")
        case "rerequested":
            identifier = RERUN
        case _:
            return _nothing(payload, "check_run")
    return _check(payload, payload.inner("check_run"), identifier)


def _check_suite(payload: Payload) -> Event | Ignored:
    if payload.data.get("action") != "rerequested":
        return _nothing(payload, "check_suite")
    return _check(payload, payload.inner("check_suite"), RERUN)


def _check(payload: Payload, check: Payload, identifier: str) -> CheckRequested:
    source = source_of(payload)
    return CheckRequested(
        source,
        check_id=check.id(),
        app_id=check.inner("app").id(),
        head_sha=check.sha("head_sha"),
        identifier=identifier,
        number=_check_number(check, identifier, source.repo_id),
    )


def _check_number(check: Payload, identifier: str, repo_id: int) -> int | None:
    """Return the pull request of a check: ours say it themselves, and GitHub says it of branches.

    GitHub names none for a head in a fork, and also those of other repositories for a shared head.
    """
    for text in (identifier, check.body("external_id")):
        if match := _NUMBER.search(text):
            return int(match[1])
    pulls = [
        pull.id("number")
        for pull in check.items("pull_requests")
        if pull.inner("base").inner("repo").id() == repo_id
    ]
    return min(pulls, default=None)


def _push(payload: Payload) -> Event | Ignored:
    if payload.is_true("deleted"):
        return Ignored("a branch was deleted")
    return Pushed(source_of(payload), payload.text("ref"), payload.sha("after"))


def _merge_group(payload: Payload) -> Event | Ignored:
    if payload.data.get("action") != "checks_requested":
        return _nothing(payload, "merge_group")
    group = payload.inner("merge_group")
    return MergeGroupRequested(
        source_of(payload),
        head_sha=group.sha("head_sha"),
        head_ref=group.text("head_ref"),
        base_sha=group.sha("base_sha"),
        base_ref=group.text("base_ref"),
    )


def _installation(payload: Payload) -> Event | Ignored:
    change = _action(payload, InstallationChange)
    if change is None:
        return _nothing(payload, "installation")
    lists = ("repositories", "repositories_added", "repositories_removed")
    repos = tuple(repo.id() for name in lists for repo in payload.items(name))
    return InstallationChanged(payload.inner("installation").id(), change, repos)


def source_of(payload: Payload) -> Source:
    """Return where an event comes from; raises Unreadable."""
    repo, sender = payload.inner("repository"), payload.inner("sender")
    installation = payload.maybe("installation")
    return Source(
        repo.id(),
        repo.text("full_name", form=_REPO),
        installation.id() if installation else None,
        Person(sender.id(), sender.text("login", form=_LOGIN)),
    )


def _action(payload: Payload, kind: type[T]) -> T | None:
    action = payload.data.get("action")
    return kind(action) if isinstance(action, str) and action in list(kind) else None


def _nothing(payload: Payload, name: str) -> Ignored:
    return Ignored(f"{name} {_word(payload.data.get('action'))} asks for nothing")


def _word(text: object) -> str:
    """Return a word of the sender's as it may stand in a log."""
    is_word = isinstance(text, str) and text.isascii() and text.isidentifier()
    return str(text)[:40] if is_word else "without a name"


_PARSERS: Mapping[str, Callable[[Payload], Event | Ignored]] = {
    "check_run": _check_run,
    "check_suite": _check_suite,
    "installation": _installation,
    "installation_repositories": _installation,
    "issue_comment": _issue_comment,
    "merge_group": _merge_group,
    "ping": _ping,
    "pull_request": _pull_request,
    "pull_request_review": _review,
    "pull_request_review_comment": _review_comment,
    "pull_request_review_thread": _thread,
    "push": _push,
}
