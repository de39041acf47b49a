"""A run is kept, and plays again without a network: equal bit for bit, or it says what differs."""

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.domain.model_findings import ChunkReply, CritiqueReply, Judgement, ReportedFinding
from tests.end_to_end.command import Command, Ended
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
    if "test" in asked.schema.get("properties", {}) or "edits" in asked.schema.get("properties", {}):
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

    again = pullwright("replay", run_id(pullwright), "--json", **with_model(server))

    assert asked >= 2
    assert [f["source"] for f in json.loads(first.out)["findings"]].count("review") == 1
    assert (again.code, again.out) == (0, first.out), again.err
    assert "is equal, bit for bit" in again.err
