"""`pullwright fix` on red tests: it searches by itself, proves what it finds, and says the rest."""

import json
import signal
from pathlib import Path

import pytest

from tests.end_to_end.command import TIMEOUT_S, Command, Ended
from tests.situations import RepoFixture, repository

BELOW = "test_shop.py::test_below"
BASE = {
    "shop.py": b"def first(rows, n):\n    return [row for row in rows if row < n]\n",
    "test_shop.py": (
        b"from shop import first\n\n\n"
        b"def test_below():\n    assert first([1, 3, 2], 3) == [1, 2]\n\n\n"
        b"def test_at_the_bound():\n    assert first([5, 6, 7], 5) == []\n\n\n"
        b"def test_none():\n    assert first([], 3) == []\n"
    ),
}
LOOP = (
    b"def first(rows, n):\n"
    b'    """Return the rows below a bound, in order."""\n'
    b"    kept = []\n    for row in rows:\n        if row %s n:\n            kept.append(row)\n"
    b"    return kept\n"
)
BROKEN = {"shop.py": LOOP % b"<="}
MENDED = LOOP % b"<"
NOT_SMALL = {"shop.py": b"def first(rows, n):\n    raise NotImplementedError\n"}


@pytest.fixture
def broken(tmp_path: Path) -> RepoFixture:
    """A branch that rewrites a function and takes `<=` for `<` on the way."""
    return repository(tmp_path / "project", base=BASE, head=BROKEN)


def _repairs(ended: Ended) -> list[dict[str, object]]:
    return [p for p in json.loads(ended.out)["patches"] if p["source"] == "repair"]


def test_a_regression_is_mended_inside_its_hunk_and_proved(
    pullwright: Command, broken: RepoFixture
) -> None:
    ended = pullwright("fix", "-q", "--json", cwd=broken.path)

    (patch,) = _repairs(ended)
    proof = patch["proof"]
    assert isinstance(proof, dict)
    assert (proof["after"], proof["pass_to_fail"]) == ({"failed": 0, "passed": 3}, [])
    assert set(proof["fail_to_pass"]) >= {BELOW}
    text = str(patch["patch"])
    assert "-        if row <= n:" in text
    assert text.count("\n+") == 2  # the header and one line: less than the revert
    is_committed = broken.git("rev-parse", "HEAD") != broken.head_sha
    assert is_committed is not patch["ambiguous"]


@pytest.mark.docker
def test_in_containers_a_repair_that_is_less_than_the_revert_is_proved(
    pullwright: Command, broken: RepoFixture, tmp_path: Path
) -> None:
    file = tmp_path / "fix.patch"

    ended = pullwright(
        "fix", "-q", "F1", "--no-commit", "--patch", str(file),
        cwd=broken.path, PULLWRIGHT_SANDBOX="docker",
    )  # fmt: skip

    said = " ".join(ended.out.split())
    assert "patch from repair" in said
    assert "suite 2 failed -> 0 failed of 3" in said
    assert "sha256:" in said
    assert broken.git("rev-parse", "HEAD") == broken.head_sha
    assert broken.git("status", "--porcelain") == ""
    broken.git("apply", str(file))
    assert (broken.path / "shop.py").read_bytes() == MENDED


def test_an_ambiguous_repair_is_shown_with_why_and_never_committed(
    pullwright: Command, tmp_path: Path
) -> None:
    base = {
        "app.py": b"def size(n):\n    return n + 2\n",
        "test_app.py": b"from app import size\n\n\ndef test_one():\n    assert size(2) == 4\n",
    }
    head = {"app.py": b"def size(n):\n    return n + 1\n"}
    repo = repository(tmp_path / "project", base=base, head=head)

    ended = pullwright("fix", "F1", "--time-limit", "20", cwd=repo.path)

    said = " ".join(ended.out.split())
    assert ended.code == 1
    assert "another patch passes the same tests" in said
    assert "nothing was committed: edits of different meaning pass the same tests (F1" in said
    assert repo.git("rev-parse", "HEAD") == repo.head_sha


def test_a_review_searches_nothing_and_says_what_would(
    pullwright: Command, broken: RepoFixture
) -> None:
    ended = pullwright("review", cwd=broken.path)

    assert "repair" not in [line.partition(":")[0] for line in ended.err.splitlines()]
    assert "`pullwright fix` searches" in " ".join(ended.out.split())


@pytest.mark.parametrize("option", [("--no-repair",), ("--time-limit", "0")])
def test_a_search_can_be_left_out(
    pullwright: Command, broken: RepoFixture, option: tuple[str, ...]
) -> None:
    ended = pullwright("fix", "-q", "--json", *option, cwd=broken.path)

    assert _repairs(ended) == []
    assert "fix F1 revert" in json.loads(ended.out)["refused"]


def test_a_named_test_that_passes_is_said_to(pullwright: Command, lint_bug: RepoFixture) -> None:
    ended = pullwright("fix", "--failing", "test_app.py::test_total", cwd=lint_bug.path)

    assert "passes at head, so there is nothing to repair" in " ".join(ended.out.split())


def test_what_narrows_no_search_is_refused(pullwright: Command, broken: RepoFixture) -> None:
    ended = pullwright("fix", "-q", "--no-repair", "--failing", BELOW, cwd=broken.path)

    assert ended.code == 2
    assert "--failing" in ended.err


def test_ctrl_c_ends_the_search_and_not_the_command(pullwright: Command, tmp_path: Path) -> None:
    repo = repository(tmp_path / "project", base=BASE, head=_hopeless())
    with pullwright.start("fix", "--time-limit", "600", cwd=repo.path) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "candidates tried" in line:
                break
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=TIMEOUT_S)

    assert process.returncode == 1
    assert "fix F1 revert" in " ".join(out.split())


def _hopeless() -> dict[str, bytes]:
    """Return a head that no small edit mends and that offers very many of them."""
    lines = b"".join(b"    rows = [row + %d for row in rows]\n" % n for n in range(1, 60))
    return {"shop.py": b"def first(rows, n):\n" + lines + b"    return rows\n"}
