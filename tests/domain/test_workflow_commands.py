from pathlib import Path

import pytest

from bot.domain.forge import Annotation, AnnotationLevel
from bot.domain.workflow_commands import (
    PER_KIND,
    SUMMARY_BYTES,
    annotation,
    annotations,
    fitted_summary,
    outputs,
)


def _note(level: AnnotationLevel = AnnotationLevel.NOTICE, message: str = "m") -> Annotation:
    return Annotation("a,b:c%.py", 1, 2, level, "t:\n::error::", message)


def test_nothing_in_an_annotation_begins_another_command_or_property() -> None:
    line = annotation(_note(message="one\r\n::add-mask::x 100%"))

    assert line == (
        "::notice file=a%2Cb%3Ac%25.py,line=1,endLine=2,title=t%3A%0A%3A%3Aerror%3A%3A"
        "::one%0D%0A::add-mask::x 100%25"
    )


def test_of_each_kind_the_worst_ten_are_annotated() -> None:
    many = [_note(message=str(n)) for n in range(30)] + [_note(AnnotationLevel.FAILURE)]

    shown = list(annotations(many))

    assert len(shown) == PER_KIND + 1
    assert shown[PER_KIND - 1].endswith("::9")
    assert shown[-1].startswith("::error ")


def test_an_output_that_holds_the_delimiter_is_refused() -> None:
    assert outputs({"a": "x\ny"}, "EOF1") == "a<<EOF1\nx\ny\nEOF1\n"
    with pytest.raises(ValueError, match="the delimiter is in the output a"):
        outputs({"a": "x\nEOF1\nb<<EOF1\n1"}, "EOF1")


def test_a_summary_over_github_s_limit_is_cut_with_a_sentence_that_says_so() -> None:
    cut = fitted_summary("```\n" + "ü" * SUMMARY_BYTES, taken=100)

    assert len(cut.encode()) <= SUMMARY_BYTES - 100
    assert "GitHub shows 1,048,576 bytes of a job summary" in cut
    assert cut.count("```") == 2


@pytest.mark.parametrize("text", ["x" * 5000, "````\n```\n" + "ü" * 5000, "😀\n```\n" * 900])
def test_a_summary_that_another_step_has_nearly_filled_never_grows_over_the_limit(
    text: str,
) -> None:
    cuts = {left: fitted_summary(text, taken=SUMMARY_BYTES - left) for left in range(-2, 300)}

    assert [left for left, cut in cuts.items() if len(cut.encode()) > max(left, 0)] == []
    ends = {cut.rpartition(": ")[2] for cut in cuts.values() if cut}
    assert ends == {
        "GitHub shows 1,048,576 bytes of a job summary; the results file has everything)\n"
    }
    assert (cuts[50], bool(cuts[120])) == ("", True)


def test_what_is_cut_inside_a_long_fence_closes_it_with_one_as_long() -> None:
    cut = fitted_summary("`````\n```\nx\n" + "y" * SUMMARY_BYTES)

    assert cut.rpartition("\n\n(cut")[0].endswith("y\n`````")


def test_a_summary_that_fits_is_left_alone(tmp_path: Path) -> None:
    assert fitted_summary("x" * SUMMARY_BYTES) == "x" * SUMMARY_BYTES
