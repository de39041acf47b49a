"""Which files are tests, and which decide how tests run or report: rule R14 turns on the names."""

import posixpath
import re

_TEST_NAME = re.compile(
    r"(test_.*|.*_test|tests?)\.py|.*_test\.go|.*[._-](test|spec)\.[cm]?[jt]sx?|.*_(test|spec)\.rb"
    r"|.*Tests?\.(java|kt|cs)"
)
_TEST_FOLDERS = frozenset({"tests", "test", "__tests__", "spec", "testing"})
_CONTROL_NAMES = frozenset(
    {
        "conftest.py",
        "pytest.ini",
        ".pytest.ini",
        "pytest.toml",
        ".pytest.toml",
        "tox.ini",
        "setup.cfg",
        "noxfile.py",
        "sitecustomize.py",
        "usercustomize.py",
        "pyproject.toml",
        "package.json",
        "Makefile",
    }
)


def is_test_file(path: str) -> bool:
    """Tell whether a file holds tests or belongs to them (fixtures, snapshots, data)."""
    folder, name = posixpath.split(path)
    return bool(_TEST_NAME.fullmatch(name)) or bool(_TEST_FOLDERS & set(folder.split("/")))


def is_test_control(path: str) -> bool:
    """Tell whether a file can change which tests run or what they report."""
    name = posixpath.basename(path)
    return name in _CONTROL_NAMES or name.endswith(".pth") or "jest.config" in name
