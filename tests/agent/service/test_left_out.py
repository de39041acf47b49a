"""What a fix says of what it did not do."""

from bot.adapters.no_sandbox import ToolsOnly
from tests.agent.service.office import BASE, BUG, HEAD_SHA, Office
from tests.fakes.sandbox import FakeSandboxes

TESTS = BASE["tests/all.tests"] + b"t2 c.toy BUG\n"
MORE = {**BASE, "tests/all.tests": TESTS, "c.toy": b"BUG old\n"}


def test_a_fix_names_what_it_left_out_and_why() -> None:
    office = Office(base=MORE, head={**BUG, "c.toy": b"BUG new\n"})

    reply = office.ask("/agent fix")

    assert reply.startswith(f"Committed {office.branch.sha} for F1.")
    assert "Left out: F2 (its patch is not verified)." in reply
    assert office.branch.files["c.toy"] == b"BUG new\n"


def test_what_nobody_asked_for_is_not_called_left_out() -> None:
    office = Office(base=MORE, head={**BUG, "c.toy": b"BUG new\n"})

    assert "Left out" not in office.ask("/agent fix F1")


def test_a_stacked_fix_and_a_patch_name_what_they_left_out_too() -> None:
    head = {**BUG, "c.toy": b"BUG new\n"}

    for line, repo in (("fix --pr", "octo/shop"), ("fix", "eve/shop")):
        office = Office(base=MORE, head=head, head_repo=repo)
        assert "Left out: F2 (its patch is not verified)." in office.ask(f"/agent {line}")


def test_where_no_code_runs_a_fix_says_that_the_operator_must_act() -> None:
    office = Office()
    office.sandboxes = ToolsOnly(FakeSandboxes(), reason="so set")  # type: ignore[assignment] # same port

    reply = office.ask("/agent fix")

    assert reply.startswith("Not done: no patch is proved")
    assert "the operator of this App has to act" in reply
    assert office.branch.sha == HEAD_SHA
