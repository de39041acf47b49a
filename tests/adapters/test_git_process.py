"""How git is started: its environment, its limits, and what is told of its errors."""

import os
import time
from pathlib import Path

import pytest

from bot.adapters.git_process import Git, GitFailed, redacted, write_config
from bot.errors import Refused, TooLarge
from tests.situations import repository


@pytest.fixture
def git(tmp_path: Path) -> Git:
    repo = repository(tmp_path, base={"a": b"1\n"}, head={"a": b"2\n"})
    return Git(write_config(tmp_path), repo.path, timeout_s=20)


def scripted(git: Git, tmp_path: Path, script: str, *, timeout_s: float = 20) -> Git:
    """Make `git x` run a script, by an alias in a config file of our own."""
    program = tmp_path / "script"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    config = tmp_path / "config"
    config.write_text(f"{git.config.read_text()}[alias]\n\tx = !{program}\n")
    return Git(config, git.folder, timeout_s=timeout_s)


def test_git_knows_nothing_of_the_machine(git: Git, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CEREBRAS_API_KEY", "secret")
    monkeypatch.setenv("GIT_SSH_COMMAND", "evil")

    environment = git.environment

    assert environment["HOME"] == "/nonexistent"
    assert environment["GIT_CONFIG_NOSYSTEM"] == environment["GIT_LFS_SKIP_SMUDGE"] == "1"
    assert environment["GIT_TERMINAL_PROMPT"] == "0"
    assert not {"CEREBRAS_API_KEY", "GIT_SSH_COMMAND"} & environment.keys()


@pytest.mark.parametrize(
    "url", ["ext::true", "file:///srv/x", "ssh://h/x", "git://h/x", "https://h"]
)
def test_no_transport_is_open_unless_named(url: str, git: Git) -> None:
    with pytest.raises(GitFailed, match="not allowed"):
        git.run("ls-remote", url)


def test_a_config_of_the_repository_opens_no_transport(git: Git) -> None:
    git.run("config", "protocol.ext.allow", "always")

    with pytest.raises(GitFailed, match="transport 'ext' not allowed"):
        git.run("ls-remote", "ext::true")


def test_a_command_over_its_time_is_killed_with_its_children(git: Git, tmp_path: Path) -> None:
    slow = scripted(git, tmp_path, f"sleep 60 & echo $! > '{tmp_path}/pid'; wait", timeout_s=0.3)
    before = time.monotonic()

    with pytest.raises(TooLarge, match=r"git x took over 0\.3 s"):
        slow.run("x")

    assert time.monotonic() - before < 5
    assert_gone(int((tmp_path / "pid").read_text()))


def test_a_command_that_prints_too_much_is_killed(git: Git, tmp_path: Path) -> None:
    loud = scripted(git, tmp_path, f"echo $$ > '{tmp_path}/pid'; exec yes")

    with pytest.raises(TooLarge, match="git x printed over 1000000 bytes"):
        loud.run("x", output_limit_bytes=1_000_000)

    assert_gone(int((tmp_path / "pid").read_text()))


def test_a_reader_that_stops_early_leaves_no_process(git: Git, tmp_path: Path) -> None:
    loud = scripted(git, tmp_path, f"echo $$ > '{tmp_path}/pid'; exec yes")

    stream = loud.stream("x")
    next(stream)
    stream.close()

    assert_gone(int((tmp_path / "pid").read_text()))


def test_a_flood_on_standard_error_is_cut(git: Git, tmp_path: Path) -> None:
    flood = scripted(git, tmp_path, "yes 'fatal: no' | head -c 5000000 >&2; exit 3")

    with pytest.raises(GitFailed, match=r"^git x failed: no$"):
        flood.run("x")


def test_an_error_is_one_line_without_control_characters_or_credentials(
    git: Git, tmp_path: Path
) -> None:
    message = r"remote: hello\nfatal: cannot read \033[31mhttps://ada:s3cret@h/x\nhint: more"
    failing = scripted(git, tmp_path, f"printf '{message}\\n' >&2; exit 128")

    with pytest.raises(GitFailed) as caught:
        failing.run("x")

    assert str(caught.value) == r"git x failed: cannot read \x1b[31mhttps://***@h/x"


def test_a_folder_that_is_a_file_is_refused(git: Git) -> None:
    with pytest.raises(Refused, match="cannot be opened"):
        git.at(git.folder / "a").run("status")


def test_the_generated_config_is_written_once_and_kept(tmp_path: Path) -> None:
    first = write_config(tmp_path)
    stamp = first.stat().st_mtime_ns

    assert write_config(tmp_path).stat().st_mtime_ns == stamp
    assert [path.name for path in tmp_path.iterdir()] == ["gitconfig"]


def test_credentials_are_taken_out_of_urls_only() -> None:
    assert redacted("see https://a:b@h/p and me@example.org") == (
        "see https://***@h/p and me@example.org"
    )


def assert_gone(pid: int) -> None:
    for _ in range(100):
        if not _is_alive(pid):
            return
        time.sleep(0.02)
    raise AssertionError(f"process {pid} is still alive")


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # In a container without an init, nobody collects what was killed.
    status = Path(f"/proc/{pid}/status")
    return not (status.exists() and "zombie" in status.read_text())
