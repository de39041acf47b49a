"""`rewrite`: a model mends what can be proved mended, in up to three rounds with what failed.

Only findings with a target that can be looked at are tried: red tests, a reproduction, an analyzer
that fires. Each proposal goes through the same proof as every other patch, here and at once, so
that the next round knows what became of it; only a proved patch becomes a suggestion.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from bot.agent.prompts.fixing import failure_of, rewrite_prompt
from bot.agent.prove import Candidate, Prover
from bot.agent.side_by_side import side_by_side
from bot.agent.state import Observation, State
from bot.agent.tools.autofix import Autofix
from bot.agent.tools.test import Test
from bot.agent.turns import is_put_off
from bot.domain import comments
from bot.domain.edits import EditRefused, Patch
from bot.domain.evidence import Grade, Proof
from bot.domain.findings import Finding, Suggestion
from bot.domain.gaming import refusal
from bot.domain.model import NOTHING, Completion, Model, Spending
from bot.domain.model_edits import RewriteReply, patch_of
from bot.domain.model_findings import SOURCE
from bot.errors import ModelFailed
from bot.policy.features import Features, cost, saturating

MOST = 6
"""Findings that a run tries to mend, the gravest first."""
ROUNDS = 3
_SECONDS_EXPECTED = 40.0


class Rewrite:
    """Tries once per run, after everything cheaper had its turn."""

    name = "rewrite"

    def __init__(self, model: Model, prover: Prover) -> None:
        self._model = model
        self._prover = prover

    def is_eligible(self, state: State) -> bool:
        is_ready = Test.name in state.tools_run and not state.unproved
        return self.name not in state.tools_run and is_ready and bool(_broken(state))

    def features(self, state: State) -> Features:
        return {
            "fixable": saturating(len(_broken(state)), half=1),
            "seconds": cost(_SECONDS_EXPECTED),
        }

    def run(self, state: State) -> Observation:
        broken = _broken(state)
        drawn = [f for f in broken if is_put_off(state, f, Autofix.name)]
        usual = [f for f in broken if f not in drawn]
        tries = [_Try(finding) for finding in usual[:MOST]]
        spending = self._tried(tries, state)
        # What others could mend too takes nothing from what nobody else can.
        more = [_Try(finding) for finding in drawn]
        spending += self._tried(more, state)
        tries += more
        proved = {id(t.finding): t.suggestion for t in tries if t.suggestion is not None}
        findings = (
            replace(f, suggestion=proved[id(f)]) if id(f) in proved else f for f in state.findings
        )
        return Observation(
            f"{len(proved)} of {len(tries)} findings mended with proof",
            findings=tuple(findings),
            spending=spending,
        )

    def _tried(self, tries: Sequence["_Try"], state: State) -> Spending:
        spending = NOTHING
        for _ in range(ROUNDS):
            waiting = [each for each in tries if not each.is_over]
            if not waiting:
                break
            spending += self._proposed(waiting, state)
            self._prove(waiting, state)
        return spending

    def _proposed(self, waiting: Sequence["_Try"], state: State) -> Spending:
        """Ask for a patch of each; what fits the head is left in the try."""
        asked = side_by_side(lambda each: self._asked(each, state), waiting)
        for each, answer in zip(waiting, asked, strict=True):
            if isinstance(answer, ModelFailed):
                each.is_over = True
            else:
                each.take(answer.value, state)
        return sum((a.spending for a in asked if isinstance(a, Completion)), NOTHING)

    def _asked(self, each: "_Try", state: State) -> Completion[RewriteReply] | ModelFailed:
        failure = failure_of(each.finding, state.head_tests)
        prompt = rewrite_prompt(each.finding, state.head, failure=failure, failed=each.failed)
        try:
            return self._model.complete(prompt, RewriteReply, timeout_s=state.call_seconds)
        except ModelFailed as error:
            return error

    def _prove(self, waiting: Sequence["_Try"], state: State) -> None:
        ready = [each for each in waiting if each.patch is not None and not each.is_over]
        candidates = [Candidate(each.finding, each.patch) for each in ready if each.patch]
        if not candidates:
            return
        for each, proof in zip(ready, self._prover.prove(state, candidates), strict=True):
            each.judge(proof, state)


@dataclass
class _Try:
    """One finding and the attempts to mend it."""

    finding: Finding
    patch: Patch | None = None
    suggestion: Suggestion | None = None
    failed: list[str] = field(default_factory=list)
    is_over: bool = False

    def take(self, reply: RewriteReply, state: State) -> None:
        """Keep a proposal that fits, or what is wrong with it."""
        self.patch = None
        if not reply.edits:
            self.is_over = True
            return
        try:
            patch = patch_of(reply.edits, state.head)
        except EditRefused as error:
            self.failed.append(f"{reply.model_dump_json()}\nrefused: {error}")
            return
        if (problem := refusal(patch, state.config.fix.protected_paths)) is not None:
            self.failed.append(f"{patch.unified(state.head)}\nrefused: {problem}")
            return
        self.patch = patch

    def judge(self, proof: Proof, state: State) -> None:
        """Keep a proved patch; of any other, what became of it."""
        if self.patch is None:
            return
        if proof.grade is Grade.PROVED:
            self.suggestion = Suggestion(self.patch, source=Rewrite.name, proof=proof)
            self.is_over = True
        else:
            became = comments.receipt(proof)
            self.failed.append(f"{self.patch.unified(state.head)}\n{became}")


def _broken(state: State) -> list[Finding]:
    """Return findings with a target and without a proved mend, the gravest first."""
    broken = [f for f in state.findings if has_target(f) and not _is_mended(f)]
    return sorted(
        broken, key=lambda f: (f.reproduction is None, f.severity.rank, -f.confidence, f.line_key)
    )


def has_target(finding: Finding) -> bool:
    """Tell whether it can be looked at what became of a finding."""
    return finding.reproduction is not None or finding.source != SOURCE


def _is_mended(finding: Finding) -> bool:
    """Tell whether a patch is proved; a revert of the author's own work is no mend."""
    suggestion = finding.suggestion
    if suggestion is None or suggestion.proof is None or suggestion.source == "bisect":
        return False
    return suggestion.proof.grade is Grade.PROVED
