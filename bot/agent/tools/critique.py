"""`critique`: a second look at what the model reported, which keeps, weakens or drops each finding.

Reviewers of every kind find something because they were asked to; this question is asked the other
way round. What nobody could look at twice stays, with half of its confidence and no high severity.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.agent.prompts.reviewing import critique_prompt
from bot.agent.side_by_side import side_by_side
from bot.agent.state import Observation, State
from bot.domain.findings import Finding, Severity
from bot.domain.model import NOTHING, Completion, Model
from bot.domain.model_findings import SOURCE, CritiqueReply, Judgement
from bot.domain.model_words import no_second_look
from bot.errors import ModelFailed
from bot.policy.features import Features, cost, saturating

AT_ONCE = 12
"""Findings in one prompt."""
LEAST_CONFIDENCE = 0.3
"""Below it a finding of a model is not worth a person's time."""
_WEAKER = 0.6
_UNJUDGED = 0.5
_SECONDS_EXPECTED = 10.0


class Critique:
    """Looks at every finding of the model once."""

    name = "critique"

    def __init__(self, model: Model) -> None:
        self._model = model

    def is_eligible(self, state: State) -> bool:
        return self.name not in state.tools_run and bool(_reported(state))

    def features(self, state: State) -> Features:
        count = len(_reported(state))
        return {"unjudged": saturating(count, half=1), "seconds": cost(_SECONDS_EXPECTED)}

    def run(self, state: State) -> Observation:
        reported = _reported(state)
        batches = [reported[i : i + AT_ONCE] for i in range(0, len(reported), AT_ONCE)]
        outcomes = side_by_side(lambda batch: self._asked(batch, state), batches)
        kept: dict[int, Finding] = {}
        spending, notes = NOTHING, []
        for batch, outcome in zip(batches, outcomes, strict=True):
            if isinstance(outcome, ModelFailed):
                notes = [no_second_look(outcome)]
                kept |= {id(finding): _unjudged(finding) for finding in batch}
            else:
                spending += outcome.spending
                kept |= _kept(batch, outcome.value.judgements)
        ours = {id(finding) for finding in reported}
        findings = (kept.get(id(f)) if id(f) in ours else f for f in state.findings)
        return Observation(
            f"{len(kept)} of {len(reported)} findings stand",
            findings=tuple(f for f in findings if f is not None),
            read=frozenset() if notes else state.read_by(SOURCE),
            notes=tuple(notes),
            spending=spending,
        )

    def _asked(
        self, batch: Sequence[Finding], state: State
    ) -> Completion[CritiqueReply] | ModelFailed:
        prompt = critique_prompt(batch, state.head)
        try:
            return self._model.complete(prompt, CritiqueReply, timeout_s=state.call_seconds)
        except ModelFailed as error:
            return error


def _reported(state: State) -> list[Finding]:
    """Return what nobody looked at twice; an earlier run's second look stands with its file."""
    done = state.read_by(Critique.name)
    return [f for f in state.findings if f.source == SOURCE and f.location.path not in done]


def _kept(batch: Sequence[Finding], judged: Sequence[Judgement]) -> Mapping[int, Finding]:
    """Return what stands; a finding that no judgement is about counts as not looked at."""
    by_index = {judgement.index: judgement for judgement in reversed(judged)}
    after = {id(f): _judged(f, by_index.get(index)) for index, f in enumerate(batch)}
    return {key: finding for key, finding in after.items() if finding is not None}


def _judged(finding: Finding, judgement: Judgement | None) -> Finding | None:
    if judgement is None:
        return _unjudged(finding)
    match judgement.verdict:
        case "drop":
            return None
        case "weaken":
            confidence = finding.confidence * _WEAKER
            weaker = replace(finding, severity=_milder(finding.severity), confidence=confidence)
            return weaker if confidence >= LEAST_CONFIDENCE else None
        case "keep":
            return finding if finding.confidence >= LEAST_CONFIDENCE else None


def _unjudged(finding: Finding) -> Finding:
    severity = max(finding.severity, Severity.MEDIUM, key=lambda severity: severity.rank)
    return replace(finding, severity=severity, confidence=finding.confidence * _UNJUDGED)


def _milder(severity: Severity) -> Severity:
    return list(Severity)[min(severity.rank + 1, Severity.LOW.rank)]
