import json
from dataclasses import replace
from importlib.resources import files
from typing import Any

import jsonschema
import pytest

from bot.adapters.json_report import render_json
from bot.domain.findings import Location, number
from bot.domain.review import FixOutcome, Review
from bot.domain.verdict import Conclusion
from tests.reviews import finding, fix_outcome, proof, review, unused_import, verdict

SCHEMA = json.loads(files("bot.adapters").joinpath("schemas/review.schema.json").read_text("utf-8"))


def parsed(result: Review | FixOutcome) -> Any:
    document = json.loads(render_json(result))
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    return document


def test_a_review_has_exactly_the_published_names() -> None:
    document = parsed(review())

    assert list(document) == [
        "schema",
        "head_sha",
        "base_sha",
        "verdict",
        "findings",
        "notes",
    ]
    assert document["verdict"]["coverage"]["hunks_total"] == 12
    assert document["findings"][0]["suggestion"]["proof"]["before"] == {"failed": 1, "passed": 213}


def test_what_the_other_reports_note_is_in_the_document_too() -> None:
    said = "the model refused the key; set CEREBRAS_API_KEY"

    assert said in parsed(review(notes=(said,)))["notes"]
    assert said in parsed(replace(fix_outcome(), review=review(notes=(said,))))["notes"]


def test_a_fix_is_the_review_and_its_patches() -> None:
    document = parsed(fix_outcome())

    assert [patch["source"] for patch in document["patches"]] == ["autofix"]
    assert document["commit"] == "4" * 40
    assert document["refused"] is None


def test_a_suggestion_carries_a_diff_that_git_can_apply() -> None:
    patch = parsed(review())["findings"][1]["suggestion"]["patch"]

    assert patch.startswith("diff --git a/src/shop/cart.py b/src/shop/cart.py\n--- a/")
    assert "\n-import os\n" in patch


def test_a_patch_that_no_longer_fits_is_an_empty_text_not_a_crash() -> None:
    stale = review(contents={"src/shop/cart.py": b"other\n"})

    assert parsed(stale)["findings"][0]["suggestion"]["patch"] == ""


def test_what_was_not_tried_is_null_and_never_false() -> None:
    untried = unused_import(is_parsed=None, new_lint=None, before=None, after=None, quality=None)

    told = parsed(review(findings=number([untried])))["findings"][0]["suggestion"]["proof"]

    assert {told[k] for k in ("parses", "new_lint", "before", "after", "quality")} == {None}


def test_a_file_name_that_is_not_utf_8_stays_valid_json_everywhere() -> None:
    odd = finding(location=Location("tea\udce9\n.py", 1, 1), title="lone \ud800 half")

    document = parsed(review(findings=number([odd])))

    assert document["findings"][0]["path"] == "tea\\udce9\n.py"
    assert render_json(review(findings=number([odd]))).isascii()
    json.dumps(document).encode("utf-8")


def test_a_number_that_is_not_finite_is_null() -> None:
    odd = unused_import(quality=float("nan"))

    assert (
        parsed(review(findings=number([odd])))["findings"][0]["suggestion"]["proof"]["quality"]
        is None
    )


@pytest.mark.parametrize("conclusion", Conclusion)
def test_every_conclusion_is_in_the_schema(conclusion: Conclusion) -> None:
    document = parsed(review(verdict=verdict(conclusion, limits=("the run timed out",))))

    assert document["verdict"]["conclusion"] == conclusion
    assert document["verdict"]["limits"] == ["the run timed out"]


def test_the_schema_refuses_a_name_that_was_never_published() -> None:
    document = json.loads(render_json(review()))
    document["extra"] = proof().target

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(SCHEMA).validate(document)
