"""What `git diff` prints in every situation we know, and what is refused."""

from pathlib import Path

import pytest

from bot.domain.diff import Diff, FileDiff, FileStatus, LineKind
from bot.domain.diff_parser import DIFF_ARGUMENTS, MalformedDiff, parse_diff
from bot.domain.pull_request import Sha
from tests.domain.real_git import Repository, Tree, regular, run

BASE, HEAD = Sha("a" * 40), Sha("b" * 40)
LINES = b"".join(b"line %d\n" % n for n in range(40))
NAMES = (
    *(b"plain", b"-lead", b"sp ace", b" ", b"tab\tname", b'quo"te', b"back\\slash", b"\x1b[31mred"),
    *(b"new\nline", b"x\ndiff --git a/x b/x", b"x\n@@ -1 +1 @@", b"x\n--- a/x", b"--- a", b"a\rb"),
    *(
        b"\xff\xfe",
        b"\xc3",
        "é\u202e.py".encode(),
        b"n" * 255,
        b"\n" * 200,
        b"a b/a",
        b"b/dev/null",
    ),
    *(b"dir/" * 20 + b"deep", b"Binary files a and b differ", b":100644", b"\x7f", b"\x01\x07\x08"),
)
SETTINGS = """
    core.quotePath=false core.abbrev=9 core.attributesFile=attributes color.ui=always
    diff.noprefix=true diff.mnemonicPrefix=true diff.srcPrefix=x/ diff.dstPrefix=y/
    diff.suppressBlankEmpty=true diff.context=0 diff.interHunkContext=90 diff.algorithm=patience
    diff.renames=false diff.renameLimit=1 diff.external=false diff.orderFile=order
    diff.ignoreSubmodules=all diff.submodule=log diff.relative=true diff.indentHeuristic=false
    diff.colorMoved=zebra
"""


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "repository.git")


def only_file(repository: Repository, base: Tree, head: Tree) -> FileDiff:
    repository.commit(base, head)
    (file,) = repository.diff().files
    return file


def test_every_name_that_git_can_hold_survives(repository: Repository) -> None:
    repository.commit(regular(dict.fromkeys(NAMES, b"a\n")), regular(dict.fromkeys(NAMES, b"b\n")))

    files = repository.diff().files

    assert {f.path.encode("utf-8", "surrogateescape") for f in files} == set(NAMES)
    assert {(line.kind, line.text) for f in files for h in f.hunks for line in h.lines} == {
        (LineKind.REMOVED, "a\n"),
        (LineKind.ADDED, "b\n"),
    }


@pytest.mark.parametrize("name", NAMES, ids=repr)
def test_a_binary_or_renamed_file_may_have_any_name(repository: Repository, name: bytes) -> None:
    base = {name: ("100644", b"\0a"), b"moved from": ("100644", LINES)}
    head = {name: ("100644", b"\0b"), b"moved to/" + name: ("100755", LINES + b"more\n")}
    repository.commit(base, head)

    files = {file.status: file for file in repository.diff().files}

    assert files[FileStatus.MODIFIED].is_binary
    assert files[FileStatus.RENAMED].old_path == "moved from"
    assert files[FileStatus.RENAMED].path.encode("utf-8", "surrogateescape") == b"moved to/" + name


def test_a_pure_rename_has_no_hunks(repository: Repository) -> None:
    file = only_file(repository, regular({b"old": LINES}), regular({b"new": LINES}))

    assert (file.status, file.old_path, file.path) == (FileStatus.RENAMED, "old", "new")
    assert file.hunks == ()


def test_a_rename_with_an_edit_shows_only_the_edit(repository: Repository) -> None:
    file = only_file(repository, regular({b"old": LINES}), regular({b"new": b"top\n" + LINES}))

    assert file.status is FileStatus.RENAMED
    assert set(file.added_lines) == {1}


def test_a_mode_change_alone_has_modes_and_no_hunks(repository: Repository) -> None:
    file = only_file(repository, {b"x": ("100644", LINES)}, {b"x": ("100755", LINES)})

    assert (file.old_mode, file.new_mode, file.hunks) == ("100644", "100755", ())


def test_a_mode_change_with_an_edit_has_both(repository: Repository) -> None:
    file = only_file(repository, {b"x": ("100644", b"a\n")}, {b"x": ("100755", b"b\n")})

    assert (file.new_mode, len(file.hunks)) == ("100755", 1)


@pytest.mark.parametrize(("old", "new"), [(b"a\0", b"b\0"), (b"", b"\0"), (b"\0", b"")])
def test_a_binary_file_has_no_hunks(repository: Repository, old: bytes, new: bytes) -> None:
    file = only_file(repository, regular({b"x": old}), regular({b"x": new}))

    assert (file.is_binary, file.hunks) == (True, ())


def test_an_added_binary_and_a_deleted_one_say_so(repository: Repository) -> None:
    repository.commit(regular({b"gone one": b"\0a"}), regular({b"new one": b"\0" * 900}))

    files = repository.diff().files

    assert [(f.path, f.status, f.is_binary) for f in files] == [
        ("gone one", FileStatus.DELETED, True),
        ("new one", FileStatus.ADDED, True),
    ]


@pytest.mark.parametrize("content", [b"", b"a", b"a\n", b"a\r\n", b"\n", b"\r", b"\x0c\n"])
def test_an_added_and_a_deleted_file_keep_every_byte(
    repository: Repository, content: bytes
) -> None:
    keep = {b"keep": b"keep\n"}
    added = only_file(repository, regular(keep), regular(keep | {b"x": content}))
    deleted = only_file(repository, regular(keep | {b"x": content}), regular(keep))

    assert (added.status, deleted.status) == (FileStatus.ADDED, FileStatus.DELETED)
    for file in (added, deleted):
        assert "".join(line.text for h in file.hunks for line in h.lines).encode() == content


def test_a_file_that_becomes_a_symlink_is_one_changed_file(repository: Repository) -> None:
    file = only_file(repository, {b"x": ("100644", b"a\nb\n")}, {b"x": ("120000", b"target")})

    assert (file.status, file.new_mode) == (FileStatus.TYPE_CHANGED, "120000")
    assert [line.text for hunk in file.hunks for line in hunk.lines] == ["a\n", "b\n", "target"]


def test_a_symlink_that_becomes_a_binary_is_one_changed_file(repository: Repository) -> None:
    file = only_file(repository, {b"x": ("120000", b"target")}, {b"x": ("100644", b"\0")})

    assert (file.status, file.is_binary, len(file.hunks)) == (FileStatus.TYPE_CHANGED, True, 1)


@pytest.mark.parametrize("mode", ["100644", "120000"])
def test_a_submodule_may_take_the_place_of_a_file(repository: Repository, mode: str) -> None:
    file = only_file(repository, {b"x": (mode, b"a")}, {b"x": ("160000", b"2" * 40)})

    assert (file.status, file.new_mode) == (FileStatus.TYPE_CHANGED, "160000")
    assert len(file.hunks) == 2


def test_a_submodule_bump_shows_both_commits(repository: Repository) -> None:
    file = only_file(repository, {b"sub": ("160000", b"1" * 40)}, {b"sub": ("160000", b"2" * 40)})

    assert (file.old_mode, file.new_mode) == ("160000", "160000")
    assert [line.text for line in file.hunks[0].lines] == [
        f"Subproject commit {'1' * 40}\n",
        f"Subproject commit {'2' * 40}\n",
    ]


def test_line_ends_other_than_line_feeds_do_not_end_a_line(repository: Repository) -> None:
    old = b"a\r\nform\x0cfeed\nlone\rreturn\n\x1c\x85\n"
    file = only_file(repository, regular({b"x": old}), regular({b"x": old + b"end\r"}))

    assert [line.text.encode("utf-8", "surrogateescape") for line in file.hunks[0].lines] == [
        b"form\x0cfeed\n",
        b"lone\rreturn\n",
        b"\x1c\x85\n",
        b"end\r",
    ]


def test_a_repository_of_sha256_ids_is_understood(tmp_path: Path) -> None:
    path = tmp_path / "sha256.git"
    repository = Repository(path, object_format="sha256")
    repository.commit(regular({b"x": b"a\n"}), {b"x": ("120000", b"b")})

    assert repository.diff().files[0].status is FileStatus.TYPE_CHANGED


def test_configuration_of_the_user_or_repository_changes_nothing(repository: Repository) -> None:
    base = {b"\xc3\xa9": ("100644", LINES), b"m": ("100644", LINES), b"s": ("160000", b"1" * 40)}
    head = {b"\xc3\xa9": ("100644", b"\n" + LINES), b"n": ("100644", LINES + b"\n")}
    repository.commit(base, head | {b"s": ("160000", b"2" * 40)})
    expected = repository.raw_diff()

    (repository.path / "attributes").write_text("* -diff\n")
    (repository.path / "order").write_text("s\n")
    for setting in SETTINGS.split():
        run(["git", "config", *setting.split("=")], cwd=repository.path)

    assert repository.raw_diff() == expected


def test_attributes_of_the_head_cannot_hide_a_file(repository: Repository) -> None:
    attributes = ("100644", b"* -diff\n* binary\n")
    base = {b".gitattributes": attributes, b"x.py": ("100644", b"a\n")}
    repository.commit(base, base | {b"x.py": ("100644", b"b\n")})

    (file,) = repository.diff().files
    assert not file.is_binary


def test_three_thousand_files_are_three_thousand_files(repository: Repository) -> None:
    names = [b"d%d/f%d.py" % (n % 50, n) for n in range(3000)]
    repository.commit(regular(dict.fromkeys(names, b"a\n")), regular(dict.fromkeys(names, b"b\n")))

    assert repository.diff().hunks_total == 3000


def test_a_file_of_a_million_lines_has_a_million_added_lines(repository: Repository) -> None:
    million = b"".join(b"%d\n" % n for n in range(10**6))
    file = only_file(repository, regular({}), regular({b"x": million}))

    assert file.added_lines == frozenset(range(1, 10**6 + 1))


def test_no_difference_is_an_empty_diff() -> None:
    assert parse_diff(b"", merge_base_sha=BASE, head_sha=HEAD) == Diff(BASE, HEAD, ())


@pytest.fixture(scope="module")
def whole_output(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    repository = Repository(tmp_path_factory.mktemp("whole") / "repository.git")
    base = {b"a": ("100644", LINES), b"b": ("100644", b"\0"), b"old": ("100644", LINES * 2)}
    head = {b"a": ("100644", b"\n" + LINES + b"\n"), b"b": ("100644", b"\0\0")}
    repository.commit(base, head | {b"new": ("100755", LINES * 2 + b"end\n")})
    return repository.raw_diff()


def test_an_output_that_is_cut_anywhere_is_refused(whole_output: bytes) -> None:
    for length in range(1, len(whole_output)):
        with pytest.raises(MalformedDiff):
            parse_diff(whole_output[:length], merge_base_sha=BASE, head_sha=HEAD)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"@@ -1,3 +1,4 @@", b"@@ -1,3 +1,5 @@"),
        (b"@@ -1,3 +1,4 @@", b"@@ -9,3 +9,4 @@ \n@@ -1,3 +1,4 @@"),
        (b"@@ -38,3 +39,4 @@", b"@@ -2,3 +2,4 @@"),
        (b"@@ -1,3 +1,4 @@", b"@@ garbled @@"),
        (b"\n+\n", b"\n\n"),
        (b"\n+\n", b"\n\\ No newline at end of file\n+\n\\ No newline at end of file\n\\ x\n"),
        (b"--- a/a\n", b"--- a/c\n"),
        (b"diff --git a/a b/a\n", b"diff --git a/c b/c\n"),
        (b"Binary files a/b and b/b differ\n", b"GIT binary patch\n"),
        (b"Binary files a/b and b/b differ\n", b""),
        (b":100644 100644", b":100644 100755"),
        (b"similarity index", b"dissimilarity index"),
        (b" M\0a\0", b" U\0a\0"),
        (b"\0\0diff", b"\0diff"),
    ],
)
def test_an_output_that_contradicts_itself_is_refused(
    whole_output: bytes, old: bytes, new: bytes
) -> None:
    assert old in whole_output

    with pytest.raises(MalformedDiff):
        parse_diff(whole_output.replace(old, new, 1), merge_base_sha=BASE, head_sha=HEAD)


def test_sections_that_no_record_foretells_are_refused(whole_output: bytes) -> None:
    with pytest.raises(MalformedDiff, match="no record foretold"):
        parse_diff(
            whole_output + b"diff --git a/z b/z\nold mode 100644\nnew mode 100755\n",
            merge_base_sha=BASE,
            head_sha=HEAD,
        )


def test_the_arguments_name_no_commit_and_no_path() -> None:
    assert "diff" in DIFF_ARGUMENTS
    assert "--" not in DIFF_ARGUMENTS
