"""A run is kept, and plays again without a network: equal bit for bit, or it says what differs."""

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.domain.model_findings import ChunkReply, CritiqueReply, Judgement, ReportedFinding
from tests.end_to_end.command import Command, Ended, sarif_log
from tests.end_to_end.conftest import BASE
from tests.model_server.replies import Asked, Reply
from tests.model_server.server import ModelServer, serving
from tests.situations import RepoFixture, repository

CANARY = "csk-canary0123456789canary0123456789"
CALLER = b"from app import total\n\n\ndef bill(prices):\n    return total(prices)\n"
HEAD = {"app.py": b"import os\n\n\ndef total(prices):\n    return sum(prices[0:])\n"}


def answer(asked: Asked) -> Reply:
    """Report the slice, and keep it."""
    if "Judge the findings" in asked.said:
        judged = (Judgement(index=0, verdict="keep", reason="It is so."),)
        return Reply(CritiqueReply(judgements=judged).model_dump_json())
    if "test" in asked.schema.get("properties", {}) or "edits" in asked.schema.get(
        "properties", {}
    ):
        return Reply("{}")
    said = ReportedFinding.model_validate(
        {
            "path": "app.py",
            "line": 5,
            "symbol": "total",
            "snippet": "return sum(prices[0:])",
            "severity": "low",
            "category": "bug",
            "title": "The slice copies the list for nothing",
            "body": "sum takes the list as it is.",
            "confidence": 0.8,
        }
    )
    return Reply(ChunkReply(findings=(said,), facts=(), lookups=()).model_dump_json())


@pytest.fixture
def changed(tmp_path: Path) -> RepoFixture:
    return repository(tmp_path / "project", base={**BASE, "bills.py": CALLER}, head=HEAD)


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with serving(ModelServer(answer)) as server:
        yield server


def reviewed(pullwright: Command, repo: RepoFixture, **variables: str) -> Ended:
    return pullwright("review", "-q", "--json", cwd=repo.path, **variables)


def with_model(server: ModelServer) -> dict[str, str]:
    return {"CEREBRAS_BASE_URL": server.url, "CEREBRAS_API_KEY": CANARY}


def bundle(pullwright: Command) -> Path:
    (path,) = (pullwright.state / "pullwright" / "runs").iterdir()
    return path


def run_id(pullwright: Command) -> str:
    return bundle(pullwright).name.removesuffix(".json.gz")


def test_a_review_by_a_model_plays_again_with_the_server_down(
    pullwright: Command, changed: RepoFixture
) -> None:
    with serving(ModelServer(answer)) as server:
        first = reviewed(pullwright, changed, **with_model(server))
        asked = len(server.chats)

    down = {"CEREBRAS_BASE_URL": server.url}
    again = pullwright("replay", run_id(pullwright), "--json", cwd=None, **down)

    assert asked >= 2
    assert [f["source"] for f in json.loads(first.out)["findings"]].count("review") == 1
    assert (again.code, again.out) == (0, first.out), again.err
    assert "is equal, bit for bit" in again.err


def test_a_review_without_a_model_plays_again_too(
    pullwright: Command, lint_bug: RepoFixture
) -> None:
    first = reviewed(pullwright, lint_bug)

    again = pullwright("replay", run_id(pullwright), "--json")

    assert (again.code, again.out) == (0, first.out), again.err


def test_a_fix_plays_again_and_commits_nothing(pullwright: Command, lint_bug: RepoFixture) -> None:
    first = pullwright("fix", "-q", "--json", cwd=lint_bug.path)
    tip = lint_bug.git("rev-parse", "HEAD")

    again = pullwright("replay", run_id(pullwright), "--json")

    assert json.loads(first.out)["commit"] == tip
    assert (again.code, again.out) == (0, first.out), again.err
    assert lint_bug.git("rev-parse", "HEAD") == tip


def test_a_replay_needs_neither_the_repository_nor_a_tool(
    pullwright: Command, changed: RepoFixture, server: ModelServer
) -> None:
    first = reviewed(pullwright, changed, **with_model(server))
    path = bundle(pullwright)
    stored = path.read_bytes()
    changed.path.rename(changed.path.with_name("gone"))

    again = pullwright("replay", str(path), "--json", PATH="/nonexistent")

    assert (again.code, again.out) == (0, first.out), again.err
    assert path.read_bytes() == stored


def test_a_bundle_is_for_the_operators_eyes_only(
    pullwright: Command, lint_bug: RepoFixture
) -> None:
    reviewed(pullwright, lint_bug)

    path = bundle(pullwright)

    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_no_key_and_no_secret_of_the_change_is_in_a_bundle(
    pullwright: Command, tmp_path: Path, server: ModelServer
) -> None:
    token = "ghp_" + "a1B2" * 10
    code = f'import os\n\nTOKEN = "{token}"\nKEY = "{CANARY}"\n\n\n'.encode()
    repo = repository(
        tmp_path / "project", base=BASE, head={"app.py": code + HEAD["app.py"].split(b"\n\n\n")[1]}
    )

    first = reviewed(pullwright, repo, **with_model(server))
    again = pullwright("replay", run_id(pullwright), "--json")

    stored = gzip.decompress(bundle(pullwright).read_bytes())
    assert b"def total" in stored
    assert token.encode() not in stored
    assert CANARY.encode() not in stored
    assert again.code == 0, again.err
    assert "secrets were taken out" in again.err
    told, kept = json.loads(first.out), json.loads(again.out)
    assert [f["rule"] for f in told["findings"]] == [f["rule"] for f in kept["findings"]]


def test_a_run_with_a_secret_that_is_cut_in_two_is_not_kept(
    pullwright: Command, tmp_path: Path, server: ModelServer
) -> None:
    halves = f'KEY = "{CANARY[:18]}" "{CANARY[18:]}"\n'.encode()
    repo = repository(tmp_path / "project", base=BASE, head={"keys.py": halves})

    ended = reviewed(pullwright, repo, **with_model(server))

    assert json.loads(ended.out)["schema"] == 1
    assert "the run is not kept for a replay: a secret of this process is in it" in ended.err
    assert not list((pullwright.state / "pullwright").glob("runs/*"))


def test_words_of_prompts_are_not_kept(
    pullwright: Command, changed: RepoFixture, server: ModelServer
) -> None:
    reviewed(pullwright, changed, **with_model(server))

    stored = gzip.decompress(bundle(pullwright).read_bytes()).decode()

    rules = server.chats[0].rules.split("\n")[0]
    assert len(rules) > 20
    assert rules not in stored
    assert re.search(r'"prompt":"[0-9a-f]{64}"', stored)


@pytest.mark.parametrize(
    ("config", "variables"),
    [(b"learning:\n  keep_runs: false\n", {}), (b"", {"PULLWRIGHT_KEEP_RUNS_DAYS": "0"})],
)
def test_the_repository_and_the_operator_can_say_no(
    pullwright: Command, tmp_path: Path, config: bytes, variables: dict[str, str]
) -> None:
    base = {**BASE, ".github/pullwright.yml": config}
    repo = repository(tmp_path / "project", base=base, head=HEAD)

    reviewed(pullwright, repo, **variables)

    assert not list((pullwright.state / "pullwright").glob("runs/*"))


def test_runs_are_listed_the_newest_first(pullwright: Command, lint_bug: RepoFixture) -> None:
    reviewed(pullwright, lint_bug)
    first = run_id(pullwright)
    pullwright("fix", "-q", "--no-commit", cwd=lint_bug.path)

    listed = pullwright("replay", "--list").out.splitlines()

    assert len(listed) == 2
    assert "  fix " in listed[0]
    assert listed[1].startswith(first)
    assert lint_bug.head_sha[:12] in listed[1]


def test_a_list_without_a_run_says_that_there_is_none(pullwright: Command) -> None:
    ended = pullwright("replay", "--list")

    assert (ended.code, ended.out) == (0, "")
    assert ended.err == "pullwright: there are no stored runs: review something first\n"


def rewritten(path: Path, old: str, new: str) -> None:
    text = gzip.decompress(path.read_bytes()).decode()
    assert old in text
    path.write_bytes(gzip.compress(text.replace(old, new, 1).encode()))


def test_a_bundle_that_was_changed_proves_nothing(
    pullwright: Command, lint_bug: RepoFixture
) -> None:
    reviewed(pullwright, lint_bug)
    rewritten(bundle(pullwright), "F401", "F402")

    again = pullwright("replay", run_id(pullwright))

    assert again.code == 4
    assert "was changed or cut after it was written" in again.err


def test_a_bundle_that_was_cut_is_said_to_be(pullwright: Command, lint_bug: RepoFixture) -> None:
    reviewed(pullwright, lint_bug)
    path = bundle(pullwright)
    path.write_bytes(path.read_bytes()[:-200])

    again = pullwright("replay", run_id(pullwright))

    assert again.code == 4
    assert "is cut or damaged" in again.err


def test_a_bundle_of_a_newer_version_is_not_guessed_at(
    pullwright: Command, lint_bug: RepoFixture
) -> None:
    reviewed(pullwright, lint_bug)
    rewritten(bundle(pullwright), '{"format":2', '{"format":3')

    again = pullwright("replay", run_id(pullwright))

    assert again.code == 4
    assert "was written by a newer pullwright (0.1.0, format 3)" in again.err


@pytest.mark.parametrize("name", ["0123456789abcdef", "no/such/file.json.gz"])
def test_a_run_that_is_not_there_is_said_with_where_to_look(pullwright: Command, name: str) -> None:
    again = pullwright("replay", name)

    assert again.code == 4
    assert f"there is no stored run {name}: `pullwright replay --list`" in again.err


@pytest.mark.parametrize(
    "data", [b"", b"text\n", gzip.compress(b"text\n", mtime=0), gzip.compress(b"{}", mtime=0)]
)
def test_what_is_no_bundle_is_said_to_be_none(
    pullwright: Command, tmp_path: Path, data: bytes
) -> None:
    path = tmp_path / "other.gz"
    path.write_bytes(data)

    again = pullwright("replay", str(path))

    assert again.code == 4
    assert "other.gz is" in again.err
    assert again.out == ""


def test_another_tools_findings_are_in_the_replay_and_in_its_page(
    pullwright: Command, lint_bug: RepoFixture, tmp_path: Path
) -> None:
    log, page = sarif_log(tmp_path), tmp_path / "again.html"

    first = pullwright("review", "-q", "--json", "--sarif-in", str(log), cwd=lint_bug.path)
    again = pullwright("replay", run_id(pullwright), "--json", "--html", str(page))

    assert "own-1" in first.out
    assert (again.code, again.out) == (0, first.out), again.err
    assert "Somebody else found this" in page.read_text()
