import io
from dataclasses import replace

import pytest
from rich.console import Console

from bot.adapters.terminal_report import (
    Progress,
    QuietProgress,
    print_explanation,
    print_review,
)
from bot.domain.evidence import Counts, Grade, Together
from bot.domain.findings import FindingState, Location, number
from bot.domain.review import FixOutcome, ProgressListener, Review
from bot.domain.suspicion import SuspectLine
from bot.domain.verdict import Conclusion, Coverage, SkippedFile
from tests.reviews import (
    decision,
    finding,
    fix_outcome,
    plain,
    proof,
    reaching,
    regression,
    review,
    suite,
    unused_import,
    verdict,
)

HOSTILE = "[red]x[/red] \x1b[2J\x1b]0;t\x07 \u202e :boom:"


def console(**options: object) -> Console:
    values: dict[str, object] = {"file": io.StringIO(), "width": 100, **options}
    return Console(**values)  # type: ignore[arg-type]  # a builder takes any option


def written(screen: Console) -> str:
    assert isinstance(screen.file, io.StringIO)
    return screen.file.getvalue()


def printed(told: Review | FixOutcome, **options: object) -> str:
    screen = console(**options)
    print_review(screen, told)
    return written(screen)


def test_the_review_reads_from_the_verdict_to_the_cost() -> None:
    lines = printed(review()).splitlines()

    assert lines[0] == "shop  feature/discounts  333333333333 on 222222222222"
    assert lines[1] == "3 findings (1 high, 2 low): 12 of 12 hunks seen"
    assert lines[3] == "F1  high  test_total passed before this change and fails now"
    assert "tests    merge base 0 failed of 5, head 1 failed of 5" in lines
    assert "not read src/pay.zig: no tool knows this language" in lines
    assert lines[-1] == "run      run-1, 4.2 s: lint, test, finish"


def test_each_suggestion_stands_with_its_patch_and_its_receipt() -> None:
    text = printed(review(findings=number([unused_import()])))

    assert "    - import os\n" in text
    assert "    proved: F401 gone · suite 214 passed before and after (no test reaches" in text


def test_a_finding_without_a_suggestion_shows_its_lines() -> None:
    text = printed(review(findings=number([finding()])))

    assert "        1 + import os\n" in text


def test_no_line_ends_in_blanks_and_none_is_wider_than_the_terminal() -> None:
    long = replace(unused_import(), body="word " * 100, title="t" * 300)

    for width in (80, 120):
        lines = printed(review(findings=number([long])), width=width).splitlines()

        assert all(len(line) <= min(width, 110) for line in lines)
        assert all(line == line.rstrip() for line in lines if line.startswith("    "))


def test_there_is_no_colour_where_it_is_not_wanted() -> None:
    assert "\x1b" not in printed(review())
    assert "\x1b" in printed(review(), force_terminal=True)
    colourless = printed(review(), force_terminal=True, no_color=True, color_system="truecolor")
    assert "[31m" not in colourless
    assert "[32m" not in colourless


def hostile_review() -> Review:
    odd = finding(
        title=HOSTILE, body=HOSTILE, rule=HOSTILE, source=HOSTILE, location=Location(HOSTILE, 1, 1)
    )
    skipped = Coverage(0, 1, (SkippedFile(HOSTILE, HOSTILE, is_exempt=False),))
    return review(
        findings=number([replace(odd, snippet=HOSTILE)]),
        verdict=replace(verdict(limits=(HOSTILE,)), coverage=skipped, tools=(HOSTILE,)),
        notes=(HOSTILE,),
        run_id=HOSTILE,
        base_tests=replace(suite(failed=False), problem=HOSTILE),
        decisions=(replace(decision(), observation=HOSTILE, tool=HOSTILE),),
    )


def test_what_a_pull_request_holds_neither_moves_the_cursor_nor_colours_a_word() -> None:
    screen = console(force_terminal=True, color_system=None)

    print_review(screen, hostile_review())
    print_explanation(screen, hostile_review())

    text = written(screen)
    assert "[red]x[/red]" in text
    assert ":boom:" in text
    assert "\\u202e" in text
    assert not set("\x1b\x07\u202e") & set(text)


def test_a_long_patch_is_cut_and_says_where_the_rest_is() -> None:
    many = b"".join(b"line %d\n" % n for n in range(60))
    long = finding(location=Location("other.py", 1, 60), snippet=many.decode())

    assert "44 more lines in the JSON and HTML reports" in printed(
        review(findings=number([long]), diff=None), force_terminal=True
    )


def test_many_skipped_files_are_counted() -> None:
    files = tuple(SkippedFile(f"doc{n}.md", "prose", is_exempt=True) for n in range(50))
    prose = replace(verdict(Conclusion.SUCCESS), coverage=Coverage(0, 0, files))

    text = printed(review(findings=(), verdict=prose))

    assert text.count("prose") == 12
    assert "not read 38 more files" in text


def test_a_dismissed_finding_says_so() -> None:
    dismissed = finding(state=FindingState.DISMISSED)

    assert "imported but unused  dismissed" in printed(review(findings=number([dismissed])))


def test_a_fix_shows_its_patches_and_the_commit() -> None:
    text = printed(fix_outcome())

    assert "F2  patch from autofix\n" in text
    assert "committed 444444444444: git show 444444444444" in text


def test_a_patch_that_is_not_in_the_commit_says_how_to_get_it() -> None:
    (patch,) = fix_outcome().patches
    revert = replace(patch, source="bisect", is_offered=False)
    unproved = replace(revert, proof=proof(new_lint=None))

    text = printed(fix_outcome(patches=(revert, unproved)))

    assert "left out: a hunk of yours is only taken back by name, `fix F2 revert`" in text
    assert "left out: checked" in text


def test_a_refused_fix_says_why_and_names_no_commit() -> None:
    text = printed(fix_outcome(commit=None, refused="no patch is proved"))

    assert text.rstrip().endswith("no patch is proved")
    assert "committed" not in text


def test_an_ambiguous_patch_shows_an_input_that_tells_it_from_the_other() -> None:
    (patch,) = fix_outcome().patches
    odd = replace(patch, is_ambiguous=True, distinguishing_input="total([])")

    text = printed(fix_outcome(patches=(odd,)))

    assert "for which they differ: total([])" in " ".join(text.split())


def test_two_patches_are_shown_with_what_each_gives_and_how_to_take_either() -> None:
    (patch,) = fix_outcome().patches
    odd = replace(
        patch,
        is_offered=False,
        is_ambiguous=True,
        distinguishing_input="total([])",
        gives="0",
        rival_text=patch.text.replace("import os", "import other"),
        rival_gives="None",
    )

    text = " ".join(printed(fix_outcome(patches=(odd,))).split())

    assert "to take this one (it gives 0): pullwright fix F2" in text
    assert "the other patch, for `git apply` if that should give None" in text
    assert "import other" in text


def test_who_typed_the_command_for_a_patch_is_not_told_to_type_it_again() -> None:
    (patch,) = fix_outcome().patches
    odd = replace(patch, is_ambiguous=True, is_offered=True, gives="0", distinguishing_input="f()")

    text = " ".join(printed(fix_outcome(patches=(odd,))).split())

    assert "pullwright fix F2" not in text
    assert "what `--patch FILE` writes, for `git apply` if that should give 0" in text


def test_a_fix_ends_with_what_all_patches_do_and_with_what_is_left() -> None:
    whole = Together(True, Counts(3, 3), Counts(1, 5))
    left = number([regression(), plain()])

    lines = printed(fix_outcome(together=whole, left=left), width=200).splitlines()

    assert "All patches together: suite 3 failed -> 1 failed of 6" in lines
    said = " ".join(lines[lines.index("committed 444444444444: git show 444444444444") + 1 :])
    assert said.startswith("not mended: F1 (a hunk of yours, which `pullwright fix F1 revert`")
    assert said.endswith("F2 (no patch)")


def test_a_patch_that_is_not_decided_says_why_it_is_left_out() -> None:
    (patch,) = fix_outcome().patches
    odd = replace(patch, is_ambiguous=True, is_offered=False)

    text = printed(fix_outcome(patches=(odd,)))

    assert "left out: the tests allow another meaning" in text


def test_changed_statements_that_no_test_reaches_are_one_quiet_line() -> None:
    said = " ".join(printed(reaching(4)).split())

    assert (
        "reach tests reach 0 of 1 changed statements; no test reaches src/shop/cart.py: 5" in said
    )
    assert "no test reaches src" not in printed(reaching(5))
    assert "changed statements" not in printed(review())


def test_the_explanation_ranks_the_lines_that_failing_tests_point_at() -> None:
    screen = console()
    suspect = SuspectLine(
        "a.py", 5, 0.7, ochiai=0.71, dstar=0.5, is_in_traceback=True, is_changed=False
    )

    print_explanation(screen, replace(review(), suspects=(suspect,)))

    assert "1. a.py:5 0.70 (ochiai 0.71, dstar 0.50, in the traceback)" in written(screen)


def test_a_review_of_red_tests_says_what_would_mend_them() -> None:
    assert "`pullwright fix` searches" in printed(review())
    assert "`pullwright fix`" not in printed(replace(review(), findings=()))


def test_the_command_that_is_named_is_one_that_works_there() -> None:
    change = review().change
    work = replace(change, is_uncommitted=True, can_push=False)

    assert "pass: commit this work first" in printed(review(change=work), width=200)
    detached = printed(review(change=replace(change, can_push=False)))
    assert "`pullwright fix --no-commit` searches" in detached


def test_a_score_is_explained_where_there_is_one() -> None:
    scored, plainly = number([unused_import()]), number([unused_import(quality=None)])

    assert "quality  of a patch, from 0 to 1: correctness" in printed(review(findings=scored))
    assert "from 0 to 1" not in printed(review(findings=plainly))
    assert "from 0 to 1" in printed(fix_outcome())


def test_the_explanation_shows_contributions_that_sum_to_the_utility() -> None:
    screen = console()

    print_explanation(screen, review())

    lines = written(screen).splitlines()
    assert lines[1] == "step 1: lint  0.8 s  12 of 12 hunks read, 2 findings"
    assert lines[3].split() == ["*", "lint", "+2.75", "1.00", "+3.00", "unseen", "-0.25", "seconds"]
    assert lines[5].split() == ["autofix", "-", "-", "nothing", "to", "do"]
    assert lines[-1] == "policy hand-1"


@pytest.fixture(params=[True, False], ids=["live", "quiet"])
def listener(request: pytest.FixtureRequest) -> tuple[ProgressListener, Console]:
    screen = console(force_terminal=True)
    return (Progress(screen) if request.param else QuietProgress()), screen


def test_a_listener_may_hear_of_steps_in_any_order(
    listener: tuple[ProgressListener, Console],
) -> None:
    hears, screen = listener

    hears.step_finished(decision())
    hears.step_started("lint")
    hears.step_started("test")
    hears.step_finished(decision(2, "test"))

    is_quiet = isinstance(hears, QuietProgress)
    assert ("12 of 12 hunks read" in written(screen)) is not is_quiet
    assert written(screen).count("\x1b[?25l") == written(screen).count("\x1b[?25h")


def test_grades_are_told_apart_without_colour() -> None:
    grades = [proof(), proof(new_lint=None), proof(is_applied=False)]
    patches = tuple(replace(fix_outcome().patches[0], proof=p) for p in grades)

    text = printed(fix_outcome(patches=patches))

    assert all(f"    {grade}: " in text for grade in Grade)


@pytest.mark.parametrize("is_terminal", [True, False])
def test_a_patch_of_a_fix_is_never_cut_or_wrapped(is_terminal: bool) -> None:
    (patch,) = fix_outcome().patches
    lines = [f"+{'x' * 300}{number}" for number in range(40)]
    long = replace(
        patch, text="\n".join(["--- a/a.py", "+++ b/a.py", "@@ -0,0 +1,40 @@", *lines, ""])
    )

    text = printed(fix_outcome(patches=(long,)), force_terminal=is_terminal)

    assert all(f"{'x' * 300}{number}" in text for number in range(40))


def test_a_pipe_gets_the_code_of_a_review_whole() -> None:
    long = finding(location=Location("other.py", 1, 1), snippet="x" * 150)

    assert "x" * 150 in printed(review(findings=number([long]), diff=None))
