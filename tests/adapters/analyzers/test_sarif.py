"""A SARIF file of any tool: what fits our files is believed, what does not is left out."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from bot.adapters.analyzers.sarif import MAX_SARIF_RESULTS, read_sarif
from bot.domain.findings import Category, Finding, Severity
from bot.errors import AnalyzerFailed

Json = dict[str, object]

FILES: Mapping[str, bytes] = {
    "src/a b.py": "é = 1\nx = '😀'; y = 2\nlast".encode(),
    "a.py": b"one\r\ntwo\r\nthree\r\n",
}
_REGION: Json = {"startLine": 2, "startColumn": 1, "endLine": 2, "endColumn": 4}


def _artifact(uri: str = "a.py", base: str | None = None) -> Json:
    return {"uri": uri, "uriBaseId": base} if base else {"uri": uri}


def _result(artifact: Json | None = None, region: Json | None = None, **more: object) -> Json:
    place = {"artifactLocation": artifact or _artifact(), "region": region or _REGION}
    return {
        "ruleId": "R1",
        "message": {"text": "Two is bad. Use three."},
        "locations": [{"physicalLocation": place}],
        **more,
    }


def _log(*results: Json, **run: object) -> bytes:
    driver = {"name": "other", "rules": run.pop("rules", [])}
    body = {"tool": {"driver": driver}, "results": list(results), **run}
    return json.dumps({"version": "2.1.0", "runs": [body]}).encode()


def _read(*results: Json, root: str = "", **run: object) -> tuple[Finding, ...]:
    return read_sarif(_log(*results, **run), FILES, root=root)


def _fix(region: Json, text: str, artifact: Json | None = None) -> list[dict[str, list[Json]]]:
    replacement: Json = {"deletedRegion": region, "insertedContent": {"text": text}}
    change: Json = {"artifactLocation": artifact or _artifact(), "replacements": [replacement]}
    return [{"artifactChanges": [change]}]


def test_a_result_becomes_a_finding_of_its_tool() -> None:
    (found,) = _read(_result())

    assert (found.rule, found.source, found.title) == ("R1", "other", "Two is bad")
    assert found.body == "Two is bad. Use three."
    assert (found.location.path, found.location.start_line, found.snippet) == ("a.py", 2, "two")
    assert found.severity is Severity.MEDIUM


@pytest.mark.parametrize(
    ("level", "severity"),
    [("error", Severity.HIGH), ("warning", Severity.MEDIUM), ("note", Severity.LOW)],
)
def test_levels_become_severities(level: str, severity: Severity) -> None:
    assert _read(_result(level=level))[0].severity is severity


def test_the_level_of_the_rule_counts_where_the_result_has_none() -> None:
    rules = [{"id": "R1", "defaultConfiguration": {"level": "error"}}]

    assert _read(_result(), rules=rules)[0].severity is Severity.HIGH


@pytest.mark.parametrize(
    ("score", "severity"),
    [
        ("9.8", Severity.CRITICAL),
        ("7.0", Severity.HIGH),
        ("5", Severity.MEDIUM),
        ("1", Severity.LOW),
    ],
)
def test_a_security_score_outranks_the_level(score: str, severity: Severity) -> None:
    rules = [{"id": "R1", "properties": {"security-severity": score}}]

    (found,) = _read(_result(level="note"), rules=rules)

    assert (found.severity, found.category) == (severity, Category.SECURITY)


def test_a_rule_may_be_named_by_its_place() -> None:
    result = _result(ruleIndex=1)
    del result["ruleId"]

    assert _read(result, rules=[{"id": "A"}, {"id": "B"}])[0].rule == "B"


@pytest.mark.parametrize(
    ("artifact", "run"),
    [
        (_artifact("src/a%20b.py"), {}),
        (_artifact("./src/x/../a%20b.py"), {}),
        (_artifact("a%20b.py", "SRC"), {"originalUriBaseIds": {"SRC": _artifact("src/")}}),
        (_artifact("src/a%20b.py", "%SRCROOT%"), {}),
        (
            _artifact("a%20b.py", "SRC"),
            {
                "originalUriBaseIds": {
                    "SRC": _artifact("src/", "ROOT"),
                    "ROOT": _artifact("file:///w/"),
                }
            },
        ),
        ({"index": 0}, {"artifacts": [{"location": _artifact("src/a%20b.py")}]}),
    ],
)
def test_the_ways_of_naming_a_file(artifact: Json, run: dict[str, Any]) -> None:
    assert [f.location.path for f in _read(_result(artifact), **run)] == ["src/a b.py"]


def test_an_absolute_path_needs_the_root_that_the_tool_ran_in() -> None:
    result = _result(_artifact("file:///work/repo/a.py"))

    assert len(_read(result, root="/work/repo/")) == 1
    assert _read(result) == ()
    assert _read(result, root="/work/rep") == ()


def test_a_base_that_is_the_root_is_taken_off() -> None:
    bases = {"ROOT": _artifact("file:///work/repo/src/")}
    result = _result(_artifact("a%20b.py", "ROOT"))

    assert len(_read(result, root="/work/repo", originalUriBaseIds=bases)) == 1


@pytest.mark.parametrize(
    "uri",
    [
        "../a.py",
        "/a.py",
        "x/../../a.py",
        "%2e%2e/a.py",
        "https://example.org/a.py",
        "file:///etc/passwd",
        "none.py",
        "",
        ".",
        "http://[",
    ],
)
def test_a_file_outside_the_change_is_left_out(uri: str) -> None:
    assert _read(_result(_artifact(uri))) == ()


def test_bases_that_name_each_other_end() -> None:
    bases = {"A": _artifact("a/", "B"), "B": _artifact("b/", "A")}

    assert _read(_result(_artifact("a.py", "A")), originalUriBaseIds=bases) == ()


def test_suppressed_and_passed_results_are_left_out() -> None:
    suppressed = _result(suppressions=[{"kind": "inSource"}])
    refused = _result(suppressions=[{"kind": "external", "status": "rejected"}])

    assert _read(suppressed) == ()
    assert len(_read(refused)) == 1
    assert _read(_result(kind="pass")) == ()


def test_a_fix_by_columns_counts_utf_16_units_unless_told_otherwise() -> None:
    artifact = _artifact("src/a%20b.py")
    region: Json = {"startLine": 2, "startColumn": 11, "endColumn": 12}

    (utf16,) = _read(_result(artifact, fixes=_fix(region, "z", artifact)))
    (points,) = _read(
        _result(
            artifact, fixes=_fix({**region, "startColumn": 10, "endColumn": 11}, "z", artifact)
        ),
        columnKind="unicodeCodePoints",
    )

    for found in (utf16, points):
        assert found.fix is not None
        after = found.fix.apply(FILES)["src/a b.py"].decode()
        assert after == "é = 1\nx = '😀'; z = 2\nlast"
        assert not found.is_fix_safe


def test_a_fix_by_bytes_keeps_crlf() -> None:
    (found,) = _read(_result(fixes=_fix({"byteOffset": 5, "byteLength": 3}, "TWO")))

    assert found.fix is not None
    assert found.fix.apply(FILES)["a.py"] == b"one\r\nTWO\r\nthree\r\n"


@pytest.mark.parametrize(
    "region",
    [
        {"startLine": 2},
        {"charOffset": 3, "charLength": 2},
        {"byteOffset": 900, "byteLength": 9},
        {"startLine": 3, "startColumn": 1, "endLine": 1, "endColumn": 1},
    ],
)
def test_a_fix_that_is_not_exact_is_dropped_and_the_finding_kept(region: Json) -> None:
    (found,) = _read(_result(fixes=_fix(region, "")))

    assert found.fix is None


def test_a_fix_in_a_file_that_we_do_not_hold_is_dropped_whole() -> None:
    parts = (*_fix(_REGION, "x"), *_fix(_REGION, "x", _artifact("../b.py")))
    changes = [change for part in parts for change in part["artifactChanges"]]
    both = [{"artifactChanges": changes}]

    assert _read(_result(fixes=both))[0].fix is None


def test_a_result_without_a_region_is_about_the_first_line() -> None:
    result = _result()
    result["locations"] = [{"physicalLocation": {"artifactLocation": _artifact()}}]

    assert _read(result)[0].location.start_line == 1


def test_a_result_without_a_place_is_left_out() -> None:
    assert _read(_result() | {"locations": []}) == ()


@pytest.mark.parametrize("line", [0, -1, 10**9, "2", 2.5])
def test_a_strange_line_is_refused_or_moved_into_the_file(line: object) -> None:
    data = _log(_result(region={"startLine": line}))

    try:
        found = read_sarif(data, FILES)
    except AnalyzerFailed:
        return
    assert all(1 <= f.location.start_line <= 3 for f in found)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"version": "2.1.0"}',
        b'{"version": "2.0.0", "runs": []}',
        b'{"version": "2.1.0", "runs": [{"results": []}]}',
        b'{"version": "2.1.0", "runs": "\xff"}',
        b"[" * 200_000,
        _log(_result(message="text")),
    ],
)
def test_a_malformed_file_is_a_failure_in_one_sentence(data: bytes) -> None:
    with pytest.raises(AnalyzerFailed, match="the SARIF file") as failure:
        read_sarif(data, FILES)

    assert "\n" not in str(failure.value)


def test_too_many_results_or_bytes_are_refused() -> None:
    with pytest.raises(AnalyzerFailed, match="5001 results, the limit is 5000"):
        _read(*[_result()] * (MAX_SARIF_RESULTS + 1))
    with pytest.raises(AnalyzerFailed, match="bytes, the limit is"):
        read_sarif(b" " * (33 << 20), FILES)


def test_a_run_that_found_nothing_is_nothing() -> None:
    data = json.dumps({"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "a"}}}]}).encode()

    assert read_sarif(b"\xef\xbb\xbf" + data, FILES) == ()


def test_text_of_a_stranger_is_cut_to_one_line_of_limited_length() -> None:
    (found,) = _read(_result(message={"text": "a\n\x07b" + "c" * 5_000}, ruleId="R" * 500))

    assert len(found.title) <= 120
    assert "\n" not in found.title + found.body
    assert len(found.body) <= 600
    assert len(found.rule) <= 80
