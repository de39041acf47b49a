"""The defaults of an organization: read with little, remembered, and never a reason to break."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.adapters.github_org_defaults import REMEMBERED_S, OrgFiles
from bot.domain.forge import ForgeUnavailable
from bot.domain.org_defaults import MAX_BYTES, OrgDefaults
from tests.adapters.github_jobs import FakeTime, GitHubJob, github_job
from tests.github_simulator import Limited, Status, simulator

FILE = "max_comments: 3\n"


@pytest.fixture
def job(tmp_path: Path) -> Iterator[GitHubJob]:
    with simulator(tmp_path) as github, github_job(github, tmp_path) as opened:
        yield opened


@pytest.fixture
def files(job: GitHubJob) -> OrgFiles:
    return OrgFiles(job.host, job.app, FakeTime().now)


def give(job: GitHubJob, text: str = FILE) -> None:
    job.github.repo("octo/.github", base={"pullwright.yml": text})


def test_the_file_is_read_with_a_token_for_that_one_repository(
    job: GitHubJob, files: OrgFiles
) -> None:
    give(job)

    found = files.read(job.repo_id)

    assert found.data == FILE.encode()
    assert found.origin.startswith("octo/.github/pullwright.yml@")
    (token,) = job.github.apps[0].minted
    assert token.permissions == {"contents": "read", "metadata": "read"}
    assert not token.sees(job.repo)
    assert job.github.apps[0].tokens == {}


def test_where_the_app_is_not_installed_there_are_no_defaults(
    job: GitHubJob, files: OrgFiles
) -> None:
    job.github.repo("octo/.github", base={"pullwright.yml": FILE}, install=False)

    assert files.read(job.repo_id) == OrgDefaults()


def test_a_file_that_is_not_there_is_no_problem(job: GitHubJob, files: OrgFiles) -> None:
    job.github.repo("octo/.github", base={"README.md": "x"})

    assert files.read(job.repo_id) == OrgDefaults()


def test_what_was_found_or_not_is_remembered_for_a_while(job: GitHubJob) -> None:
    time = FakeTime()
    files = OrgFiles(job.host, job.app, time.now)
    for _ in range(2):
        files.read(job.repo_id)
    asked = len(job.github.log)

    give(job)
    assert files.read(job.repo_id).data is None
    time.seconds += REMEMBERED_S + 1

    assert asked == 1
    assert files.read(job.repo_id).data == FILE.encode()


def test_what_may_not_be_read_is_told(job: GitHubJob, files: OrgFiles) -> None:
    give(job)
    job.github.faults.add("GET", "/repos/octo/.github/contents/*", Status(403))

    found = files.read(job.repo_id)

    assert found.data is None
    assert "organization defaults were not read" in found.notes[0]


def test_a_file_that_is_too_long_is_told(job: GitHubJob, files: OrgFiles) -> None:
    give(job, "#" * (MAX_BYTES + 1))

    assert "more than 32,768 bytes" in files.read(job.repo_id).problem


def test_where_github_wants_patience_the_job_waits(job: GitHubJob, files: OrgFiles) -> None:
    give(job)
    job.github.faults.add("GET", "/repos/octo/.github/contents/*", Limited(retry_after_s=900))

    with pytest.raises(ForgeUnavailable):
        files.read(job.repo_id)
