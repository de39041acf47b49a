"""What a bundle may be, before anything of it is read."""

import json

import pytest

from bot.domain.bundle import parse_bundle
from bot.errors import Refused

CLAIM = {
    "rule": "F401",
    "severity": "low",
    "category": "style",
    "title": "unused",
    "body": "",
    "path": "a.py",
    "start_line": 1,
    "end_line": 1,
    "side": "RIGHT",
    "source": "ruff",
    "confidence": 1.0,
}


def _bundle(**changes: object) -> bytes:
    document = {
        "schema": 1,
        "head_sha": "a" * 40,
        "verdict": {
            "coverage": {"hunks_seen": 1, "hunks_total": 1},
            "limits": [],
            "tools": ["lint"],
        },
        "findings": [CLAIM],
    }
    return json.dumps(document | changes).encode()


def test_a_bundle_of_this_schema_is_read() -> None:
    assert parse_bundle(_bundle()).version == 1


@pytest.mark.parametrize("version", [True, 1.0, "1", 2, 0, None, [1]])
def test_what_only_looks_like_schema_1_is_refused(version: object) -> None:
    with pytest.raises(Refused, match="does not fit its schema: schema"):
        parse_bundle(_bundle(schema=version))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("start_line", True),
        ("start_line", 1.0),
        ("confidence", True),
        ("side", "BOTH"),
        ("severity", "fatal"),
        ("title", 1),
    ],
)
def test_a_field_of_another_type_is_refused_and_named(name: str, value: object) -> None:
    with pytest.raises(Refused, match=rf"findings\.0\.{name}"):
        parse_bundle(_bundle(findings=[CLAIM | {name: value}]))
