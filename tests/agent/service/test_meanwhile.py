"""What people do to a pull request while a commit for it is made: nothing is forced on them."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from bot.domain.admission import OFF_LABEL
from tests.agent.service.office import HEAD_SHA, NUMBER, Office


def meanwhile(office: Office, change: Mapping[str, object]) -> None:
    def happens() -> None:
        pulls = office.forge.pulls
        pulls[NUMBER] = replace(pulls[NUMBER], **change)  # type: ignore[arg-type] # its fields

    office.before_commit = happens


@pytest.mark.parametrize("line", ["fix", "fix --pr"])
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"is_open": False}, "was closed or merged meanwhile; reopen it"),
        ({"base_ref": "release"}, "goes into release now, not into main; ask again"),
        ({"labels": (OFF_LABEL,)}, "take it off first"),
    ],
    ids=["closed", "retargeted", "silenced"],
)
def test_what_is_no_longer_wanted_is_not_committed(
    line: str, change: Mapping[str, object], reason: str
) -> None:
    office = Office()
    meanwhile(office, change)

    reply = office.ask(f"/agent {line}")

    assert reply.startswith("Not done: nothing was committed: ")
    assert reason in reply
    assert office.branch.sha == HEAD_SHA
    assert office.forge.stacked == {}


def test_nothing_is_undone_on_a_pull_request_that_was_closed_meanwhile() -> None:
    office = Office()
    office.ask("/agent fix")
    fixed = office.branch
    meanwhile(office, {"is_open": False})

    assert "was closed or merged meanwhile" in office.ask("/agent undo")
    assert office.branch == fixed


def test_a_commit_that_was_merged_before_we_could_tell_of_it_is_told_of() -> None:
    office = Office()
    looks: list[bool] = []

    def merge_at_second_look() -> None:
        looks.append(True)
        if len(looks) == 2:
            pulls = office.forge.pulls
            pulls[NUMBER] = replace(pulls[NUMBER], is_open=False)

    office.before_commit = merge_at_second_look

    office.run(office.comment("/agent fix"), crash_in="commit")

    assert office.replies[-1].startswith(f"Committed {office.branch.sha}")
