"""Kept runs made by hand, and a log of what became of their suggestions."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bot.agent.export.anonymous import Anonymiser
from bot.agent.export.gathering import Gathering, Wishes
from bot.agent.prompts.fixing import rewrite_prompt
from bot.agent.replay.bundle import (
    FORMAT,
    Bundle,
    CallTaken,
    Header,
    StepTaken,
    TreeSeen,
    Versions,
)
from bot.agent.replay.digest import Digests
from bot.agent.state import Observation
from bot.domain.anonymity import Namer
from bot.domain.diff import Diff, Side
from bot.domain.edits import Edit, Patch
from bot.domain.event_forms import Observed, outcome_event, signal_event
from bot.domain.event_log import EventSource
from bot.domain.evidence import Counts, Proof
from bot.domain.export import Exported, Format, exported
from bot.domain.findings import Category, Finding, FindingId, Location, Severity, Suggestion
from bot.domain.identity import decision_id, patch_id
from bot.domain.ledger import PullKey, RunId
from bot.domain.model import NOTHING
from bot.domain.model_edits import ProposedEdit, RewriteReply
from bot.domain.outcomes import WORTH, Outcome, OutcomeRecord, Verdict
from bot.domain.ports import SourceFile
from bot.domain.prompt_redaction import PromptRedactor
from bot.domain.pull_records import Ledger, SuggestionRecord
from bot.domain.pull_request import PullRequest, Sha
from bot.domain.repo_config import Learning, RepoConfig
from bot.domain.review import Decision
from bot.domain.rewriting import Rewritten, rewritten_event
from bot.domain.secret_scan import SecretScan
from bot.domain.signals import Actor, Signal, SignalKind, Standing
from bot.errors import Refused
from tests.fakes.ledger import fake_ledger

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
PATH = "src/pay.py"
CODE = "def pay(bill):\n    total = bill\n    return total + 1\n"
OBSERVED = Observed(NOW, EventSource.POLL)
PROVED = Proof(
    "t::red", is_applied=True, is_parsed=True, new_lint=(), is_target_gone=True,
    is_target_back=True, before=Counts(1, 3), after=Counts(0, 4),
)  # fmt: skip


def a_patch(new: str = "    return total\n", *, at: int = 3, code: str = CODE) -> Patch:
    old = code.splitlines(keepends=True)[at - 1]
    return Patch((Edit(PATH, at, at, old, new),))


def a_finding(suggestion: Suggestion, title: str = "It pays one too much") -> Finding:
    return Finding(
        "wrong", Severity.HIGH, Category.BUG, title, "A bill of 1 gives 2.", Location(PATH, 3, 3),
        "    return total + 1\n", "tests", 0.9, suggestion=suggestion,
    )  # fmt: skip


def replied(finding: Finding, new: str, code: str = CODE) -> CallTaken:
    """Return the call of a model that answered the first prompt of `rewrite`."""
    asked = rewrite_prompt(finding, {PATH: code.encode()}, failure="", failed=())
    digest, size = Digests(PromptRedactor()).of(asked)
    edit = ProposedEdit(path=PATH, search="    return total + 1\n", replace=new)
    reply = RewriteReply(edits=(edit,), explanation="so")
    value = reply.model_dump_json()
    return CallTaken("RewriteReply", digest, size, NOTHING, 1.0, "qwen", text=value, value=value)


def a_decision(tool: str) -> Decision:
    return Decision(
        1, tool, {tool: True}, {}, {}, {}, {tool: 0.25}, "policy-1", seconds=1.0, observation="",
    )  # fmt: skip


@dataclass
class World:
    """A repository's kept runs, its ledger, and what is wished."""

    licence: str = ""
    runs: dict[str, Bundle] = field(default_factory=dict)
    damaged: set[str] = field(default_factory=set)
    ledger: Ledger = field(default_factory=fake_ledger)
    agreed: frozenset[str] = frozenset({"acme/shop"})

    def keep(
        self,
        finding: Finding,
        *,
        number: int = 1,
        code: str = CODE,
        calls: tuple[CallTaken, ...] = (),
        is_exported: bool = True,
        days: float = 1,
        author: str = "mia",
    ) -> SuggestionRecord:
        """Keep a run with one suggestion, and let the ledger know of it."""
        made = finding.suggestion
        assert made is not None
        run_id, pull = RunId(f"{len(self.runs) + 1:016x}"), PullKey(5, number)
        head, base = Sha(f"{len(self.runs):040x}"), Sha("b" * 40)
        change = PullRequest("acme/shop", number, base, base, head, "x", author=author)
        step = StepTaken(a_decision(made.source), Observation("", findings=(finding,)), calls)
        config = RepoConfig(learning=Learning(export=is_exported))
        licence = (SourceFile("LICENSE", self.licence.encode()),) if self.licence else ()
        self.runs[run_id] = Bundle(
            run_id, "review", NOW - timedelta(days=days), Versions("0.1.0", "p", "prompts"), change,
            Diff(base, head, ()), config.model_dump_json(), (),
            {head: TreeSeen((SourceFile(PATH, code.encode()),)), base: TreeSeen(licence)},
            (step,), "{}", "", "success",
        )  # fmt: skip
        record = SuggestionRecord(
            patch_id(pull, head, made.patch), FindingId("F1"), run_id, decision_id(run_id, 1), head,
            PATH, Side.RIGHT, 3, 3, made.source, made.proof, 1, 1,
        )  # fmt: skip
        self.ledger.suggestions.record(pull, [record])
        return record

    def became(
        self, record: SuggestionRecord, outcome: Outcome, *, number: int = 1, days: float = 0.5
    ) -> None:
        """Let people decide."""
        at = NOW - timedelta(days=days)
        verdict = Verdict(outcome, WORTH[outcome], is_final=True)
        made = OutcomeRecord(f"{record.id} {at}", at, record.id, record.decision_id, verdict)
        self.ledger.events.append([outcome_event(made, PullKey(5, number), OBSERVED)])

    def wrote(self, record: SuggestionRecord, new: str, *, at: int = 3, head: str = "") -> None:
        """Let people have merged other lines in its place."""
        (edit,) = a_patch(new, at=at).edits
        what = Rewritten(record.id, Sha(head or record.head_sha), (edit,))
        event = rewritten_event(PullKey(5, 1), what, OBSERVED, end=Sha("e" * 40))
        self.ledger.events.append([event])

    def people(self, count: int, standing: Standing = Standing.WRITER) -> None:
        """Let as many people act."""
        pull, kind = PullKey(5, 1), SignalKind.LIKED
        acts = [
            Signal(f"{standing} {n}", kind, pull, NOW, by=Actor(n, standing)) for n in range(count)
        ]
        self.ledger.events.append(signal_event(act, OBSERVED) for act in acts)

    def export(
        self, form: Format, *, least: float = 0.8, licences: frozenset[str] = frozenset()
    ) -> Exported:
        wishes = Wishes(NOW - timedelta(days=180), NOW, least, licences, self.agreed)
        anonymiser = Anonymiser(Namer(bytes(32)), SecretScan(("hunter2-hunter2",)))
        gathering = Gathering(self.ledger, self, anonymiser, wishes)
        return exported(form, gathering.samples(), gathering.left_out, least=least)

    def has(self, run_id: str) -> bool:
        return run_id in self.runs

    def load(self, run_id: str) -> Bundle:
        if run_id in self.damaged:
            raise Refused(f"{run_id} is damaged")
        return self.runs[run_id]

    def headers(self) -> Iterator[Header]:
        for run in self.runs.values():
            repo, head = run.change.repo, run.change.head_sha
            yield Header(FORMAT, run.run_id, "review", run.at, repo, head, "success", "0.1.0", "")
