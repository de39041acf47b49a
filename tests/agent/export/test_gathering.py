"""Which feedback becomes a record, which two patches are compared, and why the rest stays here."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.domain.export import Format, LeftOut
from bot.domain.findings import Suggestion
from bot.domain.outcomes import Outcome
from bot.domain.signals import Standing
from tests.agent.export.runs import CODE, PROVED, World, a_finding, a_patch, replied

MIT = (Path(__file__).resolve().parents[2] / "data" / "licences" / "MIT.txt").read_text()


def of(new: str = "    return total\n", source: str = "rewrite") -> Suggestion:
    return Suggestion(a_patch(new), source, PROVED)


def one(world: World, *, outcome: Outcome = Outcome.APPLIED, **kept: Any) -> None:
    world.became(world.keep(a_finding(of()), **kept), outcome)


def written(row: Any, key: str) -> str:
    (edit,) = json.loads(row[key][0]["content"])["edits"]
    return str(edit["replace"])


def test_an_applied_patch_is_preferred_over_a_rejected_one_of_the_same_prompt() -> None:
    world = World()
    good, bad = a_finding(of()), a_finding(of("    return bill\n", source="repair"))
    world.became(world.keep(good), Outcome.APPLIED)
    world.became(world.keep(bad, number=2), Outcome.REJECTED, number=2)

    found = world.export(Format.DPO)

    (row,) = found.files["dpo.jsonl"]
    assert written(row, "chosen") == "    return total\n"
    assert written(row, "rejected") == "    return bill\n"
    meta: Any = row["meta"]
    assert meta["outcome"] == "applied over rejected_explicit"
    assert (meta["pair_source"], meta["tool"]) == ("people", "rewrite over repair")
    assert (meta["propensity"], meta["policy_version"]) == (0.25, "policy-1")
    assert world.export(Format.RM).files["rm.jsonl"] == (row,)


@pytest.mark.parametrize(
    ("outcome", "source"), [(Outcome.ADAPTED, "adapted"), (Outcome.REJECTED, "rejected")]
)
def test_what_people_merged_in_the_place_of_a_patch_is_preferred_over_it(
    outcome: Outcome, source: str
) -> None:
    world = World()
    record = world.keep(a_finding(of()))
    world.became(record, outcome)
    world.wrote(record, "    return round(total, 2)  # ask @mia\n")

    found = world.export(Format.DPO)

    (row,) = found.files["dpo.jsonl"]
    assert written(row, "chosen").startswith("    return round(total, 2)  # ask ")
    assert written(row, "rejected") == "    return total\n"
    meta: Any = row["meta"]
    assert (meta["pair_source"], meta["outcome"], meta["tool"]) == (source, outcome, "rewrite")
    assert "mia" not in json.dumps(row)
    assert found.left_out == {}
    assert world.export(Format.RM).files["rm.jsonl"] == (row,)


@pytest.mark.parametrize(
    ("outcome", "new", "head"),
    [
        (Outcome.ADAPTED, "    return total\n", ""),
        (Outcome.ADAPTED, '    return pay(token="ghp_' + "a" * 36 + '")\n', ""),
        (Outcome.ADAPTED, "    return pay(user='ada@octo.example')\n", "f" * 40),
        (Outcome.REVERTED, "    return bill\n", ""),
        (Outcome.TOUCHED, "    return bill\n", ""),
    ],
    ids=["the same", "a secret", "another commit", "taken back", "only touched"],
)
def test_other_lines_are_preferred_only_where_they_are_another_answer(
    outcome: Outcome, new: str, head: str
) -> None:
    world = World()
    record = world.keep(a_finding(of()))
    world.became(record, outcome)
    world.wrote(record, new, head=head)

    assert world.export(Format.DPO, least=0).count == 0


def test_patches_of_findings_that_are_told_otherwise_are_not_compared() -> None:
    world = World()
    world.became(world.keep(a_finding(of())), Outcome.APPLIED)
    other = a_finding(of("    return bill\n"), title="It pays too much")
    world.became(world.keep(other, number=2), Outcome.REJECTED, number=2)

    assert world.export(Format.DPO).left_out == {LeftOut.NO_PAIR: 2}


def test_a_proved_patch_is_preferred_over_one_that_was_tried_and_not_proved() -> None:
    world = World()
    finding = a_finding(of())
    calls = (replied(finding, "    return total + 0\n"), replied(finding, "    return total\n"))
    world.became(world.keep(finding, calls=calls), Outcome.IGNORED)

    found = world.export(Format.DPO)

    assert set(found.files) == {"dpo-tests.jsonl"}
    (row,) = found.files["dpo-tests.jsonl"]
    assert written(row, "chosen") == "    return total\n"
    assert written(row, "rejected") == "    return total + 0\n"
    meta: Any = row["meta"]
    assert (meta["pair_source"], meta["model_id"]) == ("tests", "qwen")


def test_what_people_rejected_is_not_preferred_because_tests_pass() -> None:
    world = World()
    finding = a_finding(of())
    kept = world.keep(finding, calls=(replied(finding, "    return total + 0\n"),))
    world.became(kept, Outcome.REJECTED)

    assert world.export(Format.DPO).count == 0


def test_a_later_round_answers_another_prompt() -> None:
    world = World()
    finding = a_finding(of())
    later = replace(replied(finding, "    return total + 0\n"), prompt="0" * 64)
    world.became(world.keep(finding, calls=(later,)), Outcome.APPLIED)

    assert world.export(Format.DPO).count == 0


def test_the_last_outcome_of_a_suggestion_stands() -> None:
    world = World()
    kept = world.keep(a_finding(of()))
    world.became(kept, Outcome.APPLIED)
    world.became(kept, Outcome.REVERTED, days=0.1)

    (row,) = world.export(Format.KTO).files["kto.jsonl"]
    assert row["label"] is False


def test_without_an_owner_who_agrees_it_takes_a_licence_and_five_people() -> None:
    world = World(licence=MIT, agreed=frozenset())
    one(world)
    world.people(4)
    world.people(20, Standing.STRANGER)
    mit = frozenset({"MIT"})

    assert world.export(Format.KTO).left_out == {LeftOut.LICENCE: 1}
    assert world.export(Format.KTO, licences=mit).left_out == {LeftOut.FEW_PEOPLE: 1}
    world.people(5)
    assert world.export(Format.KTO, licences=mit).count == 1


def test_a_repository_that_says_no_by_now_said_no() -> None:
    world = World()
    one(world, days=3)
    assert world.export(Format.KTO).count == 1

    world.keep(a_finding(of()), number=9, is_exported=False)

    assert world.export(Format.KTO).left_out == {LeftOut.NO_OPT_IN: 1}


def test_a_run_that_cannot_be_read_and_one_that_is_too_old_are_counted() -> None:
    world = World()
    one(world)
    one(world, days=200)
    world.damaged.add(next(iter(world.runs)))

    found = world.export(Format.KTO)

    assert found.left_out == {LeftOut.DAMAGED: 1, LeftOut.OLD: 1}


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('KEY = "AKIAABCDEFGHIJKLMNOP"', LeftOut.SECRET),
        ('password = "correct-horse"', LeftOut.SECRET),
        ("x = 'hunter2-hunter2'", LeftOut.SECRET),
        ("x = '[redacted]'", LeftOut.SECRET),
        ("# token ghp_" + "a" * 36, LeftOut.SECRET),
        ("# \udcff", LeftOut.NO_TEXT),
    ],
)
def test_a_secret_anywhere_in_the_file_keeps_all_of_it_here(line: str, why: LeftOut) -> None:
    world = World()
    code = f"{CODE}{line}\n"
    record = world.keep(a_finding(of()))
    run = world.runs[record.run_id]
    (tree,) = (run.trees[run.change.head_sha],)
    data = code.encode("utf-8", "surrogateescape")
    files = (replace(tree.files[0], data=data),)
    trees = {**run.trees, run.change.head_sha: replace(tree, files=files)}
    world.runs[record.run_id] = replace(run, trees=trees)
    world.became(record, Outcome.APPLIED)

    assert world.export(Format.KTO).left_out == {why: 1}


def test_a_patch_that_the_prompt_does_not_show_is_left_out() -> None:
    world = World()
    far = "".join(f"x_{n} = {n}  # {'long ' * 8}\n" for n in range(400))
    code = f"{CODE}{far}last = 0\n"
    patch = a_patch("last = 1\n", at=404, code=code)
    world.became(
        world.keep(a_finding(Suggestion(patch, "rewrite", PROVED)), code=code), Outcome.APPLIED
    )

    assert world.export(Format.KTO).left_out == {LeftOut.UNSHOWN: 1}


def test_one_repository_is_in_one_split_and_times_are_days() -> None:
    world = World()
    for number in range(1, 5):
        kept = world.keep(a_finding(of(f"    return total - {number}\n")), number=number)
        world.became(kept, Outcome.APPLIED, number=number)

    metas: list[Any] = [row["meta"] for row in world.export(Format.SFT).files["sft.jsonl"]]
    assert len({(meta["repo_hash"], meta["split"]) for meta in metas}) == 1
    assert {meta["created_at"] for meta in metas} == {"2026-11-20"}
    assert [meta["id"] for meta in metas] == sorted(meta["id"] for meta in metas)
