"""Bad input: a clear sentence, the right exit code, nothing lost, nothing left behind."""

import json
import os
import socket
import time
from pathlib import Path

import pytest

from tests.end_to_end.command import Command, Ended, stop
from tests.end_to_end.conftest import BASE
from tests.situations import (
    RepoFixture,
    repository,
    repository_of_a_million_files,
    run_git,
    shallow_clone,
)


def _sentence(ended: Ended) -> str:
    """Return the one line on standard error; a traceback would be many."""
    (line,) = ended.err.splitlines()
    assert line.startswith("pullwright: ")
    assert ended.out == ""
    return line


def _processes_with(mark: str) -> list[str]:
    """Name the live processes with the mark in their command line."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and entry.name != str(os.getpid()):
            try:
                line = (entry / "cmdline").read_bytes().decode("utf-8", "replace")
            except OSError:
                continue
            if mark in line:
                found.append(line)
    return found


def test_a_folder_without_a_repository(pullwright: Command, tmp_path: Path) -> None:
    ended = pullwright("review", "-q", cwd=tmp_path)

    assert ended.code == 2
    assert "not a git repository" in _sentence(ended).lower()


def test_a_folder_that_is_not_there(pullwright: Command, tmp_path: Path) -> None:
    ended = pullwright("review", "-q", "--repo", str(tmp_path / "nowhere"))

    assert ended.code == 2
    assert "nowhere" in _sentence(ended)


def test_an_unknown_ref_names_the_nearest(pullwright: Command, lint_bug: RepoFixture) -> None:
    ended = pullwright("review", "-q", "--base", "mian", cwd=lint_bug.path)

    assert ended.code == 2
    assert "mian" in _sentence(ended)
    assert "main" in _sentence(ended)


def test_a_ref_that_looks_like_an_option_is_a_ref(
    pullwright: Command, lint_bug: RepoFixture, tmp_path: Path
) -> None:
    mark = tmp_path / "mark"

    ended = pullwright("review", "-q", f"--base=--upload-pack=touch {mark}", cwd=lint_bug.path)

    assert ended.code == 2
    assert not mark.exists()


def test_base_and_head_are_the_same_commit(pullwright: Command, lint_bug: RepoFixture) -> None:
    ended = pullwright("review", "-q", "--base", "HEAD", cwd=lint_bug.path)

    assert ended.code == 2
    assert "nothing to review" in _sentence(ended)


def test_a_shallow_clone_without_a_merge_base(
    pullwright: Command, lint_bug: RepoFixture, tmp_path: Path
) -> None:
    clone = shallow_clone(lint_bug, tmp_path / "shallow")

    ended = pullwright(
        "review", "-q", "--base", "origin/main", "--head", "origin/feature", cwd=clone
    )

    assert ended.code == 2
    assert "--unshallow" in _sentence(ended)


def test_a_repository_without_a_commit(pullwright: Command, tmp_path: Path) -> None:
    run_git(tmp_path, "init", "-q", "empty")

    assert pullwright("review", "-q", cwd=tmp_path / "empty").code == 2


def test_uncommitted_work_survives_a_fix(pullwright: Command, lint_bug: RepoFixture) -> None:
    lint_bug.write({"notes.txt": b"mine\n", "test_app.py": BASE["test_app.py"] + b"# mine\n"})

    ended = pullwright("fix", "-q", cwd=lint_bug.path)

    assert ended.code == 0
    assert (lint_bug.path / "notes.txt").read_bytes() == b"mine\n"
    assert (lint_bug.path / "test_app.py").read_bytes().endswith(b"# mine\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"a: &a [x, x]\nb: [*a, *a]\n", "line 1"),
        (b"!!python/object/apply:os.system ['true']\n", "line 1"),
        (b"fial_on: high\n", "fail_on"),
        (b"max_comments: 99\n", "20"),
        (b"x" * 70_000, "65536"),
        (b"[" * 5_000, "line"),
    ],
)
def test_a_configuration_that_is_a_trap(
    pullwright: Command, tmp_path: Path, text: bytes, said: str
) -> None:
    base = {**BASE, ".github/pullwright.yml": text}
    repo = repository(tmp_path / "project", base=base, head={"app.py": b"x = 1\n"})

    ended = pullwright("review", "-q", cwd=repo.path)

    assert ended.code == 2
    assert said in _sentence(ended)


HANGS = b"import time\n\n\ndef test_total():\n    time.sleep(999)\n"
FORKS = (
    b"import os, time\n\n\ndef test_total():\n    os.fork() or time.sleep(999)\n    os._exit(0)\n"
)
PRINTS = (
    b"import sys\n\n\ndef test_total(capfd):\n    with capfd.disabled():\n"
    b"        for _ in range(1000):\n            sys.stdout.write('x' * 1000000)\n"
)
FORGES = b"import os, pathlib, sys\n\n\ndef test_total():\n    os._exit(0)\n"


@pytest.mark.parametrize("tests", [HANGS, FORKS, PRINTS, FORGES])
def test_hostile_tests_prove_nothing_and_leave_nothing(
    pullwright: Command, tmp_path: Path, tests: bytes
) -> None:
    base = {**BASE, ".github/pullwright.yml": b"tests: {timeout_s: 3}\n"}
    repo = repository(
        tmp_path / "project", base=base, head={"app.py": b"import os\n", "test_app.py": tests}
    )

    ended = pullwright("review", "-q", "--json", "--fail-on", "partial", cwd=repo.path)

    verdict = json.loads(ended.out)["verdict"]
    assert ended.code == 1
    assert any("the tests at the head prove nothing" in limit for limit in verdict["limits"])
    assert _processes_with(str(tmp_path)) == []
    assert list((tmp_path / "home" / "tmp").iterdir()) == []


def test_a_killed_run_leaves_no_process_and_no_folder(pullwright: Command, tmp_path: Path) -> None:
    repo = repository(
        tmp_path / "project", base=BASE, head={"app.py": b"x = 1\n", "test_app.py": HANGS}
    )

    with pullwright.start("review", "-q", cwd=repo.path) as process:
        scratch = tmp_path / "home" / "tmp"
        deadline = time.monotonic() + 30
        while not _processes_with(str(scratch)) and time.monotonic() < deadline:
            time.sleep(0.1)
        code, said = stop(process)

    assert (code, said) == (130, "pullwright: stopped; nothing was changed\n")
    assert _processes_with(str(tmp_path)) == []
    assert list(scratch.iterdir()) == []


def test_no_docker_where_docker_was_asked_for(pullwright: Command, lint_bug: RepoFixture) -> None:
    ended = pullwright(
        "review",
        "-q",
        cwd=lint_bug.path,
        PULLWRIGHT_SANDBOX="docker",
        DOCKER_HOST="unix:///nonexistent/docker.sock",
    )

    assert ended.code == 4
    assert "start Docker" in _sentence(ended)


def test_no_docker_where_anything_will_do(pullwright: Command, lint_bug: RepoFixture) -> None:
    ended = pullwright(
        "review",
        "-q",
        cwd=lint_bug.path,
        PULLWRIGHT_SANDBOX="auto",
        DOCKER_HOST="unix:///nonexistent/docker.sock",
    )

    assert ended.code == 0
    assert "no container was used" in " ".join(ended.out.split())


def test_a_docker_that_hangs_costs_seconds_not_the_review(
    pullwright: Command, lint_bug: RepoFixture, tmp_path: Path
) -> None:
    path = tmp_path / "d.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        started = time.monotonic()
        ended = pullwright(
            "review", cwd=lint_bug.path, PULLWRIGHT_SANDBOX="auto", DOCKER_HOST=f"unix://{path}"
        )

    assert ended.code == 0
    assert time.monotonic() - started < 60


@pytest.mark.docker
@pytest.mark.usefixtures("docker_engine")
def test_an_image_that_is_missing(pullwright: Command, lint_bug: RepoFixture) -> None:
    ended = pullwright(
        "review",
        "-q",
        cwd=lint_bug.path,
        PULLWRIGHT_SANDBOX="docker",
        PULLWRIGHT_SANDBOX_IMAGE="pullwright-nowhere:1",
    )

    assert ended.code == 4
    assert "pullwright-nowhere:1" in _sentence(ended)


def test_without_any_sandbox_for_tests_the_verdict_says_so(
    pullwright: Command, lint_bug: RepoFixture
) -> None:
    ended = pullwright("review", "-q", "--json", cwd=lint_bug.path, PULLWRIGHT_SANDBOX="none")

    told = json.loads(ended.out)
    assert any("no code of the repository runs" in text for text in told["verdict"]["limits"])
    assert [finding["rule"] for finding in told["findings"]] == ["F401"]


def test_a_setting_that_is_no_choice(pullwright: Command, lint_bug: RepoFixture) -> None:
    ended = pullwright("review", "-q", cwd=lint_bug.path, PULLWRIGHT_SANDBOX="dokcer")

    assert ended.code == 2
    assert "auto, docker, process, none" in _sentence(ended)


def test_a_report_that_cannot_be_written(pullwright: Command, lint_bug: RepoFixture) -> None:
    ended = pullwright("review", "-q", "--html", "/proc/nowhere/r.html", cwd=lint_bug.path)

    assert ended.code == 2
    assert "cannot write /proc/nowhere/r.html" in ended.err


def test_a_repository_of_a_million_files_is_refused_quickly(
    pullwright: Command, tmp_path: Path
) -> None:
    path = repository_of_a_million_files(tmp_path)
    started = time.monotonic()

    ended = pullwright("review", "-q", cwd=path)

    assert ended.code == 3
    assert "files" in _sentence(ended)
    assert time.monotonic() - started < 30


@pytest.mark.parametrize(
    "words", [("nope",), ("review", "--nope"), ("review", "--base"), ("review", "--fail-on", "low")]
)
def test_what_is_mistyped_is_usage_and_no_bug(pullwright: Command, words: tuple[str, ...]) -> None:
    ended = pullwright(*words)

    assert ended.code == 2
    assert "bug" not in ended.err
    assert not (pullwright.state / "pullwright" / "bugs").exists()


def test_without_a_word_the_help_is_shown(pullwright: Command) -> None:
    ended = pullwright()

    assert "Usage" in ended.out + ended.err
