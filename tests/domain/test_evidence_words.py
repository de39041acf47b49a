"""What is said of a patch that may be the wrong one, and of tests that a change edits."""

import pytest

from bot.domain.diff import Diff, FileDiff, FileStatus
from bot.domain.evidence_words import doubted, own_word
from bot.domain.findings import Doubt
from bot.domain.pull_request import Sha


@pytest.mark.parametrize("doubt", Doubt)
def test_each_doubt_has_words_of_its_own(doubt: Doubt) -> None:
    said = {doubted(other, None) for other in Doubt if other is not doubt}

    assert doubted(doubt, None) not in said


def test_what_could_not_be_compared_is_not_called_another_meaning() -> None:
    assert "could not be compared" in doubted(Doubt.NOT_COMPARED, "f(1)")


def test_a_configuration_of_tests_is_told_from_tests() -> None:
    files = tuple(
        FileDiff(p, p, FileStatus.MODIFIED, "100644", "100644", False, ())
        for p in ("conftest.py", *(f"tests/test_{n}.py" for n in range(5)))
    )
    said = own_word(Diff(Sha("a" * 40), Sha("b" * 40), files))

    assert "tests/test_2.py and 2 more)" in said
    assert "how tests run (conftest.py)" in said
