"""`pullwright learn` and `pullwright policy ...`, as they are typed, on a real database."""

import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.adapters.sql_ledger import open_ledger
from bot.cli import app
from bot.domain.diff import Side
from bot.domain.findings import FindingId
from bot.domain.ledger import Head, PullKey, RunId, RunKind, RunRecord, StepRecord
from bot.domain.pull_records import DecisionId, SuggestionId, SuggestionRecord
from bot.domain.pull_request import Sha
from bot.domain.record_json import dump
from bot.domain.review import Decision
from bot.errors import Refused
from bot.policy.choosing import TOOLS_BY_HAND
from tests.policy.schools import Times

ELIGIBLE = {"lint": {"unseen": 1.0, "seconds": 0.2}, "test": {"unseen": 0.5, "evidence": 1.0}}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a state folder with the ledger of an App that promoted what it learned."""
    made = tmp_path_factory.mktemp("state")
    ledger = open_ledger(f"sqlite:///{made}/pullwright.db")
    times = Times(ledger=ledger)
    times.live(700)
    times.school.train()
    times.school.attempt()
    for index in range(60):
        ledger.suggestions.record(PullKey(1 + index % 3, index // 2), [suggestion(index)])
    run = RunId("run0")
    head = Head(Sha("a" * 40), Sha("b" * 40), Sha("b" * 40))
    ledger.runs.begin(
        RunRecord(run, "job", PullKey(1, 0), "octo/shop", head, RunKind.REVIEW, times.now)
    )
    ledger.runs.record_step(run, StepRecord(1, "lint", "{}", dump(first_step()), 1.0))
    ledger.close()
    return made


def suggestion(index: int) -> SuggestionRecord:
    return SuggestionRecord(
        SuggestionId(f"s{index}"), FindingId("F1"), RunId(f"run{index // 2}"),
        DecisionId(f"run{index // 2}.F{index % 2 + 1}"), Sha("a" * 40), "a.py", Side.RIGHT, 1, 1,
        "rewrite" if index % 5 == 0 else "autofix", None, 1, 1,
    )  # fmt: skip


def first_step() -> Decision:
    choice = TOOLS_BY_HAND.pick(ELIGIBLE, decision_id="run0.1", repo="1")
    return Decision(
        1, choice.tool, dict.fromkeys(ELIGIBLE, True), ELIGIBLE, choice.utilities,
        choice.contributions, choice.propensities, choice.policy_version, 1.0, "fine",
    )  # fmt: skip


@pytest.fixture(autouse=True)
def at(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULLWRIGHT_STATE_DIR", str(folder))
    monkeypatch.delenv("PULLWRIGHT_DATABASE_URL", raising=False)


def typed(*words: str) -> str:
    told = CliRunner().invoke(app, list(words), catch_exceptions=False)
    assert told.exit_code == 0, told.output
    return told.stdout


def test_learning_again_from_the_first_event_gives_the_same_hash() -> None:
    first, second = typed("learn"), typed("learn", "--from-seq", "0")

    [name] = re.findall(r"policy ([0-9a-f]{64})", first)
    assert name in second
    assert "the same bytes are stored since" in second
    assert name not in typed("learn", "--seed", "5")


def test_what_was_learned_from_a_part_is_not_stored() -> None:
    told = typed("learn", "--from-seq", "100", "--to-seq", "900")

    assert "not stored" in told
    assert "read up to event 900" in told


def test_show_tells_who_serves_and_what_each_version_earned_with_its_interval() -> None:
    told = typed("policy", "show")

    assert re.search(r"serves +[0-9a-f]{12}", told)
    assert re.search(r"finding +placing-1-sampled +0\.\d+ +0\.\d+ to 0\.\d+ +\d+", told)
    assert "gains" in told
    assert re.search(r"crowd +-0\.250 +-?\d", told)
    assert re.search(r"(warming|converging|converged|drifting)", told)


def test_the_plots_are_one_page_without_a_script(tmp_path: Path) -> None:
    told = typed("policy", "show", "--html", str(tmp_path / "p.html"))

    page = (tmp_path / "p.html").read_text()
    assert f"wrote {tmp_path / 'p.html'}" in told
    assert "<script" not in page
    assert page.count("<h2>") == 6
    assert "Estimated regret" in page
    by_tool = page.partition("Accepted, by rule")[0]
    assert re.findall(r">(autofix|rewrite)<", by_tool) == ["autofix", "rewrite"]


def test_explain_shows_parts_that_sum_to_the_utility() -> None:
    told = typed("policy", "explain", "run0")

    assert len(re.findall(r"^step 1 chosen: ", told, re.MULTILINE)) == 1
    assert len(re.findall(r"^F[12] chosen: (?:inline|summary) ", told, re.MULTILINE)) == 2
    for line in told.splitlines():
        said = line.partition("; not ")[0]
        utility = re.search(r"U=(-?\d+\.\d+): (.*)\)", said)
        if utility is not None:
            parts = [float(part) for part in re.findall(r"[-+]\d+\.\d+", utility[2])]
            assert sum(parts) == pytest.approx(float(utility[1]), abs=0.005 * (len(parts) + 1))


def test_feedback_lists_what_became_of_each_suggestion_the_newest_first() -> None:
    told = typed("feedback", "list", "--limit", "10").splitlines()

    days = [line.partition("  ")[0] for line in told[:10]]
    assert days == sorted(days, reverse=True)
    assert re.fullmatch(
        r"\S+ \S+  \d+#\d+  F1 unknown  \w+ \([-+]\d\.\d, confidence \d\.\d\)", told[0]
    )
    assert re.fullmatch(r"\d+ older ones are not shown: --limit", told[10])


def test_feedback_of_nobody_says_how_to_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULLWRIGHT_STATE_DIR", str(tmp_path))
    open_ledger(f"sqlite:///{tmp_path}/pullwright.db").close()

    assert "pullwright feedback sync" in typed("feedback", "list")


def test_sync_queues_one_look_for_a_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "key.pem").write_text("a key")
    for name, value in {
        "STATE_DIR": str(tmp_path), "APP_ID": "1", "WEBHOOK_SECRET": "0123456789abcdef",
        "PRIVATE_KEY_FILE": str(tmp_path / "key.pem"),
    }.items():  # fmt: skip
        monkeypatch.setenv(f"PULLWRIGHT_{name}", value)

    [said] = typed("feedback", "sync").splitlines()

    assert said.startswith("queued: reconcile:pulls:asked:")


def test_gate_shows_every_check() -> None:
    told = typed("policy", "gate")

    assert "promoted" in told
    assert len(re.findall(r"^  pass  ", told, re.MULTILINE)) == 8
    assert "next attempt: " in told


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["policy", "explain", "nobody"], "no run nobody is recorded here"),
        (["policy", "rollback", "0000"], "no stored policy begins with 0000"),
        (["policy", "show", "--html", "plot.png"], "ends in .html"),
    ],
)
def test_what_nobody_knows_is_refused(words: list[str], said: str) -> None:
    with pytest.raises(Refused, match=re.escape(said)):
        typed(*words)


def test_where_there_is_no_database_none_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULLWRIGHT_STATE_DIR", str(tmp_path))

    with pytest.raises(Refused, match=r"there is no database .*pullwright\.db: set PULLWRIGHT_"):
        typed("policy", "show")

    assert list(tmp_path.iterdir()) == []


def test_a_log_without_an_event_is_said_to_be_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULLWRIGHT_DATABASE_URL", f"sqlite:///{tmp_path}/other.db")
    open_ledger(f"sqlite:///{tmp_path}/other.db").close()

    assert "there is nothing to learn from" in typed("learn")
    assert "nobody said anything yet" in typed("policy", "show")


def test_without_numpy_it_says_what_to_install() -> None:
    program = (
        "import sys; sys.modules['numpy'] = None\n"
        "from bot.cli import main\n"
        "sys.argv = ['pullwright', 'learn']; main()"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )

    assert done.returncode == 2
    assert "numpy is missing: pip install 'pullwright[app]'" in done.stderr


def test_rollback_takes_back_what_serves(folder: Path, tmp_path: Path,
                                         monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    copy = tmp_path / "pullwright.db"
    copy.write_bytes((folder / "pullwright.db").read_bytes())
    monkeypatch.setenv("PULLWRIGHT_STATE_DIR", str(tmp_path))
    ledger = open_ledger(f"sqlite:///{copy}")
    name = Times(ledger=ledger, now=datetime.now(UTC)).school.versions().serving.version
    ledger.close()

    told = typed("policy", "rollback", name[:12], "--reason", "too quiet")

    assert told == f"policy {name[:12]} was taken back: too quiet; placing-1-sampled serves\n"
    assert "serves   placing-1-sampled" in typed("policy", "show")
    with pytest.raises(Refused, match="does not serve"):
        typed("policy", "rollback", name[:12])
