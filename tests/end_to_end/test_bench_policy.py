"""`pullwright bench policy`, as it is typed."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.errors import Refused


def test_a_small_run_prints_the_tables_and_writes_the_plot(tmp_path: Path) -> None:
    out = tmp_path / "regret.html"

    told = CliRunner().invoke(
        app, ["bench", "policy", "--episodes", "500", "--seeds", "1", "--out", str(out)]
    )

    assert told.exit_code == 0, told.output
    assert "500 episodes, seeds 100 to 100" in told.stdout
    assert re.search(r"softmax-UCB \(serves\) +\d", told.stdout)
    assert re.search(r"softmax PG by repository +\d", told.stdout)
    assert re.search(r"\d+ of 16 goals met", told.stdout)
    page = out.read_text()
    assert page.count("<polyline") == 8
    assert "<script" not in page


def test_a_plot_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"\.html"):
        CliRunner().invoke(
            app,
            ["bench", "policy", "--seeds", "1", "--out", str(tmp_path / "regret.png")],
            catch_exceptions=False,
        )


def _python(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )


def test_the_command_line_starts_without_arrays() -> None:
    ended = _python("import sys, bot.cli, bot.wiring; print('numpy' in sys.modules)")

    assert ended.stdout == "False\n", ended.stderr


def test_without_numpy_it_says_what_to_install() -> None:
    ended = _python(
        "import sys; sys.modules['numpy'] = None; sys.argv = ['pullwright', 'bench', 'policy']\n"
        "from bot.cli import main; main()"
    )

    assert ended.returncode != 0
    assert "numpy is missing: pip install 'pullwright[learn]'" in ended.stderr
