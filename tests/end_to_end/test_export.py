"""Feedback on a real run, from a real ledger file, as files that a trainer reads."""

import hashlib
import json
import os
import re
import signal
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from signal import SIGHUP, SIGINT, SIGTERM
from typing import Any

import pytest

from bot import replay_wiring
from bot.adapters.sql_ledger import open_ledger
from bot.agent.export.held import KeptRun
from bot.agent.replay.bundle import Bundle, encode
from bot.cli import app
from bot.domain.anonymity import addresses
from bot.domain.event_forms import Observed, outcome_event, signal_event
from bot.domain.event_log import EventSource
from bot.domain.identity import decision_id, patch_id
from bot.domain.ledger import Head, PullKey, RunId, RunKind, RunRecord
from bot.domain.model_edits import RewriteReply, patch_of
from bot.domain.outcomes import WORTH, Outcome, OutcomeRecord, Verdict
from bot.domain.pull_records import Ledger, SuggestionId, SuggestionRecord
from bot.domain.signals import Actor, Signal, SignalKind, Standing
from bot.guard import guarded
from bot.run_keeping import run_files
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

# Signed-off-by: Mia <mia@octo.example>
# see https://octo.example/wiki, or ask @mia


@property
def total(prices):
    return sum(prices)
"""


@contextmanager
def used(variables: Mapping[str, str]) -> Iterator[None]:
    """Use these variables, and leave everything as it was."""
    before = dict(os.environ)
    handlers = {number: signal.getsignal(number) for number in (SIGTERM, SIGINT, SIGHUP)}
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
        for number, handler in handlers.items():
            signal.signal(number, handler)


@dataclass
class Shop:
    """A kept run of a branch with two unused imports, and the ledger that knows of it."""

    pullwright: Command
    url: str
    bundle: Bundle
    shown: dict[str, SuggestionRecord]

    def export(self, form: str, *options: str, into: Path) -> Ended:
        return self("export", "--format", form, "--into", str(into), *options)

    def __call__(self, *arguments: str) -> Ended:
        """Run the command in this process: it starts a hundred times faster."""
        variables = {**self.pullwright.environment, "PULLWRIGHT_DATABASE_URL": self.url}
        with (
            used(variables),
            redirect_stdout(StringIO()) as out,
            redirect_stderr(StringIO()) as err,
        ):
            bugs = self.pullwright.state / "bugs"
            code = guarded(lambda: app(list(arguments)), bug_folder=bugs)
        return Ended(code, out.getvalue(), err.getvalue())

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
    settings = Settings(ours.state / "pullwright")
    files = run_files(settings.state_dir)
    ((run_id, _),) = files.first_lines()
    made = replay_wiring.load_bundle(settings, run_id)
    # The App names the repository and the pull request as the forge does.
    bundle = replace(made, change=replace(made.change, repo=REPO, number=PULL.number, author="mia"))
    files.save(run_id, encode(bundle))
    return ours, bundle


@pytest.fixture
def shop(run: tuple[Command, Bundle], tmp_path: Path) -> Shop:
    return filled(run, f"sqlite:///{tmp_path}/ledger.db")


def filled(run: tuple[Command, Bundle], url: str) -> Shop:
    """Let a ledger know of the run and of five people."""
    ours, bundle = run
    shop = Shop(ours, url, bundle, dict(_shown(bundle)))
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


def rows(file: Path) -> list[dict[str, Any]]:
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


def test_a_ledger_in_postgres_is_exported_and_forgotten_as_well(
    run: tuple[Command, Bundle], postgres_url: str, tmp_path: Path
) -> None:
    shop = filled(run, postgres_url)
    shop.said(ONE, Outcome.APPLIED)

    ended = shop.export("sft", "--license-allow", "MIT", into=tmp_path / "out")
    shown = shop("forget", "--repo", REPO, "--dry-run")

    assert (ended.code, ended.err) == (0, "")
    assert len(rows(tmp_path / "out" / "sft.jsonl")) == 1
    assert "1 events of the log (outcome)" in shown.out


def test_a_record_names_nobody_and_its_patch_fits_what_its_prompt_shows(
    shop: Shop, tmp_path: Path
) -> None:
    shop.said(ONE, Outcome.APPLIED)
    shop.said(OTHER, Outcome.REJECTED)
    shop.export("kto", "--license-allow", "MIT,ISC", into=tmp_path / "out")

    text = (tmp_path / "out" / "kto.jsonl").read_text()
    of_log = [str(REPO_ID), REPO, *shop.shown, shop.bundle.run_id, shop.bundle.change.head_sha]
    of_log += [record.id for record in shop.shown.values()]
    assert [word for word in (*of_log, "mia", "Mia", "octo.example") if word in text] == []
    assert addresses(text.replace("\\n", "\n")) == []
    assert "@property" in text
    for row in rows(tmp_path / "out" / "kto.jsonl"):
        system, user = row["prompt"]
        reply = RewriteReply.model_validate_json(row["completion"][0]["content"])
        (name,) = {edit.path for edit in reply.edits}
        shown = re.search(rf"file {name}>>>\n(.*?)\n<<<end", user["content"], re.DOTALL)
        assert shown is not None
        assert "You mend one defect" in system["content"]
        after = patch_of(reply.edits, files := {name: f"{shown[1]}\n".encode()}).apply(files)
        assert b"import" not in after[name]


def test_an_export_is_the_same_whenever_it_is_made_and_its_digests_are_of_its_files(
    shop: Shop, tmp_path: Path
) -> None:
    shop.said(OTHER, Outcome.REJECTED)
    shop.said(ONE, Outcome.APPLIED)
    for name in ("a", "b"):
        shop.export("kto", "--license-allow", "MIT", into=tmp_path / name)

    first, again = (
        {f.name: f.read_bytes() for f in (tmp_path / name).iterdir()} for name in ("a", "b")
    )
    assert first == again
    assert set(first) == {"README.md", "kto.jsonl", "manifest.json"}
    manifest = json.loads(first["manifest.json"])["files"]
    assert manifest["kto.jsonl"]["sha256"] == hashlib.sha256(first["kto.jsonl"]).hexdigest()
    assert "| kto.jsonl | 2 |" in first["README.md"].decode()
    assert {f.stat().st_mode & 0o777 for f in (tmp_path / "a").iterdir()} == {0o600}
    key = shop.pullwright.state / "pullwright" / "export.key"
    assert key.stat().st_mode & 0o777 == 0o600


def test_only_what_was_applied_is_learned_by_imitation(shop: Shop, tmp_path: Path) -> None:
    shop.said(ONE, Outcome.APPLIED_MANUALLY)
    shop.said(OTHER, Outcome.ADAPTED)

    ended = shop.export("sft", "--license-allow", "MIT", into=tmp_path / "out")

    assert [r["meta"]["outcome"] for r in rows(tmp_path / "out" / "sft.jsonl")] == [
        "applied_manual"
    ]
    assert "1 left out: it was not applied as it was" in ended.out


@pytest.mark.parametrize(
    ("outcome", "confidence", "why"),
    [
        (Outcome.IGNORED, 1.0, "says nothing of the patch"),
        (Outcome.ADDRESSED, 1.0, "says nothing of the patch"),
        (Outcome.APPLIED, 0.7, "less sure than --min-confidence"),
    ],
)
def test_silence_and_doubt_are_no_verdict(
    shop: Shop, tmp_path: Path, outcome: Outcome, confidence: float, why: str
) -> None:
    shop.said(ONE, outcome, confidence=confidence)

    ended = shop.export("kto", "--license-allow", "MIT", into=tmp_path / "out")

    assert (ended.code, ended.out) == (1, "")
    assert "nothing to export" in ended.err
    assert f"1 left out: {'what became of it ' if 'says' in why else ''}" in ended.err
    assert why in ended.err
    assert not (tmp_path / "out").exists()


def test_patches_of_other_prompts_are_never_compared(shop: Shop, tmp_path: Path) -> None:
    shop.said(ONE, Outcome.APPLIED)
    shop.said(OTHER, Outcome.REJECTED)

    ended = shop.export("dpo", "--license-allow", "MIT", into=tmp_path / "out")

    assert ended.code == 1
    assert "2 left out: no other patch of the same prompt was decided the other way" in ended.err


def test_a_licence_that_is_not_allowed_keeps_the_code_here_unless_its_owner_agrees(
    shop: Shop, tmp_path: Path
) -> None:
    shop.said(ONE, Outcome.APPLIED)

    refused = shop.export("kto", "--license-allow", "Apache-2.0", into=tmp_path / "out")
    agreed = shop.export("kto", "--owner-agrees", "Octo/shop", into=tmp_path / "out")

    assert refused.code == 1
    assert "1 left out: its repository's licence is unknown, or not in" in refused.err
    assert (agreed.code, agreed.err) == (0, "")


def test_an_outcome_whose_run_is_gone_is_counted(shop: Shop, tmp_path: Path) -> None:
    gone = replace(shop.shown[ONE], id=SuggestionId("0" * 16), run_id=RunId("0" * 16))
    shop.shown[ONE] = gone
    with closing(shop.ledger()) as ledger:
        ledger.suggestions.record(PULL, [gone])
    shop.said(ONE, Outcome.APPLIED)

    ended = shop.export("kto", "--license-allow", "MIT", into=tmp_path / "out")

    assert (ended.code, ended.out) == (1, "")
    assert "1 left out: no kept run holds its code any more" in ended.err


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("--license-allow", "WTFPL"), "WTFPL is not a licence that is known by its text: MIT"),
        (("--owner-agrees", "shop"), "shop is not the OWNER/NAME of a repository"),
        (("--since", "yesterday"), "yesterday"),
        (("--min-confidence", "2"), "min-confidence"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(
    shop: Shop, tmp_path: Path, options: tuple[str, ...], why: str
) -> None:
    ended = shop.export("kto", *options, into=tmp_path / "out")

    assert (ended.code, ended.out) == (2, "")
    assert why in ended.err
    assert "Traceback" not in ended.err


def test_nothing_is_written_over(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    shop.said(ONE, Outcome.APPLIED)

    ended = shop.export("kto", "--license-allow", "MIT", into=tmp_path)

    assert (ended.code, ended.out) == (2, "")
    assert "is not empty: name a folder that is not there yet" in ended.err
    assert {path.name for path in tmp_path.iterdir()} >= {"mine.txt"}


def test_a_ledger_that_is_not_there_is_not_made(shop: Shop, tmp_path: Path) -> None:
    ended = replace(shop, url=f"sqlite:///{tmp_path}/none.db").export("kto", into=tmp_path / "out")

    assert (ended.code, ended.out) == (2, "")
    assert "there is no database" in ended.err
    assert not (tmp_path / "none.db").exists()
