"""What every forge does with commits: each test runs on GitHub's adapters and on the fake."""

import pytest

from bot.domain.forge import (
    FileChanges,
    HeadMoved,
    NewPullRequest,
    Undoing,
)
from bot.errors import Refused
from tests.adapters.github_world import (
    FIXED,
    PATH,
    World,
    message,
)


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
    "pushed",
    [
        {PATH: b"import evil\n"},
        {PATH: FIXED, "src/evil.py": b"x\n"},
        {PATH: FIXED, "README.md": None},
        {PATH: None},
        {"lib/evil/a.py": b"x\n"},
    ],
    ids=["other bytes", "one more", "one less", "gone", "elsewhere"],
)
def test_our_trailer_in_the_commit_of_a_person_makes_it_none_of_ours(
    world: World, pushed: FileChanges
) -> None:
    world.push(pushed, message())

    with pytest.raises(HeadMoved):
        world.committer.commit(
            world.branch, expected=world.head, files={PATH: FIXED}, message=message()
        )


def test_what_was_taken_back_is_known_by_what_is_gone_too(world: World) -> None:
    files = {"new/folder/a.py": b"x\n"}
    made = world.committer.commit(world.branch, expected=world.head, files=files, message=message())
    undo = {path: Undoing(data, None) for path, data in files.items()}

    shas = {
        world.committer.take_back(world.branch, expected=made, files=undo, message=message("2"))
        for _ in range(2)
    }

    assert len(shas) == 1


@pytest.mark.parametrize(
    "path",
    [
        ".github/workflows/ci.yml", "action.yml", "sub/action.yaml", "CODEOWNERS",
        ".gitmodules", ".gitattributes", ".pullwright.yml", "uv.lock", "package-lock.json",
        "../x.py", "/etc/passwd", ".git/config", "a//b.py", "a\nb.py",
        ".GitHub/workflows/ci.yml", ".github", "Action.yml", "codeowners", ".GitModules",
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
