"""The test runner without pytest: unittest, configured commands, node, go and cargo."""

import os
import shutil
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.adapters.junit_runner import JunitRunner
from bot.domain.evidence import Outcome
from bot.domain.test_detection import TestWish
from tests.adapters.real_sandboxes import process_sandbox
from tests.adapters.runner_contract import GOOD, TESTS, Subject


@pytest.fixture(scope="module")
def subject(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Subject]:
    sandbox = process_sandbox(tmp_path_factory.mktemp("runner"))
    yield Subject(JunitRunner(), sandbox)
    sandbox.close()


def assert_matches(pattern: str, text: str) -> None:
    with pytest.raises(AssertionError, match=pattern):
        raise AssertionError(text)


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Subject]:
    """A sandbox whose interpreter has no pytest."""
    folder = tmp_path_factory.mktemp("venv")
    venv.create(folder, with_pip=False)
    sandbox = process_sandbox(
        tmp_path_factory.mktemp("bare"), python=str(folder / "bin" / "python")
    )
    yield Subject(JunitRunner(), sandbox)
    sandbox.close()


UNITTEST = {
    "calc.py": GOOD,
    "tests/test_a.py": b"""
import unittest
from calc import double
class Numbers(unittest.TestCase):
    def test_good(self): self.assertEqual(double(2), 4)
    def test_bad(self): self.assertEqual(double(2), 5)
    def test_parts(self):
        for n in (1, 2):
            with self.subTest(n=n): self.assertEqual(n, 1)
    @unittest.skip('later')
    def test_skip(self): pass
    @unittest.expectedFailure
    def test_expected(self): self.fail()
""",
    "other/test_a.py": b"import unittest\nclass B(unittest.TestCase):\n def test_b(self): pass\n",
    "tests/test_broken.py": b"import no_such_module\n",
}


def test_unittest_serves_where_pytest_is_missing(bare: Subject) -> None:
    report = bare.run(UNITTEST)

    numbers = "tests/test_a.py::Numbers::"
    assert report.problem is None
    assert report.red == {f"{numbers}test_bad", f"{numbers}test_parts", "tests/test_broken.py"}
    assert report.green == {
        f"{numbers}test_good",
        f"{numbers}test_expected",
        "other/test_a.py::B::test_b",
    }
    assert bare.run(UNITTEST, only=[f"{numbers}test_bad"]).outcomes == {
        f"{numbers}test_bad": Outcome.FAILED
    }


def test_an_editable_install_of_another_checkout_is_not_what_is_tested(
    bare: Subject, tmp_path: Path
) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "__init__.py").write_text("WHERE = 'the checkout'\n")
    python = bare.sandbox.run(["echo", "{python}"], timeout_s=5).stdout.decode().strip()
    (packages,) = Path(python).parents[1].glob("lib/python*/site-packages")
    (packages / "editable.pth").write_text(f"{tmp_path}\n")
    tests = (
        b"import unittest, shop\nclass T(unittest.TestCase):\n"
        b"    def test_it(self): self.assertEqual(shop.WHERE, 'the tree')\n"
    )

    report = bare.run({"src/shop/__init__.py": b"WHERE = 'the tree'\n", "tests/test_it.py": tests})

    (packages / "editable.pth").unlink()
    assert report.green == {"tests/test_it.py::T::test_it"}


def test_test_functions_without_pytest_are_not_silently_left_out(bare: Subject) -> None:
    report = bare.run({"calc.py": GOOD, "test_calc.py": TESTS})

    assert report.problem == "the tests need pytest, which is not installed in the sandbox"


def configured(subject: Subject, command: str, junit_file: str | None = None) -> Subject:
    return Subject(JunitRunner(TestWish(command, junit_file)), subject.sandbox)


SUITE = '<testsuite><testcase classname="c" name="n">{}</testcase></testsuite>'


def test_a_configured_command_is_judged_by_its_junit_file(subject: Subject) -> None:
    green = f"echo '{SUITE.format('')}' > {{out}}/r.xml"
    red = f"mkdir -p b; echo '{SUITE.format('<failure>no</failure>')}' > b/r.xml; exit 2"

    assert configured(subject, green).run({}).green == {"c > n"}
    report = configured(subject, red, "tree:b/r.xml").run({"b/r.xml": b"<testsuite/>"})
    assert (report.problem, report.messages) == (None, {"c > n": "no"})


@pytest.mark.parametrize(
    ("command", "junit_file", "problem"),
    [
        ("true", None, "writes no JUnit file: let it write {out}/junit.xml"),
        ("echo oh >&2; false", "r.xml", "tests.command exited 1 without a result file: oh"),
        ("no-such-tool", "r.xml", "tests.command needs a program that is not in the sandbox"),
        ("true", "tree:old.xml", "tests.command exited 0 without a result file"),
    ],
)
def test_a_configured_command_that_proves_nothing_says_why(
    command: str, junit_file: str | None, problem: str, subject: Subject
) -> None:
    old = SUITE.format("").encode()

    report = configured(subject, command, junit_file).run({"old.xml": old})

    assert problem in (report.problem or "")


def test_a_configured_pytest_command_keeps_its_arguments_and_exact_ids(subject: Subject) -> None:
    files = {"calc.py": GOOD, "a/test_calc.py": TESTS, "b/test_other.py": TESTS}

    report = configured(subject, "python -m pytest a -k one").run(files)

    assert report.green == {"a/test_calc.py::test_one"}


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not on this machine")
def test_node_tests_are_told_apart(subject: Subject, tmp_path: Path) -> None:
    tests = b"""
const { test, describe, it } = require('node:test');
const assert = require('node:assert');
test('adds', () => assert.equal(1 + 1, 2));
describe('outer', () => { it('fails', () => assert.equal(1, 2)); it('works', () => {}); });
test('later', { skip: true }, () => {});
"""
    package = b'{"name": "x", "scripts": {"test": "node --test"}}'
    node = shutil.which("node") or ""
    sandbox = process_sandbox(tmp_path, path=f"{Path(node).parent}:{os.defpath}")

    report = Subject(JunitRunner(), sandbox).run(
        {"package.json": package, "t/calc.test.js": tests, "t/broken.test.js": b"no such code"}
    )

    sandbox.close()
    assert report.problem is None
    assert {test: str(outcome) for test, outcome in report.outcomes.items()} == {
        "t/calc.test.js::adds": "passed",
        "t/calc.test.js::outer > fails": "failed",
        "t/calc.test.js::outer > works": "passed",
        "t/calc.test.js::later": "skipped",
        "t/broken.test.js": "error",
    }
    assert "1 == 2" in report.messages["t/calc.test.js::outer > fails"]


@pytest.mark.skipif(shutil.which("go") is None, reason="go is not on this machine")
def test_go_tests_are_told_apart(tmp_path: Path) -> None:
    tests = (
        b'package calc\nimport "testing"\n'
        b"func TestGood(t *testing.T) {}\n"
        b'func TestBad(t *testing.T) { t.Run("sub", func(t *testing.T) { t.Fail() }) }\n'
    )
    go = shutil.which("go") or ""
    sandbox = process_sandbox(tmp_path, path=f"{Path(go).parent}:{os.defpath}")

    report = Subject(JunitRunner(), sandbox).run(
        {"go.mod": b"module example.com/m\n\ngo 1.20\n", "calc/calc_test.go": tests}
    )

    sandbox.close()
    assert report.problem is None
    assert report.green == {"calc::TestGood"}
    assert report.red == {"calc::TestBad", "calc::TestBad/sub"}


CARGO = {
    "Cargo.toml": b'[package]\nname = "calc"\nversion = "0.1.0"\nedition = "2021"\n',
    "src/lib.rs": (
        b"pub fn double(x: i32) -> i32 { x + x }\n"
        b"#[cfg(test)]\nmod tests {\n"
        b"    #[test]\n    fn good() { assert_eq!(super::double(2), 4); }\n"
        b"    #[test]\n    fn bad() { assert_eq!(super::double(2), 5); }\n"
        b"    #[test]\n    #[ignore]\n    fn slow() {}\n"
        b"}\n"
    ),
    "tests/whole.rs": b"#[test]\nfn works() { assert_eq!(calc::double(1), 2); }\n",
}


@pytest.mark.skipif(shutil.which("cargo") is None, reason="cargo is not on this machine")
def test_cargo_tests_are_told_apart(tmp_path: Path) -> None:
    cargo = shutil.which("cargo") or ""
    sandbox = process_sandbox(tmp_path, path=f"{Path(cargo).parent}:{os.defpath}")
    subject = Subject(JunitRunner(), sandbox)

    report = subject.run(CARGO)
    broken = subject.run({**CARGO, "src/lib.rs": b"pub fn double() -> i32 { nope }\n"})

    sandbox.close()
    assert report.problem is None
    assert report.green == {"src/lib.rs::calc::tests::good", "tests/whole.rs::whole::works"}
    assert report.red == {"src/lib.rs::calc::tests::bad"}
    assert "left: 4" in report.messages["src/lib.rs::calc::tests::bad"]
    assert_matches("cargo exited 101 before a test ran: error.*nope", broken.problem or "")
