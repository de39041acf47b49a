from dataclasses import replace

import pytest

from bot.domain.event_log import PolicyStatus, PolicyVersion
from bot.domain.rollback import roll_back
from bot.errors import Refused
from tests.adapters.event_log_contract import a_version
from tests.fakes.ledger import FakePolicyVersions


def known(*versions: PolicyVersion) -> FakePolicyVersions:
    store = FakePolicyVersions()
    for version in versions:
        store.record(version)
    return store


PARENT = replace(a_version("v1"), status=PolicyStatus.RETIRED)
SERVING = replace(a_version("v2"), parent="v1", status=PolicyStatus.PROMOTED)


def test_a_rollback_serves_the_very_bytes_of_the_parent() -> None:
    store = known(PARENT, SERVING)

    served = roll_back(store, "v2")

    assert served == PARENT
    assert [version.status for version in store.all()] == [
        PolicyStatus.PROMOTED, PolicyStatus.ROLLED_BACK,
    ]  # fmt: skip


@pytest.mark.parametrize("parent", [None, "unknown"])
def test_the_first_version_goes_back_to_the_hand_weights(parent: str | None) -> None:
    store = known(replace(SERVING, parent=parent))

    assert roll_back(store, "v2") is None
    assert store.all()[0].status is PolicyStatus.ROLLED_BACK


def test_a_parent_that_was_rolled_back_itself_does_not_serve_again() -> None:
    store = known(replace(PARENT, status=PolicyStatus.ROLLED_BACK), SERVING)

    assert roll_back(store, "v2") is None
    assert store.all()[0].status is PolicyStatus.ROLLED_BACK


@pytest.mark.parametrize("version", ["v1", "v3", ""])
def test_only_what_serves_can_be_rolled_back(version: str) -> None:
    store = known(PARENT, SERVING)

    with pytest.raises(Refused, match=f"policy {version}"):
        roll_back(store, version)
    assert store.all() == [PARENT, SERVING]
