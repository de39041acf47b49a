"""The fake test runner keeps the contract of the real one."""

import pytest

from tests.adapters.runner_contract import (
    CONTRACT,
    ONE,
    TWO,
    Clause,
    Subject,
    contract_judge,
)
from tests.fakes.sandbox import FakeSandbox
from tests.fakes.test_runner import FakeTestRunner


@pytest.mark.parametrize("clause", CONTRACT, ids=lambda clause: clause.__name__)
def test_the_fake_keeps_the_contract(clause: Clause) -> None:
    runner = FakeTestRunner(contract_judge, reach={"calc.py": {2: frozenset({ONE, TWO})}})
    clause(Subject(runner, FakeSandbox()))


def test_runs_are_remembered_with_the_tree_they_saw() -> None:
    subject = Subject(FakeTestRunner(contract_judge), FakeSandbox())
    subject.run({"test_calc.py": b"", "calc.py": b"x"}, only=[ONE])

    assert isinstance(subject.runner, FakeTestRunner)
    assert [(run.tree["calc.py"], run.only) for run in subject.runner.runs] == [(b"x", (ONE,))]
