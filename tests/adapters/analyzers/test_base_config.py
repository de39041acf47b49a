"""With `use_repo_config` the base branch's own ignore lists count; the head's never do."""

import re

import pytest

from bot.adapters.analyzers.base_config import CONFIG_PATHS, read_mutes
from bot.adapters.analyzers.catalog import analyzers
from bot.errors import Refused
from tests.adapters.analyzers.tools import look
from tests.adapters.analyzers.workflows import INJECTION

_FLOW = ".github/workflows/a.yml"


def _rules(base: dict[str, bytes], files: dict[str, bytes]) -> list[str]:
    every = analyzers(base_files=base)
    theirs = ((a, {p: d for p, d in files.items() if a.understands(p)}) for a in every)
    return sorted(f.rule for a, mine in theirs for f in look(a, mine).findings)


@pytest.mark.parametrize(
    ("path", "config"),
    [
        ("ruff.toml", b'[lint]\nignore = ["F4"]\n'),
        (".ruff.toml", b'extend-ignore = ["F401"]\n'),
        ("ruff.toml", b'[lint]\nignore = ["ALL"]\n'),
        ("ruff.toml", b'exclude = ["src"]\n'),
        ("ruff.toml", b'extend-exclude = ["src/*.py"]\n'),
        ("pyproject.toml", b'[tool.ruff.lint.per-file-ignores]\n"src/**" = ["F401"]\n'),
        ("pyproject.toml", b'[tool.ruff.lint.per-file-ignores]\n"a.py" = ["F"]\n'),
        ("pyproject.toml", b'[tool.ruff.lint]\nexclude = ["a.*"]\n'),
    ],
)
def test_what_ruff_was_told_to_ignore_at_the_base_is_ignored(path: str, config: bytes) -> None:
    files = {"src/a.py": b"import os\n"}

    assert _rules({}, files) == ["F401"]
    assert _rules({path: config}, files) == []


@pytest.mark.parametrize(
    "config",
    [
        b"",
        b'[lint]\nignore = ["E5"]\n',
        b'[lint]\nselect = ["E"]\n',
        b'exclude = ["docs", "rc"]\n',
        b'[lint.per-file-ignores]\n"tests/**" = ["F401"]\n',
        b'extend = "/etc/passwd"\n',
    ],
)
def test_other_options_of_ruff_change_nothing(config: bytes) -> None:
    assert _rules({"ruff.toml": config}, {"src/a.py": b"import os\n"}) == ["F401"]


def test_words_that_are_right_at_the_base_are_no_typos() -> None:
    files = {"a.py": b"# recieve it\n# seperate it\n"}
    config = b'[default.extend-words]\nrecieve = "recieve"\nteh = "the"\n'

    assert len(_rules({"typos.toml": config}, files)) == 1
    assert _rules({"_typos.toml": b'[files]\nextend-exclude = ["*.py"]\n'}, files) == []


def test_codes_that_shellcheck_was_told_to_ignore_are_ignored() -> None:
    files = {"a.sh": b"#!/bin/sh\ncd $1 || exit\n"}

    assert _rules({".shellcheckrc": b"# why\ndisable=SC1091,SC2086 # x\n"}, files) == []
    assert _rules({".shellcheckrc": b"# disable=SC2086\n"}, files) == ["SC2086"]


@pytest.mark.parametrize("options", ["{disable: true}", "{ignore: ['a.yml:7']}"])
def test_audits_that_zizmor_was_told_to_ignore_are_ignored(options: str) -> None:
    config = f"rules:\n  template-injection: {options}\n".encode()

    assert _rules({"zizmor.yml": config}, {_FLOW: INJECTION}) == []


@pytest.mark.parametrize("path", [path for path in CONFIG_PATHS if path != ".shellcheckrc"])
@pytest.mark.parametrize("config", [b"\xff", b"a: [", b"[[[", b"rules: [1]\n[x"])
def test_a_malformed_file_of_the_base_is_named(path: str, config: bytes) -> None:
    with pytest.raises(Refused, match=re.escape(f"{path} of the base branch cannot be read: ")):
        read_mutes({path: config})


def test_a_large_file_of_the_base_is_refused() -> None:
    with pytest.raises(Refused, match=r"ruff\.toml of the base branch has 300000 bytes"):
        read_mutes({"ruff.toml": b"#" * 300_000})


def test_a_python_object_in_yaml_is_refused_and_not_built() -> None:
    with pytest.raises(Refused):
        read_mutes({"zizmor.yml": b"rules: !!python/object/apply:os.system ['true']\n"})
