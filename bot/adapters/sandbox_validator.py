"""Tries candidates in a sandbox: sends the program of `inside` along, and reads what it found.

Python only. What comes back is the word of a process that ran the pull request's code: it is
checked for shape and size here, and proved elsewhere before anything is said about it.
"""

import base64
import json
import secrets
import zlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bot.adapters import inside
from bot.domain import mending
from bot.domain.evidence import StopReason
from bot.domain.ports import CommandResult, Sandbox, SourceFile, TestPlan
from bot.errors import Refused
from bot.repair.candidates import Candidate, Fate, Spectrum, Trial

RESULT_BYTES = 32 << 20
PIECE_CHARS = 100_000
"""Linux takes 128 KiB in one argument."""
JOB_CHARS = 1_000_000
"""Linux takes 2 MiB in all arguments."""
BATCH = 5000
CHUNK = 200
"""So many candidates share a fork: one fork each is slower, and no more right."""
_START_S = 120.0
_LOAD = 20
"""A busy machine may take so many times the CPU time on the clock."""
_TEXT = 2000
_SILENT = frozenset({"hangs", "not tried"})
"""What a call shows nothing by, where all candidates do no more."""
_ENTRY = "try_candidates"
_MODULES = (
    "tracing",
    "with_pytest",
    "with_unittest",
    "run_tests",
    "guarding",
    "suites",
    "swaps",
    "tree_copy",
    "forks",
    "lines",
    "trials",
    "batches",
    "surveys",
    "texts",
    "variants",
    "recording",
    "reloads",
    "behaviours",
)


class SandboxValidator:
    """Implements `Validator`; owns the sandbox's tree, which it fills with `files`."""

    def __init__(
        self,
        sandbox: Sandbox,
        files: Iterable[SourceFile],
        plan: TestPlan,
        *,
        chunk: int = CHUNK,
    ) -> None:
        if plan.framework != "pytest":
            raise Refused(f"candidates are tried on Python tests only, not on {plan.framework}")
        self._sandbox = sandbox
        self._files = tuple(files)
        self._plan = plan
        self._chunk = chunk
        self._is_fresh = False

    def spectrum(self, paths: Sequence[str]) -> Spectrum:
        limit_s = self._plan.timeout_s
        ended, lines = self._ended({"mode": "survey", "paths": list(paths)}, limit_s)
        if lines is None:
            raise Refused(mending.no_survey(ended.stop, limit_s=limit_s))
        return _spectrum(lines)

    def validate(
        self,
        batch: Sequence[Candidate],
        *,
        targets: Sequence[str],
        checked: Sequence[str],
        cpu_seconds: float,
    ) -> Sequence[Trial]:
        trials: list[Trial] = []
        tests = {"targets": list(targets), "checked": list(checked), "cpu_s": cpu_seconds}
        for start in range(0, len(batch), BATCH):
            part = batch[start : start + BATCH]
            tried = self._tried(part, tests)
            trials += tried
            if len(tried) < len(part):
                break
        return tuple(trials)

    def behaviour(
        self, candidates: Sequence[Candidate], *, targets: Sequence[str], cpu_seconds: float
    ) -> Sequence[tuple[str, ...]]:
        spans = _spans(candidates)
        job = {"mode": "compare", "candidates": spans, "targets": list(targets)}
        limit_s = _START_S + _LOAD * cpu_seconds
        lines = self._run({**job, "cpu_s": cpu_seconds}, limit_s) if candidates else None
        return _behaviours(lines or (), len(candidates))

    def _tried(self, batch: Sequence[Candidate], tests: Mapping[str, Any]) -> list[Trial]:
        """Try a part that fits into one command; halves of it where that ends everything."""
        job = {"mode": "try", "candidates": _spans(batch), **tests}
        if len(_packed(job)) > JOB_CHARS and len(batch) > 1:
            lines = None
        else:
            lines = self._run(job, _START_S + _LOAD * float(tests["cpu_s"]))
        if lines is not None:
            return _trials(lines, len(batch), tuple(tests["targets"]))
        if len(batch) == 1:
            return [Trial(Fate.CRASHED, tuple(tests["targets"]), None)]
        half = len(batch) // 2
        first = self._tried(batch[:half], tests)
        return first + self._tried(batch[half:], tests) if len(first) == half else first

    def _run(self, job: Mapping[str, Any], timeout_s: float) -> list[list[Any]] | None:
        """Return the lines of the results, or None where the command left none."""
        return self._ended(job, timeout_s)[1]

    def _ended(
        self, job: Mapping[str, Any], timeout_s: float
    ) -> tuple[CommandResult, list[list[Any]] | None]:
        """Return how the command ended, and the lines of the results where it left some."""
        if not self._is_fresh:
            self._sandbox.put(self._files)
        nonce = secrets.token_hex(8)
        common = {"candidates": [], "targets": [], "checked": [], "cpu_s": 0.0, "paths": []}
        arguments = list(self._plan.command[3:])
        text = _packed(
            {**common, **job, "nonce": nonce, "arguments": arguments, "chunk": self._chunk}
        )
        pieces = [text[i : i + PIECE_CHARS] for i in range(0, len(text), PIECE_CHARS)]
        ended = self._sandbox.run(
            ("{python}", "-c", _program(), "{out}", *pieces), timeout_s=timeout_s
        )
        self._is_fresh = ended.stop is StopReason.EXITED and ended.exit_code == 0
        data = (
            self._sandbox.get("repair.json", limit_bytes=RESULT_BYTES) if self._is_fresh else None
        )
        return ended, None if data is None else _lines(data, nonce)


def _spans(batch: Sequence[Candidate]) -> list[list[list[Any]]]:
    return [[[e.path, e.start, e.end, e.text] for e in c.edits] for c in batch]


def _packed(job: Mapping[str, Any]) -> str:
    return base64.b64encode(zlib.compress(json.dumps(job).encode(), 6)).decode()


def _program() -> str:
    """Return one program that defines the modules of `inside` and runs its entry."""
    folder = Path(inside.__file__).parent
    sources = [
        (f"{inside.__name__}.{name}", (folder / f"{name}.py").read_text("utf-8"))
        for name in (*_MODULES, _ENTRY)
    ]
    packed = base64.b64encode(zlib.compress(json.dumps(sources).encode(), 9)).decode()
    return (
        "import sys, json, zlib, base64\n"
        "sys.path[:] = [path for path in sys.path if path]\n"  # -c puts the tree there
        f"for name, text in json.loads(zlib.decompress(base64.b64decode('{packed}'))):\n"
        "    sys.modules[name] = type(sys)(name)\n"
        "    exec(compile(text, name, 'exec'), sys.modules[name].__dict__)\n"
        "sys.exit(sys.modules[name].main(sys.argv[1:]))\n"
    )


def _lines(data: bytes, nonce: str) -> list[list[Any]] | None:
    """Return the lines of a result file; None where it is not ours. Raises Refused."""
    try:
        found = json.loads(data)
        lines = found["lines"] if found["nonce"] == nonce else None
    except (ValueError, TypeError, LookupError, RecursionError):
        return None
    if not isinstance(lines, list) or not all(isinstance(line, list) and line for line in lines):
        return None
    for line in lines:
        if line[0] == "problem":
            text = "".join(c for c in str(line[-1]) if c.isprintable())
            raise Refused(text[:500])
    return lines


def _trials(lines: Iterable[list[Any]], count: int, targets: tuple[str, ...]) -> list[Trial]:
    """Return the trials up to the first candidate that was not tried."""
    found: dict[int, Trial] = {}
    for line in lines:
        match line:
            case ["trial", int() as number, str() as fate, list() as red, steps] if number >= 0:
                if fate in set(Fate):
                    known = isinstance(steps, int)
                    named = tuple(str(test_id)[:1000] for test_id in red[:10_000])
                    still = named or (() if fate == Fate.FIXED else targets)
                    found[number] = Trial(Fate(fate), still, steps if known else None)
    trials = []
    for number in range(count):
        if number not in found:
            break
        trials.append(found[number])
    return trials


def _behaviours(lines: Iterable[list[Any]], count: int) -> tuple[tuple[str, ...], ...]:
    """Return the calls and each candidate's row, as far as all of them are known."""
    rows: dict[int, tuple[str, ...]] = {}
    for line in lines:
        match line:
            case ["given", list() as calls]:
                rows[-1] = _texts(calls)
            case ["does", int() as number, list() as texts] if 0 <= number < count:
                rows[number] = _texts(texts)
    table = [rows.get(number, ()) for number in range(-1, count)]
    columns = [column for column in zip(*table, strict=False) if not _SILENT.issuperset(column[1:])]
    return tuple(tuple(column[place] for column in columns) for place in range(count + 1))


def _texts(values: Iterable[Any]) -> tuple[str, ...]:
    return tuple("".join(c if c.isprintable() else "?" for c in str(v)[:_TEXT]) for v in values)


def _spectrum(lines: Iterable[list[Any]]) -> Spectrum:
    tracebacks: dict[str, tuple[tuple[str, int], ...]] = {}
    green: list[str] = []
    reach: dict[str, dict[int, frozenset[str]]] = {}
    for line in lines:
        match line:
            case ["red", list() as pairs]:
                tracebacks = {str(test_id): _places(places) for test_id, places in pairs}
            case ["green", list() as ids]:
                green = [str(test_id) for test_id in ids]
            case ["reach", str() as path, int() as number, list() as tests]:
                ids = [*tracebacks, *green]
                known = [n for n in tests if isinstance(n, int) and 0 <= n < len(ids)]
                reach.setdefault(path, {})[number] = frozenset(ids[n] for n in known)
    return Spectrum(reach, tracebacks, frozenset(tracebacks), frozenset(green))


def _places(places: Iterable[Any]) -> tuple[tuple[str, int], ...]:
    return tuple((str(path), int(line)) for path, line in places)
