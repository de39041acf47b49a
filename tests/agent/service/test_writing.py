"""`implement` and `cover` as commands: what is committed, where, and what is only shown."""

from dataclasses import replace

import pytest

from bot.domain.ledger import RunKind
from bot.domain.model_edits import ProposedEdit
from bot.domain.pull_request import Sha
from bot.domain.repo_config import Fix, FixMode, RepoConfig
from bot.domain.written import ImplementReply, NewFile
from bot.errors import ModelRefused
from tests.agent.model_toys import ToyModel
from tests.agent.service.office import BASE, BRANCH, HEAD_SHA, NUMBER, Office
from tests.fakes.ledger import FakeRuns

HEAD = {"a.toy": b"one\ntwo\nthree\nfour\n"}
NEW_TEST = "tests/test_five.tests"


def _reply(text: str = "four\nfive") -> ImplementReply:
    return ImplementReply(
        lookups=(),
        edits=(ProposedEdit(path="a.toy", search="four", replace=text),),
        new_files=(),
        tests=(NewFile(path=NEW_TEST, text="t5 a.toy five\n"),),
        subject="Add five",
        explanation="Five comes after four.",
    )


def _office(reply: ImplementReply | Exception | None = None, **more: object) -> Office:
    model = ToyModel({"ImplementReply": lambda _: reply or _reply()})
    return Office(head=HEAD, model=model, **more)  # type: ignore[arg-type] # the fields of Office


def test_written_code_is_one_commit_of_ours_with_its_proof() -> None:
    office = _office()

    reply = office.ask("/agent implement five")

    assert office.branch.files["a.toy"] == b"one\ntwo\nthree\nfour\nfive\n"
    assert office.branch.files[NEW_TEST] == b"t5 a.toy five\n"
    message = office.branch.message
    assert message is not None
    assert message.subject == "Add five"
    assert "1 new test failed before and pass now" in message.body
    assert dict(message.trailers)["Co-authored-by"].startswith("ada <7+ada@")
    assert reply.startswith(f"Committed {office.branch.sha}")
    assert "1 new test failed before" in reply


def test_what_was_written_is_undone_like_a_fix() -> None:
    office = _office()
    office.ask("/agent implement five")

    assert "byte for byte" in office.ask("/agent undo")
    assert NEW_TEST not in office.branch.files


def test_a_run_that_writes_is_in_the_ledger_with_what_it_cost() -> None:
    office = _office()

    office.ask("/agent implement five")

    assert isinstance(office.records.runs, FakeRuns)
    ((run_id, run),) = office.records.runs.begun_runs.items()
    assert run.kind is RunKind.IMPLEMENT
    assert run_id in office.records.runs.endings
    assert office.analyzer.looks != []


def test_what_is_not_proved_is_not_committed() -> None:
    office = _office(_reply("four"))

    reply = office.ask("/agent implement five")

    assert "nothing was written in 3 attempts" in reply
    assert office.branch.sha == HEAD_SHA


def test_on_a_fork_the_patch_is_shown() -> None:
    office = _office(head_repo="eve/shop")

    reply = office.ask("/agent implement five")

    assert "nothing was committed" in reply
    assert "+five" in reply
    assert "new file mode 100644\n--- /dev/null" in reply
    assert office.branch.sha == HEAD_SHA


def test_a_file_outside_of_the_change_that_was_edited_is_not_shown_as_new() -> None:
    edit = ProposedEdit(path="b.toy", search="six", replace="six\nseven")
    test = NewFile(path=NEW_TEST, text="t7 b.toy seven\n")
    reply = _reply().model_copy(update={"edits": (edit,), "tests": (test,)})
    office = replace(_office(reply, head_repo="eve/shop"), base={**BASE, "b.toy": b"five\nsix\n"})

    shown = office.ask("/agent implement seven")

    assert "--- a/b.toy\n+++ b/b.toy\n" in shown
    assert shown.count("new file mode") == 1


def test_where_stacked_is_configured_it_is_a_pull_request_of_its_own() -> None:
    office = _office(config=RepoConfig(fix=Fix(mode=FixMode.STACKED)))

    reply = office.ask("/agent implement five")

    assert "Opened https://forge.example" in reply
    assert office.branch.sha == HEAD_SHA
    (stacked,) = office.forge.stacked.values()
    assert stacked.title == "Add five"


def test_a_push_meanwhile_lets_it_be_written_again_on_the_new_head() -> None:
    office = _office()
    pushed: list[Sha] = []

    def push_once() -> None:
        if not pushed:
            pushed.append(office.forge.push(BRANCH, {"b.toy": b"x\n"}).sha)

    office.before_commit = push_once
    office.run(office.comment("/agent implement five"))
    (again,) = office.waiting()
    office.run(again)

    assert office.branch.parent == pushed[0]
    assert office.branch.files["b.toy"] == b"x\n"


@pytest.mark.parametrize("line", ["implement five", "cover"])
def test_without_tests_to_prove_it_nothing_is_written(line: str) -> None:
    base = {path: data for path, data in BASE.items() if path == "a.toy"}
    office = replace(_office(), base=base)

    reply = office.ask(f"/agent {line}")

    assert "Not done" in reply
    assert "no tests were found" in reply


def test_a_model_that_refuses_is_the_reason() -> None:
    office = _office(ModelRefused("set the key"))

    assert "the model gave no answer: set the key" in office.ask("/agent implement five")
    assert office.forge.summary_of(NUMBER) is None
