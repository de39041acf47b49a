"""What go, cargo and our reporter for node write, parsed into outcomes by test id."""

import json
import re

from bot.adapters.junit_report import Results, UnreadableReport
from bot.domain.evidence import Outcome, file_of

_OUTCOMES = {"pass": Outcome.PASSED, "fail": Outcome.FAILED, "skip": Outcome.SKIPPED}
_CARGO_OUTCOMES = {"ok": Outcome.PASSED, "FAILED": Outcome.FAILED, "ignored": Outcome.SKIPPED}
_CARGO_BINARY = re.compile(r"\s+Running (?:unittests )?(\S+) \(.*?([^/\\]+)-[0-9a-f]+(?:\.exe)?\)")
_CARGO_DOCS = re.compile(r"\s+Doc-tests (\S+)")
_CARGO_TEST = re.compile(r"test (.+?)(?: - should panic)? \.\.\. (ok|FAILED|ignored)(?:, .*)?")
_CARGO_TOTALS = re.compile(r"test result: \w+\. (\d+) passed; (\d+) failed;")
_CARGO_OUTPUT = re.compile(r"---- (.+?) stdout ----")


def parse_go(data: bytes) -> Results:
    """Return the results of `go list -m` and `go test -json ./...`, one after the other.

    An id is the package's folder, `::`, and the test's name; a package that could not be built is
    an error under its folder.
    """
    lines = data.decode("utf-8", "replace").splitlines()
    module = lines[0] if lines and not lines[0].startswith("{") else ""
    results = Results()
    output: dict[str, str] = {}
    for event in map(_event, lines):
        package, test = event.get("Package", ""), event.get("Test", "")
        folder = package.removeprefix(module).strip("/") or "."
        test_id = f"{folder}::{test}" if test else folder
        output[test_id] = (output.get(test_id, "") + event.get("Output", ""))[-4000:]
        outcome = _OUTCOMES.get(event.get("Action", ""))
        if outcome is None or not (test or outcome is Outcome.FAILED):
            continue
        has_red_test = any(
            i.startswith(f"{folder}::") and o.is_red for i, o in results.outcomes.items()
        )
        if test:
            results.add(test_id, outcome, output[test_id])
        elif not has_red_test:
            results.add(test_id, Outcome.ERROR, output[test_id])
    return results


def parse_node(data: bytes) -> Results:
    """Return the results of `inside/node_reporter.mjs`; a file that breaks is an error."""
    results = Results()
    for event in map(_event, data.decode("utf-8", "replace").splitlines()):
        outcome = _OUTCOMES.get(event.get("outcome", ""))
        file, test = event.get("file", ""), event.get("test", "")
        if outcome is None:
            continue
        if not test and outcome is Outcome.FAILED:
            # Said of a file that could not be run, and again of one whose tests failed.
            has_red_test = any(o.is_red for i, o in results.outcomes.items() if file_of(i) == file)
            if not has_red_test:
                results.add(file, Outcome.ERROR, event.get("message", ""))
        elif test:
            results.add(f"{file}::{test}" if file else test, outcome, event.get("message", ""))
    return results


def _event(line: str) -> dict[str, str]:
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(event, dict):
        return {}
    return {key: value for key, value in event.items() if isinstance(value, str)}


def parse_cargo(data: bytes) -> Results:
    """Return the results of `cargo test`; ids are source file, `::`, crate, `::`, test path.

    Raises UnreadableReport when a summary line counts other tests than were seen: output of the
    tests themselves may look like a result.
    """
    results = Results()
    place, counted, message = "", [0, 0], ""
    for line in data.decode("utf-8", "replace").splitlines():
        if binary := _CARGO_BINARY.fullmatch(line):
            place, counted = f"{binary[1]}::{binary[2]}", [0, 0]
        elif docs := _CARGO_DOCS.fullmatch(line):
            place, counted = f"{docs[1]} (doc)", [0, 0]
        elif test := _CARGO_TEST.fullmatch(line):
            outcome = _CARGO_OUTCOMES[test[2]]
            results.add(f"{place}::{test[1]}", outcome)
            counted[0] += outcome is Outcome.PASSED
            counted[1] += outcome is Outcome.FAILED
        elif (totals := _CARGO_TOTALS.match(line)) and [*map(int, totals.groups())] != counted:
            raise UnreadableReport(f"counts other tests than it lists in {place}")
        message = _collect(results, f"{place}::", message, line)
    return results


def _collect(results: Results, place: str, current: str, line: str) -> str:
    """Return the test whose failure text continues, after adding this line to the text."""
    if heading := _CARGO_OUTPUT.fullmatch(line):
        return place + heading[1]
    if line == "failures:":
        return ""
    if current in results.outcomes:
        results.messages[current] = (results.messages.get(current, "") + line + "\n")[-4000:]
    return current
