"""The folder of runs: whole files or none, for one pair of eyes, bounded and forgotten in time."""

import gzip
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.adapters import run_files
from bot.adapters.run_files import RunFiles
from bot.errors import Refused

RUN = "0123456789abcdef"
NOW = datetime(2026, 11, 26, tzinfo=UTC)


@pytest.fixture
def files(tmp_path: Path) -> RunFiles:
    return RunFiles(tmp_path / "state" / "runs")


def aged(path: Path, days: int) -> None:
    at = (NOW - timedelta(days=days)).timestamp()
    os.utime(path, (at, at))


def test_what_was_saved_comes_back(files: RunFiles) -> None:
    files.save(RUN, b"header\nbody")

    assert files.load(RUN) == b"header\nbody"
    assert list(files.first_lines()) == [(RUN, b"header")]
    assert (files.has(RUN), files.has("fedcba9876543210")) == (True, False)


def test_equal_runs_are_equal_files(files: RunFiles) -> None:
    first = files.save(RUN, b"same").read_bytes()

    assert files.save(RUN, b"same").read_bytes() == first


def test_no_umask_opens_a_run_to_others(files: RunFiles) -> None:
    old = os.umask(0)
    try:
        path = files.save(RUN, b"x")
    finally:
        os.umask(old)

    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_what_cannot_be_written_leaves_the_older_run_and_nothing_else(files: RunFiles) -> None:
    path = files.save(RUN, b"older")
    path.unlink()
    path.mkdir()
    (path / "in the way").touch()

    with pytest.raises(Refused, match="cannot write"):
        files.save(RUN, b"newer")

    assert [p.name for p in files.folder.iterdir()] == [path.name]


@pytest.mark.parametrize("name", ["../escape", "", "a/b", "x" * 16, ".new-0123456789"])
def test_an_id_is_no_path(files: RunFiles, name: str) -> None:
    with pytest.raises(Refused, match="is not the id of a run"):
        files.save(name, b"x")


def test_a_link_in_the_folder_is_not_followed(files: RunFiles, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_bytes(gzip.compress(b"somebody else's"))
    files.save("fedcba9876543210", b"x")
    (files.folder / f"{RUN}.json.gz").symlink_to(other)

    with pytest.raises(Refused, match="cannot read"):
        files.load(RUN)


def test_a_bomb_is_not_unpacked_to_its_end(
    files: RunFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_files, "MOST_BYTES", 1000)
    files.save(RUN, bytes(100_000))

    with pytest.raises(Refused, match="no run is that large"):
        files.load(RUN)


def test_a_pipe_keeps_nobody_waiting(files: RunFiles, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    assert files.load(f"{tmp_path}/pipe") == b""


def test_old_runs_and_what_a_killed_process_left_are_removed(files: RunFiles) -> None:
    aged(files.save(RUN, b"old"), days=31)
    aged(files.save("fedcba9876543210", b"young"), days=29)
    left = files.folder / ".new-0123456789abcdef-00000000"
    left.touch()
    aged(left, days=31)

    assert files.purge(before=NOW - timedelta(days=30)) == 1

    assert [run for run, _ in files.first_lines()] == ["fedcba9876543210"]
    assert not left.exists()


def test_a_folder_that_is_not_there_holds_nothing(files: RunFiles) -> None:
    assert list(files.first_lines()) == []
    assert files.purge(before=NOW) == 0


def test_a_damaged_run_is_still_listed(files: RunFiles) -> None:
    files.save(RUN, b"x").write_bytes(b"no gzip")

    assert list(files.first_lines()) == [(RUN, b"")]
