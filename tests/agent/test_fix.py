"""What `fix` commits, what it only shows, and what it refuses."""

import re

import pytest

from bot.agent.fix import Asked, fix
from bot.domain.evidence import Counts, Together
from bot.domain.findings import FindingId
from bot.domain.repo_config import Fix, RepoConfig
from bot.domain.review import FixOutcome
from bot.errors import Refused
from tests.agent.toys import Bench

BASE = {"a.toy": b"one\ntwo\nthree\n", "tests/all.tests": b"t1 a.toy one\nt0 a.toy three\n"}
BUG = {"a.toy": b"one\nBUG\nthree\n"}
BROKEN = {"a.toy": b"ONE\ntwo\nthree\n"}


def _fix(bench: Bench, asked: Asked | None = None) -> FixOutcome:
    return fix(bench.workspace, bench.prover, bench.review(), asked or Asked())


def test_a_proved_patch_becomes_one_commit_with_its_trailers() -> None:
    bench = Bench(BASE, BUG)

    outcome = _fix(bench, Asked(requester="Ada <ada@example.org>"))

    (commit,) = bench.workspace.commits
    assert outcome.commit == commit.sha
    assert commit.tree["a.toy"] == b"one\nfine\nthree\n"
    assert [name for name, _ in commit.message.trailers] == [
        "Co-authored-by",
        "Pullwright-Run",
        "Pullwright-Suggestion",
    ]
    assert len(commit.message.subject) < 60


def test_without_a_commit_the_patch_is_shown_and_nothing_is_written() -> None:
    bench = Bench(BASE, BUG)

    outcome = _fix(bench, Asked(is_commit=False))

    assert bench.workspace.commits == []
    assert outcome.commit is None
    assert "-BUG\n+fine\n" in outcome.patch_text


def test_an_authors_own_hunk_is_never_taken_back_unasked() -> None:
    bench = Bench(BASE, BROKEN)

    outcome = _fix(bench)

    assert bench.workspace.commits == []
    assert "fix F1 revert" in (outcome.refused or "")


def test_an_authors_own_hunk_is_taken_back_when_asked_for_by_name() -> None:
    bench = Bench(BASE, BROKEN)

    _fix(bench, Asked((FindingId("F1"),), is_revert=True))

    assert bench.workspace.commits[0].tree["a.toy"] == BASE["a.toy"]


def test_only_the_named_finding_is_fixed() -> None:
    bench = Bench(BASE, {"a.toy": b"one\nBUG 1\nthree\nBUG 2\n"})

    _fix(bench, Asked((FindingId("F2"),)))

    assert bench.workspace.commits[0].tree["a.toy"] == b"one\nBUG 1\nthree\nfine 2\n"


def test_an_id_that_nobody_gave_is_refused() -> None:
    with pytest.raises(Refused, match="unknown finding: F9"):
        _fix(Bench(BASE, BUG), Asked((FindingId("F9"),)))


def test_a_patch_that_is_only_checked_is_shown_and_not_committed() -> None:
    bench = Bench({"a.toy": b"one\n"}, {"a.toy": b"BUG\n"})

    outcome = _fix(bench)

    assert bench.workspace.commits == []
    assert "no patch is proved (F1)" in (outcome.refused or "")
    assert outcome.patches[0].text


def test_nothing_to_fix_is_said() -> None:
    outcome = _fix(Bench(BASE, {"a.toy": b"one\n2\nthree\n"}))

    assert (outcome.refused or "").startswith("nothing to fix: ")


def test_who_asks_for_a_finding_without_a_patch_reads_its_name() -> None:
    bench = Bench(BASE, BUG, config=RepoConfig(fix=Fix(protected_paths=("*.toy",))))

    outcome = _fix(bench, Asked(ids=(FindingId("F1"),)))

    assert outcome.refused == "no patch for F1 (`toy-bug a.toy:2`), so nothing was changed"


def test_a_fix_over_the_limits_is_refused_with_both_numbers() -> None:
    bench = Bench(BASE, BUG, config=RepoConfig(fix=Fix(max_lines=1)))

    outcome = _fix(bench)

    assert bench.workspace.commits == []
    assert "2 lines" in (outcome.refused or "")


def test_a_protected_path_is_never_edited() -> None:
    bench = Bench(BASE, BUG, config=RepoConfig(fix=Fix(protected_paths=("*.toy",))))

    outcome = _fix(bench)

    assert outcome.patches == ()
    assert bench.workspace.commits == []


def test_patches_that_only_work_alone_are_not_committed_together() -> None:
    tests = BASE["tests/all.tests"] + b"t2 a.toy BUG\n"
    bench = Bench(
        {**BASE, "a.toy": b"one\nBUG 1.\nthree\nBUG 2.\n", "tests/all.tests": tests},
        {"a.toy": b"one\nBUG 1\nthree\nBUG 2\n"},
    )

    outcome = _fix(bench)

    assert bench.workspace.commits == []
    assert "not together" in (outcome.refused or "")


def test_what_all_patches_do_as_one_is_told_and_stands_in_the_commit() -> None:
    bench = Bench(BASE, {"a.toy": b"one\nBUG 1\nthree\nBUG 2\n"})

    outcome = _fix(bench)

    assert outcome.together == Together(True, Counts(0, 2), Counts(0, 2))
    assert outcome.left == ()
    body = bench.workspace.commits[0].message.body
    assert body.endswith("All patches together: suite 2 passed before and after")


def test_one_patch_is_told_by_its_own_receipt() -> None:
    assert _fix(Bench(BASE, BUG)).together is None


def test_what_was_asked_for_and_is_not_mended_is_left() -> None:
    tests = BASE["tests/all.tests"] + b"t2 c.toy BUG\n"
    base = {**BASE, "tests/all.tests": tests, "c.toy": b"BUG old\n"}
    bench = Bench(base, {**BUG, "c.toy": b"BUG new\n"})

    everything = _fix(bench, Asked(is_commit=False))

    assert [finding.id for finding in everything.left] == ["F2"]
    assert _fix(bench, Asked((FindingId("F1"),))).left == ()


def test_a_branch_that_moved_is_never_overwritten_and_the_patch_is_not_lost() -> None:
    bench = Bench(BASE, BUG)
    bench.workspace.branch_sha = bench.workspace.change.base_sha

    outcome = _fix(bench)

    assert bench.workspace.commits == []
    assert re.match(r"nothing was committed: .*moved", outcome.refused or "")
    assert "-BUG\n+fine\n" in outcome.patch_text
    assert [finding.id for finding in outcome.left] == ["F1"]
