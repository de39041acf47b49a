"""How many requests one review costs: as many for forty files as for two."""

from pathlib import Path

import pytest

from bot.adapters.github_access import GitHubAccess, app_access
from bot.adapters.github_auth import AppIdentity
from bot.domain.diff import Diff, FileDiff, FileStatus, Hunk
from bot.domain.findings import Category, Finding, FindingId, Location, Severity
from bot.domain.forge import RemotePullRequest, RepoId
from bot.domain.placement import read_back
from bot.domain.publication import PublishContext, known_from_threads, plan
from bot.domain.pull_request import PullRequest
from bot.domain.repo_config import RepoConfig
from bot.domain.review import Review
from bot.domain.verdict import Conclusion, Cost, Coverage, Verdict
from bot.domain.verdict_check import started_check
from tests.adapters.github_jobs import new_host
from tests.github_simulator import simulator

FINDINGS_PER_FILE = 5


def review_of(pull: RemotePullRequest, paths: list[str]) -> Review:
    """Return a review with a finding on each of five lines of every file."""
    hunk = Hunk(0, 0, 1, 5, b"".join(b"+x = %d\n" % n for n in range(1, 6)))
    files = tuple(
        FileDiff(p, p, FileStatus.ADDED, "000000", "100644", is_binary=False, hunks=(hunk,))
        for p in paths
    )
    findings = tuple(
        Finding(
            rule="bug", severity=Severity.HIGH, category=Category.BUG, title=f"{path} {line}",
            body="It is wrong.", location=Location(path, line, line), snippet=f"{path} {line}",
            source="lint", confidence=1.0, id=FindingId(f"F{n}"),
        )
        for n, (path, line) in enumerate(
            ((p, line) for p in paths for line in range(1, FINDINGS_PER_FILE + 1)), 1
        )
    )  # fmt: skip
    change = PullRequest(
        "octo/shop", pull.number, pull.base_sha, pull.base_sha, pull.head_sha, pull.head_ref
    )
    verdict = Verdict(Conclusion.FINDINGS, Coverage(len(files), len(files)), (), ("lint",), Cost(1))
    return Review(change, verdict, "run-1", Diff(pull.base_sha, pull.head_sha, files), findings)


def publish(access: GitHubAccess, number: int, paths: list[str]) -> None:
    """Do what a worker does with one review, from the first request to the last."""
    pull = access.forge.pull_request(number)
    access.publisher.check(started_check(pull.head_sha, "run-1"))
    known = known_from_threads(access.forge.threads(number))
    publication = plan(review_of(pull, paths), RepoConfig(max_comments=20), PublishContext(known))
    assert access.forge.pull_request(number).head_sha == pull.head_sha
    refused = access.publisher.review(
        number,
        head_sha=pull.head_sha,
        marker=publication.review_marker,
        comments=publication.comments,
    )
    placement = read_back(publication.planned, access.forge.threads(number), refused=refused)
    assert (placement.lost, placement.notes) == ((), ())
    access.publisher.summary(number, publication.summary(placement.lost))
    access.publisher.check(publication.check)


@pytest.mark.parametrize("count", [2, 40])
def test_a_review_costs_eleven_requests_at_any_size(tmp_path: Path, count: int) -> None:
    paths = [f"src/f{n:02}.py" for n in range(count)]
    with simulator(tmp_path) as github:
        app = github.app()
        key = tmp_path / "key.pem"
        key.write_text(app.private_key_pem)
        key.chmod(0o600)
        repo = github.repo("octo/shop")
        text = "".join(f"x = {n}\n" for n in range(1, 6))
        pull = repo.open_pull_request(dict.fromkeys(paths, text), author="ada")
        found = app.installation_for(repo)
        assert found is not None
        host, _ = new_host(github)
        wanted = RepoId(found.id, repo.id, repo.full_name)

        with app_access(host, AppIdentity(str(app.id), key), wanted) as access:
            publish(access, pull.number, paths)

        assert len(github.log) == 11, [str(one) for one in github.log]
        assert len(pull.review_comments) == min(20, count * FINDINGS_PER_FILE)
        assert len(pull.comments) == 1
        expected = min(50, count * FINDINGS_PER_FILE)
        assert len(repo.check_runs[0].annotations) == expected
        assert app.tokens == {}
