"""Small repositories in which every command of the pages can be typed as it stands there.

Their names are those of the pages: a branch `origin/release`, a configuration `FILE`, a stored run
`RUN`, a log `other.sarif`, a `FOLDER` of problems, and in the red one a test that is broken,
`tests/test_a.py::test_b`.
"""

import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.adapters.sql_ledger import open_ledger
from tests.end_to_end.command import command, sarif_log
from tests.situations import RepoFixture, Tree, repository
from tests.test_bench import ROWS

_IMPORTS = b"import json\nimport os\nimport re\n\n\n"
_LINE = b"def line(name, price):\n    return f'{name} {price}'\n"
_CART = (
    b"def total(prices, percent):\n"
    b"    if percent >= 10:\n"
    b"        return sum(prices) * (100 - percent) // 100\n"
    b"    return sum(prices)\n"
)
_SUITE = (
    b"from cart import total\n\n\n"
    b"def test_b():\n    assert total([50, 50], 10) == 90\n\n\n"
    b"def test_c():\n    assert total([50, 50], 20) == 80\n\n\n"
    b"def test_d():\n    assert total([50, 50], 0) == 100\n\n\n"
    b"def test_e():\n    assert total([50, 50], 9) == 100\n"
)
# A start of pytest takes a second on a busy machine, and a review has several.
_QUICK_SUITE = (
    b'echo \'<testsuite><testcase classname="tests.suite" name="test_line"/></testsuite>\' > $1\n'
)
_QUICK_COMMAND = b"tests:\n  command: sh tests/suite.sh {out}/junit.xml\n"
_ONE_ANALYZER = b"analyzers:\n  enable: [ruff]\n"

CALM: Mapping[str, Tree] = {
    "base": {
        "receipt.py": _LINE,
        "tests/suite.sh": _QUICK_SUITE,
        "staged.py": b"",
        "unstaged.py": b"",
        ".github/pullwright.yml": _QUICK_COMMAND + _ONE_ANALYZER,
    },
    "head": {"receipt.py": _IMPORTS + _LINE},
}
RED: Mapping[str, Tree] = {
    "base": {
        "cart.py": _CART,
        "conftest.py": b"",
        "tests/test_a.py": _SUITE,
        ".github/pullwright.yml": _ONE_ANALYZER,
    },
    "head": {"cart.py": _CART.replace(b"percent >= 10", b"percent > 10")},
}


@dataclass(frozen=True, slots=True)
class Ground:
    """Where lines are typed: both repositories, and what a shell of ours knows."""

    calm: Path
    red: Path
    environment: Mapping[str, str]

    def copy(self, folder: Path, *, is_red: bool) -> Path:
        """Return a fresh copy of one of them."""
        place = folder / "shop"
        shutil.copytree(self.red if is_red else self.calm, place, symlinks=True)
        return place


def build_ground(folder: Path, programs: Path) -> Ground:
    """Build both, with a stored run in the calm one, and an App's database with nothing in it."""
    pullwright = command(folder / "home")
    calm = _repository(folder / "calm", CALM)
    ended = pullwright("review", "--base", "main", cwd=calm.path)
    assert ended.code == 0, ended.out + ended.err
    open_ledger(f"sqlite:///{pullwright.state}/pullwright/pullwright.db").close()
    (run,) = (pullwright.state / "pullwright" / "runs").glob("*")
    shutil.copy(run, calm.path / "RUN")
    calm.write({"staged.py": _IMPORTS})
    calm.git("add", "staged.py")
    calm.write({"unstaged.py": _IMPORTS})
    red = _repository(folder / "red", RED)
    # Its own programs last: `python3` is the plain one that the tests of a small project use.
    path = f"{pullwright.environment['PATH']}:{programs}"
    return Ground(calm.path, red.path, {**pullwright.environment, "PATH": path})


def _repository(folder: Path, trees: Mapping[str, Tree]) -> RepoFixture:
    shop = repository(folder, base=trees["base"], head=trees["head"], name="shop")
    shop.git("config", "user.name", "Ada")
    shop.git("config", "user.email", "ada@example.org")
    shop.git("update-ref", "refs/remotes/origin/release", shop.base_sha)
    exclude = shop.path / ".git" / "info" / "exclude"
    exclude.parent.mkdir(exist_ok=True)
    exclude.write_text("FILE\nFOLDER\nRUN\nother.sarif\n")
    (shop.path / "FILE").write_text(json.dumps({"severity_threshold": "medium"}))
    sarif_log(shop.path)
    problems = shop.path / "FOLDER/humanevalfix/humanevalpack.python.jsonl"
    problems.parent.mkdir(parents=True)
    problems.write_text(json.dumps(ROWS[0]))
    return shop


def typed(
    line: str, shop: Path, environment: Mapping[str, str]
) -> "subprocess.CompletedProcess[str]":
    """Type a line into a shell in the repository."""
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", line],
        cwd=shop,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=250,
    )
