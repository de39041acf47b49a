"""The test runner in the sandbox image: the same contract, and what only a container can hold."""

from collections.abc import Iterator

import pytest

from bot.adapters.docker_engine import DockerEngine
from bot.adapters.docker_sandboxes import DockerSandboxes
from bot.adapters.junit_runner import JunitRunner
from bot.domain.evidence import StopReason
from bot.domain.ports import Purpose
from tests.adapters.runner_contract import CONTRACT, GOOD, TESTS, Subject

pytestmark = pytest.mark.docker


@pytest.fixture(scope="module")
def subject(docker_engine: DockerEngine) -> Iterator[Subject]:
    sandbox = DockerSandboxes(docker_engine, reason="a test asked for it").open(Purpose.TESTS)
    yield Subject(JunitRunner(), sandbox)
    sandbox.close()


def test_the_runner_keeps_its_contract_in_a_container(subject: Subject) -> None:
    for clause in CONTRACT:
        clause(subject)


def test_a_src_layout_is_imported_without_being_installed(subject: Subject) -> None:
    tests = b"from shop.price import double\ndef test_it(): assert double(2) == 4\n"
    files = {"pyproject.toml": b"[project]\nname = 'shop'\n", "src/shop/price.py": GOOD}

    report = subject.run({**files, "tests/test_price.py": tests})

    assert report.green == {"tests/test_price.py::test_it"}


def test_running_out_of_memory_in_a_child_is_no_evidence_though_pytest_exits_0(
    subject: Subject,
) -> None:
    hog = (
        b"import subprocess, sys\n"
        b"def test_hog():\n"
        b"    code = 'x = [bytearray(1 << 24) for _ in range(1 << 12)]'\n"
        b"    subprocess.run([sys.executable, '-c', code])\n"
    )

    report = subject.run({"calc.py": GOOD, "test_calc.py": TESTS, "test_hog.py": hog})

    assert report.stop is StopReason.OUT_OF_MEMORY
    assert report.problem == "the tests ran out of memory"
