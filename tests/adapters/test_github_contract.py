"""What every forge does: each test runs on GitHub's adapters and on the fake."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from bot.adapters.github_access import token_access
from bot.adapters.github_auth import PlainToken
from bot.domain.app_forge import OpenChecks
from bot.domain.forge import (
    CheckConclusion,
    CheckRun,
    CheckStatus,
    Committer,
    Forge,
    HeadMoved,
    History,
    NewPullRequest,
    Permission,
    Publisher,
    Reaction,
    Reactions,
    RemotePullRequest,
    ReviewComment,
    Undoing,
)
from bot.domain.ledger import RunId
from bot.domain.markers import Marker, MarkerKind
from bot.domain.ports import CommitMessage
from bot.domain.pull_request import Sha
from bot.domain.untidy import DeadRun
from bot.domain.verdict_check import started_check
from bot.errors import Refused
from tests.adapters.github_jobs import BASE, HEAD, github_job
from tests.fakes.forge import FakeCommit, FakeForge
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
        )


def test_a_pull_request_is_what_the_forge_says_now(world: World) -> None:
    pull = world.forge.pull_request(world.number)

    assert (pull.author, pull.head_sha, pull.is_open) == ("ada", world.head, True)
    assert pull.head_ref == world.branch


def test_a_pull_request_that_is_not_there_is_refused(world: World) -> None:
    with pytest.raises(Refused):
        world.forge.pull_request(9_999)


def test_who_the_forge_does_not_know_may_nothing(world: World) -> None:
    assert world.forge.permission("ada") is Permission.WRITE
    assert world.forge.permission("nobody-at-all") is Permission.NONE


def test_there_is_one_summary_and_it_is_edited(world: World) -> None:
    assert world.forge.summary(world.number) is None

    first = world.publisher.summary(world.number, marker(MarkerKind.SUMMARY).under("one"))
    again = marker(MarkerKind.SUMMARY, run="run-2").under("two")
    second = world.publisher.summary(world.number, again)

    assert first.id == second.id
    found = world.forge.summary(world.number)
    assert found is not None
    assert found.body.startswith("two")


def test_one_refused_comment_loses_no_other(world: World) -> None:
    refused = review(world, comment("f1"), comment("f2", OUTSIDE), comment("f3", 6))

    assert refused == ["f2"]
    assert [t.line for t in world.forge.threads(world.number)] == [5, 6]


def test_a_comment_on_a_file_has_no_line_and_is_posted_once(world: World) -> None:
    wanted = (comment("f1"), comment("f2", None))

    assert review(world, *wanted) == []
    assert review(world, *wanted) == []

    threads = world.forge.threads(world.number)
    assert [(t.line, t.original_line, t.is_on_file) for t in threads] == [
        (5, 5, False),
        (None, None, True),
    ]


def test_a_file_that_did_not_change_takes_no_comment(world: World) -> None:
    refused = review(world, comment("f1", None, "README.md"), comment("f2", None), comment("f3"))

    assert refused == ["f1"]
    assert len(world.forge.threads(world.number)) == 2


def test_what_a_line_did_not_take_is_taken_by_its_file(world: World) -> None:
    assert review(world, comment("f1", OUTSIDE)) == ["f1"]

    assert review(world, comment("f1", None)) == []


def test_a_review_that_is_posted_again_posts_nothing(world: World) -> None:
    review(world, comment("f1"), comment("f3", 6))

    review(world, comment("f1"), comment("f3", 6))

    assert len(world.forge.threads(world.number)) == 2


def test_a_resolved_thread_is_resolved(world: World) -> None:
    review(world, comment("f1"), comment("f3", 6))
    first, _ = world.forge.threads(world.number)

    world.publisher.resolve(first.id)
    review(world, comment("f4", 4))

    states = [t.is_resolved for t in world.forge.threads(world.number)]
    assert states == [True, False, False]


def test_a_command_gets_one_reply_which_is_edited(world: World) -> None:
    mark = str(marker(MarkerKind.REPLY))
    for words in ("working", "done"):
        world.publisher.reply(world.number, marker=mark, body=words, to_comment=None)

    found = world.forge.reply(world.number, mark)
    assert found is not None
    assert found.body.startswith("done")
    assert world.forge.reply(world.number, str(marker(MarkerKind.REPLY, run="x"))) is None


def test_a_reply_in_a_thread_starts_no_thread(world: World) -> None:
    review(world, comment("f1"))
    thread = world.forge.threads(world.number)[0]
    mark = str(marker(MarkerKind.REPLY))

    for words in ("working", "done"):
        world.publisher.reply(world.number, marker=mark, body=words, to_comment=thread.comment_id)

    assert len(world.forge.threads(world.number)) == 1
    found = world.forge.reply(world.number, mark)
    assert found is not None
    assert found.body.startswith("done")


def test_a_check_run_is_found_again_by_our_id(world: World) -> None:
    begun = CheckRun("pullwright / review", world.head, CheckStatus.IN_PROGRESS, "t", "s", "r1")
    done = CheckRun(
        "pullwright / review", world.head, CheckStatus.COMPLETED, "t", "s", "r1",
        conclusion=CheckConclusion.NEUTRAL,
    )  # fmt: skip

    assert world.publisher.check(begun) == world.publisher.check(done)


def test_reacting_twice_is_harmless(world: World) -> None:
    for _ in range(2):
        world.reactions.react(world.person_comment, Reaction.SEEN, is_review_comment=False)


def test_a_commit_is_made_once_whoever_asks_again(world: World) -> None:
    first = world.committer.commit(
        world.branch, expected=world.head, files={PATH: FIXED}, message=message()
    )
    again = world.committer.commit(
        world.branch, expected=world.head, files={PATH: FIXED}, message=message()
    )

    assert first == again != world.head


def test_a_head_that_moved_is_never_overwritten(world: World) -> None:
    world.committer.commit(
        world.branch, expected=world.head, files={PATH: FIXED}, message=message()
    )

    with pytest.raises(HeadMoved):
        world.committer.commit(
            world.branch, expected=world.head, files={PATH: b"x = 1\n"}, message=message("2")
        )


@pytest.mark.parametrize(
    "path",
    [
        ".github/workflows/ci.yml", "action.yml", "sub/action.yaml", "CODEOWNERS",
        ".gitmodules", ".gitattributes", ".pullwright.yml", "uv.lock", "package-lock.json",
        "../x.py", "/etc/passwd", ".git/config", "a//b.py", "a\nb.py",
    ],
)  # fmt: skip
def test_no_commit_touches_what_steers_the_forge(world: World, path: str) -> None:
    with pytest.raises(Refused, match="nothing was committed"):
        world.committer.commit(
            world.branch, expected=world.head, files={path: b"x\n"}, message=message()
        )


@pytest.mark.parametrize(
    "files",
    [
        {f"f{n}.py": b"x\n" for n in range(11)},
        {"a.py": b"x\n" * 401},
        {"a.bin": b"\0\1"},
        {"a.txt": b"\xff"},
        {},
    ],
    ids=["files", "lines", "nul", "not UTF-8", "nothing"],
)
def test_no_commit_is_large_or_binary(world: World, files: dict[str, bytes]) -> None:
    with pytest.raises(Refused, match="nothing was committed"):
        world.committer.commit(world.branch, expected=world.head, files=files, message=message())


def test_a_new_file_can_be_taken_back(world: World) -> None:
    made = world.committer.commit(
        world.branch, expected=world.head, files={"new.py": b"x\n"}, message=message()
    )

    undone = world.committer.commit(
        world.branch, expected=made, files={"new.py": None}, message=message("2")
    )

    assert undone != made


def test_what_we_wrote_is_taken_back_whatever_its_size(world: World) -> None:
    files = {f"f{n}.py": b"x = 1\n" * 40 for n in range(10)}
    first = world.committer.commit(
        world.branch, expected=world.head, files=files, message=message()
    )
    more = {f"g{n}.py": b"y\n" for n in range(5)}
    second = world.committer.commit(world.branch, expected=first, files=more, message=message("2"))
    both = {path: Undoing(data, None) for path, data in {**files, **more}.items()}

    undone = {
        world.committer.take_back(world.branch, expected=second, files=both, message=message("3"))
        for _ in range(2)
    }

    assert len(undone) == 1
    assert world.forge.pull_request(world.number).head_sha in undone


def test_nothing_that_we_did_not_write_is_taken_back(world: World) -> None:
    with pytest.raises(Refused, match="not as we left it"):
        world.committer.take_back(
            world.branch, expected=world.head, files={PATH: Undoing(FIXED, b"")}, message=message()
        )


def test_what_no_commit_touches_is_not_taken_back_either(world: World) -> None:
    with pytest.raises(Refused, match="nothing was committed"):
        world.committer.take_back(
            world.branch,
            expected=world.head,
            files={"uv.lock": Undoing(None, b"x\n")},
            message=message(),
        )


def test_the_commits_of_a_pull_request_are_listed_in_order(world: World) -> None:
    made = world.committer.commit(
        world.branch, expected=world.head, files={PATH: FIXED}, message=message()
    )

    *_, before, last = world.history.commits(world.number)

    assert (before.sha, last.sha, last.parents) == (world.head, made, (world.head,))
    assert last.message.splitlines()[0] == "Fix the cart"
    assert "Pullwright-Run: run-1" in last.message.splitlines()


def test_what_is_stacked_on_a_branch_is_known(world: World) -> None:
    assert world.history.stacked_on(world.branch) == ()
    wanted = NewPullRequest("pullwright/1-run-1", world.branch, "Fix it", "Proved.")

    url = world.committer.open_stacked(
        wanted, at=world.head, files={PATH: FIXED}, message=message()
    )

    assert world.history.stacked_on(world.branch) == (url,)


def test_a_stacked_pull_request_is_opened_once(world: World) -> None:
    wanted = NewPullRequest("pullwright/1-run-1", world.branch, "Fix it", "Proved.")
    urls = {
        world.committer.open_stacked(wanted, at=world.head, files={PATH: FIXED}, message=message())
        for _ in range(2)
    }

    assert len(urls) == 1
    assert world.forge.pull_request(world.number).head_sha == world.head


def test_a_stacked_branch_has_a_name_of_ours(world: World) -> None:
    wanted = NewPullRequest("main", world.branch, "Fix it", "Proved.")

    with pytest.raises(Refused, match="pullwright/"):
        world.committer.open_stacked(wanted, at=world.head, files={PATH: FIXED}, message=message())


def test_a_check_that_a_dead_run_left_open_is_ended_once(world: World) -> None:
    dead = DeadRun(RunId("run-1"), world.head)
    check_id = world.publisher.check(started_check(world.head, "run-1"))

    ended = [world.open_checks.conclude(dead.check()) for _ in range(2)]

    assert ended == [True, False]
    assert world.publisher.check(dead.check()) == check_id


def test_a_check_that_is_not_there_is_not_made_to_be_ended(world: World) -> None:
    world.publisher.check(started_check(world.head, "run-2"))

    assert not world.open_checks.conclude(DeadRun(RunId("run-1"), world.head).check())


def test_a_verdict_is_not_ended_again(world: World) -> None:
    dead = DeadRun(RunId("run-1"), world.head)
    verdict = replace(dead.check(), conclusion=CheckConclusion.SUCCESS)
    world.publisher.check(verdict)

    assert not world.open_checks.conclude(dead.check())


def test_a_check_says_where_it_is_behind_its_run(world: World) -> None:
    started = replace(started_check(world.head, "run-1"), external_id="run-1#7")
    world.publisher.check(started)

    assert world.open_checks.conclude(DeadRun(RunId("run-1"), world.head).check())
