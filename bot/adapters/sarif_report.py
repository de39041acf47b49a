"""A review as SARIF 2.1.0, for code scanning and for any viewer of that format.

Sections in comments are those of the OASIS standard, SARIF Version 2.1.0.
"""

import base64
import json
from collections.abc import Iterable
from urllib.parse import quote

from bot import __version__
from bot.domain import comments
from bot.domain.edits import Edit, Patch
from bot.domain.evidence import Grade
from bot.domain.findings import Category, Finding, FindingState, Severity, Suggestion
from bot.domain.review import Review
from bot.domain.untrusted import shown
from bot.domain.verdict import Conclusion, Coverage

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_ROOT = "%SRCROOT%"
_LEVELS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
}
_SECURITY_SEVERITIES = {
    Severity.CRITICAL: "9.5",
    Severity.HIGH: "8.0",
    Severity.MEDIUM: "5.5",
    Severity.LOW: "2.0",
}
"""Scores by which GitHub ranks security findings; they lie inside its bands for these words."""

Json = dict[str, object]


def render_sarif(review: Review) -> str:
    """Return the log file, ASCII only."""
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [_run(review)]}
    return json.dumps(log, indent=2, allow_nan=False) + "\n"


def _run(review: Review) -> Json:
    rules = {finding.rule: finding for finding in reversed(review.findings)}
    order = {rule: index for index, rule in enumerate(sorted(rules))}
    coverage = review.verdict.coverage
    return {
        "tool": {
            "driver": {
                "name": "Pullwright",
                "semanticVersion": __version__,
                "informationUri": "https://github.com/pullwright/pullwright",
                "rules": [_rule(rules[rule]) for rule in order],
            }
        },
        "automationDetails": {"id": f"pullwright/{_text(review.run_id)}"},
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(review)],
        "results": [_result(f, order[f.rule]) for f in review.findings],
        "properties": {
            "headSha": review.change.head_sha,
            "mergeBaseSha": review.change.merge_base_sha,
            "conclusion": review.verdict.conclusion.value,
            "hunksSeen": coverage.hunks_seen,
            "hunksTotal": coverage.hunks_total,
            "tools": [_text(tool) for tool in review.verdict.tools],
        },
    }


def _rule(finding: Finding) -> Json:
    properties: Json = {"tags": [finding.category.value], "precision": _precision(finding)}
    if finding.category is Category.SECURITY:
        properties["security-severity"] = _SECURITY_SEVERITIES[finding.severity]
    return {
        "id": _text(finding.rule),
        "shortDescription": {"text": _text(f"{finding.source}: {finding.rule}")},
        "defaultConfiguration": {"level": _LEVELS[finding.severity]},
        "properties": properties,
    }


def _precision(finding: Finding) -> str:
    return "high" if finding.confidence >= 0.8 else "medium"


def _invocation(review: Review) -> Json:
    """Say what could not be looked at: no results alone would read as a clean bill."""
    verdict = review.verdict
    could_look = verdict.conclusion not in (Conclusion.ERROR, Conclusion.NOT_REVIEWED)
    return {
        "executionSuccessful": could_look,
        "toolExecutionNotifications": [
            _notification(comments.headline(verdict, review.open_findings), "note"),
            *(_notification(limit, "warning") for limit in verdict.limits),
            *_skipped(verdict.coverage),
            *(_notification(note, "note") for note in review.notes),
        ],
    }


def _skipped(coverage: Coverage) -> Iterable[Json]:
    for file in coverage.files_skipped:
        level = "note" if file.is_exempt else "warning"
        place = {"physicalLocation": {"artifactLocation": _artifact(file.path)}}
        yield {**_notification(f"not looked at: {file.reason}", level), "locations": [place]}


def _notification(text: str, level: str) -> Json:
    return {"level": level, "message": {"text": _text(text)}}


def _result(finding: Finding, rule_index: int) -> Json:
    result: Json = {
        "ruleId": _text(finding.rule),
        "ruleIndex": rule_index,
        "level": _LEVELS[finding.severity],
        "rank": round(min(1.0, max(0.0, finding.confidence)) * 100, 1),
        "message": {"text": _message(finding)},
        "locations": [{"physicalLocation": _place(finding)}],
        "partialFingerprints": {"pullwright/v1": finding.fingerprint},
        "properties": {
            "id": finding.id,
            "severity": finding.severity.value,
            "category": finding.category.value,
            "source": _text(finding.source),
            "state": finding.state.value,
        },
    }
    if finding.state is not FindingState.OPEN:
        reason = {"kind": "external", "justification": finding.state.value}
        result["suppressions"] = [reason]
    if (suggestion := finding.suggestion) is not None and _is_proved(suggestion):
        result["fixes"] = [_fix(suggestion)]
    return result


def _is_proved(suggestion: Suggestion) -> bool:
    return suggestion.proof is not None and suggestion.proof.grade is Grade.PROVED


def _message(finding: Finding) -> str:
    parts = [f"{finding.title}.", finding.body]
    if finding.suggestion is not None:
        parts.append(f"Suggestion {comments.receipt(finding.suggestion.proof)}")
    return _text("\n".join(part for part in parts if part))


def _place(finding: Finding) -> Json:
    """Return the place in the head; of a line that the change removed only the file is left."""
    location = finding.location
    place: Json = {"artifactLocation": _artifact(location.path)}
    if location.side == "RIGHT":
        place["region"] = {"startLine": location.start_line, "endLine": location.end_line}
    return place


def _artifact(path: str) -> Json:
    return {"uri": quote(path.encode("utf-8", "surrogateescape"), safe="/"), "uriBaseId": _ROOT}


def _fix(suggestion: Suggestion) -> Json:
    return {
        "description": {"text": _text(comments.receipt(suggestion.proof))},
        "artifactChanges": [_change(suggestion.patch, path) for path in suggestion.patch.paths],
    }


def _change(patch: Patch, path: str) -> Json:
    edits = [edit for edit in patch.edits if edit.path == path]
    return {"artifactLocation": _artifact(path), "replacements": [_replacement(e) for e in edits]}


def _replacement(edit: Edit) -> Json:
    region: Json = {"startLine": edit.start_line, "startColumn": 1}
    if edit.old_text and not edit.old_text.endswith("\n"):
        # The last line of a file without a final line feed: there is no next line to end at.
        last = edit.old_text.rpartition("\n")[2]
        region |= {"endLine": edit.end_line, "endColumn": len(last) + 1}
    else:
        region |= {"endLine": edit.end_line + 1, "endColumn": 1}
    return {"deletedRegion": region, "insertedContent": _content(edit.new_text)}


def _content(text: str) -> Json:
    data = text.encode("utf-8", "surrogateescape")
    try:
        return {"text": data.decode("utf-8")}
    except UnicodeDecodeError:
        return {"binary": base64.b64encode(data).decode("ascii")}


def _text(text: str) -> str:
    """Return text that a viewer shows as it is: `[words](address)` is a link (section 3.11.6)."""
    return shown(text).replace("](", "] (")
