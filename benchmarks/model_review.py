"""What a review by a model costs, without the model: prompt tokens, CPU, and waiting.

    python -m benchmarks.model_review

A change of 200 and one of 2,000 lines is reviewed in front of a scripted server, which reports a
finding for about every hundred lines and counts a token for every four bytes of UTF-8, for prompts
and for the diff alike. Prints how the prompt's tokens divide, the CPU seconds of the tools that ask
the model, and how many calls wait for one another where each answer takes half a second: others run
side by side. Fails where a goal is missed.
"""

import ast
import re
import sys
import sysconfig
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.adapters.cerebras_client import CerebrasClient, Server
from bot.adapters.cerebras_model import CerebrasModel
from bot.adapters.tree_sitter_outline import TreeSitterOutline
from bot.agent.loop import Loop
from bot.agent.review import Episode, review
from bot.agent.tools.critique import Critique
from bot.agent.tools.finish import Finish
from bot.agent.tools.review import Reading, Review
from bot.domain.model_budget import Allowance
from bot.domain.model_findings import ChunkReply, CritiqueReply, Judgement, ReportedFinding
from bot.domain.prompt import Seal
from bot.domain.prompt_redaction import PromptRedactor
from bot.domain.repo_config import RepoConfig
from bot.policy.selection import HAND_WEIGHTS, Greedy
from tests.agent.toys import Heard, ToyClock
from tests.fakes.workspace import FakeWorkspace
from tests.model_server.replies import Asked, Reply
from tests.model_server.server import ModelServer, serving

GOALS: Mapping[int, tuple[float, float]] = {200: (2.9, 0.3), 2_000: (2.2, 1.0)}
"""By changed lines: prompt tokens by those of the diff, and CPU seconds."""
LATENCY_S = 0.5
LATENCIES = 3
BOUNDARY = "boundary"
_BLOCK = re.compile(rf"<<<{BOUNDARY} (.*?)>>>\n(.*?)\n<<<end {BOUNDARY}>>>", re.DOTALL)
_ADDED = re.compile(r"^ *(\d+) \+( {4}[^\n]*\w[^\n]*)$", re.MULTILINE)
_ROUNDS = 3
_MODULES = ("shutil", "tokenize", "inspect", "locale", "uuid", "platform", "sysconfig", "ast")
_DONORS = ("shutil", "statistics", "posixpath", "inspect", "locale", "uuid", "platform", "random",
           "pdb", "pydoc", "warnings", "dataclasses", "tarfile", "ssl", "webbrowser")  # fmt: skip


@dataclass(frozen=True)
class Measured:
    """One review."""

    episode: Episode
    chats: list[Asked]
    cpu_s: float
    wall_s: float
    starts: list[float]
    """When each call arrived."""


def main() -> int:
    """Measure both sizes, print, and tell whether a goal was missed."""
    is_missed = False
    for lines, (most_ratio, most_cpu) in GOALS.items():
        base, head = _change(lines)
        workspace = FakeWorkspace(base, head)
        diff_bytes = sum(
            len(hunk.body) + 20 for file in workspace.diff().files for hunk in file.hunks
        ) + sum(3 * len(file.path) + 80 for file in workspace.diff().files)
        quick = min((_reviewed(workspace, 0.0) for _ in range(_ROUNDS)), key=lambda m: m.cpu_s)
        slow = _reviewed(workspace, LATENCY_S)
        parts = _parts(quick.chats)
        ratio = sum(parts.values()) / diff_bytes
        coverage = quick.episode.review.verdict.coverage
        latencies = _in_a_row(slow.starts)
        print(f"{lines} lines, {diff_bytes // 4:,} tokens of diff, {len(quick.chats)} calls")
        for name, size in parts.items():
            print(f"  {name:12} {size // 4:7,} tokens, {size / diff_bytes:.2f}x the diff")
        print(f"  prompts in all {ratio:.2f}x the diff, at most {most_ratio}")
        print(f"  hunks seen {coverage.hunks_seen} of {coverage.hunks_total}")
        print(f"  CPU {quick.cpu_s:.2f} s, at most {most_cpu} (rises with the machine's load)")
        print(f"  at {LATENCY_S} s latency: {latencies} calls in a row, at most {LATENCIES}")
        rest = slow.wall_s - latencies * LATENCY_S
        print(f"  in all {slow.wall_s:.2f} s, of them {rest:.2f} not waiting, CPU {slow.cpu_s:.2f}")
        is_missed |= ratio > most_ratio or not coverage.is_whole or latencies > LATENCIES
        is_missed |= quick.cpu_s > most_cpu
    return int(is_missed)


def _reviewed(workspace: FakeWorkspace, latency_s: float) -> Measured:
    starts: list[float] = []

    def answer(asked: Asked) -> Reply:
        starts.append(time.perf_counter())
        return _answer(asked)

    server = ModelServer(answer, latency_s=latency_s)
    with serving(server):
        client = CerebrasClient(Server(server.url, "csk-benchmark"))
        seal = Seal(BOUNDARY, PromptRedactor(()))
        model = CerebrasModel(client, seal, Allowance(100_000_000, 10_000.0))
        model.card()
        reading = Reading(model, workspace, TreeSitterOutline())
        tools = (Review(reading), Critique(model), Finish())
        loop = Loop(tools, Greedy(HAND_WEIGHTS), ToyClock(), Heard())
        wall, cpu = time.perf_counter(), time.process_time()
        episode = review(workspace, loop, RepoConfig(), run_id="benchmark")
        seconds = (time.process_time() - cpu, time.perf_counter() - wall)
        client.close()
    return Measured(episode, list(server.chats), *seconds, starts)


def _in_a_row(starts: list[float]) -> int:
    """Return how many calls waited for one another: each began after the one before had ended."""
    count, end = 0, 0.0
    for start in sorted(starts):
        if start >= end:
            count, end = count + 1, start + LATENCY_S
    return count


def _answer(asked: Asked) -> Reply:
    """Report a finding for about every hundred added lines, and keep every second one."""
    text = asked.said
    if "Judge the findings" in text:
        count = len(re.findall(r"code of finding \d+", text))
        judged = tuple(
            Judgement(index=i, verdict="keep" if i % 2 else "drop", reason="It is so.")
            for i in range(count)
        )
        return Reply(CritiqueReply(judgements=judged).model_dump_json())
    found = tuple(_findings(text))
    facts = ("total takes a currency now", "an empty list is refused now")
    return Reply(ChunkReply(findings=found, facts=facts, lookups=()).model_dump_json())


def _findings(text: str) -> Iterator[ReportedFinding]:
    for label, body in _BLOCK.findall(text):
        if not label.startswith("diff of "):
            continue
        for match in list(_ADDED.finditer(body))[50::100]:
            yield ReportedFinding(
                path=label.removeprefix("diff of "),
                line=int(match[1]),
                symbol="",
                snippet=match[2],
                severity="medium",  # type: ignore[arg-type]  # pydantic reads the word
                category="bug",
                title="The value is used before it is checked",
                body="An empty list arrives here from the caller, and the first item is taken.",
                confidence=0.8,
            )


def _parts(chats: list[Asked]) -> dict[str, int]:
    """Return the bytes of all prompts by what they are for."""
    sizes: Counter[str] = Counter(dict.fromkeys(("diff", "context", "rules", "second look"), 0))
    for chat in chats:
        size = len(chat.text.encode())
        if "Judge the findings" in chat.text:
            sizes["second look"] += size
            continue
        blocks = _BLOCK.findall(chat.text)
        diff = sum(len(body.encode()) for label, body in blocks if label.startswith("diff of "))
        context = sum(len(body.encode()) for label, body in blocks if label.startswith("code else"))
        sizes["diff"] += diff
        sizes["context"] += context
        sizes["rules"] += size - diff - context
    return dict(sizes)


def _change(lines: int) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """Return base and head: functions of some standard modules, put into others of them.

    The functions keep their names, so what they call and who calls them is there to be found.
    """
    folder = Path(sysconfig.get_path("stdlib"))
    base = {f"shop/{name}.py": (folder / f"{name}.py").read_bytes() for name in _MODULES}
    functions = [text for name in _DONORS for text in _functions(folder / f"{name}.py")]
    head = dict(base)
    left = lines
    for index, text in enumerate(functions):
        name = list(base)[index % len(base)]
        rows = text.split("\n")[:left]
        whole = text if len(rows) == text.count("\n") + 1 else "\n".join(f"# {r}" for r in rows)
        # Between other functions, so that each is a hunk of its own.
        head[name] = _inserted(head[name].decode(), whole, index // len(base)).encode()
        left -= len(rows)
        if left <= 0:
            return base, head
    raise AssertionError(f"{left} lines are missing: name more modules")


def _functions(file: Path) -> Iterator[str]:
    text = file.read_text()
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef) and 4 < (node.end_lineno or 0) - node.lineno < 60:
            yield ast.get_source_segment(text, node) or ""


def _inserted(text: str, function: str, place: int) -> str:
    """Put a function before the top-level definition that comes `place` after the first."""
    rows = text.split("\n")
    starts = [n for n, row in enumerate(rows) if row.startswith(("def ", "class "))]
    at = starts[(1 + place * 2) % len(starts)]
    return "\n".join([*rows[:at], *function.split("\n"), "", "", *rows[at:]])


if __name__ == "__main__":
    sys.exit(main())
