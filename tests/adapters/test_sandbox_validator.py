import os
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from bot.adapters.sandbox_validator import SandboxValidator
from bot.domain.ports import SourceFile, TestPlan
from bot.errors import Refused
from bot.repair.candidates import Candidate, Fate, SpanEdit
from tests.adapters.real_sandboxes import process_sandbox
from tests.adapters.validator_contract import CONTRACT, FILES, Clause

PLAN = TestPlan("pytest", ("{python}", "-m", "pytest"), "junit.xml", "a test", 900.0)
Project = Callable[..., SandboxValidator]

CALC = "def add(a, b):\n    return a - b\n"
TEST = "from calc import add\n\n\ndef test_add():\n    assert add(1, 2) == 3\n"
KEEPS = "\n\ndef test_keeps():\n    assert add(2, 0) == 2\n"
ADD, KEEP = "test_calc.py::test_add", "test_calc.py::test_keeps"


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    sandbox = process_sandbox(tmp_path)

    def make(files: dict[str, str]) -> SandboxValidator:
        sources = [SourceFile(path, text.encode()) for path, text in files.items()]
        return SandboxValidator(sandbox, sources, PLAN)

    yield make
    sandbox.close()


@pytest.mark.parametrize("clause", CONTRACT, ids=lambda clause: clause.__name__)
def test_the_adapter_keeps_the_contract(clause: Clause, project: Project) -> None:
    clause(project(FILES))


def swap(new: str, *, path: str = "calc.py", text: str = CALC, old: str = "a - b") -> Candidate:
    start = text.index(old)
    return Candidate((SpanEdit(path, start, start + len(old), new),), "a test", 2, 1.0)


def fates(validator: SandboxValidator, news: list[str], *, target: str = ADD) -> list[Fate]:
    batch = [swap(new) for new in news]
    trials = validator.validate(batch, targets=[target], checked=[KEEP], cpu_seconds=120)
    return [trial.fate for trial in trials]


MENDED_BY_A_SWAP = {
    "parametrised": "@pytest.mark.parametrize('n', [1])\n"
    "def test_add(n):\n    assert add(n, 2) == 3",
    "fixtures": "@pytest.fixture\ndef one():\n    return 1\n\n"
    "def test_add(one, tmp_path):\n    assert add(one, 2) == 3",
    "autouse": "@pytest.fixture(autouse=True)\ndef here(monkeypatch, tmp_path):\n"
    "    monkeypatch.chdir(tmp_path)\n\ndef test_add():\n    assert add(1, 2) == 3",
    "unittest": "class TestAdd(unittest.TestCase):\n    def setUp(self):\n        self.one = 1\n"
    "    def test_add(self):\n        self.assertEqual(add(self.one, 2), 3)",
    "async": "def test_add():\n    async def go():\n        return add(1, 2)\n"
    "    assert asyncio.run(go()) == 3",
    "async unittest": "class TestAdd(unittest.IsolatedAsyncioTestCase):\n"
    "    async def test_add(self):\n        assert add(1, 2) == 3",
    "class": "class TestAdd:\n    def setup_method(self):\n        self.one = 1\n"
    "    def test_add(self):\n        assert add(self.one, 2) == 3",
}
HEAD = "import asyncio, unittest\nimport pytest\nfrom calc import add\n\n\n"


@pytest.mark.parametrize("kind", MENDED_BY_A_SWAP)
def test_tests_of_every_kind_can_be_mended(kind: str, project: Project) -> None:
    validator = project({"calc.py": CALC, "test_calc.py": HEAD + MENDED_BY_A_SWAP[kind] + KEEPS})
    [target] = validator.spectrum([]).red

    assert fates(validator, ["a * b", "a + b"], target=target) == [Fate.FAILED, Fate.FIXED]


def test_a_src_layout_with_a_package_and_a_method_works(project: Project) -> None:
    shape = "class Box:\n    def __init__(self, n):\n        self.n = n\n\n"
    shape += "    def more(self):\n        return self.n - 1\n"
    test = "from boxes.box import Box\n\ndef test_more():\n    assert Box(1).more() == 2\n"
    files = {"src/boxes/__init__.py": "", "src/boxes/box.py": shape, "tests/test_box.py": test}
    batch = [swap("self.n + 1", path="src/boxes/box.py", text=shape, old="self.n - 1")]

    trials = project(files).validate(
        batch, targets=["tests/test_box.py::test_more"], checked=[], cpu_seconds=60
    )

    assert [trial.fate for trial in trials] == [Fate.FIXED]


def test_a_constant_of_a_module_is_tried_in_a_fresh_import(project: Project) -> None:
    source = "LIMIT = 1\n\n\ndef limit(n):\n    return min(n, LIMIT)\n"
    test = "from calc import limit, LIMIT\n\ndef test_it():\n    assert limit(9) == LIMIT == 2\n"
    batch = [swap(new, text=source, old="LIMIT = 1") for new in ("LIMIT = 3", "LIMIT = 2")]

    trials = project({"calc.py": source, "test_calc.py": test}).validate(
        batch, targets=["test_calc.py::test_it"], checked=[], cpu_seconds=60
    )

    assert [trial.fate for trial in trials] == [Fate.FAILED, Fate.FIXED]


HARM = {
    "a sleep": "__import__('time').sleep(99)",
    "a huge power": "3 ** 10 ** 9 or a",
    "a loop that catches all": "[0 for _ in iter(int, 1)]",
    "an exit": "__import__('os')._exit(0)",
    "a signal to itself": "__import__('os').kill(__import__('os').getpid(), 9)",
    "a fork bomb": "[__import__('os').fork() for _ in iter(int, 1)]",
    "a killed parent": "__import__('os').kill(__import__('os').getppid(), 9)",
    "a killed parent by shell": "__import__('os').system("
    "f\"kill -9 {__import__('os').getppid()}\")",
    "deleted files": "[p.unlink() for p in __import__('pathlib').Path('.').rglob('*.py')]",
    "all memory": "[bytearray(1 << 28) for _ in range(1 << 10)]",
    "a fork that goes on": "__import__('os').fork() and 0",
    "a loop that swallows all": "exec('while True:\\n try:\\n  while True: pass\\n"
    " except BaseException: pass')",
    "an alarm that is off": "__import__('signal').signal(27, 1) and [0 for _ in iter(int, 1)]",
    "a clean system exit": "__import__('sys').exit(0)",
}


@pytest.mark.parametrize("harm", HARM)
def test_harm_is_done_to_no_other_candidate(harm: str, project: Project) -> None:
    validator = project({"calc.py": CALC, "test_calc.py": TEST + KEEPS})
    before = _processes()

    first, harmful, last = fates(validator, ["a + b", HARM[harm], "b + a"])

    assert (first, last) == (Fate.FIXED, Fate.FIXED)
    assert harmful in (Fate.FAILED, Fate.HUNG, Fate.CRASHED)
    assert _processes() <= before


def _processes() -> set[str]:
    """Return the processes of this interpreter's children."""
    own, found = str(os.getpid()), set()
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_bytes().rpartition(b")")[2].split()
        except OSError:
            continue
        if fields[1].decode() == own and fields[0] != b"Z":
            found.add(path.parent.name)
    return found


def test_a_change_of_state_does_not_reject_the_next_candidate(project: Project) -> None:
    source = "seen = []\nstate = {}\n\n\ndef add(a, b):\n    return a - b + state.get('x', 0)\n"
    batch = [
        swap("state.setdefault('x', 5)", text=source, old="a - b"),
        swap("a + b", text=source, old="a - b"),
    ]

    trials = project({"calc.py": source, "test_calc.py": TEST + KEEPS}).validate(
        batch, targets=[ADD], checked=[KEEP], cpu_seconds=60
    )

    assert [trial.fate for trial in trials] == [Fate.FAILED, Fate.FIXED]


def test_a_test_that_passes_when_run_again_is_neither_red_nor_green(project: Project) -> None:
    test = "from pathlib import Path\nMARK = Path('../mark')\n\ndef test_flaky():\n"
    test += "    was = MARK.exists()\n    MARK.touch()\n    assert was\n\ndef test_b():\n    pass\n"

    spectrum = project({"test_flaky.py": test}).spectrum([])

    assert spectrum.red == frozenset()
    assert spectrum.green == {"test_flaky.py::test_b"}


TOGETHER = """\
import calc


def test_first():
    calc.STATE.append(1)
    assert calc.add(1, 2) == 3


def test_second():
    assert not calc.STATE
"""


def test_a_test_that_passes_alone_and_fails_together_is_neither_red_nor_green(
    project: Project,
) -> None:
    validator = project({"calc.py": f"STATE = []\n\n\n{CALC}", "test_calc.py": TOGETHER})

    spectrum = validator.spectrum([])

    assert spectrum.red == {"test_calc.py::test_first"}
    assert spectrum.green == frozenset()


def test_a_test_that_fails_together_only_is_no_target(project: Project) -> None:
    source = f"STATE = []\n\n\n{CALC}"
    validator = project({"calc.py": source, "test_calc.py": TOGETHER})
    batch = [swap("a + b", text=source)]

    with pytest.raises(Refused, match="test_second"):
        validator.validate(batch, targets=["test_calc.py::test_second"], checked=[], cpu_seconds=60)


def test_a_suite_that_cannot_be_imported_is_red_as_a_file_and_can_be_mended(
    project: Project,
) -> None:
    source = "def add(a, b):\n    return a + b\n\n\nTEN = ad(5, 5)\n"
    validator = project({"calc.py": source, "test_calc.py": TEST})
    spectrum = validator.spectrum([])
    batch = [swap("add(5, 5)", text=source, old="ad(5, 5)")]

    trials = validator.validate(batch, targets=["test_calc.py"], checked=[], cpu_seconds=60)

    assert spectrum.red == {"test_calc.py"}
    assert [trial.fate for trial in trials] == [Fate.FIXED]


def test_a_test_that_reads_the_words_of_an_assertion_breaks_no_candidate(project: Project) -> None:
    test = "import pytest\n" + TEST + "\n\ndef test_keeps():\n"
    test += "    with pytest.raises(AssertionError, match='assert 2 == 3'):\n"
    test += "        assert add(1, 1) + add(0, 0) == 3\n"

    validator = project(
        {"calc.py": CALC.replace("a - b", "a + b - (a == 1 != b)"), "test_calc.py": test}
    )
    text = CALC.replace("a - b", "a + b - (a == 1 != b)")
    batch = [swap("0", text=text, old="(a == 1 != b)")]
    [trial] = validator.validate(batch, targets=[ADD], checked=[KEEP], cpu_seconds=60)

    assert trial.fate is Fate.FIXED


def test_an_edit_that_adds_a_second_function_is_tried_in_a_fresh_import(project: Project) -> None:
    validator = project({"calc.py": CALC, "test_calc.py": TEST + KEEPS})
    more = "a - b\n\n\ndef add(a, b):\n    return a + b"

    assert fates(validator, [more, "a * b"]) == [Fate.FIXED, Fate.FAILED]


def test_targets_that_pass_already_are_refused_with_their_names(project: Project) -> None:
    validator = project({"calc.py": CALC, "test_calc.py": TEST + KEEPS})

    with pytest.raises(Refused, match=r"pass without any change: test_calc\.py::test_keeps"):
        validator.validate([swap("a + b")], targets=[KEEP], checked=[], cpu_seconds=60)


def test_ten_thousand_failing_tests_are_all_named(project: Project) -> None:
    test = "import pytest\nfrom calc import add\n\n@pytest.mark.parametrize('n', range(10_000))\n"
    test += "def test_add(n):\n    assert add(n, 1) == n + 1\n\ndef test_b():\n    pass\n"

    spectrum = project({"calc.py": CALC, "test_calc.py": test}).spectrum([])

    assert len(spectrum.red) == 10_000
    assert spectrum.reach["calc.py"][2]


def test_tests_that_time_out_are_said_to_with_the_limit_and_what_to_do(tmp_path: Path) -> None:
    sandbox = process_sandbox(tmp_path)
    test = "import time\n\ntime.sleep(600)\n\n\ndef test_it():\n    pass\n"
    files = [SourceFile("test_it.py", test.encode())]

    with closing(sandbox), pytest.raises(Refused, match=r"timed out after 1 s .*tests\.timeout_s"):
        SandboxValidator(sandbox, files, replace(PLAN, timeout_s=1.0)).spectrum([])


def test_the_same_batch_has_the_same_trials_twice(project: Project) -> None:
    validator = project({"calc.py": CALC, "test_calc.py": TEST + KEEPS})
    news = [f"a {op} b" for op in ("+", "*", "//", "%", "<", "|", "^", "&")] * 30

    assert fates(validator, news) == fates(validator, news)


def test_unittest_alone_is_enough_where_pytest_is_missing(tmp_path: Path) -> None:
    test = "import unittest\nfrom calc import add\n\nclass T(unittest.TestCase):\n"
    test += "    def test_add(self):\n        self.assertEqual(add(1, 2), 3)\n"
    bare = tmp_path / "python"
    bare.write_text(f'#!/bin/sh\nexec {Path(sys.base_prefix, "bin", "python3")} -S -s "$@"\n')
    bare.chmod(0o755)
    sandbox = process_sandbox(tmp_path, python=str(bare))
    files = [SourceFile("calc.py", CALC.encode()), SourceFile("test_calc.py", test.encode())]
    validator = SandboxValidator(sandbox, files, PLAN)

    spectrum = validator.spectrum([])
    target = "test_calc.py::T::test_add"
    [trial] = validator.validate([swap("a + b")], targets=[target], checked=[], cpu_seconds=60)
    sandbox.close()

    assert spectrum.red == {target}
    assert spectrum.reach["calc.py"][2] == {target}
    assert trial.fate is Fate.FIXED
