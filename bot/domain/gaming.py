"""The anti-gaming guard: a fix mends the code, never what judges the code (rules R14 and R20)."""

import re
from collections.abc import Iterable

from bot.domain.edits import Patch
from bot.domain.path_filter import is_match
from bot.domain.test_files import is_test_control, is_test_file

_PROTECTED = (
    ".github/**",
    ".gitlab-ci.yml",
    ".circleci/**",
    ".githooks/**",
    ".husky/**",
    ".pre-commit-config.yaml",
    "action.yml",
    "action.yaml",
    "CODEOWNERS",
    ".gitmodules",
    ".gitattributes",
    ".pullwright.yml",
    "*.lock",
    "*-lock.json",
    "*-lock.yaml",
    "*.lockb",
    "*.lockfile",
    "npm-shrinkwrap.json",
    "pylock*.toml",
    "go.sum",
    "requirements*.txt",
)
_SILENCER = re.compile(
    r"#\s*(noqa|nosec|type:\s*ignore|pragma:\s*no cover|pylint:\s*disable)"
    r"|(eslint|biome|tslint|shellcheck)[\s-]*(disable|ignore)|//\s*nolint|@ts-(ignore|nocheck|expect-error)"
    r"|ast-grep-ignore|zizmor:\s*ignore"
    r"|\b(pytest|unittest)\.(mark\.)?(skip|xfail)|\b(it|test|describe)\.skip\b|\bt\.Skip\(",
    re.IGNORECASE,
)
_SHELLCHECK_DIRECTIVE = re.compile(rb"shellcheck[^\n]*?disable[^\n]*")
_SHELLCHECK_CODE = re.compile(rb"\d|\ball\b")
_TOLERANCE = re.compile(r"\b(approx|isclose|allclose|assertAlmostEqual|toBeCloseTo)\b")


def refusal(patch: Patch, protected: Iterable[str] = ()) -> str | None:
    """Return why the patch may not be offered, or None.

    `protected` are more path globs, from `fix.protected_paths` of the repository's configuration.
    """
    for path in patch.paths:
        if is_test_file(path) or is_test_control(path):
            return f"it edits {path}, which decides what the tests say"
        if is_protected(path, protected):
            return f"it edits {path}, which is protected"
    for edit in patch.edits:
        for name, pattern in (("silences a check", _SILENCER), ("moves a tolerance", _TOLERANCE)):
            if len(pattern.findall(edit.new_text)) > len(pattern.findall(edit.old_text)):
                return f"it {name} at {edit.path}:{edit.start_line}"
    return None


def defused(text: bytes) -> bytes:
    """Return a text as long, in which no comment silences a tool that cannot be told to ignore it.

    ShellCheck is told to leave out code 0, which is none: an unknown directive would be an error.
    """
    text = text.replace(b"ast-grep-ignore", b"ast-grep-ignor_")
    return _SHELLCHECK_DIRECTIVE.sub(lambda found: _SHELLCHECK_CODE.sub(_no_code, found[0]), text)


def _no_code(found: re.Match[bytes]) -> bytes:
    return b"SC0" if found[0] == b"all" else b"0"


def is_protected(path: str, protected: Iterable[str] = ()) -> bool:
    """Tell whether no fix may touch this file: it steers the forge, us, or what is installed."""
    return any(is_match(path, pattern) for pattern in (*_PROTECTED, *protected))
