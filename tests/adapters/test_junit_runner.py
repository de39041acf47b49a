"""The test runner on real projects in the process sandbox: what is evidence, and what is not."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.adapters.junit_runner import JunitRunner
from bot.domain.evidence import StopReason
from bot.domain.ports import TestPlan
from tests.adapters.real_sandboxes import process_sandbox
from tests.adapters.runner_contract import CONTRACT, GOOD, TESTS, Clause, Subject


@pytest.fixture(scope="module")
def subject(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Subject]:
    sandbox = process_sandbox(tmp_path_factory.mktemp("runner"))
    yield Subject(JunitRunner(), sandbox)
    sandbox.close()


@pytest.mark.parametrize("clause", CONTRACT, ids=lambda clause: clause.__name__)
def test_the_runner_keeps_the_contract(clause: Clause, subject: Subject) -> None:
    clause(subject)


SRC_LAYOUT = {
    "pyproject.toml": (
        b"[project]\nname = 'shop'\ndependencies = ['PyYAML']\n"
        b"[tool.pytest.ini_options]\naddopts = '-x --doctest-modules --import-mode=importlib'\n"
    ),
    "src/shop/__init__.py": b'"""\n>>> 1 + 1\n2\n"""\n',
    "src/shop/price.py": b"import yaml\ndef load(text):\n    return yaml.safe_load(text)\n",
    "tests/base.py": b"class Base:\n    def test_inherited(self): assert self.value\n",
    "tests/__init__.py": b"",
    "tests/test_price.py": """
import subprocess, sys, unittest
import pytest
from shop.price import load
from tests.base import Base
@pytest.mark.parametrize("x", ["a::b", "{out}", "é", "a[b]c", "a/b.py::c", " s ", "x\\ny", '<&"'])
def test_odd_names(x): assert load("1") == 1
class TestOuter(Base):
    value = 1
    class TestInner:
        def test_in(self): assert load("1") == 2
class TestCase(unittest.TestCase):
    def test_case(self): self.assertEqual(load("a: b"), {"a": "b"})
    @unittest.skip("not now")
    def test_skipped(self): raise AssertionError
def test_children_import_the_tree(tmp_path):
    code = "import shop; print(shop.__file__)"
    where = subprocess.check_output([sys.executable, "-c", code], cwd=tmp_path, text=True)
    assert "/tree/src/shop/" in where
def test_again(): assert False
""".encode(),
    "tests/test_broken.py": b"import no_such_module\n",
}


def test_every_kind_of_test_of_a_src_layout_is_told_apart(subject: Subject) -> None:
    report = subject.run(SRC_LAYOUT)

    assert report.problem is None
    assert {test.partition("::")[2] or test: str(o) for test, o in report.outcomes.items()} == {
        "shop": "passed",
        **{
            f"test_odd_names[{name}]": "passed"
            for name in ("a::b", "{out}", "\\xe9", "a[b]c", "a/b.py::c", " s ", "x\\ny", '<&"')
        },
        "TestOuter::test_inherited": "passed",
        "TestOuter::TestInner::test_in": "failed",
        "TestCase::test_case": "passed",
        "TestCase::test_skipped": "skipped",
        "test_children_import_the_tree": "passed",
        "test_again": "failed",
        "tests/test_broken.py": "error",
    }
    assert "no_such_module" in report.messages["tests/test_broken.py"]


def test_each_id_selects_its_test_and_no_other(subject: Subject) -> None:
    whole = subject.run(SRC_LAYOUT).outcomes
    wanted = [
        next(test for test in whole if part in test)
        for part in ("[a/b.py::c]", "TestInner", "inherited", "broken")
    ]

    for test in wanted:
        assert subject.run(SRC_LAYOUT, only=[test]).outcomes == {test: whole[test]}


BUSY = """
import time
import pytest
@pytest.fixture
def slow_to_make():
    _burn()
def _burn():
    end = time.process_time() + 0.2
    while time.process_time() < end:
        pass
def test_busy(): _burn()
def test_asleep(): time.sleep(0.2)
def test_made_slowly(slow_to_make): pass
"""


def test_the_cpu_time_of_a_test_is_told_without_its_waits_and_its_fixtures(
    subject: Subject,
) -> None:
    told = subject.run({"test_busy.py": BUSY.encode()}).cpu_seconds

    assert told["test_busy.py::test_busy"] > 0.19
    assert told["test_busy.py::test_asleep"] < 0.1
    assert told["test_busy.py::test_made_slowly"] < 0.1


@pytest.mark.parametrize("length", [200, 1100], ids=["sent", "too long to send"])
def test_a_long_list_of_ids_is_exact_too(length: int, subject: Subject) -> None:
    tests = b"import pytest\n@pytest.mark.parametrize('n', range(400), ids=lambda n: f'{n:%d}')\n"
    tests = tests.replace(b"%d", str(length).encode()) + b"def test_n(n): pass\n"
    ids = [f"test_long.py::test_n[{n:{length}}]" for n in range(0, 400, 2)]

    report = subject.run({"test_long.py": tests}, only=ids * (2 if length > 500 else 1))

    assert report.problem is None
    assert sorted(report.outcomes) == sorted(ids)


def test_a_module_named_json_in_the_root_breaks_only_what_imports_it(subject: Subject) -> None:
    files = {"json.py": b"raise SystemExit('not yours')\n", "calc.py": GOOD, "test_calc.py": TESTS}

    assert len(subject.run(files).green) == 2


def test_options_that_cut_a_run_short_are_put_aside(subject: Subject) -> None:
    ini = b"[pytest]\naddopts = -x --ff -n 2 --junitxml=other.xml -o junit_family=xunit2\n"
    tests = b"def test_a(): assert 0\ndef test_b(): assert 0\ndef test_c(): pass\n"

    report = subject.run({"pytest.ini": ini, "test_it.py": tests})

    assert (len(report.red), len(report.green)) == (2, 1)


def test_a_configuration_above_the_tree_does_not_count(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n")
    (tmp_path / "conftest.py").write_text("raise SystemExit(3)\n")
    sandbox = process_sandbox(tmp_path)

    report = Subject(JunitRunner(), sandbox).run({"calc.py": GOOD, "test_calc.py": TESTS})

    sandbox.close()
    assert len(report.green) == 2


NO_EVIDENCE = {
    "exits in conftest": (
        {"conftest.py": b"import os\nos._exit(0)\n"},
        "pytest exited 0 without a result file",
    ),
    "forces exit 0 at the end": (
        {
            "conftest.py": b"import atexit, os\natexit.register(os._exit, 0)\n",
            "test_red.py": b"def test_a(): assert 0\ndef test_b(): assert 0\n",
        },
        "pytest exited 0 but its result file reports 2 failures",
    ),
    "forces exit 3 at the end": (
        {"conftest.py": b"import atexit, os\natexit.register(os._exit, 3)\n"},
        "pytest exited 3 but its result file reports no failure",
    ),
    "broken conftest": (
        {"conftest.py": b"import no_such_module\n"},
        "pytest exited 4 .*No module named 'no_such_module'",
    ),
    "no tests in the test files": ({"test_calc.py": b"x = 1\n"}, "no tests were collected"),
    "deletes its result file": (
        {
            "conftest.py": b"import atexit, glob, os, sys\n"
            b"out = [a for a in sys.argv if a.endswith('/out')][0]\n"
            b"atexit.register(lambda: os.remove(out + '/junit.xml'))\n"
        },
        "pytest exited 0 without a result file",
    ),
    "kills itself": (
        {"conftest.py": b"import os\nos.kill(os.getpid(), 9)\n"},
        "pytest was ended by signal 9",
    ),
    "stops half-way": (
        {"test_red.py": b"import pytest\ndef test_a(): assert 0\ndef test_b(): pytest.exit('x')\n"},
        r"pytest was interrupted \(exit code 2\)",
    ),
}
REPLACE = (
    b"import atexit, os, sys\n"
    b"out = [a for a in sys.argv if a.endswith('/out')][0] + '/junit.xml'\n"
    b"def replace():\n"
    b"    os.remove(out)\n"
    b"    %s\n"
    b"atexit.register(replace)\n"
)
RESULT_TRICKS = {
    "FIFO": b"os.mkfifo(out)",
    "link": b"os.symlink('/etc/passwd', out)",
    "endless": b"open(out, 'wb').truncate(1 << 29)",
    "folder": b"os.mkdir(out)",
    "entities": b"""open(out, 'w').write('<!DOCTYPE t [<!ENTITY a "b">]><t>&a;</t>')""",
    "garbage": b"""open(out, 'wb').write(b'\\xff<<')""",
}


@pytest.mark.parametrize("case", list(NO_EVIDENCE))
def test_a_run_that_contradicts_itself_is_no_evidence(case: str, subject: Subject) -> None:
    files, problem = NO_EVIDENCE[case]

    report = subject.run({"calc.py": GOOD, "test_calc.py": TESTS, **files})

    assert not report.is_evidence
    assert report.problem is not None
    assert_matches(problem, report.problem)


def assert_matches(pattern: str, text: str) -> None:
    with pytest.raises(AssertionError, match=pattern):
        raise AssertionError(text)


@pytest.mark.parametrize("trick", list(RESULT_TRICKS))
def test_a_result_file_that_is_a_trick_is_refused(trick: str, subject: Subject) -> None:
    conftest = REPLACE % RESULT_TRICKS[trick]

    report = subject.run({"calc.py": GOOD, "test_calc.py": TESTS, "conftest.py": conftest})

    assert not report.outcomes
    assert_matches("the result file", report.problem or "")


def test_a_hang_names_the_test_that_was_running(subject: Subject) -> None:
    tests = b"import time\ndef test_ok(): pass\ndef test_hang(): time.sleep(600)\n"

    report = subject.run({"test_hang.py": tests}, timeout_s=1.5)

    assert report.stop is StopReason.TIMEOUT
    assert report.problem == (
        "the tests did not end within 1.5 s: test_hang.py::test_hang was running"
    )


def test_endless_output_is_no_evidence(subject: Subject) -> None:
    tests = b"import os\ndef test_loud():\n    while True: os.write(1, bytes(1 << 20))\n"
    ini = b"[pytest]\naddopts = -s\n"

    report = subject.run({"test_loud.py": tests, "pytest.ini": ini})

    assert report.problem == "the tests wrote more output than a run may"


def test_a_report_left_by_an_earlier_run_does_not_count(subject: Subject) -> None:
    files = {"calc.py": GOOD, "test_calc.py": TESTS}
    plan = subject.plan(files)
    assert isinstance(plan, TestPlan)
    assert subject.run(files).is_evidence
    subject.sandbox.run(["sh", "-c", "echo 'import os; os._exit(0)' > conftest.py"], timeout_s=5)

    report = subject.runner.run(subject.sandbox, plan)

    assert report.problem == "pytest exited 0 without a result file"


def test_tracing_that_breaks_the_tests_is_given_up(subject: Subject) -> None:
    tests = b"import os, sys\nif sys.gettrace(): os._exit(9)\ndef test_a(): pass\n"

    report = subject.run({"test_it.py": tests, "calc.py": GOOD}, traced_paths=["calc.py"])

    assert (report.problem, len(report.green), report.reach) == (None, 1, {})
