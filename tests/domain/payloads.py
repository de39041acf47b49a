"""GitHub's own examples of webhook payloads, where the contract data is."""

import gzip
import json
import os
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DEFAULT = ROOT.parent / "shared" / "data"


def data_folder() -> Path:
    """Return the folder with the contract data, or skip the test."""
    folder = Path(os.environ.get("PULLWRIGHT_CONTRACT_DATA") or DEFAULT)
    if not (folder / "hooks.all.json.gz").is_file():
        pytest.skip("PULLWRIGHT_CONTRACT_DATA names no folder with GitHub's payloads")
    return folder


@cache
def official() -> dict[str, dict[str, object]]:
    """Return the official payloads by name, `EVENT.NN.ACTION.json`."""
    with gzip.open(data_folder() / "hooks.all.json.gz") as file:
        payloads: dict[str, dict[str, object]] = json.load(file)
    return payloads


def comment_on_pull() -> dict[str, object]:
    """Return the derived payload of a comment on a pull request."""
    path = data_folder() / "derived.issue_comment.on_pr.created.json"
    payload: dict[str, object] = json.loads(path.read_text())
    return payload


def smallest(action: str = "opened", **changes: object) -> dict[str, object]:
    """Return a pull_request payload with nothing in it that we do not need."""
    payload: dict[str, object] = {
        "action": action,
        "pull_request": {
            "number": 7,
            "head": {"sha": "a" * 40},
            "base": {"ref": "main"},
            "draft": False,
            "updated_at": "2026-11-01T00:00:00Z",
        },
        "repository": {"id": 1, "full_name": "octo/repo"},
        "installation": {"id": 5},
        "sender": {"id": 9, "login": "octocat"},
    }
    return payload | changes
