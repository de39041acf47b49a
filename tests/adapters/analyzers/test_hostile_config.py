"""The repository's own configuration of the tools has no say (rule R12, attacks D01 and D02)."""

from collections.abc import Mapping

import pytest

from bot.adapters.analyzers.ast_grep import AstGrep
from bot.adapters.analyzers.ruff import Ruff
from bot.adapters.analyzers.shellcheck import ShellCheck
from bot.adapters.analyzers.typos import Typos
from bot.adapters.analyzers.zizmor import Zizmor
from bot.adapters.process_sandbox import ProcessSandboxes
from bot.adapters.tree_sitter_syntax import TreeSitterSyntax
from bot.agent.linting import Linter
from bot.domain.ports import Analyzer
from tests.adapters.analyzers.tools import look
from tests.adapters.analyzers.workflows import INJECTION

_IGNORE_ALL: Mapping[str, bytes] = {
    ".gitignore": b"*\n",
    ".ignore": b"*\n",
    ".git/info/exclude": b"*\n",
}
_RUFF: Mapping[str, bytes] = {
    "ruff.toml": b'exclude = ["*"]\n[lint]\nselect = []\nignore = ["ALL"]\n',
    ".ruff.toml": b'extend = "/etc/passwd"\n',
    "pyproject.toml": b'[tool.ruff]\nexclude = ["*"]\n[tool.ruff.lint]\nignore = ["ALL"]\n',
    "src/ruff.toml": b"this is not toml [",
}
_AST_GREP: Mapping[str, bytes] = {
    "sgconfig.yml": b"""ruleDirs: [none]
languageGlobs: {python: ["*.js"]}
customLanguages: {evil: {libraryPath: evil.so, extensions: [js], expandoChar: _}}
""",
    "sgconfig.yaml": b"[",
    "evil.so": b"\x7fELF",
}
_TYPOS: Mapping[str, bytes] = {
    "typos.toml": b'[files]\nextend-exclude = ["*"]\n',
    "_typos.toml": b'[default]\nextend-ignore-re = [".*"]\n',
    ".typos.toml": b'[default.extend-words]\nrecieve = "recieve"\n',
    "pyproject.toml": b'[tool.typos.files]\nextend-exclude = ["*"]\n',
    "Cargo.toml": b'[package.metadata.typos.files]\nextend-exclude = ["*"]\n',
}
_SHELLCHECK: Mapping[str, bytes] = {
    ".shellcheckrc": b"disable=all\n",
    "shellcheckrc": b"disable=all\n",
    "src/.shellcheckrc": b"disable=all\n",
}
_ZIZMOR: Mapping[str, bytes] = dict.fromkeys(
    ("zizmor.yml", "zizmor.yaml", ".github/zizmor.yml", ".github/zizmor.yaml"),
    b"rules:\n  template-injection:\n    disable: true\n    ignore: [a.yml]\n",
)

ATTACKS: list[tuple[Analyzer, Mapping[str, bytes], str, bytes]] = [
    (Ruff(), _RUFF, "src/a.py", b"import os\n"),
    (AstGrep(), _AST_GREP, "src/a.js", b"go(x === NaN);\n"),
    (Typos(), _TYPOS, "src/a.py", b"x = 1  # recieve it\n"),
    (ShellCheck(), _SHELLCHECK, "src/a.sh", b"#!/bin/sh\ncd $1 || exit\n"),
    (Zizmor(), _ZIZMOR, ".github/workflows/a.yml", INJECTION),
]


@pytest.mark.parametrize(
    ("analyzer", "config", "path", "bad"), ATTACKS, ids=[a[0].name for a in ATTACKS]
)
def test_a_configuration_that_silences_the_tool_changes_nothing(
    analyzer: Analyzer, config: Mapping[str, bytes], path: str, bad: bytes
) -> None:
    usual = look(analyzer, {path: bad})

    attacked = look(analyzer, {path: bad}, beside={**_IGNORE_ALL, **config})

    assert len(usual.findings) == 1
    assert attacked == usual


@pytest.mark.parametrize("name", [".shellcheckrc", "ruff.toml", "sgconfig.yml", "typos.toml"])
def test_a_configuration_that_is_broken_changes_nothing(name: str) -> None:
    for analyzer, _, path, bad in ATTACKS:
        analysis = look(analyzer, {path: bad}, beside={name: b"\x00[[[\xff"})

        assert len(analysis.findings) == 1


def test_one_broken_file_does_not_hide_the_others() -> None:
    shell = look(ShellCheck(), {"a.sh": b"#!/bin/sh\nif then (\n", "b.sh": ATTACKS[3][3]})
    flows = look(
        Zizmor(), {".github/workflows/a.yml": b"on: [\n", ".github/workflows/b.yml": INJECTION}
    )
    code = look(AstGrep(), {"a.js": b"if (((\n", "b.js": b"go(x === NaN);\n"})

    assert "b.sh" in [f.location.path for f in shell.findings]
    assert [f.location.path for f in flows.findings] == [".github/workflows/b.yml"]
    assert dict(flows.unread) == {".github/workflows/a.yml": "zizmor could not parse it"}
    assert [f.location.path for f in code.findings] == ["b.js"]


_ZIZMOR_COMMENT = b"  # zizmor: ignore[template-injection]\n"
SILENCERS: list[tuple[Analyzer, str, bytes]] = [
    (Ruff(), "src/a.py", b"import os  # noqa\n"),
    (Ruff(), "src/a.py", b"import os  # noqa: F401\n"),
    (Ruff(), "src/a.py", b"# ruff: noqa\nimport os\n"),
    (Ruff(), "src/a.py", b"# flake8: noqa\nimport os\n"),
    (Ruff(), "src/a.py", b"# ruff: disable[F401]\nimport os\n# ruff: enable[F401]\n"),
    (AstGrep(), "src/a.js", b"// ast-grep-ignore\ngo(x === NaN);\n"),
    (AstGrep(), "src/a.js", b"go(x === NaN); // ast-grep-ignore: js-compare-nan\n"),
    (AstGrep(), "src/a.js", b"// ast-grep-ignore\n\ngo(x === NaN);\n"),
    (ShellCheck(), "src/a.sh", b"#!/bin/sh\n# shellcheck disable=all\ncd $1 || exit\n"),
    (ShellCheck(), "src/a.sh", b"#!/bin/sh\n#shellcheck disable=SC2086\ncd $1 || exit\n"),
    (ShellCheck(), "src/a.sh", b"# shellcheck shell=sh disable=SC2000-SC2999\ncd $1 || exit\n"),
    (Zizmor(), ".github/workflows/a.yml", INJECTION.rstrip() + _ZIZMOR_COMMENT),
    (Typos(), "src/a.py", b"x = 1  # recieve it  # spellchecker:disable-line\n"),
]  # fmt: skip


@pytest.mark.parametrize(("analyzer", "path", "silenced"), SILENCERS)
def test_no_comment_silences_a_tool(analyzer: Analyzer, path: str, silenced: bytes) -> None:
    linter = Linter(ProcessSandboxes(reason="a test"), [analyzer], TreeSitterSyntax())

    report = linter.look({path: silenced})

    assert report.failures == ()
    assert len(report.findings) == 1
