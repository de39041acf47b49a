"""Feedback on a real run, from a real ledger file, as files that a trainer reads."""

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot import replay_wiring
from bot.adapters.sql_ledger import open_ledger
from bot.agent.export.held import KeptRun
from bot.agent.replay.bundle import Bundle
from bot.domain.anonymity import addresses
from bot.domain.event_forms import Observed, outcome_event, signal_event
from bot.domain.event_log import EventSource
from bot.domain.identity import decision_id, patch_id
from bot.domain.ledger import Head, PullKey, RunId, RunKind, RunRecord
from bot.domain.model_edits import RewriteReply, patch_of
from bot.domain.outcomes import WORTH, Outcome, OutcomeRecord, Verdict
from bot.domain.pull_records import DecisionId, Ledger, SuggestionId, SuggestionRecord
from bot.domain.signals import Actor, Signal, SignalKind, Standing
from bot.settings import Settings
from tests.end_to_end.command import Command, Ended, command
from tests.situations import repository

NOW = datetime.now(UTC)
REPO_ID, REPO = 7_654_321, "octo/shop"
PULL = PullKey(REPO_ID, 41)
MIT = (Path(__file__).resolve().parents[1] / "data" / "licences" / "MIT.txt").read_bytes()
OPTED_IN = b"learning: {export: true}\n"
ONE, OTHER = "unused.py", "also.py"
CODE = b"""import os

# Signed-off-by: Ada <ada@octo.example>
# see https://octo.example/wiki, or ask @ada


@property
def total(prices):
    return sum(prices)
"""


@dataclass
class Shop:
    """A kept run of a branch with two unused imports, and the ledger that knows of it."""

    pullwright: Command
    url: str
    bundle: Bundle
    shown: dict[str, SuggestionRecord]

    def export(self, form: str, *options: str, into: Path) -> Ended:
        environment = {"PULLWRIGHT_DATABASE_URL": self.url}
        return self.pullwright(
            "export", "--format", form, "--into", str(into), *options, **environment
        )

    def ledger(self) -> Ledger:
        return open_ledger(self.url)

    def said(self, path: str, outcome: Outcome, *, confidence: float | None = None) -> None:
        """Let people decide about the suggestion of a file."""
        worth = WORTH[outcome]
        worth = worth if confidence is None else replace(worth, confidence=confidence)
        record = self.shown[path]
        became = OutcomeRecord(
            f"outcome {path} {outcome}", NOW - timedelta(days=1), record.id, record.decision_id,
            Verdict(outcome, worth, is_final=True),
        )  # fmt: skip
        with closing(self.ledger()) as ledger:
            ledger.events.append([outcome_event(became, PULL, Observed(NOW, EventSource.POLL))])


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Command, Bundle]:
    """One real review with the command line, which every test looks at."""
    folder = tmp_path_factory.mktemp("export")
    ours = command(folder / "home")
    base = {
        "README": b"A shop.\n", "LICENSE": MIT, ".github/pullwright.yml": OPTED_IN,
    }  # fmt: skip
    repo = repository(folder / "shop", base=base, head={ONE: CODE, OTHER: b"import re\n\nX = 1\n"})
    ended = ours("review", "-q", "--json", cwd=repo.path)
    assert ended.code in (0, 3), ended.err
    (path,) = (ours.state / "pullwright" / "runs").iterdir()
    settings = Settings(ours.state / "pullwright")
    return ours, replay_wiring.load_bundle(settings, path.name.removesuffix(".json.gz"))


@pytest.fixture
def shop(run: tuple[Command, Bundle], tmp_path: Path) -> Shop:
    ours, bundle = run
    shop = Shop(ours, f"sqlite:///{tmp_path}/ledger.db", bundle, dict(_shown(bundle)))
    head = Head(bundle.change.head_sha, bundle.change.merge_base_sha, bundle.change.base_sha)
    run_id = RunId(bundle.run_id)
    with closing(shop.ledger()) as ledger:
        ledger.runs.begin(RunRecord(run_id, "job", PULL, REPO, head, RunKind.REVIEW, bundle.at))
        ledger.suggestions.record(PULL, shop.shown.values())
        people = [
            Signal(f"resolved {n}", SignalKind.RESOLVED, PULL, NOW, by=Actor(n, Standing.WRITER))
            for n in range(5)
        ]
        observed = Observed(NOW, EventSource.WEBHOOK)
        ledger.events.append(signal_event(signal, observed) for signal in people)
    return shop


def _shown(bundle: Bundle) -> Iterator[tuple[str, SuggestionRecord]]:
    for finding in KeptRun(bundle, PULL)._findings:
        made = finding.suggestion
        if made is None:
            continue
        place = finding.location
        step = max(s.decision.step for s in bundle.steps if s.decision.tool == made.source)
        yield place.path, SuggestionRecord(
            patch_id(PULL, bundle.change.head_sha, made.patch), finding.id, RunId(bundle.run_id),
            decision_id(RunId(bundle.run_id), step), bundle.change.head_sha, place.path,
            place.side, place.start_line, place.end_line, made.source, made.proof, 1, 2,
        )  # fmt: skip


def rows(file: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_what_was_applied_and_what_was_rejected_is_exported_for_kto(
    shop: Shop, tmp_path: Path
) -> None:
    shop.said(ONE, Outcome.APPLIED)
    shop.said(OTHER, Outcome.REJECTED)

    ended = shop.export("kto", "--license-allow", "MIT", into=tmp_path / "out")

    assert (ended.code, ended.err) == (0, "")
    assert "kto.jsonl: 2 records" in ended.out
    found = rows(tmp_path / "out" / "kto.jsonl")
    assert {row["meta"]["outcome"]: row["label"] for row in found} == {
        "applied": True, "rejected_explicit": False,
    }  # fmt: skip
