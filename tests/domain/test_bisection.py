"""Delta debugging: the culprit set is found, is 1-minimal, and costs few runs."""

import math
import random
from collections.abc import Sequence
from dataclasses import replace

import pytest

from bot.domain.bisection import Unit, minimal_culprits, reverting_patch, taken_back, units
from bot.domain.diff import FileDiff, FileStatus, Hunk
from tests.fakes.workspace import FakeWorkspace

BASE = {"a.py": b"one\n" * 3 + b"x = 1\n" + b"two\n" * 20 + b"y = 1\n", "b.py": b"z = 1\n"}
HEAD = {
    "a.py": b"one\n" * 3 + b"x = 2\n" + b"two\n" * 20 + b"y = 2\n",
    "b.py": b"z = 2\n",
    "new.py": b"n = 1\n",
}


def _sides(workspace: FakeWorkspace) -> tuple[dict[str, bytes], dict[str, bytes]]:
    change = workspace.change
    return workspace.trees[change.merge_base_sha], workspace.trees[change.head_sha]


def test_every_hunk_and_every_new_file_is_a_unit() -> None:
    found = units(FakeWorkspace(BASE, HEAD).diff())

    assert [(u.file.path, u.hunk is None) for u in found] == [
        ("a.py", False),
        ("a.py", False),
        ("b.py", False),
        ("new.py", True),
    ]


def test_a_submodule_is_no_unit_because_the_tree_holds_nothing_of_it() -> None:
    workspace = FakeWorkspace(BASE, HEAD)
    bump = replace(workspace.diff().files[0], old_mode="160000", new_mode="160000")

    assert units(replace(workspace.diff(), files=(bump,))) == ()


def test_taking_back_everything_gives_the_merge_base() -> None:
    workspace = FakeWorkspace(BASE, HEAD)
    base, head = _sides(workspace)

    overlay = taken_back(units(workspace.diff()), base=base, head=head)

    assert {**head, **overlay} == {**base, "new.py": None}


def test_taking_back_one_hunk_leaves_the_other_alone() -> None:
    workspace = FakeWorkspace(BASE, HEAD)
    base, head = _sides(workspace)

    overlay = taken_back(units(workspace.diff())[:1], base=base, head=head)

    assert overlay == {"a.py": HEAD["a.py"].replace(b"x = 2", b"x = 1")}


def test_a_deleted_file_comes_back() -> None:
    workspace = FakeWorkspace(BASE, {"b.py": None})
    base, head = _sides(workspace)

    assert taken_back(units(workspace.diff()), base=base, head=head) == {"b.py": b"z = 1\n"}


def test_a_renamed_file_moves_back_with_or_without_its_edits() -> None:
    hunk = Hunk(1, 1, 1, 1, b"-a\n+b\n")
    file = FileDiff("new", "old", FileStatus.RENAMED, "100644", "100644", False, (hunk,))
    edited, moved = Unit(file, hunk), Unit(file, None)
    sides = {"base": {"old": b"a\n"}, "head": {"new": b"b\n"}}

    assert taken_back([moved], **sides) == {"new": None, "old": b"b\n"}
    assert taken_back([edited], **sides) == {"new": b"a\n"}
    assert taken_back([edited, moved], **sides) == {"new": None, "old": b"a\n"}


def test_a_whole_file_has_no_reverting_patch() -> None:
    found = units(FakeWorkspace(BASE, HEAD).diff())

    assert reverting_patch(found) is None
    patch = reverting_patch(found[:3])
    assert patch is not None
    assert patch.apply(HEAD) == {path: BASE[path] for path in ("a.py", "b.py")}


def _items(count: int) -> list[Unit]:
    file = FileDiff("f", "f", FileStatus.MODIFIED, "100644", "100644", False, ())
    return [Unit(file, Hunk(i, 1, i, 1, b"")) for i in range(count)]


@pytest.mark.parametrize("seed", range(200))
def test_injected_culprits_are_found_in_few_runs(seed: int) -> None:
    rng = random.Random(seed)
    items = _items(rng.randint(1, 64))
    culprits = set(rng.sample(range(len(items)), min(len(items), rng.randint(1, 3))))
    runs = 0

    def is_culprit(chosen: Sequence[Unit]) -> bool:
        nonlocal runs
        runs += 1
        return culprits <= {items.index(unit) for unit in chosen}

    found = minimal_culprits(items, is_culprit)

    assert {items.index(unit) for unit in found} == culprits
    assert runs <= 3 * len(culprits) * math.log2(max(2, len(items))) + 3


def test_a_run_that_could_not_tell_counts_as_no() -> None:
    items = _items(4)

    assert len(minimal_culprits(items, lambda chosen: None)) == 4


def test_culprits_that_only_matter_together_are_all_named() -> None:
    items = _items(9)

    found = minimal_culprits(items, lambda chosen: {items[2], items[7]} <= set(chosen))

    assert found == (items[2], items[7])


def test_a_set_that_does_not_simply_add_up_is_still_minimal() -> None:
    items = _items(6)

    def is_culprit(chosen: Sequence[Unit]) -> bool:
        picked = {items.index(unit) for unit in chosen}
        return picked == {0, 5} or len(picked) in (3, 6)

    found = minimal_culprits(items, is_culprit)

    assert is_culprit(found)
    assert not any(is_culprit([u for u in found if u is not spared]) for spared in found)
