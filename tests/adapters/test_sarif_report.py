import json
from pathlib import Path
from typing import Any

import jsonschema

from bot.adapters.sarif_report import render_sarif
from bot.domain.diff import Side
from bot.domain.edits import Edit, Patch
from bot.domain.findings import Category, FindingState, Location, Severity, Suggestion, number
from bot.domain.review import Review
from bot.domain.verdict import Conclusion
from tests.reviews import finding, proof, review, unused_import, verdict

SCHEMA = json.loads((Path(__file__).parent.parent / "data/sarif-schema-2.1.0.json").read_bytes())


def run_of(result: Review) -> Any:
    log = json.loads(render_sarif(result))
    jsonschema.Draft4Validator(
        SCHEMA, format_checker=jsonschema.Draft4Validator.FORMAT_CHECKER
    ).validate(log)
    return log["runs"][0]


def test_a_review_is_valid_sarif() -> None:
    run = run_of(review())

    assert [result["ruleId"] for result in run["results"]] == ["regression", "F401", "E711"]
    assert [result["level"] for result in run["results"]] == ["error", "note", "note"]
    rules = run["tool"]["driver"]["rules"]
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in run["results"])


def test_a_review_without_findings_is_valid_too() -> None:
    run = run_of(review(findings=(), verdict=verdict(Conclusion.SUCCESS)))

    assert run["results"] == []
    assert run["invocations"][0]["executionSuccessful"] is True


def test_could_not_look_is_not_the_same_as_no_results() -> None:
    blind = verdict(Conclusion.NOT_REVIEWED, seen=0, limits=("ruff is not installed",))

    invocation = run_of(review(findings=(), verdict=blind))["invocations"][0]

    assert invocation["executionSuccessful"] is False
    told = [(n["level"], n["message"]["text"]) for n in invocation["toolExecutionNotifications"]]
    assert ("warning", "ruff is not installed") in told
    assert ("warning", "not looked at: no tool knows this language") in told
    assert ("note", "not looked at: prose") in told


def test_the_fingerprint_keeps_an_alert_the_same_when_lines_move() -> None:
    moved = finding(location=Location("src/shop/cart.py", 40, 40))

    first, second = (run_of(review(findings=number([f]))) for f in (finding(), moved))

    assert first["results"][0]["partialFingerprints"] == second["results"][0]["partialFingerprints"]


def test_only_a_proved_suggestion_is_a_fix() -> None:
    results = run_of(review(findings=number([unused_import(), unused_import(new_lint=None)])))[
        "results"
    ]

    assert ["fixes" in result for result in results] == [True, False]
    replacement = results[0]["fixes"][0]["artifactChanges"][0]["replacements"][0]
    assert replacement["deletedRegion"] == {
        "startLine": 1,
        "startColumn": 1,
        "endLine": 2,
        "endColumn": 1,
    }
    assert "missing: a linter could not look" in results[1]["message"]["text"]


def test_a_fix_of_a_last_line_without_a_line_feed_ends_on_that_line() -> None:
    patch = Patch((Edit("a.py", 7, 7, "x = 1", "y = 2"),))
    last = finding(suggestion=Suggestion(patch, "autofix", proof()))

    fix = run_of(review(findings=number([last])))["results"][0]["fixes"][0]

    region = fix["artifactChanges"][0]["replacements"][0]["deletedRegion"]
    assert (region["endLine"], region["endColumn"]) == (7, 6)


def test_a_fix_with_bytes_that_are_not_text_is_given_as_bytes() -> None:
    patch = Patch((Edit("a.py", 1, 1, "x\n", "\udcff\n"),))
    binary = finding(suggestion=Suggestion(patch, "autofix", proof()))

    fix = run_of(review(findings=number([binary])))["results"][0]["fixes"][0]

    assert fix["artifactChanges"][0]["replacements"][0]["insertedContent"] == {"binary": "/wo="}


def test_any_file_name_is_a_relative_address() -> None:
    odd = finding(location=Location("a b/c:d#\udcff.py", 1, 1))

    place = run_of(review(findings=number([odd])))["results"][0]["locations"][0]["physicalLocation"]

    assert place["artifactLocation"] == {"uri": "a%20b/c%3Ad%23%FF.py", "uriBaseId": "%SRCROOT%"}


def test_a_removed_line_is_not_placed_on_a_line_of_the_head() -> None:
    removed = finding(location=Location("a.py", 900, 900, Side.LEFT))

    place = run_of(review(findings=number([removed])))["results"][0]["locations"][0]

    assert "region" not in place["physicalLocation"]


def test_a_finding_that_was_dismissed_is_suppressed() -> None:
    dismissed = finding(state=FindingState.DISMISSED)

    results = run_of(review(findings=number([dismissed])))["results"]

    assert results[0]["suppressions"] == [{"kind": "external", "justification": "dismissed"}]


def test_a_security_finding_is_ranked_as_one() -> None:
    unsafe = finding(category=Category.SECURITY, severity=Severity.HIGH)

    rule = run_of(review(findings=number([unsafe])))["tool"]["driver"]["rules"][0]

    assert rule["properties"]["security-severity"] == "8.0"
    assert rule["properties"]["tags"] == ["security"]


def test_a_message_of_others_makes_no_link_and_no_terminal_sequence() -> None:
    hostile = finding(title="\x1b[31m[free](https://evil.example)\u202e")

    text = run_of(review(findings=number([hostile])))["results"][0]["message"]["text"]

    assert "](" not in text
    assert "\x1b" not in text
    assert "\u202e" not in text
