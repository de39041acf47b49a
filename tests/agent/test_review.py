"""The loop over a toy language: what it picks, what it concludes, what it never hides."""

import pytest

from bot.domain import comments
from bot.domain.diff import Side
from bot.domain.evidence import Grade
from bot.domain.findings import Category
from bot.domain.repo_config import Budget, RepoConfig
from bot.domain.verdict import Conclusion
from tests.agent.toys import Bench, ToyAnalyzer, ToyRunner
from tests.fakes.sandbox import FACTS, FakeSandboxes

BASE = {"a.toy": b"one\ntwo\nthree\n", "tests/all.tests": b"t1 a.toy one\nt2 a.toy three\n"}


def _lines(count: int) -> bytes:
    return b"".join(b"line %d\n" % i for i in range(count))


def test_what_is_cheap_comes_first_and_proofs_come_last() -> None:
    bench = Bench(BASE, {"a.toy": b"one\nBUG\nthree\n"})

    bench.review()

    assert bench.heard.started == ["lint", "autofix", "test", "verify", "finish"]


def test_a_clean_change_is_a_success() -> None:
    verdict = Bench(BASE, {"a.toy": b"one\n2\nthree\n"}).review().review.verdict

    assert verdict.conclusion is Conclusion.SUCCESS
    assert (verdict.coverage.hunks_seen, verdict.coverage.hunks_total) == (1, 1)


def test_a_finding_on_a_line_that_was_not_changed_is_not_ours() -> None:
    base = {"a.toy": b"BUG\n" + _lines(10)}

    assert Bench(base, {"a.toy": b"BUG\n" + _lines(9) + b"new\n"}).review().review.findings == ()


def test_a_safe_fix_is_proved_by_the_whole_suite() -> None:
    (finding,) = Bench(BASE, {"a.toy": b"one\nBUG\nthree\n"}).review().review.findings

    assert finding.suggestion is not None
    proof = finding.suggestion.proof
    assert proof is not None
    assert proof.grade is Grade.PROVED
    assert proof.before is not None
    assert (proof.before.passed, proof.reaching, proof.image) == (2, 2, FACTS.image)


def test_a_fix_that_breaks_a_test_is_never_offered() -> None:
    tests = BASE["tests/all.tests"] + b"t3 a.toy BUG\n"
    (finding,) = Bench({**BASE, "a.toy": b"one\nBUG?\nthree\n", "tests/all.tests": tests}, {
        "a.toy": b"one\nBUG!\nthree\n"
    }).review().review.findings  # fmt: skip

    assert finding.suggestion is not None
    assert finding.suggestion.proof is not None
    assert finding.suggestion.proof.grade is Grade.NOT_VERIFIED
    assert finding.suggestion.proof.pass_to_fail == ("tests/all.tests::t3",)


def test_one_bad_patch_spoils_no_other_proof() -> None:
    head = {"a.toy": b"one\nBUG bad\nthree\n" + _lines(9) + b"BUG good\n"}
    base = {**BASE, "tests/all.tests": BASE["tests/all.tests"] + b"t3 a.toy BUG bad\n"}

    found = Bench({**base, "a.toy": b"one\nBUG bad \nthree\n"}, head).review().review.findings

    grades = {
        f.location.start_line: f.suggestion.proof.grade
        for f in found
        if f.suggestion and f.suggestion.proof
    }
    assert grades == {2: Grade.NOT_VERIFIED, 13: Grade.PROVED}


def test_many_suggestions_share_one_run_of_the_suite() -> None:
    head = {"a.toy": b"one\nthree\n" + b"".join(b"BUG %d\n" % i + _lines(9) for i in range(20))}
    bench = Bench(BASE, head)

    review = bench.review().review

    assert len(review.findings) == 20
    assert all(f.suggestion and f.suggestion.proof for f in review.findings)
    assert len(bench.runner.runs) == 3


def test_without_tests_the_best_grade_is_checked() -> None:
    (finding,) = Bench({"a.toy": b"one\n"}, {"a.toy": b"BUG\n"}).review().review.findings

    assert finding.suggestion is not None
    assert finding.suggestion.proof is not None
    assert finding.suggestion.proof.grade is Grade.CHECKED


def test_a_regression_is_located_in_its_hunk() -> None:
    base = {"a.toy": b"one\n" + _lines(20) + b"three\n", "tests/all.tests": BASE["tests/all.tests"]}
    head = {"a.toy": b"ONE\n" + _lines(20) + b"three!\n", "b.toy": b"innocent\n"}

    (finding,) = Bench(base, head).review().review.findings

    assert finding.category is Category.REGRESSION
    assert finding.evidence == ("tests/all.tests::t1",)
    assert (finding.location.path, finding.location.start_line) == ("a.toy", 1)
    assert finding.location.side is Side.RIGHT


def test_the_revert_of_a_regression_is_proved_but_never_mixed_with_a_fix() -> None:
    base = {"a.toy": b"one\n" + _lines(20) + b"three\n", "tests/all.tests": BASE["tests/all.tests"]}
    head = {"a.toy": b"ONE\n" + _lines(20) + b"three\nBUG\n"}

    regression, bug = Bench(base, head).review().review.findings

    assert regression.suggestion is not None
    assert bug.suggestion is not None
    revert, fix = regression.suggestion.proof, bug.suggestion.proof
    assert revert is not None
    assert fix is not None
    assert (revert.grade, revert.fail_to_pass) == (Grade.PROVED, ("tests/all.tests::t1",))
    assert (fix.grade, fix.fail_to_pass) == (Grade.PROVED, ())


def test_a_flaky_test_is_no_regression() -> None:
    runner = ToyRunner(flaky={"t1"})
    review = Bench(BASE, {"a.toy": b"one\n2\nthree\n"}, runner=runner).review().review

    assert review.findings == ()
    assert review.base_tests is not None
    assert review.base_tests.flaky == {"tests/all.tests::t1"}


def test_a_red_test_that_the_change_adds_is_a_finding() -> None:
    head = {"a.toy": b"one\n2\nthree\n", "tests/new.tests": b"n1 a.toy four\n"}

    (finding,) = Bench(BASE, head).review().review.findings

    assert (finding.rule, finding.evidence) == ("red-test", ("tests/new.tests::n1",))


def test_a_test_that_was_red_before_is_not_this_changes_fault() -> None:
    base = {**BASE, "tests/all.tests": b"t1 a.toy nowhere\n"}

    assert Bench(base, {"a.toy": b"one\n2\nthree\n"}).review().review.findings == ()


def test_a_broken_analyzer_is_a_partial_verdict_and_says_so() -> None:
    bench = Bench({"a.toy": b"1\n"}, {"a.toy": b"2\n"}, analyzer=ToyAnalyzer(is_broken=True))

    verdict = bench.review().review.verdict

    assert verdict.conclusion is Conclusion.NOT_REVIEWED
    assert verdict.limits == ("toy could not look: it crashed",)


def test_tests_that_hang_are_a_partial_verdict_and_say_so() -> None:
    bench = Bench(BASE, {"a.toy": b"one\nHANG\nthree\n"}, runner=ToyRunner(problem_with="HANG"))

    verdict = bench.review().review.verdict

    assert verdict.conclusion is Conclusion.PARTIAL
    assert verdict.limits == ("the tests at the head prove nothing: it hangs",)


def test_without_any_sandbox_nothing_is_called_reviewed() -> None:
    bench = Bench(BASE, {"a.toy": b"BUG\n"}, sandboxes=FakeSandboxes(unavailable="no Docker"))

    verdict = bench.review().review.verdict

    assert verdict.conclusion is Conclusion.NOT_REVIEWED
    assert verdict.limits == ("lint could not run: no Docker", "test could not run: no Docker")


def test_a_file_that_nothing_understands_makes_the_verdict_partial() -> None:
    review = Bench({"a.toy": b"1\n"}, {"a.toy": b"2\n", "b.rs": b"fn main() {}\n"}).review().review

    assert review.verdict.conclusion is Conclusion.PARTIAL
    assert [f.path for f in review.verdict.coverage.files_skipped] == ["b.rs"]


def test_prose_is_exempt_and_named() -> None:
    review = Bench({"a.toy": b"1\n"}, {"a.toy": b"2\n", "README.md": b"Hello\n"}).review().review

    assert review.verdict.conclusion is Conclusion.SUCCESS
    assert [(f.path, f.reason) for f in review.verdict.coverage.files_skipped] == [
        ("README.md", "prose")
    ]


@pytest.mark.parametrize(("steps", "tool"), [(1, "lint"), (2, "test")])
def test_a_run_out_of_steps_is_partial_never_clean(steps: int, tool: str) -> None:
    config = RepoConfig(budget=Budget(steps=steps))
    review = Bench(BASE, {"a.toy": b"one\n2\nthree\n"}, config=config).review().review

    assert review.decisions[-1].tool == tool
    assert review.verdict.conclusion is Conclusion.PARTIAL
    assert review.verdict.limits == (f"the run ended after {steps} steps, its limit",)


def test_every_decision_explains_itself() -> None:
    for decision in Bench(BASE, {"a.toy": b"one\nBUG\nthree\n"}).review().review.decisions:
        assert set(decision.eligible) == {"lint", "test", "bisect", "autofix", "verify", "finish"}
        assert decision.eligible[decision.tool]
        assert decision.utilities[decision.tool] == max(decision.utilities.values())
        parts = decision.contributions[decision.tool]
        assert sum(parts.values()) == pytest.approx(decision.utilities[decision.tool])


def test_two_runs_say_the_same() -> None:
    head = {"a.toy": b"ONE\nBUG\nthree\nBUG\n"}

    first, second = (Bench(BASE, head).review().review for _ in range(2))

    assert first.findings == second.findings
    assert [d.tool for d in first.decisions] == [d.tool for d in second.decisions]


def test_a_change_to_existing_tests_is_guarded_by_their_base_copies() -> None:
    base = {
        **BASE,
        "tests/all.tests": BASE["tests/all.tests"] + b"t3 a.toy BUG\n",
        "a.toy": b"one\nBUG.\nthree\n",
    }
    weakened = {"a.toy": b"one\nBUG\nthree\n", "tests/all.tests": BASE["tests/all.tests"]}

    bench = Bench(base, weakened)
    bench.workspace.diff()
    (finding,) = bench.review().review.findings

    assert finding.suggestion is not None
    assert finding.suggestion.proof is not None
    assert finding.suggestion.proof.pass_to_fail == ("tests/all.tests::t3",)
    assert finding.suggestion.proof.grade is Grade.NOT_VERIFIED


def test_a_run_tries_two_hundred_fixes_and_says_how_many_it_left() -> None:
    head = b"one\nthree\n" + b"BUG\n" * 230
    bench = Bench(BASE, {"a.toy": head})

    review = bench.review().review

    assert sum(f.suggestion is not None for f in review.findings) == 200
    assert any(note.startswith("30 more findings have a fix") for note in review.notes)


def test_a_proof_parses_a_file_once_however_many_patches_it_has() -> None:
    bench = Bench(BASE, {"a.toy": b"one\nthree\n" + b"BUG\n" * 100})

    bench.review()

    assert bench.syntax.parsed.count("a.toy") == 1


def test_a_patch_that_breaks_the_syntax_spoils_no_other_proof() -> None:
    head = b"one\nBUG SYN!TAX\nthree\n" + _lines(9) + b"BUG good\n"
    analyzer = ToyAnalyzer(also_replaces=("SYN!TAX", "SYNTAX"))

    found = Bench(BASE, {"a.toy": head}, analyzer=analyzer).review().review.findings

    proofs = [f.suggestion.proof for f in found if f.suggestion and f.suggestion.proof]
    assert [p.is_parsed for p in proofs] == [False, True]
    assert [p.grade for p in proofs] == [Grade.NOT_VERIFIED, Grade.PROVED]


def test_proofs_end_with_the_time_of_the_run_and_say_so() -> None:
    bad = b"".join(b"BUG bad%d\n" % i + _lines(9) for i in range(8))
    tests = b"".join(b"b%d a.toy BUG bad%d\n" % (i, i) for i in range(8))
    base = {"a.toy": b"one\n" + bad.replace(b"\n", b" \n"), "tests/all.tests": tests}
    bench = Bench(base, {"a.toy": b"one\n" + bad}, RepoConfig(budget=Budget(seconds=12)))

    found = bench.review().review.findings

    problems = {f.suggestion.proof.problem for f in found if f.suggestion and f.suggestion.proof}
    assert comments.no_time_to_prove() in problems
