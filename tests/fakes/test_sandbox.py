"""The fake sandbox keeps the contract of the real ones, and remembers what was asked of it."""

import pytest

from bot.domain.ports import Purpose
from bot.errors import SandboxFailed, SandboxUnavailable
from tests.adapters.sandbox_contract import CAPACITY_BYTES, CONTRACT, Clause, contract_script
from tests.fakes.sandbox import FakeSandbox, FakeSandboxes


@pytest.mark.parametrize("clause", CONTRACT, ids=lambda clause: clause.__name__)
def test_the_fake_keeps_the_contract(clause: Clause) -> None:
    clause(FakeSandbox(contract_script, capacity_bytes=CAPACITY_BYTES - 1))


def test_a_closed_sandbox_runs_nothing() -> None:
    sandbox = FakeSandbox()
    sandbox.close()
    sandbox.close()

    with pytest.raises(SandboxFailed):
        sandbox.run(["true"], timeout_s=1)


def test_commands_are_remembered_with_their_places_filled_in() -> None:
    sandbox = FakeSandbox()
    sandbox.run(["{python}", "-o", "{out}/x"], timeout_s=1)

    assert sandbox.runs == [("python3", "-o", "/ws/out/x")]


def test_no_sandbox_opens_where_there_is_none() -> None:
    with pytest.raises(SandboxUnavailable, match="start Docker"):
        FakeSandboxes(unavailable="start Docker").open(Purpose.TESTS)
