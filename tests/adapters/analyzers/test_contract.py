"""What every analyzer promises, tried on the real ones and on the fake."""

from dataclasses import dataclass

import pytest

from bot.adapters.analyzers.ast_grep import AstGrep
from bot.adapters.analyzers.ruff import Ruff
from bot.adapters.analyzers.shellcheck import ShellCheck
from bot.adapters.analyzers.typos import Typos
from bot.adapters.analyzers.zizmor import Zizmor
from bot.domain.ports import Analyzer
from tests.adapters.analyzers.tools import look
from tests.fakes.analyzer import FakeAnalyzer, Word


@dataclass(frozen=True)
class Subject:
    """An analyzer, a file in which it finds one thing, and a file in which it finds nothing."""

    analyzer: Analyzer
    path: str
    bad: bytes
    good: bytes


_WORKFLOW = b"on: push\npermissions: {}\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n"
SUBJECTS = (
    Subject(FakeAnalyzer((Word("BUG", meant="fix"),)), "a.py", b"x = 1  # BUG\n", b"x = 1\n"),
    Subject(Ruff(), "a.py", b"import os\n", b"x = 1\n"),
    Subject(AstGrep(), "a.js", b"go(x === NaN);\n", b"go(x);\n"),
    Subject(ShellCheck(), "a.sh", b"#!/bin/sh\ncd $1 || exit\n", b"#!/bin/sh\necho a\n"),
    Subject(Typos(), "a.py", b"x = 1  # recieve it\n", b"x = 1  # receive it\n"),
    Subject(
        Zizmor(),
        ".github/workflows/a.yml",
        _WORKFLOW + b"      - run: echo ${{ github.event.issue.title }}\n",
        _WORKFLOW + b"      - run: echo a\n",
    ),
)
ON_ALL = pytest.mark.parametrize("subject", SUBJECTS, ids=lambda s: s.analyzer.name)
BAD_NAMES = ("-x/a", "a b/c", "it's/a", "$(id)/a", "{deep}/a", "é/a")


@ON_ALL
def test_what_is_said_of_a_file_does_not_depend_on_the_others(subject: Subject) -> None:
    others = {f"other/{subject.path}": subject.bad, f"more/{subject.path}": subject.good}

    alone = look(subject.analyzer, {subject.path: subject.bad})
    beside = look(subject.analyzer, {subject.path: subject.bad, **others})

    theirs = [f for f in beside.findings if f.location.path == subject.path]
    assert theirs == list(alone.findings)


@ON_ALL
def test_a_bug_is_found_with_its_line_its_text_and_its_tool(subject: Subject) -> None:
    assert subject.analyzer.understands(subject.path)

    analysis = look(subject.analyzer, {subject.path: subject.bad})

    (found,) = analysis.findings
    lines = subject.bad.decode().split("\n")
    place = found.location
    assert place.path == subject.path
    assert found.snippet == "\n".join(lines[place.start_line - 1 : place.end_line])
    assert found.source == subject.analyzer.name
    assert 0 < found.confidence <= 1
    assert (found.symbol, found.suggestion) == ("", None)
    assert found.title
    assert "\n" not in found.title
    assert not found.title.endswith(".")
    assert dict(analysis.unread) == {}


@ON_ALL
def test_good_code_is_left_alone(subject: Subject) -> None:
    assert look(subject.analyzer, {subject.path: subject.good}).findings == ()


@ON_ALL
def test_no_files_are_no_findings(subject: Subject) -> None:
    assert look(subject.analyzer, {}).findings == ()


@ON_ALL
def test_only_the_given_files_are_looked_at(subject: Subject) -> None:
    beside = {f"other/{subject.path}": subject.bad}

    assert look(subject.analyzer, {subject.path: subject.good}, beside=beside).findings == ()


@ON_ALL
def test_two_looks_say_the_same(subject: Subject) -> None:
    files = {subject.path: subject.bad}

    assert look(subject.analyzer, files) == look(subject.analyzer, files)


@ON_ALL
def test_a_fix_ends_its_finding(subject: Subject) -> None:
    files = {subject.path: subject.bad}
    (found,) = look(subject.analyzer, files).findings
    if found.fix is None:
        assert not found.is_fix_safe
        return

    assert look(subject.analyzer, found.fix.apply(files)).findings == ()


@ON_ALL
def test_what_is_not_utf_8_is_named_as_unread(subject: Subject) -> None:
    analysis = look(subject.analyzer, {subject.path: b"\xff\xfe" + subject.bad})

    assert analysis.findings == ()
    assert list(analysis.unread) == [subject.path]


@ON_ALL
@pytest.mark.parametrize("folder", BAD_NAMES)
def test_a_strange_name_is_a_name_like_any_other(subject: Subject, folder: str) -> None:
    path = f"{folder}/{subject.path}"

    (found,) = look(subject.analyzer, {path: subject.bad}).findings

    assert found.location.path == path
