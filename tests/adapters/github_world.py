"""One pull request on GitHub's adapters, by the App and by a plain token, and on the fake."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.adapters.github_access import token_access
from bot.adapters.github_auth import PlainToken
from bot.domain.app_forge import OpenChecks
from bot.domain.forge import (
    Committer,
    FileChanges,
    Forge,
    History,
    Permission,
    Publisher,
    Reactions,
    RemotePullRequest,
    ReviewComment,
)
from bot.domain.markers import Marker, MarkerKind
from bot.domain.ports import CommitMessage
from bot.domain.pull_request import Sha
from tests.adapters.github_jobs import BASE, HEAD, github_job
from tests.fakes.forge import FakeForge
from tests.fakes.forge_values import FakeCommit, text_of
from tests.github_simulator import simulator

PATH, OUTSIDE = "src/cart.py", 30
FIXED = b"total = 1\n"


@dataclass
class World:
    """One pull request of ada's, whose diff shows line 5 and not line 30, and eve who may read."""

    forge: Forge
    publisher: Publisher
    reactions: Reactions
    committer: Committer
    history: History
    open_checks: OpenChecks
    number: int
    head: Sha
    branch: str
    person_comment: int
    push: Callable[[FileChanges, CommitMessage], object]
    """A person commits on the branch, with any message."""


def marker(kind: MarkerKind, *, s: str = "-", run: str = "run-1") -> Marker:
    return Marker(kind, Sha("a" * 40), run, s)


def comment(name: str, line: int | None = 5, path: str = PATH) -> ReviewComment:
    return ReviewComment(path, marker(MarkerKind.FINDING, s=name).under(f"**High** {name}"), line)


def message(run: str = "run-1") -> CommitMessage:
    return CommitMessage("Fix the cart", "F1: it adds up", (("Pullwright-Run", run),))


def review(world: World, *comments: ReviewComment) -> list[str]:
    refused = world.publisher.review(
        world.number,
        head_sha=world.head,
        marker=str(marker(MarkerKind.FINDING)),
        comments=comments,
    )
    return [one.body.split()[1] for one in refused]


def _fake() -> World:
    head = Sha("b" * 40)
    fake = FakeForge(refuses=lambda one: one.line == OUTSIDE or one.path not in HEAD)
    fake.permissions["ada"] = Permission.WRITE
    fake.pulls[1] = RemotePullRequest(
        1, "Change it", "ada", 7, True, False, False, "main", Sha("c" * 40), "change", head,
        "octo/shop", (),
    )  # fmt: skip
    files = {path: text.encode() for path, text in {**BASE, **HEAD}.items()}
    fake.place("change", FakeCommit(head, Sha("c" * 40), files))
    asked = fake.say(1, "/agent review")
    return World(
        fake.forge,
        fake.publisher,
        fake.reactions,
        fake.committer,
        fake.history,
        fake.open_checks,
        1,
        head,
        "change",
        asked,
        lambda files, text: fake.push("change", files, text),
    )


@pytest.fixture(params=["github", "token", "fake"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    if request.param == "fake":
        yield _fake()
        return
    with simulator(tmp_path) as github, github_job(github, tmp_path) as job, ExitStack() as stack:
        asked = github.user("ada").comment(job.pull, "/agent review")
        access = job.access
        if request.param == "token":
            # As a workflow's, which is made by GitHub for the one repository.
            token = github.apps[0].mint(job.repo_installation, repos=[job.repo])
            given = token_access(job.host, PlainToken(token.value), job.repo_id)
            access = stack.enter_context(given)
        yield World(
            access.forge,
            access.publisher,
            access.reactions,
            access.committer,
            access.history,
            access.open_checks,
            job.number,
            job.head,
            job.pull.head_ref,
            asked.id,
            lambda files, text: job.repo.push(
                job.pull.head_ref, files, by=github.user("ada"), message=text_of(text)
            ),
        )
