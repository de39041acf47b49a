"""What is left of a repository or a person after `forget`: a mark that names nobody."""

import json
import shutil
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from bot.adapters.dbos_admin import DbosJobsAdmin
from bot.adapters.dbos_jobs import DbosJobs
from bot.domain.events import CommentPlace, Person
from bot.domain.forge import RepoId
from bot.domain.forgetting import FORGOTTEN
from bot.domain.jobs import Job, JobFilter, JobId, JobKind
from bot.domain.outcomes import Outcome
from bot.domain.requests import CommentCommand, to_payload
from tests.end_to_end.command import Command
from tests.end_to_end.test_export import ONE, PULL, REPO, Shop, run, shop

__all__ = ["run", "shop"]


@pytest.fixture
def own(shop: Shop, tmp_path: Path) -> Shop:
    """The shop with kept runs of its own, which a test may remove."""
    home = tmp_path / "home"
    shutil.copytree(shop.pullwright.state, home)
    variables = {**shop.pullwright.environment, "PULLWRIGHT_STATE_DIR": str(home / "pullwright")}
    shop.said(ONE, Outcome.APPLIED)
    return replace(shop, pullwright=Command(home, variables))


def kept(shop: Shop) -> list[str]:
    return [path.name for path in (shop.pullwright.state / "pullwright" / "runs").iterdir()]


def test_a_repository_is_forgotten_once_and_the_second_time_that_is_said(own: Shop) -> None:
    shown = own("forget", "--repo", "Octo/Shop", "--dry-run")
    asked = own("forget", "--repo", REPO)
    gone = own("forget", "--repo", REPO, "--yes")
    again = own("forget", "--repo", REPO, "--yes")

    assert (shown.code, shown.err) == (0, "")
    assert "5 events of the log (signal)" in shown.out
    assert "1 runs" in shown.out
    assert "1 kept runs" in shown.out
    assert (asked.code, asked.err) == (
        2, "pullwright: nobody can be asked here, and this cannot be undone: add --yes\n",
    )  # fmt: skip
    assert (gone.code, gone.err) == (0, "")
    assert f"forgotten: {REPO}" in gone.out
    assert kept(own) == []
    assert again.code == 2
    assert f"nothing of {REPO} is stored here: it was forgotten on 20" in again.err
    with closing(own.ledger()) as ledger:
        (mark,) = ledger.events.after(0)
        assert (mark.seq, mark.event.kind) == (7, FORGOTTEN)
        assert ledger.suggestions.shown(PULL) == []
    assert "octo" not in json.dumps(mark.event.body).lower()


def test_nothing_of_a_forgotten_repository_is_exported(own: Shop, tmp_path: Path) -> None:
    own("forget", "--repo", REPO, "--yes")

    ended = own.export("kto", "--license-allow", "MIT", into=tmp_path / "out")

    assert (ended.code, ended.out) == (1, "")
    assert "the log has no final outcome of any suggestion" in ended.err


def test_what_a_person_wrote_goes_with_their_pull_requests(own: Shop) -> None:
    assert own.bundle.change.author == "mia"

    ended = own("forget", "--user", "@Mia", "--yes")

    assert (ended.code, ended.err) == (0, "")
    assert "2 suggestions" in ended.out
    assert "the log names people by number: give that too" in ended.out
    assert kept(own) == []
    with closing(own.ledger()) as ledger:
        assert ledger.suggestions.shown(PULL) == []
        assert [each.event.kind for each in ledger.events.after(0)] == [FORGOTTEN]


def test_a_person_is_known_by_number_in_the_log(own: Shop) -> None:
    by_login = own("forget", "--user", "grace", "--yes")
    by_number = own("forget", "--user", "@grace", "--user", "3", "--yes")

    assert by_login.code == 2
    assert "nothing of grace is stored here; the log names people by number" in by_login.err
    assert (by_number.code, by_number.err) == (0, "")
    assert "1 events of the log (signal)" in by_number.out
    assert len(kept(own)) == 1
    with closing(own.ledger()) as ledger:
        assert [each.seq for each in ledger.events.after(0)] == [1, 2, 3, 5, 6, 7]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ((), "name either --repo OWNER/NAME or --user LOGIN"),
        (("--repo", "a/b", "--user", "c"), "name either --repo OWNER/NAME or --user LOGIN"),
        (("--repo", "https://github.com/a/b"), "is not the OWNER/NAME of a repository"),
        (("--repo", "no/where", "--yes"), "nothing of no/where is stored here"),
        (("--user", "a b"), "a b is neither a login nor a number of one"),
        (("--user", "ada", "--user", "eve"), "one person at a time"),
        (("--user", "ada", "--user", "9" * 19), "one person at a time"),
        (("--user", "\u0661\u0662"), "is neither a login nor a number of one"),
        (("--user", "ada_acme"), "nothing of ada_acme is stored here"),
        (("--repo", "ada_acme/shop"), "nothing of ada_acme/shop is stored here"),
    ],
)
def test_what_cannot_be_forgotten_is_said_in_a_sentence(
    own: Shop, arguments: tuple[str, ...], why: str
) -> None:
    ended = own("forget", *arguments)

    assert (ended.code, ended.out) == (2, "")
    assert why in ended.err


def test_a_key_that_others_can_read_is_no_key(own: Shop) -> None:
    key = own.pullwright.state / "pullwright" / "export.key"
    own("forget", "--repo", REPO, "--dry-run")
    key.chmod(0o644)

    ended = own("forget", "--repo", REPO, "--yes")

    assert (ended.code, ended.out) == (2, "")
    assert "(mode 0644), so its names are no secret" in ended.err
    assert "chmod 600" in ended.err


def asked(number: int, login: str, *, key: str = "99#1", name: str = "some/where") -> Job:
    asker, place = Person(number, login), CommentPlace.CONVERSATION
    repo = RepoId(1, 99, name)
    request = CommentCommand(repo, 1, asker, "/agent explain", 5, place, None)
    payload = to_payload(request)
    return Job(JobId(f"command:{number}:{key}"), JobKind.COMMAND, key, 1, 1, payload)


def queued(shop: Shop, *jobs: Job) -> None:
    with closing(DbosJobs(shop.url)) as queue:
        for job in jobs:
            queue.submit(job)


def ended(shop: Shop, *jobs: Job) -> None:
    """Let jobs be in the queue and over."""
    queued(shop, *jobs)
    with closing(DbosJobs(shop.url)) as queue:
        assert [queue.stop(job.id) for job in jobs] == [True] * len(jobs)


def left(shop: Shop) -> set[str]:
    with closing(DbosJobsAdmin(shop.url)) as admin:
        return {info.job.id for info in admin.list(JobFilter())}


@pytest.mark.parametrize("who", [("--user", "77"), ("--user", "Grace"), ("--repo", "SOME/where")])
def test_finished_jobs_that_hold_a_target_are_forgotten_with_it(
    own: Shop, who: tuple[str, str]
) -> None:
    of_others = asked(78, "ada", key="98#1", name="an/other")
    ended(own, asked(77, "grace"), of_others)

    shown = own("forget", *who, "--dry-run")
    gone = own("forget", *who, "--yes")

    assert "1 finished jobs of the queue" in shown.out
    assert (gone.code, gone.err) == (0, "")
    assert left(own) == {of_others.id}


def test_jobs_of_the_pull_requests_of_a_target_go_and_those_that_wait_are_told_of(
    own: Shop,
) -> None:
    key = f"{PULL.repo_id}#{PULL.number}"
    waiting = asked(5, "eve", key=f"{PULL.repo_id}#7", name="old/name")
    ended(own, asked(4, "ada", key=key, name="old/name"))
    queued(own, waiting)

    gone = own("forget", "--repo", REPO, "--yes")

    assert "1 finished jobs of the queue" in gone.out
    assert "1 jobs of the queue did not end yet, and stay" in gone.out
    assert left(own) == {waiting.id}
