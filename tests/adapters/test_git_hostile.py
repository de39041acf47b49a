"""Repositories that try to run a program, to lead out of a folder, or to hide: cases C01 to C09."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bot.adapters.git_workspace import GitWorkspace, Uncommitted
from bot.domain.ports import CommitMessage
from bot.errors import Refused
from tests.situations import Link, RepoFixture, Submodule, repository

Opener = Callable[..., GitWorkspace]
MESSAGE = CommitMessage("Fix F1", "", ())


@pytest.fixture
def payload(tmp_path: Path) -> Path:
    """A program that leaves a mark, so that a test can tell whether it ran."""
    program = tmp_path / "payload"
    program.write_text(f"#!/bin/sh\ntouch '{tmp_path}/ran'\ncat 2>/dev/null\n")
    program.chmod(0o755)
    return program


def assert_nothing_ran(payload: Path) -> None:
    assert not (payload.parent / "ran").exists()


def set_trap(repo: RepoFixture, kind: str, payload: Path) -> None:
    settings = {
        "fsmonitor": [("core.fsmonitor", str(payload))],
        "hooks path": [("core.hooksPath", str(payload.parent / "hooks"))],
        "filter": [("filter.x.clean", str(payload)), ("filter.x.smudge", str(payload))],
        "required filter": [("filter.x.process", str(payload)), ("filter.x.required", "true")],
        "external diff": [("diff.external", str(payload)), ("diff.x.command", str(payload))],
        "textconv": [("diff.x.textconv", str(payload))],
        "alias": [("alias.diff", f"!{payload}"), ("core.pager", str(payload))],
        "hooks": [],
    }
    for key, value in settings[kind]:
        repo.git("config", key, value)
    for folder in (repo.path / ".git" / "hooks", payload.parent / "hooks"):
        folder.mkdir(exist_ok=True)
        for hook in ("post-index-change", "reference-transaction", "post-merge", "pre-commit"):
            (folder / hook).unlink(missing_ok=True)
            (folder / hook).symlink_to(payload)


TRAPS = [
    "fsmonitor", "hooks path", "hooks", "filter", "required filter", "external diff", "textconv",
    "alias",
]  # fmt: skip


@pytest.fixture
def marked(tmp_path: Path) -> RepoFixture:
    """A repository whose attributes name a filter and a diff driver for every file."""
    attributes = b"* filter=x diff=x\n"
    base = {"a.py": b"1\n", ".gitattributes": attributes}
    return repository(tmp_path, base=base, head={"a.py": b"2\n"})


@pytest.mark.parametrize("kind", TRAPS)
def test_no_program_of_the_repository_runs_for_a_review_and_a_commit(
    kind: str, marked: RepoFixture, payload: Path, open_git: Opener
) -> None:
    set_trap(marked, kind, payload)

    workspace = open_git(marked.path)
    assert [file.path for file in workspace.diff().files] == ["a.py"]
    list(workspace.files(marked.head_sha))
    workspace.commit({"a.py": b"3\n"}, message=MESSAGE)

    assert_nothing_ran(payload)
    assert (marked.path / "a.py").read_bytes() == b"3\n"


@pytest.mark.parametrize("kind", TRAPS)
@pytest.mark.parametrize("uncommitted", [Uncommitted.STAGED, Uncommitted.WORKTREE])
def test_no_program_of_the_repository_runs_for_uncommitted_work(
    kind: str, uncommitted: Uncommitted, marked: RepoFixture, payload: Path, open_git: Opener
) -> None:
    marked.write({"a.py": b"3\n"})
    marked.git("add", "a.py")
    marked.write({"b.py": b"new\n"})
    set_trap(marked, kind, payload)

    open_git(marked.path, uncommitted=uncommitted).diff()

    assert_nothing_ran(payload)


def test_the_traps_do_work_on_a_git_that_is_not_isolated(
    marked: RepoFixture, payload: Path
) -> None:
    set_trap(marked, "filter", payload)
    marked.write({"a.py": b"3\n"})

    marked.git("add", "a.py")

    assert (payload.parent / "ran").exists()


def test_a_missing_object_does_not_start_the_transport_that_a_config_names(
    marked: RepoFixture, payload: Path, open_git: Opener
) -> None:
    for key, value in {
        "extensions.partialClone": "origin",
        "remote.origin.promisor": "true",
        "remote.origin.url": f"ext::{payload}",
        "protocol.ext.allow": "always",
        "remote.origin.uploadpack": str(payload),
        "core.sshCommand": str(payload),
    }.items():
        marked.git("config", key, value)
    blob = marked.git("rev-parse", "HEAD:a.py")
    (marked.path / ".git" / "objects" / blob[:2] / blob[2:]).unlink()

    with pytest.raises(Refused, match=r"a\.py cannot be read"):
        list(open_git(marked.path).files(marked.head_sha))

    assert_nothing_ran(payload)


def test_a_file_monitor_inside_a_submodule_does_not_run(
    tmp_path: Path, payload: Path, open_git: Opener
) -> None:
    repo = repository(tmp_path, base={"a.py": b"1\n"}, head={"a.py": b"2\n"})
    inner = repository(repo.path, base={"x": b"1\n"}, head={"x": b"2\n"}, name="inner")
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{inner.head_sha},inner")
    repo.git("-c", "user.name=A", "-c", "user.email=a@b", "commit", "-q", "-m", "Submodule")
    inner.git("config", "core.fsmonitor", str(payload))
    inner.write({"x": b"dirty\n"})
    repo.write({"a.py": b"3\n"})

    workspace = open_git(repo.path, uncommitted=Uncommitted.WORKTREE)

    assert [file.path for file in workspace.diff().files] == ["a.py"]
    assert_nothing_ran(payload)


@pytest.mark.parametrize("url", ["ext::sh -c touch% ran", "file:///etc", "-u./x"])
def test_a_submodule_is_left_out_and_its_url_is_never_used(
    url: str, tmp_path: Path, open_git: Opener
) -> None:
    modules = f'[submodule "m"]\n\tpath = m\n\turl = {url}\n'.encode()
    head = {".gitmodules": modules, "m": Submodule(b"12" * 20), "a": b"2\n"}
    repo = repository(tmp_path, base={"a": b"1\n"}, head=head)

    files = list(open_git(repo.path).files(repo.head_sha))

    assert [file.path for file in files] == [".gitmodules", "a"]


def test_a_symlink_to_a_secret_is_the_text_of_its_target(tmp_path: Path, open_git: Opener) -> None:
    head = {"cfg.json": Link(b"/etc/passwd"), "up": Link(b"../../secret")}
    repo = repository(tmp_path, base={"a": b"1\n"}, head=head)

    files = open_git(repo.path).files(repo.head_sha, head)

    assert [file.data for file in files] == [b"/etc/passwd", b"../../secret"]


def test_attributes_hide_no_file_from_the_diff(tmp_path: Path, open_git: Opener) -> None:
    attributes = b"*.py -diff binary export-ignore linguist-generated\n"
    repo = repository(
        tmp_path, base={"a": b""}, head={"x.py": b"x\n", ".gitattributes": attributes}
    )
    workspace = open_git(repo.path)

    assert not workspace.diff().by_path["x.py"].is_binary
    assert workspace.diff().by_path["x.py"].hunks
    assert "x.py" in [file.path for file in workspace.files(repo.head_sha)]


def test_an_lfs_pointer_stays_a_pointer(tmp_path: Path, open_git: Opener) -> None:
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n"
    head = {"x.bin": pointer, ".gitattributes": b"*.bin filter=lfs diff=lfs merge=lfs -text\n"}
    repo = repository(tmp_path, base={"a": b""}, head=head)

    files = list(open_git(repo.path).files(repo.head_sha, ["x.bin"]))

    assert files[0].data == pointer


@pytest.mark.parametrize(
    "branch", ["--upload-pack=touch ran", "-x", "a;$(id)", 'a"b', "b" * 200, "refs/heads/main"]
)
def test_a_branch_name_is_never_an_option_or_a_shell_word(
    branch: str, tmp_path: Path, open_git: Opener
) -> None:
    # Git itself refuses a space; a server may hold what it likes.
    branch = branch.replace(" ", "\u00a0")
    repo = repository(tmp_path, base={"a": b"1\n"}, head={"a": b"2\n"}, head_branch=branch)
    workspace = open_git(repo.path)

    workspace.commit({"a": b"3\n"}, message=MESSAGE)

    assert workspace.change.head_sha == repo.head_sha
    assert repo.show(f"refs/heads/{branch}", "a") == b"3\n"
    assert not list(tmp_path.rglob("ran"))


def test_a_branch_that_looks_like_an_option_can_be_named(tmp_path: Path, open_git: Opener) -> None:
    repo = repository(tmp_path, base={"a": b"1\n"}, head={"a": b"2\n"}, head_branch="-x;$(id)")

    change = open_git(repo.path, head="-x;$(id)").change

    assert (change.head_sha, change.head_ref) == (repo.head_sha, "-x;$(id)")


@pytest.mark.parametrize(
    "ref", ["--upload-pack=touch x", "-x", "--all", "^main", "a\0b", "", "main..x"]
)
def test_what_is_not_one_commit_is_an_unknown_ref(
    ref: str, marked: RepoFixture, open_git: Opener
) -> None:
    with pytest.raises(Refused, match="unknown ref"):
        open_git(marked.path, head=ref)


NAMES = [
    "-rf", "a\nb.py", "\x1b[31mred", "bad\udcff\udcfe", "n" * 255, "trailing. ", '"q"', "\\t",
    "dir with space/--", "\u202eyp.exe",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_every_file_name_that_git_holds_survives_review_and_commit(
    name: str, tmp_path: Path, open_git: Opener
) -> None:
    repo = repository(tmp_path, base={"a": b""}, head={name: b"1\n"})
    workspace = open_git(repo.path)

    assert [file.path for file in workspace.diff().files] == [name]
    assert [file.data for file in workspace.files(repo.head_sha, [name])] == [b"1\n"]
    workspace.commit({name: b"2\n"}, message=MESSAGE)
    assert (repo.path / name).read_bytes() == b"2\n"


def test_names_that_differ_in_case_only_are_two_files(tmp_path: Path, open_git: Opener) -> None:
    repo = repository(tmp_path, base={"a": b""}, head={"README": b"1\n", "readme": b"2\n"})

    files = open_git(repo.path).files(repo.head_sha, ["README", "readme"])

    assert [(file.path, file.data) for file in files] == [("README", b"1\n"), ("readme", b"2\n")]


def commit_tree_of(repo: RepoFixture, rows: list[tuple[str, bytes, str]]) -> None:
    """Put a tree on the head branch that git itself would refuse to make."""
    entries = (f"{m} ".encode() + name + b"\0" + bytes.fromhex(sha) for m, name, sha in rows)
    tree = repo.git(
        "hash-object", "-t", "tree", "-w", "--literally", "--stdin", stdin=b"".join(entries)
    )
    commit = repo.git("commit-tree", "-p", "HEAD", "-m", "Malformed", tree)
    repo.git("update-ref", "refs/heads/feature", commit)


@pytest.mark.parametrize("name", [b"..", b".git", b".GIT", b"."])
def test_a_tree_that_leads_out_of_its_folder_is_refused(
    name: bytes, marked: RepoFixture, open_git: Opener
) -> None:
    inner = marked.git("rev-parse", "HEAD^{tree}")
    commit_tree_of(marked, [("40000", name, inner)])

    with pytest.raises(Refused, match="unsafe path"):
        open_git(marked.path)


def test_an_absolute_name_is_refused(marked: RepoFixture, open_git: Opener) -> None:
    commit_tree_of(marked, [("100644", b"/etc/passwd", marked.git("rev-parse", "HEAD:a.py"))])

    with pytest.raises(Refused, match="unsafe path"):
        open_git(marked.path)


def test_a_name_that_is_a_file_and_a_folder_is_refused(
    marked: RepoFixture, open_git: Opener
) -> None:
    blob, tree = marked.git("rev-parse", "HEAD:a.py"), marked.git("rev-parse", "HEAD^{tree}")
    commit_tree_of(marked, [("100644", b"x", blob), ("40000", b"x", tree)])

    with pytest.raises(Refused, match="names a path twice"):
        open_git(marked.path)


def test_variables_of_a_hook_that_runs_us_lead_nowhere(
    marked: RepoFixture, open_git: Opener, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    other = repository(tmp_path, base={"a.py": b"x\n"}, head={"a.py": b"y\n"}, name="other")
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR"):
        monkeypatch.setenv(name, str(other.path / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other.path / ".git" / "index"))

    files = list(open_git(marked.path).files(marked.head_sha, ["a.py"]))

    assert [file.data for file in files] == [b"2\n"]
