"""Ruff's fixes as our edits, and the silence about style."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from bot.adapters.analyzers.ruff import Ruff
from bot.adapters.analyzers.rule_table import table
from bot.domain.findings import Category, Finding, Severity
from tests.adapters.analyzers.tools import look


def _find(data: bytes, path: str = "a.py") -> dict[str, Finding]:
    return {f.rule: f for f in look(Ruff(), {path: data}).findings}


def _fixed(data: bytes, rule: str) -> bytes:
    fix = _find(data)[rule].fix
    assert fix is not None
    return fix.apply({"a.py": data})["a.py"]


def test_an_unused_import_is_removed_with_its_line() -> None:
    assert _fixed(b"import os\nx = 1\n", "F401") == b"x = 1\n"


def test_a_fix_keeps_crlf_endings_everywhere_else() -> None:
    data = b"import os\r\nimport sys\r\nprint(sys.path)\r\n"

    assert _fixed(data, "F401") == b"import sys\r\nprint(sys.path)\r\n"


def test_a_fix_after_wide_characters_hits_the_right_bytes() -> None:
    data = 'é = "😀"; x = é is "a"\nprint(x)'.encode()

    assert _fixed(data, "F632") == 'é = "😀"; x = é == "a"\nprint(x)'.encode()


def test_a_fix_in_a_file_with_a_byte_order_mark_and_lone_carriage_returns() -> None:
    data = b"\xef\xbb\xbfimport sys\rimport os\rprint(sys.path)\r"

    assert _fixed(data, "F401") == b"\xef\xbb\xbfimport sys\rprint(sys.path)\r"


def test_a_fix_on_the_last_line_without_an_ending() -> None:
    assert _fixed(b"def f():\n    raise NotImplemented", "F901").endswith(b"NotImplementedError")


def test_a_fix_of_several_edits_is_one_patch() -> None:
    data = b"def f(a=[]):\n    a.append(1)\n    return a\n"

    after = _fixed(data, "B006")

    assert after == (
        b"def f(a=None):\n    if a is None:\n        a = []\n    a.append(1)\n    return a\n"
    )


def test_a_fix_that_adds_an_import_is_applied_whole() -> None:
    data = b"def f(x):\n    if hasattr(x, '__call__'):\n        return callable\n"

    ast.parse(_fixed(data, "B004"))


def test_only_what_ruff_calls_safe_is_safe() -> None:
    found = _find(b"import os\ndef f(a=[]):\n    return a\n")

    assert found["F401"].is_fix_safe
    assert found["B006"].fix is not None
    assert not found["B006"].is_fix_safe


def test_a_file_that_does_not_parse_is_a_critical_bug() -> None:
    (found,) = look(Ruff(), {"a.py": b"def f(:\n    pass\n"}).findings[:1]

    assert (found.rule, found.severity) == ("invalid-syntax", Severity.CRITICAL)


@pytest.mark.parametrize(
    "data",
    [
        b"type Alias[T] = list[T]\n",
        b"def f[T: int](x: T) -> T:\n    return x\n",
        b"match x.y:\n    case 1:\n        pass\n",
        b"x = f'{x!r:>{10}} {'nested'}'\n",
        b"try:\n    f()\nexcept* ValueError:\n    pass\n",
        b"async def f(a):\n    return [x async for x in a]\n",
        b"try:\n    f()\nexcept ValueError, TypeError:\n    pass\n",
        b"x = t'{y}'\n",
    ],
)
def test_syntax_of_a_newer_python_is_no_error(data: bytes) -> None:
    assert "invalid-syntax" not in _find(data)


@pytest.mark.parametrize(
    "data",
    [
        b"import sys\nif len( sys.argv )==1 : print( 'a' )\n",
        b"def f(x) :\n  '''no style'''\n  if x == None: return True\n  else: return False\n",
        b"class a: pass\nl = lambda x: x\nassert True\n",
        b"import subprocess\nsubprocess.run(['ls'], check=True)\n",
        b"import subprocess\nsubprocess.run('ls', shell=True)\n",
        b"try:\n    f = open('a')\nexcept OSError:\n    pass\n",
    ],
)
def test_style_is_left_alone(data: bytes) -> None:
    assert _find(data).keys() <= {"F821"}


def test_an_import_in_a_package_file_is_an_export() -> None:
    assert look(Ruff(), {"pkg/__init__.py": b"from pkg.a import b\n"}).findings == ()


def test_tests_may_do_what_is_unsafe_elsewhere() -> None:
    data = b"import yaml\n\n\ndef f(text):\n    return yaml.load(text, Loader=yaml.Loader)\n"

    assert "S506" in _find(data, "src/a.py")
    assert _find(data, "tests/test_a.py") == {}


def test_a_value_in_a_shell_command_is_found() -> None:
    found = _find(b"import subprocess\n\n\ndef f(x):\n    subprocess.run(f'ls {x}', shell=True)\n")

    assert (found["S602"].severity, found["S602"].category) == (Severity.HIGH, Category.SECURITY)


def test_every_rule_of_the_table_is_known_to_ruff_and_not_a_preview() -> None:
    ruff = Path(sys.executable).parent / "ruff"
    listing = subprocess.run(
        [ruff, "rule", "--all", "--output-format=json"], capture_output=True, check=True
    )
    known = {row["code"] for row in json.loads(listing.stdout) if not row["preview"]}

    assert set(table("ruff", "Python")) - {"invalid-syntax"} - known == set()


def test_a_file_named_as_the_probe_does_not_confuse_the_paths() -> None:
    files = {"a.py": b"import os\n", "tree/a.py": b"import os\n", "b/a.py": b"x = 1\n"}

    found = look(Ruff(), files).findings

    assert sorted(f.location.path for f in found) == ["a.py", "tree/a.py"]
