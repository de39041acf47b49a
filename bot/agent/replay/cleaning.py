"""Secrets taken out of what is kept of a run, so that what is left still fits together.

Every line stays where it was, and a line of the diff reads as the same line of the file does.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TypeVar, cast

from bot.agent.replay.bundle import TreeSeen
from bot.domain.diff import Diff, FileDiff, Hunk
from bot.domain.ports import SourceFile
from bot.domain.prompt_redaction import PromptRedactor
from bot.domain.pull_request import PullRequest
from bot.domain.record_json import dump, load

T = TypeVar("T")


class Cleaner:
    """Takes secrets out, and counts them."""

    def __init__(self, redactor: PromptRedactor) -> None:
        self._redactor = redactor
        self.count = 0

    def text(self, text: str) -> str:
        """Return the text without secrets, with as many lines."""
        cleaned = self._redactor.redact(text)
        self.count += cleaned.count
        return cleaned.text

    def data(self, data: bytes) -> bytes:
        """Return a file without secrets, with as many lines."""
        text = data.decode("utf-8", "surrogateescape")
        return self.text(text).encode("utf-8", "surrogateescape")

    def file(self, file: SourceFile) -> SourceFile:
        """Return the file without secrets."""
        return replace(file, path=self.text(file.path), data=self.data(file.data))

    def value(self, kind: type[T], value: T) -> T:
        """Return a value of ours without secrets in any text of it."""
        return load(kind, json.dumps(self._plain(json.loads(dump(value)))))

    def diff(self, diff: Diff, change: PullRequest, trees: dict[str, TreeSeen]) -> Diff:
        """Return the diff with lines as they are in the files, which are clean already."""
        base = {f.path: f.data for f in trees[change.merge_base_sha].files}
        head = {f.path: f.data for f in trees[change.head_sha].files}
        return replace(
            diff,
            files=tuple(
                self._file_diff(f, base.get(f.old_path), head.get(f.path)) for f in diff.files
            ),
        )

    def _file_diff(self, file: FileDiff, base: bytes | None, head: bytes | None) -> FileDiff:
        old = base.split(b"\n") if base is not None else []
        new = head.split(b"\n") if head is not None else []
        hunks = tuple(replace(h, body=self._body(h, old, new)) for h in file.hunks)
        return replace(
            file, path=self.text(file.path), old_path=self.text(file.old_path), hunks=hunks
        )

    def _body(self, hunk: Hunk, old: Sequence[bytes], new: Sequence[bytes]) -> bytes:
        rows = hunk.body.split(b"\n")
        alone = self.data(b"\n".join(row[1:] for row in rows)).split(b"\n")
        return b"\n".join(
            row[:1] + (found if found is not None else text)
            for row, text, found in zip(rows, alone, _lines(hunk, rows, old, new), strict=True)
        )

    def _plain(self, value: object) -> object:
        match value:
            case str():
                return self.text(value)
            case list():
                return [self._plain(item) for item in value]
            case dict():
                items = cast("dict[str, object]", value).items()
                return {self.text(key): self._plain(item) for key, item in items}
            case _:
                return value


def _lines(
    hunk: Hunk, rows: Sequence[bytes], old: Sequence[bytes], new: Sequence[bytes]
) -> Iterator[bytes | None]:
    """Yield for each row of a hunk the file's own line, where the file is at hand."""
    old_at, new_at = hunk.old_start - 1, hunk.new_start - 1
    for row in rows:
        mark = row[:1]
        if mark == b"-":
            yield old[old_at] if old_at < len(old) else None
        elif mark in (b"+", b" "):
            yield new[new_at] if new_at < len(new) else None
        else:
            yield None
        old_at += mark in (b"-", b" ")
        new_at += mark in (b"+", b" ")
