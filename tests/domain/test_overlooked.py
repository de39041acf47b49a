from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.app_forge import OpenPull
from bot.domain.events import Person, PullAction, PullChanged, Source
from bot.domain.forge import RepoId
from bot.domain.intake import Ourselves, Wanted, decide
from bot.domain.jobs import Job, JobId, JobInfo, JobKind, JobStatus
from bot.domain.overlooked import review_of
from bot.domain.pull_records import PullMode, Silence
from bot.domain.pull_request import Sha

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
REPO = RepoId(5, 2, "octo/shop")
HEAD = Sha("a" * 40)
PULL = OpenPull(7, "Change it", False, (), "main", HEAD, NOW, ())
OPENED = f"review:2:7:{HEAD}:main"


def known(name: str, status: JobStatus = JobStatus.DONE) -> JobInfo:
    job = Job(JobId(name), JobKind.REVIEW, "2#7", 1, 5, {})
    return JobInfo(job, status, attempts=1, created_at=NOW, updated_at=NOW)


def wanted(
    *jobs: JobInfo,
    pull: OpenPull = PULL,
    mode: PullMode = PullMode.AUTO,
    silences: tuple[Silence, ...] = (),
) -> Wanted | None:
    return review_of(pull, REPO, mode=mode, silences=silences, jobs=jobs)


def name(found: Wanted | None) -> str:
    assert found is not None
    return found.id


def test_an_overlooked_head_gets_the_job_that_its_lost_event_would_have_been() -> None:
    source = Source(2, "octo/shop", 5, Person(9, "ada"))
    event = PullChanged(source, PullAction.OPENED, 7, HEAD, "main", is_draft=False, changed_at="x")

    assert wanted() == decide(event, ourselves=Ourselves(1), delivery="guid")


@pytest.mark.parametrize("action", ["", ":synchronize:2026-11-26T11:00:00Z", ":reopened:x"])
@pytest.mark.parametrize("status", [JobStatus.QUEUED, JobStatus.RUNNING])
def test_a_review_that_an_event_asked_for_is_not_asked_for_again(
    action: str, status: JobStatus
) -> None:
    assert wanted(known(OPENED + action, status)) is None


@pytest.mark.parametrize("status", [JobStatus.STOPPED, JobStatus.FAILED])
def test_what_a_person_stopped_and_what_failed_for_good_is_left_to_them(status: JobStatus) -> None:
    assert wanted(known(OPENED, status)) is None


def test_a_review_of_another_head_says_nothing_of_this_one() -> None:
    other = f"review:2:7:{'b' * 40}:main"

    assert name(wanted(known(other), known(f"{OPENED}-2"))) == OPENED


def test_a_silence_that_is_as_new_as_the_pull_request_stands() -> None:
    silence = Silence("it is a draft", HEAD, NOW)

    assert wanted(silences=(silence,)) is None
    assert wanted(silences=(replace(silence, head_sha=Sha("b" * 40)),)) is not None
    assert wanted(silences=(replace(silence, at=NOW - timedelta(seconds=1)),)) is not None


def test_a_pull_request_that_changed_unheard_is_looked_at_once_for_each_state() -> None:
    draft = replace(PULL, is_draft=True)
    decided = known(OPENED)

    first, again = wanted(decided, pull=draft), wanted(decided, pull=draft)
    ready = wanted(decided)

    assert name(first) == name(again) != name(ready)
    assert first is not None
    assert first.kind is JobKind.RECONSIDER


@pytest.mark.parametrize(
    "other",
    [{"title": "Other"}, {"is_draft": True}, {"labels": ("now",)}],
    ids=lambda other: next(iter(other)),
)
def test_what_a_review_is_decided_by_makes_a_state(other: dict[str, object]) -> None:
    changed = replace(PULL, **other)  # type: ignore[arg-type]

    assert name(wanted(known(OPENED), pull=changed)) != name(wanted(known(OPENED)))


def test_a_pull_request_that_was_resumed_is_in_another_state() -> None:
    paused = wanted(known(OPENED), mode=PullMode.PAUSED)

    assert name(paused) != name(wanted(known(OPENED)))
