"""Turns the bytes of one `git diff` into a `Diff`, or refuses them.

The raw records at the start of the output are the truth about names, modes and ids. Each patch
section must open with exactly the header that its record foretells. Inside a section every line of
content carries a one-character prefix, so a line that opens with `@@ ` or `diff --git ` is
structure whatever the files hold; the counts of each hunk's header are checked against its body.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.domain import git_names
from bot.domain.diff import Diff, FileDiff, FileStatus, Hunk
from bot.domain.pull_request import Sha
from bot.errors import PullwrightError

DIFF_ARGUMENTS: tuple[str, ...] = (
    "--no-replace-objects",
    *("-c", "core.quotePath=true"),
    *("-c", "core.attributesFile=/dev/null"),
    # Attributes of the repository may call any file binary and so hide it from a review. Git reads
    # them from HEAD of a bare repository since 2.43; this is the empty tree.
    *("-c", "attr.tree=4b825dc642cb6eb9a060e54bf8d69288fbee4904"),
    *("-c", "diff.suppressBlankEmpty=false"),
    "diff",
    "-z",
    "--raw",
    "--patch",
    "--no-abbrev",
    "--full-index",
    "--no-color",
    "--no-ext-diff",
    "--no-textconv",
    "--no-relative",
    "--find-renames=50%",
    "-l1000",
    "--diff-algorithm=myers",
    "--indent-heuristic",
    "--unified=3",
    "--inter-hunk-context=0",
    "--src-prefix=a/",
    "--dst-prefix=b/",
    "--submodule=short",
    "--ignore-submodules=none",
    "-O/dev/null",
)
"""What stands after `git`; two commits and `--` follow. Every setting of a user's or repository's
configuration that changes the output is fixed here."""


class MalformedDiff(PullwrightError):
    """The output of git is not what its own records foretell; no part of it is used."""


_RECORD = re.compile(
    rb":(?P<old_mode>[0-7]{6}) (?P<new_mode>[0-7]{6})"
    rb" (?P<old_id>[0-9a-f]{40,64}) (?P<new_id>[0-9a-f]{40,64})"
    rb" (?P<status>[ACDMRT])(?P<score>[0-9]{0,3})"
)
_HUNK = re.compile(rb"(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@[^\n]*\n")
_STATUS = {
    b"A": FileStatus.ADDED,
    b"C": FileStatus.COPIED,
    b"D": FileStatus.DELETED,
    b"M": FileStatus.MODIFIED,
    b"R": FileStatus.RENAMED,
    b"T": FileStatus.TYPE_CHANGED,
}
_NO_MODE = b"000000"
_MARK = b"\n\\ No newline at end of file\n"


@dataclass(frozen=True, slots=True)
class _Record:
    """One raw record, or one half of a type change."""

    status: FileStatus
    score: int
    old_mode: bytes
    new_mode: bytes
    old_id: bytes
    new_id: bytes
    old_name: bytes
    new_name: bytes

    @property
    def sections(self) -> tuple["_Record", ...]:
        """What the patch prints for it: a type change is shown as a deletion and an addition."""
        if self.status is not FileStatus.TYPE_CHANGED:
            return (self,)
        none = b"0" * len(self.old_id)
        gone = (self.old_mode, _NO_MODE, self.old_id, none, self.old_name, self.new_name)
        come = (_NO_MODE, self.new_mode, none, self.new_id, self.old_name, self.new_name)
        return (_Record(FileStatus.DELETED, 0, *gone), _Record(FileStatus.ADDED, 0, *come))

    @property
    def old_label(self) -> bytes:
        if self.status is FileStatus.ADDED:
            return b"/dev/null"
        return git_names.header_name(self.old_name, prefix=b"a/")

    @property
    def new_label(self) -> bytes:
        if self.status is FileStatus.DELETED:
            return b"/dev/null"
        return git_names.header_name(self.new_name, prefix=b"b/")

    @property
    def is_empty(self) -> bool:
        """Nothing but a header is printed for a mode change, a pure rename or an empty file."""
        is_whole = self.status in (FileStatus.ADDED, FileStatus.DELETED)
        return self.old_id == self.new_id or is_whole

    def header(self) -> bytes:
        """Return the lines up to and with `index`, as git prints them for this record."""
        old = git_names.header_name(self.old_name, prefix=b"a/")
        new = git_names.header_name(self.new_name, prefix=b"b/")
        rows = [b"diff --git %s %s" % (old, new), *self._mode_rows(), *self._move_rows()]
        if self.old_id != self.new_id:
            mode = b" " + self.new_mode if self.old_mode == self.new_mode else b""
            rows.append(b"index %s..%s%s" % (self.old_id, self.new_id, mode))
        return b"\n".join(rows) + b"\n"

    def _mode_rows(self) -> list[bytes]:
        if self.status is FileStatus.ADDED:
            return [b"new file mode " + self.new_mode]
        if self.status is FileStatus.DELETED:
            return [b"deleted file mode " + self.old_mode]
        if self.old_mode != self.new_mode:
            return [b"old mode " + self.old_mode, b"new mode " + self.new_mode]
        return []

    def _move_rows(self) -> list[bytes]:
        if self.status not in (FileStatus.RENAMED, FileStatus.COPIED):
            return []
        verb = b"rename" if self.status is FileStatus.RENAMED else b"copy"
        return [
            b"similarity index %d%%" % self.score,
            b"%s from %s" % (verb, git_names.header_name(self.old_name)),
            b"%s to %s" % (verb, git_names.header_name(self.new_name)),
        ]


def parse_diff(raw: bytes, *, merge_base_sha: Sha, head_sha: Sha) -> Diff:
    """Return the diff that `git <DIFF_ARGUMENTS> merge_base head --` printed.

    Raises MalformedDiff for anything else, such as the output of other options or a cut one.
    """
    records, position = _parse_records(raw)
    files: list[FileDiff] = []
    for record in records:
        is_binary = False
        hunks: list[Hunk] = []
        for section in record.sections:
            body, position = _section_body(raw, position, section)
            if body == _binary_row(section):
                is_binary = True
            else:
                hunks.extend(_parse_body(body, section))
        files.append(_file_diff(record, tuple(hunks), is_binary=is_binary))
    if position != len(raw):
        raise MalformedDiff(f"git diff printed {len(raw) - position} bytes that no record foretold")
    return Diff(merge_base_sha, head_sha, tuple(files))


def _parse_records(raw: bytes) -> tuple[list[_Record], int]:
    """Return the records and where the patch begins."""
    records: list[_Record] = []
    position = 0
    while raw.startswith(b":", position):
        facts, position = _field(raw, position)
        match = _RECORD.fullmatch(facts)
        if match is None:
            raise MalformedDiff(f"git diff printed an unknown record: {facts[:120]!r}")
        old_name, position = _field(raw, position)
        new_name = old_name
        if match["status"] in (b"R", b"C"):
            new_name, position = _field(raw, position)
        records.append(_record(match, old_name, new_name))
    if records and not raw.startswith(b"\0", position):
        raise MalformedDiff("git diff printed no patch after its records")
    return records, position + bool(records)


def _record(match: re.Match[bytes], old_name: bytes, new_name: bytes) -> _Record:
    return _Record(
        _STATUS[match["status"]],
        int(match["score"] or 0),
        match["old_mode"],
        match["new_mode"],
        match["old_id"],
        match["new_id"],
        old_name,
        new_name,
    )


def _field(raw: bytes, start: int) -> tuple[bytes, int]:
    end = raw.find(b"\0", start)
    if end <= start:
        raise MalformedDiff("git diff printed a record that is cut off")
    return raw[start:end], end + 1


def _section_body(raw: bytes, start: int, section: _Record) -> tuple[bytes, int]:
    """Return what follows the foretold header, and where the next section begins."""
    header = section.header()
    if not raw.startswith(header, start):
        seen = raw[start : start + 200]
        raise MalformedDiff(f"git diff printed {seen!r} where {header!r} was foretold")
    start += len(header)
    # The line feed before the next header ends this header or the last line of this body.
    end = raw.find(b"\ndiff --git ", start - 1) + 1 or len(raw)
    return raw[start:end], end


def _binary_row(section: _Record) -> bytes:
    return b"Binary files %s and %s differ\n" % (section.old_label, section.new_label)


def _parse_body(body: bytes, section: _Record) -> Iterator[Hunk]:
    if not body and section.is_empty:
        return
    names = b"--- %s%s\n+++ %s%s\n@@ -" % (
        section.old_label,
        _name_end(section.old_name, section.old_label),
        section.new_label,
        _name_end(section.new_name, section.new_label),
    )
    if not body.startswith(names) or section.old_id == section.new_id:
        raise MalformedDiff(f"git diff printed {body[:200]!r} where {names!r} was foretold")
    if not body.endswith(b"\n"):
        raise MalformedDiff("git diff printed a patch that is cut off")
    old_next = new_next = 0
    for part in body[len(names) : -1].split(b"\n@@ -"):
        hunk = _parse_hunk(part + b"\n")
        if hunk.old_start < old_next or hunk.new_start < new_next:
            raise MalformedDiff(f"git diff printed hunks out of order at line {hunk.new_start}")
        old_next = hunk.old_start + hunk.old_count
        new_next = hunk.new_start + hunk.new_count
        yield hunk


def _name_end(name: bytes, label: bytes) -> bytes:
    """Git ends a name that holds a space with a tab, so that GNU patch finds its end."""
    return b"\t" if b" " in name and label != b"/dev/null" else b""


def _parse_hunk(part: bytes) -> Hunk:
    match = _HUNK.match(part)
    if match is None:
        raise MalformedDiff(f"git diff printed an unknown hunk header: {part[:120]!r}")
    old_start, old_count, new_start, new_count = match.groups()
    hunk = Hunk(
        int(old_start),
        int(old_count or 1),
        int(new_start),
        int(new_count or 1),
        part[match.end() :],
    )
    # Counting from the line feed of the header onwards finds every first character of a line.
    rows = part[match.end() - 1 :]
    added, removed = rows.count(b"\n+"), rows.count(b"\n-")
    context, marks = rows.count(b"\n "), rows.count(b"\n\\")
    is_known = marks == rows[1:].count(_MARK) <= 2
    is_whole = is_known and added + removed + context + marks == rows.count(b"\n") - 1
    if not is_whole or (removed + context, added + context) != (hunk.old_count, hunk.new_count):
        raise MalformedDiff(f"git diff printed a hunk that its counts deny: @@ -{part[:60]!r}")
    return hunk


def _file_diff(record: _Record, hunks: tuple[Hunk, ...], *, is_binary: bool) -> FileDiff:
    return FileDiff(
        path=git_names.decode(record.new_name),
        old_path=git_names.decode(record.old_name),
        status=record.status,
        old_mode=record.old_mode.decode("ascii"),
        new_mode=record.new_mode.decode("ascii"),
        is_binary=is_binary,
        hunks=hunks,
    )
