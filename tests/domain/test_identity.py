from collections.abc import Callable
from dataclasses import replace

import pytest

from bot.domain.edits import Edit
from bot.domain.findings import Category, Finding, FindingState, Location, Severity
from bot.domain.identity import (
    Look,
    code_digest,
    decision_id,
    dismiss,
    enclosing_code,
    reconcile,
    suggestion_id,
)
from bot.domain.ledger import KnownFinding, PullKey, Reconciled, RunId, Thread
from bot.domain.pull_request import Sha
from tests.domain.pushes import NOBODY

OPEN, FIXED, STALE = FindingState.OPEN, FindingState.FIXED, FindingState.STALE
DISMISSED, REFUTED = FindingState.DISMISSED, FindingState.REFUTED


def finding(
    snippet: str = "x == None", path: str = "a.py", line: int = 5, **more: object
) -> Finding:
    values: dict[str, object] = {
        "rule": "E711", "severity": Severity.LOW, "category": Category.BUG, "title": "Use is",
        "body": "", "location": Location(path, line, line), "snippet": snippet, "source": "ruff",
        "confidence": 1.0, "symbol": "f",
    }  # fmt: skip
    return Finding(**(values | more))  # type: ignore[arg-type]  # a builder of test values


def after(
    known: tuple[KnownFinding, ...] = (),
    *found: Finding,
    code: Callable[[Finding], str] = lambda f: f"code of {f.symbol}",
    was_looked_at: Callable[[Finding], bool] = lambda _: True,
    is_gone: Callable[[str], bool] = lambda _: False,
    head: str = "b",
) -> Reconciled:
    look = Look(Sha(head * 40), found, code, was_looked_at, is_gone)
    return reconcile(known, look)


def states(told: Reconciled) -> dict[str, FindingState]:
    return {known.id: known.state for known in told.known}


def test_the_same_finding_in_25_pushes_has_one_id() -> None:
    known: tuple[KnownFinding, ...] = ()
    for push in range(25):
        known = after(known, finding(line=5 + 7 * push, title=f"Wording {push}")).known

    assert [k.id for k in known] == ["F1"]


def test_patches_are_not_kept_with_what_is_known() -> None:
    told = after((), finding(fix=None, evidence=("said",), is_fix_safe=True))

    assert told.known[0].finding.evidence == ("said",)
    assert told.known[0].finding.suggestion is None


def test_a_small_edit_keeps_the_id_and_shows_the_new_words() -> None:
    before = after((), finding("if user == None and other:")).known
    told = after(before, finding("if user == None and another:", title="Else"))

    assert [(f.id, f.title) for f in told.findings] == [("F1", "Else")]


def test_a_function_with_another_name_keeps_its_findings() -> None:
    before = after((), finding(symbol="old")).known

    assert states(after(before, finding(symbol="new"))) == {"F1": OPEN}


def test_another_name_in_a_like_line_is_another_finding() -> None:
    before = after((), finding("from x import a", title="`a` is not used")).known
    told = after(before, finding("from x import b", title="`b` is not used"))

    assert states(told) == {"F1": FIXED, "F2": OPEN}


def test_unlike_lines_of_one_rule_are_two_findings() -> None:
    told = after(after((), finding("x == None")).known, finding("while rows[0].count != None:"))

    assert states(told) == {"F1": FIXED, "F2": OPEN}


def test_a_renamed_and_edited_file_keeps_its_finding_where_git_sees_the_rename() -> None:
    before = after((), finding("a == None or b", symbol="")).known
    look = Look(
        Sha("b" * 40), (finding("a == None or c", "new.py", symbol=""),), lambda _: "",
        lambda _: True, lambda path: path == "a.py", moved={"a.py": "new.py"},
    )  # fmt: skip

    assert states(reconcile(before, look)) == {"F1": OPEN}


def test_code_that_moves_to_another_file_is_told_there() -> None:
    told = after(after((), finding()).known, finding(path="b.py"))

    assert states(told) == {"F1": FIXED, "F2": OPEN}


def test_a_dismissal_follows_its_code_to_another_file() -> None:
    before = (dismiss(after((), finding()).known[0], NOBODY),)

    assert states(after(before, finding(path="b.py"))) == {"F1": DISMISSED}


def test_a_dismissal_does_not_follow_into_other_code() -> None:
    before = (dismiss(after((), finding()).known[0], NOBODY),)
    told = after(before, finding(path="b.py"), code=lambda _: "other code")

    assert states(told) == {"F1": DISMISSED, "F2": OPEN}


def test_a_copied_file_leaves_its_finding_to_the_original() -> None:
    before = after((), finding()).known
    look = Look(
        Sha("b" * 40), (finding(path="copy.py"), finding()), lambda _: "", lambda _: True,
        moved={"a.py": "copy.py"},
    )  # fmt: skip

    assert [(f.id, f.location.path) for f in reconcile(before, look).findings] == [
        ("F2", "copy.py"),
        ("F1", "a.py"),
    ]


def test_the_same_line_in_another_file_is_another_finding() -> None:
    before = after((), finding()).known
    told = after(before, finding(), finding(path="b.py"))

    assert [(f.id, f.location.path) for f in told.findings] == [("F1", "a.py"), ("F2", "b.py")]


def test_a_finding_in_a_file_that_nobody_read_does_not_move_to_another_file() -> None:
    before = after((), finding()).known
    told = after(before, finding(path="b.py"), was_looked_at=lambda f: f.location.path == "b.py")

    assert states(told) == {"F1": OPEN, "F2": OPEN}
    assert told.known[0].finding.location.path == "a.py"


def test_one_place_is_reported_once_although_two_runs_of_a_tool_name_it() -> None:
    told = after((), finding(title="first"), finding(title="second"))

    assert [(f.id, f.title) for f in told.findings] == [("F1", "first")]


def test_twins_in_one_function_are_two_findings() -> None:
    before = after((), finding(line=5), finding(line=9)).known
    told = after(before, finding(line=15), finding(line=19))

    assert [(f.id, f.location.start_line) for f in told.findings] == [("F1", 15), ("F2", 19)]


def test_a_regression_keeps_its_id_when_bisection_moves_it_to_its_cause() -> None:
    test = "tests/test_a.py::test_total"
    red = finding(
        "tests", "tests/test_a.py", rule="regression", category=Category.REGRESSION, symbol="",
        evidence=(test,),
    )  # fmt: skip
    located = replace(red, location=Location("shop.py", 3, 4), snippet="total = 0", symbol="total")

    assert states(after(after((), red).known, located)) == {"F1": OPEN}


def test_what_vanished_is_fixed_only_where_its_file_was_read_again() -> None:
    before = after((), finding(), finding(path="b.py")).known
    told = after(before, was_looked_at=lambda f: f.location.path == "b.py")

    assert states(told) == {"F1": OPEN, "F2": FIXED}


def test_a_finding_in_a_deleted_file_is_stale() -> None:
    before = after((), finding()).known
    told = after(before, is_gone=lambda path: path == "a.py", was_looked_at=lambda _: False)

    assert states(told) == {"F1": STALE}


def test_what_was_fixed_and_comes_back_is_open_again_under_its_id() -> None:
    before = after(after((), finding()).known).known
    told = after(before, finding(line=50), head="c")

    assert states(told) == {"F1": OPEN}
    assert (told.known[0].first_head, told.known[0].last_head) == (Sha("b" * 40), Sha("c" * 40))


def test_a_new_finding_is_never_an_old_one_that_was_fixed() -> None:
    before = after(after((), finding("if user == None:")).known).known
    told = after(before, finding("if name == None:"))

    assert states(told) == {"F1": FIXED, "F2": OPEN}


def test_a_dismissal_ends_when_the_enclosing_code_changes() -> None:
    before = (dismiss(after((), finding()).known[0], NOBODY),)
    held = after(before, finding(line=30))
    lapsed = after(held.known, finding(line=30), code=lambda _: "other code")

    assert (states(held), held.known[0].dismissal) == ({"F1": DISMISSED}, NOBODY)
    assert (states(lapsed), lapsed.known[0].dismissal) == ({"F1": OPEN}, None)


def test_a_dismissed_finding_that_was_away_stays_dismissed() -> None:
    before = (dismiss(after((), finding()).known[0], NOBODY),)
    away = after(before)

    assert states(away) == {"F1": DISMISSED}
    assert states(after(away.known, finding())) == {"F1": DISMISSED}


def test_a_refuted_finding_follows_the_run_that_sees_it() -> None:
    before = after((), finding(state=REFUTED)).known

    assert states(after(before, finding(state=REFUTED))) == {"F1": REFUTED}
    assert states(after(before, finding())) == {"F1": OPEN}
    assert states(after(before)) == {"F1": REFUTED}


def test_a_finding_that_comes_back_is_posted_again_when_its_thread_was_resolved() -> None:
    posted = replace(after((), finding()).known[0], thread=Thread("node", 1))
    fixed = after((posted,)).known[0]
    assert fixed.thread is not None
    resolved = replace(fixed, thread=replace(fixed.thread, is_resolved=True))

    assert [f.id for f in after((resolved,), finding()).unposted] == ["F1"]
    assert after((fixed,), finding()).unposted == ()


def test_a_thread_that_a_person_resolved_is_not_opened_again() -> None:
    posted = replace(after((), finding()).known[0], thread=Thread("node", 1, is_resolved=True))

    assert after((posted,), finding()).unposted == ()


def test_a_thousand_edited_findings_of_one_rule_are_all_paired() -> None:
    lines = [f"if value_{n} == None and other_{n % 7}:" for n in range(1000)]
    before = after((), *(finding(s, line=i, symbol="") for i, s in enumerate(lines, 1))).known
    edited = [finding(f"{s}  # why", line=i + 40, symbol="") for i, s in enumerate(lines, 1)]

    told = after(before, *edited)

    assert len(told.known) == 1000


FILE = "import a\n\n\nclass C:\n    def f(self):\n        x = 1\n\n        return x\n\n    y = 2\n"
SYMBOLS = ["", "", "", "C", "C.f", "C.f", "C.f", "C.f", "C", "C", ""]


def symbol_at(line: int) -> str:
    return SYMBOLS[line - 1]


def test_the_enclosing_code_is_the_whole_innermost_symbol() -> None:
    code = enclosing_code(FILE, finding(line=6, symbol="C.f"), symbol_at)

    assert code == "    def f(self):\n        x = 1\n\n        return x"


def test_the_enclosing_code_of_a_class_holds_its_methods() -> None:
    code = enclosing_code(FILE, finding(line=10, symbol="C"), symbol_at)

    assert code.startswith("class C:\n    def f(self):")
    assert code.endswith("y = 2")


@pytest.mark.parametrize(
    ("line", "lines"), [(1, (0, 4)), (5, (1, 8)), (10, (6, 11)), (99, (95, 99))]
)
def test_outside_of_symbols_it_is_three_lines_each_way(line: int, lines: tuple[int, int]) -> None:
    code = enclosing_code(FILE, finding(line=line, symbol=""), symbol_at)

    assert code == "\n".join(FILE.split("\n")[slice(*lines)])


def test_a_finding_behind_the_end_of_its_file_breaks_nothing() -> None:
    assert enclosing_code("x\n", finding(line=99, symbol="f"), lambda _: "") == ""


def test_blank_lines_line_ends_and_depth_are_not_a_change_of_code() -> None:
    assert code_digest("if x:\n    y\n") == code_digest("    if x:\r\n\n        y  \r\n")
    assert code_digest("if x:\n    y") != code_digest("if x:\n    y\nz")
    assert code_digest("\ud83d") != code_digest("\udcff")


def test_a_suggestion_has_one_id_on_one_head_however_its_lines_are_indented() -> None:
    pull, edit = PullKey(1, 2), Edit("a.py", 1, 1, "x\n", "  y\n")
    base = suggestion_id(pull, Sha("a" * 40), edit)

    assert base == suggestion_id(pull, Sha("a" * 40), replace(edit, new_text="y \n", old_text="z"))
    assert len(base) == 16
    others = [
        suggestion_id(PullKey(1, 3), Sha("a" * 40), edit),
        suggestion_id(pull, Sha("b" * 40), edit),
        suggestion_id(pull, Sha("a" * 40), edit, side="LEFT"),
        suggestion_id(pull, Sha("a" * 40), replace(edit, path="b.py")),
        suggestion_id(pull, Sha("a" * 40), replace(edit, new_text="z\n")),
    ]
    assert len({base, *others}) == 6


def test_a_decision_is_named_by_its_run_and_step() -> None:
    assert decision_id(RunId("run"), 3) == "run.3"
