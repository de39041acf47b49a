"""Nothing is called reviewed that nobody has read, whatever the pull request says of itself."""

import pytest

from bot.agent.review import start
from bot.domain.exempt import odd_encoding
from bot.domain.repo_config import RepoConfig
from bot.domain.verdict import Conclusion
from tests.agent.toys import Bench
from tests.fakes.workspace import FakeWorkspace
from tests.situations import Link, Program, Tree

BASE = {"a.toy": b"one\n"}


def _conclusion(base: Tree, head: Tree) -> Conclusion:
    return Bench(base, head).review().review.verdict.conclusion


def test_code_with_a_nul_byte_is_no_success() -> None:
    assert _conclusion(BASE, {"evil.rs": b"// \0\nfn main() {}\n"}) is Conclusion.NOT_REVIEWED


def test_a_file_that_is_too_large_is_no_success() -> None:
    head = {"a.toy": b"two\n", "big.rs": b"x" * 30_000}

    assert _conclusion(BASE, head) is Conclusion.PARTIAL


def test_a_change_of_mode_is_looked_at() -> None:
    assert _conclusion({"s.rs": b"x\n"}, {"s.rs": Program(b"x\n")}) is Conclusion.NOT_REVIEWED


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("new.toy", b"# @generated\nBUG\n"),
        ("vendor/new.toy", b"BUG\n"),
        ("new.generated.toy", b"BUG\n"),
    ],
)
def test_a_new_file_is_not_believed_to_be_generated(path: str, data: bytes) -> None:
    assert _conclusion(BASE, {path: data}) is Conclusion.FINDINGS


def test_a_file_that_was_generated_before_is_still() -> None:
    base = {**BASE, "g.toy": b"# @generated\n1\n"}

    assert _conclusion(base, {"g.toy": b"# @generated\nBUG\n"}) is Conclusion.SUCCESS


def test_prose_that_runs_is_no_prose() -> None:
    head = {"README": Program(b"#!/bin/sh\nrm -rf /\n")}

    assert _conclusion(BASE, head) is Conclusion.NOT_REVIEWED


def test_a_symlink_is_named_and_not_read_as_source() -> None:
    state = start(FakeWorkspace(BASE, {"p.toy": Link(b"/etc/passwd")}), RepoConfig())

    assert [(f.path, f.reason, f.is_exempt) for f in state.exempt] == [("p.toy", "symlink", False)]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"# -*- coding: utf-7 -*-\n", "utf-7"),
        (b"#!/bin/sh\n# vim: fileencoding=raw_unicode_escape\n", "raw-unicode-escape"),
        (b"# -*- coding: utf-8 -*-\n", None),
        (b"# coding: Latin-1\n", None),
        (b"x = 1\ny = 2\n# coding: utf-7\n", None),
    ],
)
def test_an_encoding_that_can_hide_code_is_told(line: bytes, said: str | None) -> None:
    assert odd_encoding(line) == said
