"""A review or a fix as JSON, in the shape of `schemas/review.schema.json`.

Other programs rely on the names. A byte that is not UTF-8 (file names, patches) reads as the text
that `printable` shows for it: strict JSON readers refuse the lone surrogates Python would write.
"""

import json
import math

from bot.domain.evidence import Counts, Proof, Together
from bot.domain.findings import Finding
from bot.domain.review import FixOutcome, PatchResult, Review
from bot.domain.verdict import Verdict

SCHEMA_VERSION = 1

Json = dict[str, object]


def render_json(result: Review | FixOutcome) -> str:
    """Return the document, ASCII only, with one line feed at its end."""
    document = _fix(result) if isinstance(result, FixOutcome) else _review(result)
    return json.dumps(_clean(document), indent=2, allow_nan=False) + "\n"


def _review(review: Review) -> Json:
    return {
        "schema": SCHEMA_VERSION,
        "head_sha": review.change.head_sha,
        "base_sha": review.change.base_sha,
        "verdict": _verdict(review.verdict),
        "findings": [_finding(finding, review) for finding in review.findings],
        "notes": list(review.all_notes),
    }


def _fix(outcome: FixOutcome) -> Json:
    return {
        **_review(outcome.review),
        "patches": [_patch(patch) for patch in outcome.patches],
        "commit": outcome.commit,
        "refused": outcome.refused,
        "left": [finding.id for finding in outcome.left],
        "together": _together(outcome.together),
    }


def _together(whole: Together | None) -> Json | None:
    if whole is None:
        return None
    return {"before": _counts(whole.before), "after": _counts(whole.after)}


def _verdict(verdict: Verdict) -> Json:
    coverage, cost = verdict.coverage, verdict.cost
    return {
        "conclusion": verdict.conclusion.value,
        "coverage": {
            "hunks_seen": coverage.hunks_seen,
            "hunks_total": coverage.hunks_total,
            "files_skipped": [{"path": f.path, "reason": f.reason} for f in coverage.files_skipped],
        },
        "limits": list(verdict.limits),
        "tools": list(verdict.tools),
        "cost": {
            "prompt_tokens": cost.prompt_tokens,
            "completion_tokens": cost.completion_tokens,
            "usd": cost.usd,
            "seconds": cost.seconds,
        },
    }


def _finding(finding: Finding, review: Review) -> Json:
    place, suggestion = finding.location, finding.suggestion
    return {
        "id": finding.id,
        "fingerprint": finding.fingerprint,
        "rule": finding.rule,
        "severity": finding.severity.value,
        "category": finding.category.value,
        "title": finding.title,
        "body": finding.body,
        "path": place.path,
        "start_line": place.start_line,
        "end_line": place.end_line,
        "side": place.side.value,
        "source": finding.source,
        "confidence": finding.confidence,
        "state": finding.state.value,
        "suggestion": None
        if suggestion is None
        else {
            "patch": review.patch_text(suggestion),
            "proof": None if suggestion.proof is None else _proof(suggestion.proof),
        },
    }


def _patch(patch: PatchResult) -> Json:
    return {
        "rank": patch.rank,
        "patch": patch.text,
        "source": patch.source,
        "proof": _proof(patch.proof),
        "ambiguous": patch.is_ambiguous,
        "distinguishing_input": patch.distinguishing_input,
        "gives": patch.gives or None,
        "rival": {"patch": patch.rival_text, "gives": patch.rival_gives or None}
        if patch.rival_text
        else None,
        "doubt": patch.doubt.value if patch.is_ambiguous else None,
    }


def _proof(proof: Proof) -> Json:
    return {
        "applied": proof.is_applied,
        "parses": proof.is_parsed,
        "new_lint": None if proof.new_lint is None else list(proof.new_lint),
        "before": _counts(proof.before),
        "after": _counts(proof.after),
        "fail_to_pass": list(proof.fail_to_pass),
        "pass_to_fail": list(proof.pass_to_fail),
        "image": proof.image,
        "quality": proof.quality,
        "seconds": proof.seconds,
    }


def _counts(counts: Counts | None) -> Json | None:
    return None if counts is None else {"failed": counts.failed, "passed": counts.passed}


def _clean(value: object) -> object:
    """Return the value with every string valid Unicode and every number finite and short."""
    match value:
        case dict():
            return {key: _clean(item) for key, item in value.items()}
        case list():
            return [_clean(item) for item in value]
        case str():
            return value.encode("utf-8", "backslashreplace").decode("utf-8")
        case float():
            return round(value, 6) if math.isfinite(value) else None
        case _:
            return value
