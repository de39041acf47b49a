"""Code that a model wrote on request, the rules for it, and what we say of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.domain.edits import unified_diff
from bot.domain.gaming import is_protected
from bot.domain.model import Reply
from bot.domain.model_edits import ProposedEdit
from bot.domain.model_findings import Lookup
from bot.domain.ports import CommitMessage
from bot.domain.pull_request import printable
from bot.domain.test_files import is_test_control, is_test_file
from bot.domain.untrusted import neutral, one_line

MOST_NEW_FILES = 6
_SUBJECT = 59


class NewFile(Reply):
    """A file that is not there yet."""

    path: str
    text: str


class ImplementReply(Reply):
    """Code for a request, with the tests that show it."""

    lookups: tuple[Lookup, ...]
    edits: tuple[ProposedEdit, ...]
    new_files: tuple[NewFile, ...]
    tests: tuple[NewFile, ...]
    subject: str
    explanation: str


class CoverReply(Reply):
    """A test file for lines that no test reaches."""

    text: str
    explanation: str


@dataclass(frozen=True, slots=True)
class Written:
    """What would be committed, with the evidence for it in one line."""

    files: Mapping[str, bytes]
    """New contents by path."""
    subject: str
    receipt: str
    explanation: str


def refusal_of_new(path: str, *, is_there: bool, is_test: bool) -> str | None:
    """Return why a new file may not be written, or None (rules R14 and R20)."""
    parts = path.split("/")
    is_inside = path.isprintable() and "\\" not in path and path == path.strip()
    if not is_inside or any(part in ("", ".", "..") or part.lower() == ".git" for part in parts):
        return f"{printable(path)} is no path inside the repository"
    if is_there:
        return f"{printable(path)} is there already"
    if is_protected(path) or path.startswith(".github/") or is_test_control(path):
        return f"{printable(path)} is a file that no change of ours writes"
    if is_test and not is_test_file(path):
        return f"{printable(path)} is not where or how tests are called"
    if not is_test and is_test_file(path):
        return f"{printable(path)} is a test: tests come apart"
    return None


def written_message(
    written: Sequence[Written], *, requester: str, run_id: str, subject: str
) -> CommitMessage:
    """Return the message of a commit of written code."""
    rows = [f"{one_line(each.explanation, limit=300)}\n  {each.receipt}" for each in written]
    trailers = [("Co-authored-by", one_line(requester))] if requester else []
    return CommitMessage(
        subject=one_line(neutral(subject), limit=_SUBJECT).rstrip("."),
        body=neutral("\n".join(rows)),
        trailers=(*trailers, ("Pullwright-Run", run_id)),
    )


def tests_of(symbols: Sequence[str]) -> str:
    """Return the subject of a commit of tests."""
    named = " and ".join(symbols) if len(symbols) < 3 else f"{len(symbols)} functions"
    return one_line(f"Test {named or 'changed lines'}", limit=_SUBJECT)


def implemented_receipt(tests: int, passed: int, seconds: float, image: str) -> str:
    """Return the evidence for written code in one line."""
    new = f"{tests} new test{'s' if tests != 1 else ''} failed before and pass now"
    where = f" · image {image[:19]}" if image.startswith("sha256:") else ""
    return f"proved: {new} · suite {passed} passed, none broken · {seconds:.1f} s{where}"


def covered_receipt(lines: Sequence[int], mutants: Sequence[str], image: str) -> str:
    """Return the evidence for a written test in one line."""
    shown = ", ".join(str(line) for line in lines[:8]) + (" ..." if len(lines) > 8 else "")
    killed = "; ".join(one_line(mutant, limit=60) for mutant in mutants[:3])
    where = f" · image {image[:19]}" if image.startswith("sha256:") else ""
    return f"proved: passes at head · reaches line {shown} · fails when {killed}{where}"


def patch_text(files: Mapping[str, bytes], before: Mapping[str, bytes]) -> str:
    """Return a diff that `git apply` takes; files that are not in `before` are new."""
    return "".join(_diff(path, before.get(path), data) for path, data in sorted(files.items()))


def _diff(path: str, before: bytes | None, after: bytes) -> str:
    text = unified_diff(path, before or b"", after)
    if before is not None or not text:
        return text
    first, old, rest = text.split("\n", 2)
    assert old.startswith("--- ")  # noqa: S101 - as `unified_diff` begins
    return f"{first}\nnew file mode 100644\n--- /dev/null\n{rest}"
