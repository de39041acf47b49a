"""`reproduce`: a claim that can be executed is executed, at the head and at the merge base.

For the gravest findings of the model it writes a test; one that is red at the head, twice, shows
the finding, and what is shown outranks every opinion. A test that stays green shows nothing: the
finding is weaker then, because somebody tried.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bot.agent.prompts.fixing import reproduce_prompt
from bot.agent.samples import beside, sample_test
from bot.agent.side_by_side import side_by_side
from bot.agent.state import Observation, State
from bot.agent.testing import OpenSuite, Suite
from bot.domain.comments import spoken_test
from bot.domain.evidence import TestReport, file_of
from bot.domain.findings import Category, Finding, Reproduction
from bot.domain.model import NOTHING, Completion, Model, Spending
from bot.domain.model_edits import TestReply
from bot.domain.model_findings import SOURCE
from bot.domain.model_words import reproduced
from bot.domain.ports import NoTests, SandboxFacts, Syntax, Workspace
from bot.errors import ModelFailed
from bot.policy.features import Features, cost, saturating

MOST = 4
"""Findings that a run tries to show, the gravest first."""
NOT_SHOWN = 0.8
"""What is left of the confidence in a finding that a test did not show."""
_MESSAGE = 1_500


class Reproduce:
    """Tries once per run; it needs a suite that ran at the head."""

    name = "reproduce"

    def __init__(self, model: Model, suite: Suite, workspace: Workspace, syntax: Syntax) -> None:
        self._model = model
        self._suite = suite
        self._workspace = workspace
        self._syntax = syntax

    def is_eligible(self, state: State) -> bool:
        is_run = state.head_tests is not None and state.head_tests.is_evidence
        return self.name not in state.tools_run and is_run and bool(_claims(state))

    def features(self, state: State) -> Features:
        seconds = state.head_tests.seconds if state.head_tests is not None else 5.0
        claims = saturating(len(_claims(state)), half=1)
        return {"unjudged": claims, "evidence": 1.0, "seconds": cost(20 + 3 * seconds)}

    def run(self, state: State) -> Observation:
        plan, sample = self._suite.plan(), sample_test(self._workspace, state)
        if isinstance(plan, NoTests) or sample is None:
            return Observation("there is no test to take as a sample")
        claims = _claims(state)[:MOST]
        asked = side_by_side(lambda claim: self._asked(claim, state, sample), claims)
        spending = sum((a.spending for a in asked if isinstance(a, Completion)), NOTHING)
        written = self._written(claims, asked, sample)
        if not written:
            return Observation("no claim can be shown by a test", spending=spending)
        with self._suite.open(plan, seconds_left=state.seconds_left) as suite:
            shown = _tried(suite, state, written)
            facts = suite.sandbox.facts
        return self._observation(state, written, shown, spending, facts)

    def _observation(
        self,
        state: State,
        written: Sequence["_Written"],
        shown: Mapping[int, Reproduction],
        spending: Spending,
        facts: SandboxFacts,
    ) -> Observation:
        tried = {id(each.finding) for each in written}
        findings = tuple(
            _after(f, shown.get(id(f))) if id(f) in tried else f for f in state.findings
        )
        return Observation(
            f"{len(shown)} of {len(written)} claims reproduced by a test",
            findings=findings,
            read=frozenset(each.finding.location.path for each in written),
            sandboxes=(facts,),
            spending=spending,
        )

    def _asked(
        self, finding: Finding, state: State, sample: tuple[str, str]
    ) -> Completion[TestReply] | ModelFailed:
        path, text = sample
        prompt = reproduce_prompt(finding, state.head, sample_path=path, sample=text)
        try:
            return self._model.complete(prompt, TestReply, timeout_s=state.call_seconds)
        except ModelFailed as error:
            return error

    def _written(
        self,
        claims: Sequence[Finding],
        asked: Sequence[Completion[TestReply] | ModelFailed],
        sample: tuple[str, str],
    ) -> list["_Written"]:
        """Return the tests that parse, at paths that we choose."""
        written: list[_Written] = []
        for number, (claim, answer) in enumerate(zip(claims, asked, strict=True), 1):
            if isinstance(answer, ModelFailed) or not answer.value.text.strip():
                continue
            path = beside(sample[0], str(number))
            data = answer.value.text.encode("utf-8", "replace")
            if self._syntax.parses(path, data) is not False:
                written.append(_Written(claim, path, answer.value.text))
        return written


@dataclass(frozen=True, slots=True)
class _Written:
    finding: Finding
    path: str
    text: str


def _claims(state: State) -> list[Finding]:
    """Return what the model claims of the code's behaviour, the gravest first."""
    done = state.read_by(Reproduce.name)
    claims = [
        f
        for f in state.findings
        if f.source == SOURCE
        and f.location.path not in done
        and f.category in (Category.BUG, Category.SECURITY)
        and f.reproduction is None
    ]
    return sorted(claims, key=lambda f: (f.severity.rank, -f.confidence, f.line_key))


def _tried(suite: OpenSuite, state: State, written: Sequence[_Written]) -> dict[int, Reproduction]:
    """Run all tests at the head and at the merge base; what is red at the head shows its claim."""
    overlay = {each.path: each.text.encode("utf-8", "replace") for each in written}
    paths = sorted(overlay)
    head = suite.run(state.change.head_sha, overlay, only=paths)
    again = suite.run(state.change.head_sha, overlay, only=paths)
    base = suite.run(state.change.merge_base_sha, overlay, only=paths)
    found = ((each, _shown(each, head, again, base)) for each in written)
    return {id(each.finding): shown for each, shown in found if shown is not None}


def _shown(
    each: _Written, head: TestReport, again: TestReport, base: TestReport
) -> Reproduction | None:
    """Return what a test shows: a file that does not even load shows nothing."""
    if not (head.is_evidence and again.is_evidence):
        return None
    tests = sorted(t for t in head.red & again.red if file_of(t) == each.path and "::" in t)
    if not tests:
        return None
    return Reproduction(
        path=each.path,
        text=each.text,
        tests=tuple(tests),
        message=head.messages.get(tests[0], "")[:_MESSAGE],
        passes_at_base=base.is_evidence and base.green >= set(tests),
    )


def _after(finding: Finding, shown: Reproduction | None) -> Finding:
    if shown is None:
        return replace(finding, confidence=finding.confidence * NOT_SHOWN)
    told = reproduced(spoken_test(shown.tests[0]), passes_at_base=shown.passes_at_base)
    body = f"{finding.body} {told}".strip()
    return replace(finding, confidence=1.0, body=body, reproduction=shown)
