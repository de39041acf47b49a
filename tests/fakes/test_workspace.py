import pytest

from tests.adapters.workspace_contract import BASE, CONTRACT, HEAD, MESSAGE, Clause
from tests.fakes.workspace import FakeWorkspace


@pytest.mark.parametrize("clause", CONTRACT, ids=lambda clause: clause.__name__)
def test_the_fake_keeps_the_contract(clause: Clause) -> None:
    clause(FakeWorkspace(base=BASE, head=HEAD))


def test_the_fake_remembers_what_was_committed() -> None:
    workspace = FakeWorkspace(base=BASE, head=HEAD)

    sha = workspace.commit({"a.py": b"fixed\n"}, message=MESSAGE)

    assert workspace.branch_sha == sha
    assert [commit.message for commit in workspace.commits] == [MESSAGE]
    assert workspace.commits[0].tree["a.py"] == b"fixed\n"
