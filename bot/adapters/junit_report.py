"""JUnit files, which are whatever hostile code wrote: bytes in, outcomes by test id out."""

import io
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from bot.adapters.inside.with_pytest import CPU_PROPERTY, ID_PROPERTY
from bot.domain.evidence import Outcome

MESSAGE_CHARS = 4000
TESTS_AT_MOST = 200_000
DEPTH_AT_MOST = 64
MOST_CPU_SECONDS = 1e6
"""A number that is larger, or none at all, is somebody's invention."""
_WORST_FIRST = (Outcome.ERROR, Outcome.FAILED, Outcome.PASSED, Outcome.SKIPPED)
_KINDS = {"error": Outcome.ERROR, "failure": Outcome.FAILED, "skipped": Outcome.SKIPPED}


class UnreadableReport(ValueError):
    """The result file is not JUnit that may be parsed; the message says why in one clause."""


@dataclass(frozen=True, slots=True)
class Results:
    """What a result file says."""

    outcomes: dict[str, Outcome] = field(default_factory=dict)
    messages: dict[str, str] = field(default_factory=dict)
    cpu_seconds: dict[str, float] = field(default_factory=dict)

    @property
    def red(self) -> int:
        """How many tests failed or broke."""
        return sum(outcome.is_red for outcome in self.outcomes.values())

    def add(self, test_id: str, outcome: Outcome, message: str = "") -> None:
        """Take one more result; of two for one test the worse counts."""
        known = self.outcomes.get(test_id, outcome)
        self.outcomes[test_id] = min(known, outcome, key=_WORST_FIRST.index)
        if message and outcome.is_red:
            self.messages.setdefault(test_id, message.strip()[-MESSAGE_CHARS:])


def parse_junit(data: bytes) -> Results:
    """Return the results of a JUnit file.

    Raises UnreadableReport for what is not well-formed XML, has a document type (entity bombs and
    external entities need one), or holds more than a test suite can.
    """
    results = Results()
    try:
        for case, suites in _cases(data):
            outcome, message = _judge(case)
            test_id = _id(case, suites)
            results.add(test_id, outcome, message)
            if (seconds := _cpu_seconds(case)) is not None:
                results.cpu_seconds[test_id] = seconds
    except DefusedXmlException as error:
        raise UnreadableReport("declares a document type or entities") from error
    except (ParseError, ValueError, LookupError) as error:
        raise UnreadableReport(f"is not well-formed XML ({error})") from error
    return results


def _cases(data: bytes) -> Iterator[tuple[Element, list[str]]]:
    """Yield each test case with the names of the suites around it, freeing it afterwards."""
    open_elements: list[Element] = []
    count = 0
    events = iterparse(io.BytesIO(data), events=("start", "end"), forbid_dtd=True)
    for event, element in events:
        if event == "start":
            open_elements.append(element)
            if len(open_elements) > DEPTH_AT_MOST:
                raise ValueError("nested too deeply")
            continue
        open_elements.pop()
        if _tag(element) == "testcase":
            count += 1
            if count > TESTS_AT_MOST:
                raise ValueError(f"more than {TESTS_AT_MOST} tests")
            yield element, [e.get("name", "") for e in open_elements if _tag(e) == "testsuite"]
        if _tag(element) in ("testcase", "testsuite") and open_elements:
            open_elements[-1].remove(element)


def _tag(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _judge(case: Element) -> tuple[Outcome, str]:
    found = [(_KINDS[_tag(child)], child) for child in case if _tag(child) in _KINDS]
    if not found:
        return Outcome.PASSED, ""
    outcome, child = min(found, key=lambda pair: _WORST_FIRST.index(pair[0]))
    text = child.text or ""
    return outcome, text if text.strip() else child.get("message", "")


def _cpu_seconds(case: Element) -> float | None:
    """Return what our plugin measured; None for what is no time."""
    for entry in case.iter():
        if _tag(entry) == "property" and entry.get("name") == CPU_PROPERTY:
            with suppress(ValueError):
                seconds = float(entry.get("value", ""))
                return seconds if 0 <= seconds < MOST_CPU_SECONDS else None
    return None


def _id(case: Element, suites: list[str]) -> str:
    """Return the id that the test case carries, or the best that its attributes give."""
    for entry in case.iter():
        if _tag(entry) == "property" and entry.get("name") == ID_PROPERTY:
            return entry.get("value", "")
    path, name = case.get("file", ""), case.get("name", "")
    group = case.get("classname", "")
    if path.endswith(".py"):
        return _node_id(path, group, name)
    groups = [group] if group else suites
    return "::".join(part for part in (path, " > ".join(part for part in (*groups, name))) if part)


def _node_id(path: str, group: str, name: str) -> str:
    """Return pytest's node id from the attributes of its `xunit1` family."""
    module = path.removesuffix(".py").replace("/", ".")
    if not group:
        return path  # the file could not be collected
    if group != module and not group.startswith(f"{module}."):
        return "::".join((path, group, name))
    classes = group[len(module) + 1 :].split(".")
    return "::".join(part for part in (path, *classes, name) if part)
