import copy
import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.event_parser import parse_event
from bot.domain.events import (
    CommentCreated,
    CommentPlace,
    Event,
    Ignored,
    InstallationChange,
    InstallationChanged,
    Person,
    PullAction,
    PullChanged,
    Source,
)
from bot.domain.intake import REPOS_AT_ONCE, Ourselves, Wanted, decide
from bot.domain.jobs import MAX_JSON_BYTES, Job, JobId, JobKind
from bot.domain.ledger import PullKey
from bot.domain.pull_request import Sha
from bot.domain.requests import (
    ButtonCommand,
    CommentCommand,
    MergeGroupRequest,
    UninstalledRequest,
    parse_request,
)
from tests.domain.payloads import comment_on_pull, official, smallest

BOT = 99
OURSELVES = Ourselves(app_id=29310)


def decided(event: Event | Ignored, delivery: str = "guid-1") -> Wanted | Ignored:
    assert not isinstance(event, Ignored)
    return decide(event, ourselves=OURSELVES, delivery=delivery)


def wanted(event: Event | Ignored, delivery: str = "guid-1") -> Wanted:
    told = decided(event, delivery)
    assert isinstance(told, Wanted)
    return told


def pull(
    action: PullAction = PullAction.OPENED, sha: str = "a", at: str = "t1", base: str = "main"
) -> PullChanged:
    source = Source(1, "octo/repo", 5, Person(9, "octocat"))
    return PullChanged(source, action, 7, Sha(sha * 40), base, is_draft=False, changed_at=at)


def comment(
    body: str,
    sender: int = 9,
    app: int | None = None,
    place: CommentPlace = CommentPlace.CONVERSATION,
) -> CommentCreated:
    source = Source(1, "octo/repo", 5, Person(sender, "somebody[bot]"))
    return CommentCreated(source, 7, place, 44, body, written_by_app=app)


def button(identifier: str = "fix#7", app: int = 29310) -> Event | Ignored:
    check = {"id": 3, "head_sha": "a" * 40, "app": {"id": app}}
    return parse_event(
        "check_run",
        smallest("requested_action", check_run=check, requested_action={"identifier": identifier}),
    )


def test_a_new_pull_request_is_reviewed_once_per_head_and_base() -> None:
    told = wanted(pull())

    assert told.id == f"review:1:7:{'a' * 40}:main"
    assert (told.kind, told.key, told.pull) == (JobKind.REVIEW, "1#7", PullKey(1, 7))
    assert wanted(pull(at="t2"), "guid-2").id == told.id


def test_every_push_and_every_base_is_another_review() -> None:
    pushes = [
        pull(),
        pull(PullAction.SYNCHRONIZED, "b", "t2"),
        pull(PullAction.EDITED, "b", "t3", "dev"),
    ]

    assert len({wanted(p).id for p in pushes}) == 3


def test_a_head_that_comes_back_is_looked_at_again() -> None:
    # Its first review may have been superseded by the push that is now taken back.
    back_and_forth = [
        pull(),
        pull(PullAction.SYNCHRONIZED, "b", "t2"),
        pull(PullAction.SYNCHRONIZED, "a", "t3"),
        pull(PullAction.CLOSED, "a", "t4"),
        pull(PullAction.REOPENED, "a", "t5"),
        pull(PullAction.CLOSED, "a", "t6"),
        pull(PullAction.REOPENED, "a", "t7"),
    ]

    assert len({wanted(p).id for p in back_and_forth}) == 7


@pytest.mark.parametrize("action", PullAction)
def test_only_what_changes_the_change_supersedes_a_running_review(action: PullAction) -> None:
    harmless = {PullAction.READY, PullAction.RETITLED, PullAction.LABELED, PullAction.UNLABELED}

    is_review = wanted(pull(action)).kind is JobKind.REVIEW

    assert is_review is (action not in harmless)


def test_a_command_runs_once_per_comment() -> None:
    told = wanted(comment("/agent fix F1\r\nThanks"))

    assert (told.id, told.key) == ("command:conversation:44", "1#7")
    assert told.kind is JobKind.COMMAND
    assert isinstance(told.request, CommentCommand)
    assert (told.request.line, told.request.asker.id) == ("/agent fix F1", 9)


def test_two_comments_of_one_number_in_two_places_are_two_commands() -> None:
    in_thread = wanted(comment("/agent fix", place=CommentPlace.THREAD))

    assert in_thread.id != wanted(comment("/agent fix")).id


def test_stop_has_a_queue_of_its_own() -> None:
    assert wanted(comment("/agent stop")).key == "1#7!"


def test_an_unknown_command_reaches_a_worker_which_answers_with_help() -> None:
    assert wanted(comment("/agent paint")).kind is JobKind.COMMAND


@pytest.mark.parametrize(
    ("body", "sender", "app"),
    [
        ("/agent fix", BOT, 29310),
        ("/agent fix\n<!-- pullwright:v1 kind=reply head=a run=b s=- d=- -->", 9, None),
        ("> /agent fix", 9, None),
        ("thank you", 9, None),
    ],
    ids=["our app", "our marker", "a quote", "a remark"],
)
def test_our_own_words_and_remarks_ask_for_nothing(body: str, sender: int, app: int | None) -> None:
    told = decided(comment(body, sender, app))

    assert isinstance(told, Ignored)
    assert not told.is_alarm


def test_a_name_gives_no_trust_and_takes_none_away() -> None:
    # `somebody[bot]` is judged by the forge's answer about it, as everybody is (case B02).
    assert isinstance(decided(comment("/agent fix", sender=10)), Wanted)


def test_our_own_push_is_reviewed_because_every_head_needs_a_verdict() -> None:
    own = parse_event(
        "pull_request", smallest("synchronize", sender={"id": BOT, "login": "pullwright[bot]"})
    )

    assert wanted(own).kind is JobKind.REVIEW


def test_each_press_of_a_button_runs_once() -> None:
    first, again = wanted(button(), "guid-1"), wanted(button(), "guid-2")

    assert first.id == wanted(button(), "guid-1").id != again.id
    assert isinstance(first.request, ButtonCommand)
    assert (first.request.identifier, first.request.head_sha) == ("fix#7", "a" * 40)


def test_the_check_of_another_app_has_no_buttons_of_ours() -> None:
    told = decided(button(app=4))

    assert isinstance(told, Ignored)
    assert told.is_alarm


def test_a_button_of_no_pull_request_is_ignored() -> None:
    assert isinstance(decided(button("fix")), Ignored)


def test_the_head_of_a_merge_queue_asks_for_a_verdict() -> None:
    group = {
        "head_sha": "b" * 40,
        "head_ref": "refs/heads/gh-readonly-queue/main/pr-7-" + "a" * 40,
        "base_sha": "c" * 40,
        "base_ref": "refs/heads/main",
    }

    told = wanted(parse_event("merge_group", smallest("checks_requested", merge_group=group)))

    assert (told.kind, told.pull, told.id) == (
        JobKind.MERGE_GROUP,
        None,
        f"merge_group:1:{'b' * 40}",
    )
    assert isinstance(told.request, MergeGroupRequest)


def test_without_an_installation_nothing_can_be_done() -> None:
    told = decided(parse_event("pull_request", smallest(installation=None)))

    assert isinstance(told, Ignored)
    assert told.is_alarm


def test_a_worker_reads_what_intake_wrote() -> None:
    for told in (wanted(pull()), wanted(comment("/agent fix")), wanted(button())):
        stored = json.loads(json.dumps(dict(told.job(3).payload)))
        job = Job(told.id, told.kind, told.key, 3, 5, stored)

        assert parse_request(job) == told.request


def test_a_payload_that_intake_never_wrote_is_a_bug() -> None:
    job = Job(JobId("x"), JobKind.REVIEW, "1#7", 1, 5, {"number": 7})

    with pytest.raises(ValueError, match="job x holds no request"):
        parse_request(job)


def test_the_comment_on_a_pull_request_of_githubs_data_runs() -> None:
    payload = comment_on_pull() | {"installation": {"id": 5}}

    assert isinstance(wanted(parse_event("issue_comment", payload)).request, CommentCommand)


def test_official_payloads_ask_for_work_only_from_installations() -> None:
    told = {
        name: decide(event, ourselves=OURSELVES, delivery="guid")
        for name, payload in official().items()
        if not isinstance(event := parse_event(name.partition(".")[0], payload), Ignored)
    }
    jobs = {name for name, decision in told.items() if isinstance(decision, Wanted)}

    assert all("installation" in official()[name] for name in jobs)
    kinds = {(n.partition(".")[0], w.kind) for n, w in told.items() if isinstance(w, Wanted)}
    assert kinds == {
        ("pull_request", JobKind.REVIEW),
        ("pull_request", JobKind.RECONSIDER),
        ("check_suite", JobKind.COMMAND),
        ("installation", JobKind.OBSERVE),
        ("installation_repositories", JobKind.OBSERVE),
        ("pull_request_review", JobKind.OBSERVE),
        ("pull_request_review_comment", JobKind.OBSERVE),
        ("pull_request_review_thread", JobKind.OBSERVE),
    }


@pytest.mark.parametrize("action", list(PullAction))
def test_a_push_and_an_end_ask_to_hear_what_became_of_our_suggestions(action: PullAction) -> None:
    told = wanted(pull(action))

    is_occasion = action in (PullAction.SYNCHRONIZED, PullAction.CLOSED, PullAction.REOPENED)
    assert [each.id for each in told.also] == ["observe:1:7:guid-1"] * is_occasion
    assert all(each.key == "1#7~" != told.key for each in told.also)


def test_a_reply_in_a_thread_is_heard_and_a_comment_elsewhere_is_not() -> None:
    source = Source(1, "octo/repo", 5, Person(9, "ada"))
    reply = CommentCreated(source, 7, CommentPlace.THREAD, 44, "Good catch", in_reply_to=3)

    assert wanted(reply).kind is JobKind.OBSERVE
    assert wanted(replace(reply, body="/agent dismiss F1")).kind is JobKind.COMMAND
    assert isinstance(decided(replace(reply, in_reply_to=None)), Ignored)
    assert isinstance(decided(replace(reply, written_by_app=OURSELVES.app_id)), Ignored)


def test_repositories_that_were_taken_from_us_are_noted_in_jobs_that_can_be_stored() -> None:
    ids = tuple(range(1, 2 * REPOS_AT_ONCE + 2))
    event = InstallationChanged(5, InstallationChange.DELETED, ids)
    first = wanted(event)
    jobs = [each.job(1) for each in (first, *first.also)]

    requests = [parse_request(job) for job in jobs]
    told = [one for r in requests if isinstance(r, UninstalledRequest) for one in r.repo_ids]
    assert (len(jobs), tuple(told), len({job.key for job in jobs})) == (3, ids, 3)
    assert all(len(json.dumps(dict(job.payload))) < MAX_JSON_BYTES for job in jobs)
    assert isinstance(decided(replace(event, change=InstallationChange.SUSPENDED)), Ignored)


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_every_job_can_be_stored_whatever_the_payload_says(data: st.DataObject) -> None:
    payload = copy.deepcopy(smallest())
    inner = payload[data.draw(st.sampled_from(["pull_request", "repository", "sender"]))]
    assert isinstance(inner, dict)
    inner[data.draw(st.sampled_from(sorted(inner)))] = data.draw(
        st.text() | st.integers() | st.fixed_dictionaries({"ref": st.text(), "sha": st.text()})
    )
    event = parse_event("pull_request", payload)

    if isinstance(event, PullChanged) and isinstance(told := decided(event), Wanted):
        job = told.job(1)
        assert "\0" not in event.base_ref
        json.dumps(dict(job.payload), ensure_ascii=False).encode("utf-8")
        job.id.encode("utf-8")
