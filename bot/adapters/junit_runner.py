"""Runs the project's tests in a sandbox and tells evidence from its imitations (rule R14).

Python tests are run by `inside.run_tests`, which is sent along as text: `python -m pytest` would
import a `json.py` of the tree before pytest starts, a plain `pytest` would not find a flat layout's
packages, and neither can run exactly the tests of a list in which one is gone.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

from bot.adapters import inside
from bot.adapters.inside.with_unittest import NEEDS_PYTEST
from bot.adapters.junit_report import Results, UnreadableReport, parse_junit
from bot.adapters.plain_reports import parse_cargo, parse_go, parse_node
from bot.adapters.sandbox_io import TREE_PREFIX
from bot.domain.evidence import StopReason, TestReport, file_of
from bot.domain.ports import CommandResult, NoTests, Sandbox, TestPlan, TreeEntry
from bot.domain.test_detection import TestWish, plan_tests
from bot.errors import Refused

RESULT_BYTES = 32 << 20
REACH_BYTES = 8 << 20
PIECE_CHARS = 30_000
"""Arguments are cut into pieces, because Linux takes 128 KiB in one."""
SELECTION_CHARS = 400_000
"""A longer list of ids is not sent: all tests run, and the report is cut to the list."""
NO_TESTS = 5
_PARSERS = {"go": parse_go, "cargo": parse_cargo, "node": parse_node}
_ADVICE = {
    "docker": "name an image that has it with PULLWRIGHT_SANDBOX_IMAGE, or on your own checkout "
    "use this machine's with PULLWRIGHT_SANDBOX=process",
    "process": "install it on this machine, or activate the environment that has it",
}
_MODULES = ("tracing", "with_pytest", "with_unittest")
_STOPS = {
    StopReason.OUT_OF_MEMORY: "the tests ran out of memory",
    StopReason.OUTPUT_LIMIT: "the tests wrote more output than a run may",
    StopReason.KILLED: "the tests were killed",
}


class JunitRunner:
    """Implements `TestRunner` by result files: JUnit, or what go, cargo and node write."""

    def __init__(self, wish: TestWish | None = None) -> None:
        self._wish = wish or TestWish()

    def plan(self, entries: Sequence[TreeEntry], files: Mapping[str, bytes]) -> TestPlan | NoTests:
        return plan_tests(entries, files, self._wish)

    def run(
        self,
        sandbox: Sandbox,
        plan: TestPlan,
        *,
        only: Sequence[str] = (),
        traced_paths: Sequence[str] = (),
    ) -> TestReport:
        is_python = plan.framework == "pytest"
        # The tracer knows Python; the word of the tests about anything else is not asked for.
        traced = tuple(path for path in traced_paths if path.endswith(".py"))
        report = _run(sandbox, plan, _Request(tuple(only), traced))
        if is_python and traced_paths and report.problem is not None:
            # Tracing must never decide an outcome; a hang is worth the second try for that.
            report = _run(sandbox, plan, _Request(tuple(only), ()))
        return _cut(report, frozenset(only))


@dataclass(frozen=True, slots=True)
class _Request:
    only: tuple[str, ...]
    traced: tuple[str, ...]


def _run(sandbox: Sandbox, plan: TestPlan, request: _Request) -> TestReport:
    is_python = plan.framework == "pytest"
    argv = _python_command(plan, request) if is_python else _plain_command(plan)
    ended = sandbox.run(argv, timeout_s=plan.timeout_s)
    report = TestReport(
        command=tuple(word.replace("{python}", "python") for word in plan.command),
        exit_code=ended.exit_code,
        outcomes={},
        seconds=ended.seconds,
        stop=ended.stop,
        image=sandbox.facts.image,
    )
    try:
        results = _results(sandbox, plan)
    except (UnreadableReport, Refused) as error:
        problem = _early_problem(sandbox, plan, ended) or f"the result file {error}"
        return replace(report, problem=problem)
    if results is None:
        problem = _early_problem(sandbox, plan, ended) or _without_results(plan, ended)
        return replace(report, problem=problem)
    return replace(
        report,
        outcomes=results.outcomes,
        messages=results.messages,
        cpu_seconds=results.cpu_seconds,
        reach=_reach(sandbox, request.traced) if request.traced and is_python else {},
        problem=_early_problem(sandbox, plan, ended) or _disagreement(plan, ended, results),
    )


def _python_command(plan: TestPlan, request: _Request) -> tuple[str, ...]:
    """Return the interpreter with our program as text and the request as its arguments."""
    is_short = sum(len(test_id) for test_id in request.only) <= SELECTION_CHARS
    request_list = (request.only if is_short else (), request.traced, plan.command[3:])
    # Escaped, so that the sandbox finds no `{out}` or `{python}` to fill in inside an id.
    text = json.dumps(request_list).replace("{", "\\u007b")
    pieces = [text[i : i + PIECE_CHARS] for i in range(0, len(text), PIECE_CHARS)]
    return ("{python}", "-c", _program(), "{out}", *pieces)


def _plain_command(plan: TestPlan) -> tuple[str, ...]:
    """Return the command, after a result file that was there before is gone."""
    if plan.junit_file is None:
        return plan.command
    name = plan.junit_file
    place = name.removeprefix(TREE_PREFIX) if name.startswith(TREE_PREFIX) else f"{{out}}/{name}"
    command = _node_command(plan) if plan.framework == "node" else plan.command
    return ("sh", "-c", 'rm -rf -- "$1"; shift; exec "$@"', "sh", place, *command)


def _node_command(plan: TestPlan) -> tuple[str, ...]:
    """Return the command with our reporter, which travels in a URL."""
    source = (Path(inside.__file__).parent / "node_reporter.mjs").read_text("utf-8")
    node, test, *arguments = plan.command
    reporter = f"--test-reporter=data:text/javascript,{quote(source)}"
    place = f"--test-reporter-destination={{out}}/{plan.junit_file}"
    return (node, test, reporter, place, *arguments)


def _program() -> str:
    """Return one program that defines the modules of `inside` and runs its entry."""
    folder = Path(inside.__file__).parent
    names = {f"{inside.__name__}.{name}": name for name in _MODULES}
    sources = {module: (folder / f"{n}.py").read_text("utf-8") for module, n in names.items()}
    entry = (folder / "run_tests.py").read_text("utf-8")
    return (
        "import sys\n"
        "sys.path[:] = [path for path in sys.path if path]\n"  # -c puts the tree there
        "module = type(sys)\n"
        f"sources = {sources!r}\n"
        "for name in sources:\n"
        "    sys.modules[name] = module(name)\n"
        "    exec(compile(sources[name], name, 'exec'), sys.modules[name].__dict__)\n"
        "main = module('pullwright_tests')\n"
        f"exec(compile({entry!r}, 'pullwright_tests', 'exec'), main.__dict__)\n"
        "for name in sources:\n"
        "    del sys.modules[name]\n"
        "sys.exit(main.main(sys.argv[1:]))\n"
    )


def _results(sandbox: Sandbox, plan: TestPlan) -> Results | None:
    if plan.junit_file is None:
        return None
    data = sandbox.get(plan.junit_file, limit_bytes=RESULT_BYTES)
    if not data:
        return None
    return _PARSERS.get(plan.framework, parse_junit)(data)


def _early_problem(sandbox: Sandbox, plan: TestPlan, ended: CommandResult) -> str | None:
    """Return why the command itself makes its results worthless, whatever they say."""
    if ended.stop is StopReason.TIMEOUT:
        running = _running(sandbox)
        problem = f"the tests did not end within {plan.timeout_s:g} s"
        return f"{problem}: {running} was running" if running else problem
    if ended.stop is not StopReason.EXITED:
        return _STOPS[ended.stop]
    if ended.exit_code == 127:
        missing = f"{_name(plan)} needs a program that is not in the sandbox{_saying(ended)}"
        return f"{missing}; {_ADVICE[sandbox.facts.kind]}"
    if ended.exit_code is not None and ended.exit_code > 128:
        return f"{_name(plan)} was ended by signal {ended.exit_code - 128}"
    if plan.framework == "pytest" and ended.exit_code == NEEDS_PYTEST:
        return "the tests need pytest, which is not installed in the sandbox"
    return None


def _without_results(plan: TestPlan, ended: CommandResult) -> str:
    if plan.junit_file is None:
        return "tests.command writes no JUnit file: let it write {out}/junit.xml"
    return f"{_name(plan)} exited {ended.exit_code} without a result file{_saying(ended)}"


def _disagreement(plan: TestPlan, ended: CommandResult, results: Results) -> str | None:
    """Return how exit code and result file contradict each other, or None when they agree."""
    code, red, name = ended.exit_code, results.red, _name(plan)
    if not results.outcomes:
        is_empty = code in (0, NO_TESTS)
        early = f"{name} exited {code} before a test ran{_saying(ended)}"
        return "no tests were collected" if is_empty else early
    if code == 0 and red:
        failures = "1 failure" if red == 1 else f"{red} failures"
        return f"{name} exited 0 but its result file reports {failures}"
    if code != 0 and not red:
        return f"{name} exited {code} but its result file reports no failure"
    if plan.framework == "pytest" and code not in (0, 1):
        return f"pytest was interrupted (exit code {code}){_saying(ended)}"
    return None


def _name(plan: TestPlan) -> str:
    return "tests.command" if plan.framework == "command" else plan.framework


def _saying(ended: CommandResult) -> str:
    """Return a colon and the last line that was written, on standard error if anything is there."""
    for stream in (ended.stderr, ended.stdout):
        lines = stream.decode("utf-8", "replace").strip().splitlines()
        if lines:
            return ": " + "".join(c for c in lines[-1].strip() if c.isprintable())[:300]
    return ""


def _running(sandbox: Sandbox) -> str:
    """Return the id of the test that was running when the command was killed."""
    try:
        data = sandbox.get("running", limit_bytes=4000) or b""
    except Refused:
        return ""
    return "".join(c for c in data.decode("utf-8", "replace") if c.isprintable())


def _reach(sandbox: Sandbox, traced: Sequence[str]) -> dict[str, dict[int, frozenset[str]]]:
    """Return which tests execute which line of the traced files.

    Nothing where the file is missing or odd; what it says of other files nobody traced.
    """
    try:
        data = json.loads(sandbox.get("reach.json", limit_bytes=REACH_BYTES) or b"{}")
        ids = [str(test_id) for test_id in data.get("ids", ())]
        return {
            str(path): {int(n): frozenset(ids[i] for i in tests) for n, tests in lines.items()}
            for path, lines in data.get("files", {}).items()
            if path in traced
        }
    except (Refused, ValueError, TypeError, AttributeError, LookupError, RecursionError):
        return {}


def _cut(report: TestReport, only: frozenset[str]) -> TestReport:
    """Keep the wanted tests, and the files of wanted tests that could not be loaded."""
    if not only:
        return report
    files = only | {file_of(test_id) for test_id in only}
    kept = {
        test_id: outcome
        for test_id, outcome in report.outcomes.items()
        if test_id in files or file_of(test_id) in only
    }
    return replace(
        report,
        outcomes=kept,
        messages={i: text for i, text in report.messages.items() if i in kept},
    )
