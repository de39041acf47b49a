import copy
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.event_parser import parse_event
from bot.domain.events import (
    CheckRequested,
    CommentCreated,
    CommentDeleted,
    CommentPlace,
    Ignored,
    InstallationChange,
    InstallationChanged,
    MergeGroupRequested,
    PullAction,
    PullChanged,
    Pushed,
    ReviewAction,
    ReviewChanged,
    ThreadChanged,
)
from tests.domain.payloads import comment_on_pull, official, smallest

# What each (event, action) of the official payloads becomes; for pull requests and the like, the
# action that the value carries.
DISPATCH: dict[tuple[str, str], object] = {
    ("check_run", "created"): Ignored,
    ("check_run", "completed"): Ignored,
    ("check_run", "requested_action"): CheckRequested,
    ("check_run", "rerequested"): CheckRequested,
    ("check_suite", "completed"): Ignored,
    ("check_suite", "requested"): Ignored,
    ("check_suite", "rerequested"): CheckRequested,
    ("installation", "created"): InstallationChange.CREATED,
    ("installation", "deleted"): InstallationChange.DELETED,
    ("installation", "new_permissions_accepted"): InstallationChange.PERMISSIONS_ACCEPTED,
    ("installation", "suspend"): InstallationChange.SUSPENDED,
    ("installation", "unsuspend"): InstallationChange.UNSUSPENDED,
    ("installation_repositories", "added"): InstallationChange.REPOSITORIES_ADDED,
    ("installation_repositories", "removed"): InstallationChange.REPOSITORIES_REMOVED,
    # No official example is on a pull request; the derived one is below.
    ("issue_comment", "created"): Ignored,
    ("issue_comment", "deleted"): Ignored,
    ("issue_comment", "edited"): Ignored,
    ("ping", ""): Ignored,
    ("pull_request", "assigned"): Ignored,
    ("pull_request", "closed"): PullAction.CLOSED,
    ("pull_request", "converted_to_draft"): PullAction.DRAFTED,
    ("pull_request", "labeled"): PullAction.LABELED,
    ("pull_request", "locked"): Ignored,
    ("pull_request", "opened"): PullAction.OPENED,
    ("pull_request", "ready_for_review"): PullAction.READY,
    ("pull_request", "reopened"): PullAction.REOPENED,
    ("pull_request", "review_request_removed"): Ignored,
    ("pull_request", "review_requested"): Ignored,
    ("pull_request", "synchronize"): PullAction.SYNCHRONIZED,
    ("pull_request", "unassigned"): Ignored,
    ("pull_request", "unlabeled"): PullAction.UNLABELED,
    ("pull_request", "unlocked"): Ignored,
    ("pull_request_review", "dismissed"): ReviewAction.DISMISSED,
    ("pull_request_review", "submitted"): ReviewAction.SUBMITTED,
    ("pull_request_review_comment", "created"): CommentPlace.THREAD,
    ("pull_request_review_comment", "deleted"): CommentDeleted,
    ("pull_request_review_comment", "edited"): Ignored,
    ("pull_request_review_thread", "resolved"): True,
    ("pull_request_review_thread", "unresolved"): False,
    ("push", ""): Pushed,
}


def test_every_official_payload_becomes_what_it_says() -> None:
    payloads = official()

    told = {name: _told(name, payload) for name, payload in payloads.items()}

    assert len(told) == 89
    assert told == {name: _expected(name, payload) for name, payload in payloads.items()}


def test_the_table_has_no_row_that_github_does_not_send() -> None:
    seen = {(_event(n), str(p.get("action", ""))) for n, p in official().items()}

    assert seen == set(DISPATCH)


def test_no_official_payload_alarms_the_operator() -> None:
    events = [parse_event(_event(name), payload) for name, payload in official().items()]

    assert [e for e in events if isinstance(e, Ignored) and e.is_alarm] == []


def test_a_comment_on_a_pull_request_is_told_from_one_on_an_issue() -> None:
    event = parse_event("issue_comment", comment_on_pull())

    assert isinstance(event, CommentCreated)
    assert (event.number, event.place, event.body) == (1, CommentPlace.CONVERSATION, "/agent fix")


def test_a_deleted_fork_does_not_matter() -> None:
    payload = smallest()
    pull = payload["pull_request"]
    assert isinstance(pull, dict)
    pull["head"] |= {"repo": None, "user": None}

    assert isinstance(parse_event("pull_request", payload), PullChanged)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"base": {"ref": {"from": "main"}}}, PullAction.EDITED),
        ({"title": {"from": "x"}}, PullAction.RETITLED),
        ({"title": {"from": "x"}, "base": {}}, PullAction.EDITED),
        ({"body": {"from": "x"}}, None),
        (None, None),
    ],
)
def test_of_an_edit_only_the_base_and_the_title_count(
    changes: object, told: PullAction | None
) -> None:
    event = parse_event("pull_request", smallest("edited", changes=changes))

    assert getattr(event, "action", None) is told


def test_a_merge_queue_asks_for_its_head() -> None:
    group = {
        "head_sha": "b" * 40,
        "head_ref": "refs/heads/gh-readonly-queue/main/pr-7-" + "a" * 40,
        "base_sha": "c" * 40,
        "base_ref": "refs/heads/main",
    }
    asked = smallest("checks_requested", merge_group=group)

    event = parse_event("merge_group", asked)

    assert isinstance(event, MergeGroupRequested)
    assert (event.head_sha, event.base_ref) == ("b" * 40, "refs/heads/main")
    assert isinstance(parse_event("merge_group", asked | {"action": "destroyed"}), Ignored)


@pytest.mark.parametrize(
    ("identifier", "external_id", "pulls", "number"),
    [
        ("fix#12", "run-1", [], 12),
        ("fix", "run-1#13", [], 13),
        ("fix", "run-1", [(14, 1)], 14),
        ("fix", "run-1", [(14, 2), (15, 1)], 15),
        ("fix", "run-1", [], None),
    ],
    ids=["the button", "the check", "GitHub", "not another repository", "nobody"],
)
def test_the_pull_request_of_a_button_is_named_by(
    identifier: str, external_id: str, pulls: list[tuple[int, int]], number: int | None
) -> None:
    check = {
        "id": 3,
        "head_sha": "a" * 40,
        "app": {"id": 29310},
        "external_id": external_id,
        "pull_requests": [{"number": n, "base": {"repo": {"id": repo}}} for n, repo in pulls],
    }

    event = parse_event(
        "check_run",
        smallest("requested_action", check_run=check, requested_action={"identifier": identifier}),
    )

    assert isinstance(event, CheckRequested)
    assert event.number == number


@pytest.mark.parametrize(
    "path",
    [
        ("pull_request",),
        ("pull_request", "number"),
        ("pull_request", "head"),
        ("pull_request", "head", "sha"),
        ("pull_request", "base", "ref"),
        ("repository", "id"),
        ("repository", "full_name"),
        ("sender",),
        ("sender", "login"),
    ],
)
@pytest.mark.parametrize("wrong", [None, [], {}, "", -1, 1 << 63, True, 1.5, "a\x00b", "\ud800"])
def test_a_field_of_another_type_is_told_to_the_operator(
    path: tuple[str, ...], wrong: object
) -> None:
    payload = smallest()
    _put(payload, path, wrong)

    event = parse_event("pull_request", payload)

    assert isinstance(event, Ignored)
    assert event.is_alarm
    assert path[0] in event.reason


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@settings(deadline=None)
@given(name=st.sampled_from([n for n, _ in DISPATCH] + ["merge_group", "x"]), document=JSON)
def test_no_json_at_all_raises(name: str, document: object) -> None:
    parse_event(name, document)


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_no_change_of_an_official_payload_raises(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(official())))
    payload = copy.deepcopy(official()[name])
    path = data.draw(st.sampled_from(list(_paths(payload))))
    _put(payload, path, data.draw(JSON))

    parse_event(_event(name), payload)


def _event(name: str) -> str:
    return name.partition(".")[0]


def _told(name: str, payload: object) -> object:
    event = parse_event(_event(name), payload)
    match event:
        case PullChanged() | ReviewChanged():
            return event.action
        case InstallationChanged():
            return event.change
        case CommentCreated():
            return event.place
        case ThreadChanged():
            return event.is_resolved
        case _:
            return type(event)


def _expected(name: str, payload: dict[str, object]) -> object:
    is_deletion = name.startswith("push") and payload["deleted"]
    return Ignored if is_deletion else DISPATCH[_event(name), str(payload.get("action", ""))]


def _paths(node: object, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield where the objects of a payload have fields; links are all alike and left out."""
    for key, value in node.items() if isinstance(node, dict) else ():
        if not key.endswith("_url"):
            yield (*above, key)
            yield from _paths(value, (*above, key))


def _put(payload: Any, path: tuple[str, ...], value: object) -> None:
    for key in path[:-1]:
        payload = payload[key]
    payload[path[-1]] = value
