"""Whatever people push, a finding has one id, and a dismissal is not lost."""

from collections.abc import Callable
from dataclasses import replace
from itertools import count
from random import Random

from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.domain.findings import FindingId, FindingState
from bot.domain.identity import Look, reconcile
from bot.domain.pull_request import Sha
from tests.domain.pushes import Block, Project, name_of

# What may happen between two pushes. None of it touches the code around a flaw.


def shift(project: Project, random: Random) -> None:
    path = random.choice(list(project.files))
    project.files[path].insert(0, Block("", [f"pad = {random.random()}", "", "", ""]))


def reorder(project: Project, random: Random) -> None:
    random.shuffle(project.files[random.choice(list(project.files))])


def rename_file(project: Project, random: Random) -> None:
    project.rename(random.choice(list(project.files)), is_seen_by_git=random.random() < 0.5)


def add_other_code(project: Project, random: Random) -> None:
    block = Block(f"other_{next(project.names)}", ["    pass"])
    project.files[random.choice(list(project.files))].append(block)


def leave_unread(project: Project, random: Random) -> None:
    project.unread = {random.choice(list(project.files))}


QUIET = st.sampled_from([shift, reorder, rename_file, add_other_code])
STEPS = st.lists(st.lists(QUIET, max_size=4), min_size=1, max_size=6)


def a_project(random: Random) -> Project:
    names = count()
    blocks = [
        Block(f"function_{n}" if random.random() < 0.7 else "", [
            f"    flaw_{next(names)}(x)" if random.random() < 0.6 else f"    calm_{n}(x)"
            for _ in range(3)
        ])
        for n in range(6)
    ]  # fmt: skip
    files = {"a.py": blocks[:2], "b.py": blocks[2:4], "c.py": blocks[4:]}
    return Project(files, names=names)


@settings(max_examples=120, deadline=None)
@given(STEPS, st.randoms(use_true_random=False))
def test_pushes_that_touch_no_flaw_make_no_duplicate_and_lose_no_dismissal(
    steps: list[list[Callable[[Project, Random], None]]], random: Random
) -> None:
    project = a_project(random)
    told = project.push(random)
    names = {f.id: name_of(f.snippet) for f in told.findings}
    dismissed = {i for i in names if random.random() < 0.5}
    for finding_id in dismissed:
        project.dismiss(finding_id)

    for step in steps:
        for change in step:
            change(project, random)
        told = project.push(random)

        assert {f.id: name_of(f.snippet) for f in told.findings} == names
        assert {f.id for f in told.findings if f.state is FindingState.DISMISSED} == dismissed
        assert len(told.known) == len(names)


def edit_flaw(project: Project, random: Random) -> None:
    block = random.choice([b for blocks in project.files.values() for b in blocks])
    block.lines = [
        line.replace("(x", f"(x, {random.choice('pqr')}", 1) if line.count(",") < 1 else line
        for line in block.lines
    ]


def remove_flaw(project: Project, random: Random) -> None:
    block = random.choice([b for blocks in project.files.values() for b in blocks])
    block.lines = [line for line in block.lines if "flaw_" not in line]


def add_flaw(project: Project, random: Random) -> None:
    block = random.choice([b for blocks in project.files.values() for b in blocks])
    block.lines = [*block.lines, f"    flaw_{next(project.names)}(x)"]


ANY = st.sampled_from(
    [shift, reorder, rename_file, add_other_code, leave_unread, edit_flaw, remove_flaw, add_flaw]
)


@settings(max_examples=200, deadline=None)
@example(steps=[[rename_file, leave_unread, edit_flaw], []], random=Random(3))
@example(steps=[[rename_file, leave_unread, edit_flaw], []], random=Random(4))
@given(st.lists(st.lists(ANY, max_size=3), min_size=1, max_size=8), st.randoms())
def test_whatever_is_pushed_a_flaw_has_one_id_for_ever(
    steps: list[list[Callable[[Project, Random], None]]], random: Random
) -> None:
    project = a_project(random)
    project.push(random)
    ids: dict[str, set[FindingId]] = project.finding_ids()

    for step in steps:
        for change in step:
            change(project, random)
        told = project.push(random)
        now = project.finding_ids()

        assert all(len(given) == 1 for given in now.values())
        assert {name: now[name] for name in ids} == ids
        assert {name_of(f.snippet) for f in told.findings} <= project.flaws()
        assert len({k.id for k in told.known}) == len(told.known)
        ids = now


@settings(max_examples=60, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_order_in_which_findings_come_decides_nothing(random: Random) -> None:
    project = a_project(random)
    first = project.push(random).known
    found = [replace(k.finding, snippet=f"{k.finding.snippet} # why") for k in first]
    shuffled = random.sample(found, len(found))

    one, other = (
        reconcile(first, Look(Sha("b" * 40), tuple(f), lambda _: "", lambda _: True))
        for f in (found, shuffled)
    )

    assert one.known == other.known
    assert {f.id: f for f in one.findings} == {f.id: f for f in other.findings}
