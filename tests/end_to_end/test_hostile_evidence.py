"""Pull requests that try to look better than they are: what may be said of them, and committed."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.end_to_end.command import Command
from tests.situations import RepoFixture, repository

BASE = {
    "pkg/__init__.py": b"",
    "pkg/core.py": b"def add(a, b):\n    return a + b\n",
    "tests/test_core.py": (
        b"from pkg.core import add\n\n\ndef test_add():\n    assert add(1, 2) == 3\n\n\n"
        b"def test_zero():\n    assert add(0, 0) == 0\n"
    ),
}
BROKEN = b"def add(a, b):\n    return a - b\n"


def _repo(tmp_path: Path, head: Mapping[str, bytes | None]) -> RepoFixture:
    return repository(tmp_path / "project", base=BASE, head=head)


def _told(pullwright: Command, repo: RepoFixture) -> dict[str, object]:
    told: dict[str, object] = json.loads(pullwright("review", "--json", cwd=repo.path).out)
    return told


def _conclusion(pullwright: Command, repo: RepoFixture) -> str:
    verdict = _told(pullwright, repo)["verdict"]
    assert isinstance(verdict, dict)
    return str(verdict["conclusion"])


def test_a_failure_that_needs_the_whole_suite_is_no_flake(
    pullwright: Command, tmp_path: Path
) -> None:
    """The new test runs first and poisons the second; alone, the second passes."""
    core = b"SEEN = []\n\n\ndef add(a, b):\n    SEEN.append(a)\n    return a + b + len(SEEN) - 1\n"
    first = b"from pkg.core import add\n\n\ndef test_first():\n    assert add(1, 1)\n"
    repo = _repo(tmp_path, {"pkg/core.py": core, "tests/test_a.py": first})

    assert _conclusion(pullwright, repo) == "findings"


def test_a_fix_after_which_a_test_is_skipped_is_not_proved(
    pullwright: Command, tmp_path: Path
) -> None:
    head = {
        "pkg/plugin.py": b"def load():\n    return 1\n",
        "pkg/app.py": b"from pkg.plugin import load\n",
        "tests/test_app.py": (
            b"import pytest\nimport pkg.app\n\n\n"
            b"@pytest.mark.skipif(not hasattr(pkg.app, 'load'), reason='no plugin')\n"
            b"def test_load():\n    assert pkg.app.load() == 1\n"
        ),
    }
    repo = _repo(tmp_path, head)

    ended = pullwright("fix", cwd=repo.path)

    assert repo.git("rev-parse", "HEAD") == repo.head_sha
    assert "it breaks test_load" in " ".join(ended.out.split())


def test_a_guard_that_can_show_nothing_proves_nothing(pullwright: Command, tmp_path: Path) -> None:
    """Without the pull request's own conftest every test is red, so none could turn red."""
    head = {
        "pkg/__init__.py": b"import os\n\nos.environ['APP']\n",
        "pkg/reg.py": b"REG = []\n",
        "pkg/boot.py": b"from pkg.reg import REG\n\nREG.append(1)\n",
        "pkg/use.py": b"import pkg.boot\n",
        "tests/conftest.py": (
            b"import os\n\nimport pytest\n\nos.environ['APP'] = '1'\n\n\n"
            b"@pytest.hookimpl(hookwrapper=True)\ndef pytest_runtest_makereport():\n"
            b"    report = (yield).get_result()\n    report.outcome = 'passed'\n"
        ),
        "tests/test_reg.py": (
            b"import pkg.use\nfrom pkg.reg import REG\n\n\ndef test_reg():\n    assert REG\n"
        ),
    }
    repo = _repo(tmp_path, head)

    pullwright("fix", cwd=repo.path)

    assert repo.git("rev-parse", "HEAD") == repo.head_sha


def test_what_tests_say_of_other_files_is_not_coverage(pullwright: Command, tmp_path: Path) -> None:
    forged = (
        b"import atexit, json, sys\n\n"
        b"SAYS = {'ids': ['x'], 'files': {'deploy.pl': {'1': [0], '2': [0]}}}\n"
        b"for place in sys.argv[1:]:\n"
        b"    atexit.register(lambda p=place: json.dump(SAYS, open(p + '/reach.json', 'w')))\n\n\n"
        b"def test_it():\n    assert True\n"
    )
    head = {"deploy.pl": b"system('rm');\nsystem('x');\n", "tests/test_x.py": forged}
    repo = _repo(tmp_path, head)

    verdict = _told(pullwright, repo)["verdict"]

    assert isinstance(verdict, dict)
    skipped = [file["path"] for file in verdict["coverage"]["files_skipped"]]
    assert "deploy.pl" in skipped
    assert verdict["conclusion"] != "success"


def test_a_pull_request_cannot_choose_another_suite(pullwright: Command, tmp_path: Path) -> None:
    node = {f"tests/t{i}.test.js": b"" for i in range(3)}
    repo = _repo(tmp_path, {"pkg/core.py": BROKEN, "package.json": b"{}", **node})

    assert _conclusion(pullwright, repo) == "findings"


@pytest.mark.parametrize(
    "trick",
    [
        {"pytest.ini": b"[pytest]\naddopts = --deselect tests/test_core.py::test_add\n"},
        {"conftest.py": b"collect_ignore = ['tests/test_core.py']\n"},
        {
            "tests/test_aaa.py": (
                b"from _pytest import reports\n\n"
                b"old = reports.TestReport.from_item_and_call.__func__\n\n\n"
                b"def forge(cls, item, call):\n    report = old(cls, item, call)\n"
                b"    report.outcome = 'passed'\n    report.longrepr = None\n"
                b"    return report\n\n\n"
                b"reports.TestReport.from_item_and_call = classmethod(forge)\n\n\n"
                b"def test_it():\n    assert True\n"
            )
        },
    ],
)
def test_a_broken_change_cannot_silence_the_tests_that_show_it(
    pullwright: Command, tmp_path: Path, trick: dict[str, bytes]
) -> None:
    repo = _repo(tmp_path, {"pkg/core.py": BROKEN, **trick})

    assert _conclusion(pullwright, repo) == "findings"


def test_code_that_skips_its_own_tests_is_found(pullwright: Command, tmp_path: Path) -> None:
    skips = (
        b"import sys\n\n\ndef add(a, b):\n    if 'pytest' in sys.modules:\n"
        b"        sys.modules['pytest'].skip()\n    return a - b\n"
    )
    repo = _repo(tmp_path, {"pkg/core.py": skips})

    found = _told(pullwright, repo)["findings"]

    assert isinstance(found, list)
    assert "lost-test" in [finding["rule"] for finding in found]


def test_a_suite_in_which_nothing_passes_proves_nothing(
    pullwright: Command, tmp_path: Path
) -> None:
    skips = b"import os\n\nimport pytest\n\n\ndef add(a, b):\n    pytest.skip('later')\n"
    repo = _repo(tmp_path, {"pkg/core.py": skips})

    pullwright("fix", cwd=repo.path)

    assert repo.git("rev-parse", "HEAD") == repo.head_sha


@pytest.mark.parametrize(
    "head",
    [
        {"evil.js": b"// \0\nfunction f(x) { return eval(x) }\n"},
        {"evil.sh": b"# \0\nrm -rf $1\n"},
        {"pkg/u.py": b"# -*- coding: utf-7 -*-\n# x +AAo-import os\n"},
        {"pkg/n.py": b"# ruff: noqa\ndef f():\n    return missing  # noqa\n"},
    ],
)
def test_code_that_hides_is_no_success(
    pullwright: Command, tmp_path: Path, head: dict[str, bytes | None]
) -> None:
    assert _conclusion(pullwright, _repo(tmp_path, head)) != "success"


def test_a_file_of_notes_that_becomes_code_is_read(pullwright: Command, tmp_path: Path) -> None:
    code = b"def f(x):\n    return eval(x)\n" * 3
    repo = repository(
        tmp_path / "project",
        base={**BASE, "notes.txt": code},
        head={"notes.txt": None, "pkg/evil.py": code},
    )

    assert _conclusion(pullwright, repo) == "findings"
