from dataclasses import replace

import pytest

from bot.domain.diff import Diff, FileDiff, FileStatus, Hunk
from bot.domain.edits import Edit, Patch
from bot.domain.findings import Location
from bot.domain.pull_request import Sha
from bot.domain.reading import OF_TESTS, ReadFile, basis, digests, read_files, unchanged
from tests import reviews

HUNK = Hunk(1, 1, 1, 1, b"-a\n+b\n")
FILE = FileDiff(
    "a.py", "a.py", FileStatus.MODIFIED, "100644", "100644", is_binary=False, hunks=(HUNK,)
)
BEFORE, AFTER = {"a.py": b"a\n"}, {"a.py": b"b\n"}


def digest(file: FileDiff = FILE, before: bytes = b"a\n", after: bytes = b"b\n") -> str:
    diff = Diff(Sha("0" * 40), Sha("1" * 40), (file,))
    return digests(diff, {file.old_path: before}, {file.path: after})[file.path]


@pytest.mark.parametrize(
    "other",
    [
        digest(before=b"c\n"),
        digest(after=b"c\n"),
        digest(replace(FILE, path="b.py")),
        digest(replace(FILE, old_path="b.py")),
        digest(replace(FILE, new_mode="100755")),
        digest(replace(FILE, status=FileStatus.TYPE_CHANGED)),
        digest(replace(FILE, is_binary=True)),
        digest(replace(FILE, hunks=(replace(HUNK, new_start=2),))),
        digest(replace(FILE, hunks=(replace(HUNK, body=b"-a\n+c\n"),))),
        digest(replace(FILE, hunks=())),
    ],
    ids=["base", "head", "path", "old path", "mode", "status", "binary", "place", "body", "none"],
)
def test_a_file_is_the_same_only_while_all_there_is_to_read_in_it_is(other: str) -> None:
    assert other != digest()


def test_commits_do_not_matter() -> None:
    diff = Diff(Sha("8" * 40), Sha("9" * 40), (FILE,))

    assert digests(diff, BEFORE, AFTER) == {"a.py": digest()}


def test_a_name_or_a_text_that_is_no_utf_8_is_a_file_too() -> None:
    odd = replace(FILE, path="\udcff.py", old_path="\udcff.py")

    assert digest(odd, after=b"\xff") != digest(odd)


def test_scripts_are_the_same_together() -> None:
    one, other = (replace(FILE, path=p, old_path=p) for p in ("a.sh", "b.sh"))
    diff = Diff(Sha("0" * 40), Sha("1" * 40), (one, other))

    before = digests(diff, {}, {"a.sh": b"1", "b.sh": b"2"})
    after = digests(diff, {}, {"a.sh": b"1", "b.sh": b"3"})

    assert before["a.sh"] != after["a.sh"]


def test_only_what_is_the_same_stands() -> None:
    same, other, gone = (ReadFile(p, "1", ("lint",)) for p in ("a.py", "b.py", "c.py"))

    assert unchanged((same, other, gone), {"a.py": "1", "b.py": "2"}) == (same,)


def test_what_running_code_said_is_not_kept() -> None:
    place = Location("a.py", 1, 1)
    fix = Patch((Edit("a.py", 1, 1, "a\n", "b\n"),))
    lint = reviews.finding(location=place, fix=fix)
    red = reviews.finding(location=place, source=OF_TESTS)
    elsewhere = reviews.finding(location=Location("b.py", 1, 1))

    (kept,) = read_files({"a.py": ("lint",)}, {"a.py": "1"}, [lint, red, elsewhere])

    assert kept == ReadFile("a.py", "1", ("lint",), (replace(lint, fix=None),))


def test_a_basis_tells_its_parts_apart() -> None:
    assert basis(["ab", "c"]) != basis(["a", "bc"])
