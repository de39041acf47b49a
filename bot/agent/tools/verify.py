"""`verify`: try every suggestion that nobody has tried, and attach the proof."""

from dataclasses import replace

from bot.agent.prove import Candidate, Prover
from bot.agent.state import Observation, State
from bot.agent.tools.test import Test
from bot.domain.evidence import Grade
from bot.policy.features import Features, cost, saturating


class Verify:
    """May run again whenever a tool has made new suggestions."""

    name = "verify"

    def __init__(self, prover: Prover) -> None:
        self._prover = prover

    def is_eligible(self, state: State) -> bool:
        # A proof compares with the suite at head, so that has to have been run, or tried.
        return bool(state.unproved) and Test.name in state.tools_run

    def features(self, state: State) -> Features:
        seconds = state.head_tests.seconds if state.head_tests is not None else 5.0
        return {
            "evidence": 1.0,
            "unproved": saturating(len(state.unproved), half=4),
            "seconds": cost(seconds + 2),
        }

    def run(self, state: State) -> Observation:
        tried = state.unproved
        candidates = [Candidate(f, f.suggestion.patch) for f in tried if f.suggestion]
        proofs = self._prover.prove(state, candidates)
        by_finding = {id(finding): proof for finding, proof in zip(tried, proofs, strict=True)}
        findings = tuple(
            replace(f, suggestion=replace(f.suggestion, proof=by_finding[id(f)]))
            if f.suggestion and id(f) in by_finding
            else f
            for f in state.findings
        )
        proved = sum(proof.grade is Grade.PROVED for proof in proofs)
        return Observation(f"{proved} of {len(proofs)} suggestions proved", findings=findings)
