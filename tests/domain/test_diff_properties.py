"""What holds for every pair of files, with git itself as the judge."""

import re
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.diff import Diff, FileDiff, Hunk, LineKind, NotAnchorable, Side
from bot.domain.edits import Edit, Patch, edits_between
from bot.domain.pull_request import Sha
from bot.domain.reversal import revert_edits
from tests.domain.file_pairs import Pair, batches
from tests.domain.real_git import Repository, apply, regular

AGAINST_GIT = settings(
    max_examples=40,
    deadline=None,
    database=None,
    # One repository serves all examples: each commit replaces the two branches.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
SUBSETS = st.integers(0, 2**16 - 1)
Numbered = dict[int, bytes]


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "repository.git")


@AGAINST_GIT
@given(pairs=batches(with_nul=True))
def test_every_line_of_the_diff_is_that_line_of_its_file(
    repository: Repository, pairs: list[Pair]
) -> None:
    for pair, file in _changed(repository, pairs):
        old, new = map(_numbered, pair)
        for line in (line for hunk in file.hunks for line in hunk.lines):
            text = line.text.encode("utf-8", "surrogateescape")
            assert line.old_number is None or old[line.old_number] == text
            assert line.new_number is None or new[line.new_number] == text


@AGAINST_GIT
@given(pairs=batches(with_nul=True))
def test_lines_outside_the_hunks_are_the_same_on_both_sides(
    repository: Repository, pairs: list[Pair]
) -> None:
    for pair, file in _changed(repository, pairs):
        if file.is_binary:
            assert any(b"\0" in data for data in pair)
            continue
        old, new = map(_numbered, pair)
        lines = [line for hunk in file.hunks for line in hunk.lines]
        removed = {line.old_number for line in lines if line.kind is LineKind.REMOVED}
        kept = [text for number, text in old.items() if number not in removed]
        assert kept == [text for number, text in new.items() if number not in file.added_lines]


@AGAINST_GIT
@given(pairs=batches())
def test_reverting_all_hunks_gives_the_base_byte_for_byte(
    repository: Repository, pairs: list[Pair]
) -> None:
    for (old, new), file in _changed(repository, pairs):
        edits = [edit for hunk in file.hunks for edit in revert_edits(file, hunk)]

        assert Patch(tuple(edits)).apply({file.path: new}) == {file.path: old}


@AGAINST_GIT
@given(pairs=batches(), chosen=SUBSETS)
def test_reverting_some_hunks_gives_what_git_apply_gives(
    repository: Repository, pairs: list[Pair], chosen: int
) -> None:
    patch: list[bytes] = []
    expected: dict[bytes, bytes] = {}
    head: dict[bytes, bytes] = {}
    for (_, new), file in _changed(repository, pairs):
        hunks = [hunk for i, hunk in enumerate(file.hunks) if chosen >> i & 1]
        edits = tuple(edit for hunk in hunks for edit in revert_edits(file, hunk))
        head[file.path.encode()] = new
        expected[file.path.encode()] = _apply(edits, file.path, new)
        patch.extend(_only(file, hunks))

    with tempfile.TemporaryDirectory() as folder:
        assert apply(b"".join(patch), head, Path(folder), "-R", "--unidiff-zero") == expected


@AGAINST_GIT
@given(pairs=batches(with_nul=True))
def test_git_apply_takes_the_unified_diff_of_every_patch(pairs: list[Pair]) -> None:
    before = {_name(i): old for i, (old, _) in enumerate(pairs)}
    after = {_name(i): new for i, (_, new) in enumerate(pairs)}
    edits = [e for n in before for e in edits_between(n.decode(), before[n], after[n])]
    patch = Patch(tuple(edits))
    files = {name.decode(): data for name, data in before.items()}

    assert files | patch.apply(files) == {name.decode(): data for name, data in after.items()}
    text = patch.unified(files).encode("utf-8", "surrogateescape")
    with tempfile.TemporaryDirectory() as folder:
        assert apply(text, before, Path(folder)) == after


@AGAINST_GIT
@given(pairs=batches(with_nul=True))
def test_an_anchor_exists_exactly_where_github_shows_a_line(
    repository: Repository, pairs: list[Pair]
) -> None:
    changed = _changed(repository, pairs)
    shown = _shown_by_github(repository.plain_diff())
    for pair, file in changed:
        for side, data in zip((Side.LEFT, Side.RIGHT), pair, strict=True):
            for line in range(len(_numbered(data)) + 2):
                hunk = shown[file.path, side].get(line)
                assert _is_anchored(file, line, side) == (hunk is not None)


@AGAINST_GIT
@given(pairs=batches(), start=st.integers(0, 70), length=st.integers(0, 8))
def test_a_range_is_anchored_exactly_when_one_hunk_shows_all_of_it(
    repository: Repository, pairs: list[Pair], start: int, length: int
) -> None:
    changed = _changed(repository, pairs)
    shown = _shown_by_github(repository.plain_diff())
    for _, file in changed:
        for side in Side:
            hunks = {shown[file.path, side].get(n) for n in range(start, start + length + 1)}
            is_one_hunk = len(hunks) == 1 and None not in hunks
            is_anchored = _is_anchored(file, start + length, side, start)
            assert is_anchored == is_one_hunk


def _changed(repository: Repository, pairs: list[Pair]) -> list[tuple[Pair, FileDiff]]:
    base = {_name(i): old for i, (old, _) in enumerate(pairs)}
    head = {_name(i): new for i, (_, new) in enumerate(pairs)}
    repository.commit(regular(base), regular(head))
    files = repository.diff().by_path
    assert set(files) == {n.decode() for n in base if base[n] != head[n]}
    return [(pairs[int(path[1:])], file) for path, file in files.items()]


def _name(index: int) -> bytes:
    return b"f%d" % index


def _numbered(data: bytes) -> Numbered:
    parts = data.split(b"\n")
    lines = [part + b"\n" for part in parts[:-1]] + [part for part in parts[-1:] if part]
    return dict(enumerate(lines, 1))


def _apply(edits: tuple[Edit, ...], path: str, data: bytes) -> bytes:
    return Patch(edits).apply({path: data})[path] if edits else data


def _only(file: FileDiff, hunks: list[Hunk]) -> Iterator[bytes]:
    """A patch of these hunks alone; the old numbers are those before the hunks above were cut."""
    if hunks:
        name = file.path.encode()
        yield b"diff --git a/%b b/%b\n--- a/%b\n+++ b/%b\n" % (name, name, name, name)
    shift = 0
    for hunk in hunks:
        first = hunk.new_start + (hunk.new_count == 0) - (hunk.old_count == 0)
        ranges = (first - shift, hunk.old_count, hunk.new_start, hunk.new_count)
        yield b"@@ -%d,%d +%d,%d @@\n" % ranges + hunk.body
        shift += hunk.new_count - hunk.old_count


def _is_anchored(file: FileDiff, line: int, side: Side, start: int | None = None) -> bool:
    diff = Diff(Sha("0" * 40), Sha("1" * 40), (file,))
    try:
        anchor = diff.anchor(file.path, line, side, start_line=start)
    except NotAnchorable:
        return False
    assert anchor == (file.path, side, line, None if start == line else start)
    return True


def _shown_by_github(patch: bytes) -> Mapping[tuple[str, Side], Mapping[int, int]]:
    """Which hunk shows which line, read from the text of a diff as a person reads it."""
    shown: dict[tuple[str, Side], dict[int, int]] = defaultdict(dict)
    left = right = old = new = hunk = 0
    path = ""
    for row in patch.split(b"\n"):
        if old + new == 0 and (name := re.fullmatch(rb"diff --git a/(\w+) b/\w+", row)):
            path = name[1].decode()
        elif old + new == 0 and (at := re.match(rb"@@ -(\d+),?(\d*) \+(\d+),?(\d*) @@", row)):
            left, right = int(at[1]), int(at[3])
            old, new = int(at[2] or 1), int(at[4] or 1)
            hunk += 1
        elif old + new and row[:1] in (b" ", b"-", b"+"):
            if row[:1] != b"+":
                shown[path, Side.LEFT][left] = hunk
                left, old = left + 1, old - 1
            if row[:1] != b"-":
                shown[path, Side.RIGHT][right] = hunk
                right, new = right + 1, new - 1
    return shown
