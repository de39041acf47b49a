"""JUnit as frameworks write it, and as an attacker would."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.junit_report import MESSAGE_CHARS, UnreadableReport, parse_junit
from bot.adapters.plain_reports import parse_cargo, parse_go
from bot.domain.evidence import Outcome


def suite(*cases: str) -> bytes:
    return f"<testsuites><testsuite name='s'>{''.join(cases)}</testsuite></testsuites>".encode()


@pytest.mark.parametrize(
    ("child", "outcome"),
    [
        ("", Outcome.PASSED),
        ("<failure>f</failure>", Outcome.FAILED),
        ("<error>e</error>", Outcome.ERROR),
        ("<skipped/>", Outcome.SKIPPED),
        ("<failure>f</failure><error>e</error>", Outcome.ERROR),
        ("<system-out>noise</system-out>", Outcome.PASSED),
    ],
)
def test_the_child_element_is_the_outcome(child: str, outcome: Outcome) -> None:
    results = parse_junit(suite(f"<testcase classname='c' name='n'>{child}</testcase>"))

    assert results.outcomes == {"c > n": outcome}


@pytest.mark.parametrize(
    ("attributes", "test_id"),
    [
        ("file='tests/a.py' classname='tests.a' name='t[x::y]'", "tests/a.py::t[x::y]"),
        ("file='tests/a.py' classname='tests.a.C.D' name='t'", "tests/a.py::C::D::t"),
        ("file='tests/a.py' classname='' name='tests.a'", "tests/a.py"),
        ("file='tests/base.py' classname='tests.a.C' name='t'", "tests/base.py::tests.a.C::t"),
        ("file='src/a.spec.ts' classname='Cart' name='adds'", "src/a.spec.ts::Cart > adds"),
        ("classname='com.shop.CartTest' name='adds'", "com.shop.CartTest > adds"),
        ("name='adds'", "s > adds"),
    ],
)
def test_without_an_id_of_ours_one_is_made_from_the_attributes(
    attributes: str, test_id: str
) -> None:
    assert list(parse_junit(suite(f"<testcase {attributes}/>")).outcomes) == [test_id]


def test_an_id_of_ours_wins_over_the_attributes() -> None:
    ours = "<properties><property name='pullwright_id' value='a.py::b'/></properties>"

    assert list(parse_junit(suite(f"<testcase name='x'>{ours}</testcase>")).outcomes) == ["a.py::b"]


def test_of_two_results_for_one_test_the_worse_counts() -> None:
    green, red = "<testcase name='n'/>", "<testcase name='n'><failure>no</failure></testcase>"

    assert parse_junit(suite(red, green)).outcomes == {"s > n": Outcome.FAILED}


def test_a_long_message_keeps_its_end() -> None:
    text = "x" * 10_000 + "the end"
    results = parse_junit(suite(f"<testcase name='n'><failure>{text}</failure></testcase>"))

    message = results.messages["s > n"]
    assert len(message) == MESSAGE_CHARS
    assert message.endswith("the end")


BOMB = (
    b"<?xml version='1.0'?><!DOCTYPE t [<!ENTITY a 'aaaaaaaaaa'>"
    + b"".join(b"<!ENTITY %c '&%c;&%c;&%c;'>" % (98 + n, 97 + n, 97 + n, 97 + n) for n in range(20))
    + b"]><testsuite><testcase name='&u;'/></testsuite>"
)
XXE = b"<!DOCTYPE t [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><t><testcase name='&x;'/></t>"


PLAIN = b"<!DOCTYPE t><t/>"


@pytest.mark.parametrize("data", [BOMB, XXE, PLAIN], ids=["bomb", "external entity", "no entity"])
def test_document_types_are_refused(data: bytes) -> None:
    with pytest.raises(UnreadableReport, match="document type"):
        parse_junit(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"<testsuite>",
        b"\xff\xfe",
        b"<a>" * 5000,
        b"<?xml version='1.0' encoding='no-such'?><a/>",
    ],
)
def test_what_is_not_whole_xml_is_refused(data: bytes) -> None:
    with pytest.raises(UnreadableReport):
        parse_junit(data)


def test_a_suite_of_a_hundred_thousand_tests_is_read_in_seconds() -> None:
    data = suite(*(f"<testcase classname='c' name='n{n}'/>" for n in range(100_000)))
    start = time.process_time()

    assert len(parse_junit(data).outcomes) == 100_000
    assert time.process_time() - start < 10


@given(
    st.binary(max_size=200) | st.text(alphabet="<>/!?&;='\" abctes", max_size=80).map(str.encode)
)
def test_any_bytes_are_results_or_refused(data: bytes) -> None:
    try:
        results = parse_junit(data)
    except UnreadableReport:
        return
    assert all(isinstance(outcome, Outcome) for outcome in results.outcomes.values())


GO = b"""example.com/m
{"Action":"run","Package":"example.com/m/calc","Test":"TestBad"}
{"Action":"output","Package":"example.com/m/calc","Test":"TestBad","Output":"want 2, have 3\\n"}
{"Action":"fail","Package":"example.com/m/calc","Test":"TestBad"}
{"Action":"pass","Package":"example.com/m/calc","Test":"TestGood"}
{"Action":"skip","Package":"example.com/m/calc","Test":"TestLater"}
{"Action":"fail","Package":"example.com/m/calc"}
{"Action":"output","Package":"example.com/m/broken","Output":"undefined: nope\\n"}
{"Action":"fail","Package":"example.com/m/broken"}
{"Action":"pass","Package":"example.com/m","Test":"TestRoot"}
{"Action":"skip","Package":"example.com/m/empty"}
not json
"""


def test_go_events_are_told_apart() -> None:
    results = parse_go(GO)

    assert results.outcomes == {
        "calc::TestBad": Outcome.FAILED,
        "calc::TestGood": Outcome.PASSED,
        "calc::TestLater": Outcome.SKIPPED,
        "broken": Outcome.ERROR,
        ".::TestRoot": Outcome.PASSED,
    }
    assert results.messages["calc::TestBad"] == "want 2, have 3"
    assert "undefined: nope" in results.messages["broken"]


CARGO = b"""   Compiling calc v0.1.0
     Running unittests src/lib.rs (target/debug/deps/calc-d8db3dd6b69cc8a1)

running 2 tests
test tests::good ... ok
test tests::panics - should panic ... ok
test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured
   Doc-tests calc
test src/lib.rs - double (line 3) ... FAILED
test result: FAILED. 0 passed; 1 failed; 0 ignored
"""


def test_cargo_lines_are_told_apart() -> None:
    assert parse_cargo(CARGO).outcomes == {
        "src/lib.rs::calc::tests::good": Outcome.PASSED,
        "src/lib.rs::calc::tests::panics": Outcome.PASSED,
        "calc (doc)::src/lib.rs - double (line 3)": Outcome.FAILED,
    }


def test_a_line_that_a_rust_test_printed_is_not_a_result() -> None:
    with pytest.raises(UnreadableReport, match="counts other tests"):
        parse_cargo(CARGO.replace(b"running 2 tests", b"test tests::forged ... ok"))


@given(st.binary(max_size=200))
def test_any_bytes_from_go_and_cargo_are_results_or_refused(data: bytes) -> None:
    assert parse_go(data).messages.keys() <= parse_go(data).outcomes.keys()
    try:
        parse_cargo(data)
    except UnreadableReport:
        return
