"""What people merged in the place of a suggestion: kept where their repository allows, and there
alone, until it is a pair of an export or is too old to be one."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import timedelta
from pathlib import Path

import pytest

from bot.app_wiring import forget_old
from bot.domain.edits import Edit
from bot.domain.event_forms import Observed
from bot.domain.event_log import EventSource
from bot.domain.outcomes import Outcome
from bot.domain.rewriting import REWRITTEN, Rewritten, rewritten_event
from bot.settings import Settings
from tests.end_to_end.observed import FLAW, MENDED, NEAR, PLACE, Shown, Stage
from tests.end_to_end.test_export import NOW, ONE, PULL, REPO, Shop, rows, run, shop
from tests.github_simulator import simulator

__all__ = ["run", "shop"]

CONFIG = ".github/pullwright.yml"


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder: Path = tmp_path_factory.mktemp("rewriting")
    with simulator(folder) as github, ExitStack() as stack:
        made = Stage(github, folder, stack)
        made.repo.push("main", {CONFIG: "learning: {export: true}\n"}, message="Allow it")
        yield made


def an_edit(shown: Shown, new: str) -> tuple[Edit, ...]:
    return (Edit(shown.path, PLACE, PLACE, FLAW, new),)


@pytest.mark.parametrize("method", ["merge", "squash", "rebase"])
def test_what_was_made_of_a_suggestion_is_kept_as_it_was_merged(stage: Stage, method: str) -> None:
    shown = stage.show()
    shown.write(f"# Not all have one.\n{NEAR}")

    assert shown.merged(method) is Outcome.ADAPTED
    head = stage.ledger.suggestions.shown(shown.key)[0].head_sha
    edits = an_edit(shown, f"# Not all have one.\n{NEAR}")
    assert shown.written == Rewritten(shown.suggestion, head, edits)


def test_what_was_written_after_a_no_is_kept(stage: Stage) -> None:
    shown = stage.show(event="REQUEST_CHANGES")
    stage.github.user("bob").dismiss(shown.comment.review)
    shown.write("total = items.total()\n")

    assert shown.merged() is Outcome.REJECTED
    assert shown.written is not None
    assert shown.written.edits == an_edit(shown, "total = items.total()\n")


def test_what_was_taken_as_it_is_or_left_alone_or_not_merged_is_not_kept(stage: Stage) -> None:
    applied, ignored, closed, bare = (
        stage.show(), stage.show(), stage.show(), stage.show(has_patch=False),
    )  # fmt: skip
    for shown, line in ((applied, MENDED), (closed, NEAR), (bare, NEAR)):
        shown.write(line)
    closed.pr.close()
    for shown in (applied, ignored, bare):
        shown.merged()
    closed.told()

    assert [shown.written for shown in (applied, ignored, closed, bare)] == [None] * 4


@pytest.mark.parametrize(
    "config",
    [None, "learning: {export: true, keep_runs: false}\n", "learning: {export: perhaps}\n"],
    ids=["says nothing", "keeps no runs", "is no configuration"],
)
def test_no_line_of_a_repository_that_does_not_allow_it_is_kept(
    stage: Stage, config: str | None
) -> None:
    shown = stage.show()
    shown.write(NEAR)
    stage.repo.push("main", {CONFIG: config}, message="Change my mind")
    try:
        assert shown.merged() is Outcome.ADAPTED
        log = stage.ledger.events.of_pull(shown.key)
        assert [one.event.kind for one in log if "sum(n for i" in one.event.body] == []
    finally:
        again = "learning: {export: true}\n"
        stage.repo.push("main", {CONFIG: again}, message="Allow it again")


def test_what_people_wrote_is_let_go_with_the_run_that_it_is_compared_with(
    stage: Stage, tmp_path: Path
) -> None:
    shown, later = stage.show(), stage.show()
    for one in (shown, later):
        one.write(NEAR)
        one.merged()
    stage.ahead = timedelta(days=31)
    try:
        forget_old(stage.desk(), Settings(tmp_path, keep_runs_days=200))
        kept = shown.written
        forget_old(stage.desk(), Settings(tmp_path, keep_runs_days=30))
    finally:
        stage.ahead = timedelta()

    assert kept is not None
    assert shown.written is None
    assert shown.outcomes[-1].verdict.outcome is Outcome.ADAPTED


def wrote(shop: Shop, new: str) -> None:
    """Let people have merged this in the place of the suggestion."""
    record = shop.shown[ONE]
    edit = Edit(ONE, 1, 1, "import os\n", new)
    what = Rewritten(record.id, record.head_sha, (edit,))
    event = rewritten_event(PULL, what, Observed(NOW, EventSource.POLL), end=record.head_sha)
    with closing(shop.ledger()) as ledger:
        ledger.events.append([event])


def test_what_people_made_of_a_suggestion_is_a_pair_of_the_export(
    shop: Shop, tmp_path: Path
) -> None:
    shop.said(ONE, Outcome.ADAPTED)
    wrote(shop, "from os import path\n")

    ended = shop.export("dpo", "--license-allow", "MIT", into=tmp_path / "out")

    assert (ended.code, ended.err) == (0, "")
    (row,) = rows(tmp_path / "out" / "dpo.jsonl")
    edits = {
        key: [edit["replace"] for edit in json.loads(row[key][0]["content"])["edits"]]
        for key in ("chosen", "rejected")
    }
    assert "from os import path\n" in edits["chosen"][0]
    assert "os" not in edits["rejected"][0].split()
    assert (row["meta"]["pair_source"], row["meta"]["outcome"]) == ("adapted", "adapted")
    assert "| adapted | 1 |" in (tmp_path / "out" / "README.md").read_text()


def test_what_people_wrote_is_forgotten_with_their_repository(shop: Shop) -> None:
    wrote(shop, "from os import path\n")

    ended = shop("forget", "--repo", REPO, "--dry-run")

    assert f"1 events of the log ({REWRITTEN})" in ended.out
