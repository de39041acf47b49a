"""Which tests a tree holds and how they are run, decided from names and small files alone."""

import json
import posixpath
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.domain.ports import NoTests, TestPlan, TreeEntry

JUNIT = "junit.xml"
_VENDORED = frozenset({"node_modules", "vendor", "third_party", "site-packages", "venv", "target"})
_PYTHON_TEST = re.compile(r"(test.*|.*_test|conftest)\.py")
_NODE_TEST = re.compile(r".+[._-]test\.[cm]?js|test\.[cm]?js|test-.+\.[cm]?js")
_PYTEST_WORDS = (("pytest",), ("py.test",), ("python", "-m", "pytest"), ("python3", "-m", "pytest"))
_JUNIT_IN_COMMAND = re.compile(r"\{out\}/([\w.-]+(?:/[\w.-]+)*\.xml)\b")
_SHELL = re.compile(r"[;&|<>$`\\*?(){}\n#~]")
_PYTEST_SECTIONS = {
    "pytest.ini": b"",
    ".pytest.ini": b"",
    "pytest.toml": b"",
    "pyproject.toml": b"[tool.pytest",
    "setup.cfg": b"[tool:pytest]",
    "tox.ini": b"[pytest]",
}
_GO = "{ go list -m; go test -json ./...; } > {out}/go.json"
# Which binary a test belongs to is said on standard error, so both streams go to one file.
_CARGO = (
    "cargo test --no-fail-fast --workspace > {out}/cargo.txt 2>&1; code=$?; "
    "grep -m 1 -e ^error -e found {out}/cargo.txt >&2; exit $code"
)


@dataclass(frozen=True, slots=True)
class TestWish:
    """What the base side's configuration says about tests."""

    command: str | None = None
    """A shell command, run in the tree's root."""
    junit_file: str | None = None
    """Where it writes JUnit: a name in `{out}`, or a path in the tree written as `tree:PATH`.
    Not needed where the command itself says `{out}/NAME.xml`."""
    timeout_s: float = 600.0


def plan_tests(
    entries: Sequence[TreeEntry], files: Mapping[str, bytes], wish: TestWish
) -> TestPlan | NoTests:
    """Return how to run the tests; a configured command wins, then the language with most tests.

    `files` holds the configuration files of the tree's root; others are not looked at.
    """
    if wish.command is not None:
        return _configured(wish.command, wish)
    paths = [entry.path for entry in entries if not _VENDORED & set(entry.path.split("/"))]
    plans = (_python(paths, files), _node(paths, files), _go(paths), _cargo(paths))
    found = [plan for plan in plans if isinstance(plan, _Found)]
    if not found:
        reasons = [plan for plan in plans if isinstance(plan, str)]
        return NoTests("; ".join(reasons) or "no test files were found")
    best = max(found, key=lambda plan: plan.tests)
    return TestPlan(best.framework, best.command, best.result, best.reason, wish.timeout_s)


@dataclass(frozen=True, slots=True)
class _Found:
    """One language's tests; several languages may be found, and the most tests win."""

    framework: str
    command: tuple[str, ...]
    result: str
    reason: str
    tests: int


def _configured(command: str, wish: TestWish) -> TestPlan:
    arguments = _pytest_arguments(command)
    if arguments is not None:
        words = ("{python}", "-m", "pytest", *arguments)
        return TestPlan("pytest", words, JUNIT, "tests.command runs pytest", wish.timeout_s)
    named = _JUNIT_IN_COMMAND.search(command)
    junit_file = wish.junit_file or (named[1] if named else None)
    words = ("sh", "-c", command)
    return TestPlan("command", words, junit_file, "tests.command is set", wish.timeout_s)


def _pytest_arguments(command: str) -> list[str] | None:
    """Return the arguments of a plain pytest command, which we can run with exact ids."""
    if _SHELL.search(command):
        return None
    try:
        words = shlex.split(command)
    except ValueError:
        return None
    for start in _PYTEST_WORDS:
        if tuple(words[: len(start)]) == start:
            rest = words[len(start) :]
            return [word for word in rest if not word.startswith(("--junit", "-x", "--maxfail"))]
    return None


def _python(paths: Iterable[str], files: Mapping[str, bytes]) -> _Found | None:
    tests = [path for path in paths if _PYTHON_TEST.fullmatch(posixpath.basename(path))]
    signs = [n for n, mark in _PYTEST_SECTIONS.items() if n in files and mark in files[n]]
    if not tests:
        return None
    reason = ", ".join([_count(len(tests), "Python test file"), *signs])
    return _Found("pytest", ("{python}", "-m", "pytest"), JUNIT, f"pytest: {reason}", len(tests))


def _node(paths: Iterable[str], files: Mapping[str, bytes]) -> _Found | str | None:
    listed = list(paths)
    if "package.json" not in listed:
        return None
    script = _test_script(files.get("package.json", b""))
    tests = [p for p in listed if _NODE_TEST.fullmatch(posixpath.basename(p)) or _in_test(p)]
    if script and not re.match(r"node\s.*--test\b", script):
        if "no test specified" in script:
            return None
        return f"package.json runs `{script[:60]}`: set tests.command to one that writes JUnit"
    if not tests:
        return None
    words = [] if _SHELL.search(script) else script.split()[1:]
    words = [w for w in words if w != "--test" and not w.startswith("--test-reporter")]
    reason = f"node: {_count(len(tests), 'test file')}"
    return _Found("node", ("node", "--test", *words), "node.jsonl", reason, len(tests))


def _in_test(path: str) -> bool:
    return "test" in path.split("/")[:-1] and path.endswith((".js", ".mjs", ".cjs"))


def _test_script(package: bytes) -> str:
    try:
        data = json.loads(package)
    except (ValueError, RecursionError):
        return ""
    scripts = data.get("scripts") if isinstance(data, dict) else None
    script = scripts.get("test") if isinstance(scripts, dict) else None
    return script if isinstance(script, str) else ""


def _go(paths: Sequence[str]) -> _Found | None:
    tests = sum(path.endswith("_test.go") for path in paths)
    if "go.mod" not in paths or not tests:
        return None
    reason = f"go: {_count(tests, 'test file')}"
    return _Found("go", ("sh", "-c", _GO), "go.json", reason, tests)


def _cargo(paths: Sequence[str]) -> _Found | None:
    sources = sum(path.endswith(".rs") for path in paths)
    if "Cargo.toml" not in paths or not sources:
        return None
    reason = f"cargo: {_count(sources, 'source file')}"
    return _Found("cargo", ("sh", "-c", _CARGO), "cargo.txt", reason, sources)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
