"""What we post, as Markdown: the summary, a comment next to the code, and its parts.

The words are in `comments`; here they get a shape. Everything that others wrote goes through
`markdown`, which knows how to show it.
"""

import string
from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain import comments
from bot.domain.diff_coverage import diff_coverage, spoken
from bot.domain.evidence import Grade
from bot.domain.findings import Finding, FindingId
from bot.domain.markdown import LIMIT_BYTES, cell, code, cut, details, fence, fitted, prose
from bot.domain.model_words import REPRODUCTION
from bot.domain.one_click import OneClick
from bot.domain.pull_request import printable
from bot.domain.review import Review
from bot.domain.untrusted import shown

_TABLE_HEAD = "| Severity | Finding | Where | What | Evidence |\n|---|---|---|---|---|"
_TABLE_BYTES = 24_000
_DETAILS_BYTES = 30_000
_PATCH_CHARACTERS = 6_000
_INSTANCES_SHOWN = 20
_UNRESERVED = frozenset(string.ascii_letters + string.digits + "-._~/")


@dataclass(frozen=True, slots=True)
class Wording:
    """What the words depend on besides the review."""

    trigger: str = "/agent"
    """The first word of a command."""
    web_url: str = ""
    """Of the repository, for links to lines of the head; empty for none."""


@dataclass(frozen=True, slots=True)
class Unplaced:
    """A finding that has no comment of its own on this head."""

    finding: Finding
    reason: str


def summary(
    review: Review,
    shown_findings: Sequence[Finding],
    unplaced: Sequence[Unplaced],
    wording: Wording,
) -> str:
    """Return the sticky comment without its marker; line one is the verdict."""
    parts = [
        prose(comments.headline(review.verdict, review.open_findings)),
        _table(review, shown_findings, wording),
        _folded(review, unplaced, wording),
        footer(review, wording),
    ]
    return cut("\n\n".join(part for part in parts if part), limit_bytes=LIMIT_BYTES - 500)


def inline(
    review: Review, instances: Sequence[Finding], suggestion: OneClick | None, wording: Wording
) -> str:
    """Return the comment next to the first instance, without its marker."""
    first = instances[0]
    parts = [
        f"**{first.severity.value.capitalize()}** {prose(first.title, limit=200)}",
        prose(first.body, limit=1_500),
        _evidence(review, first, suggestion),
        _reproduction(first),
        _others(review, instances[1:], wording),
        _commands(first.id, wording),
    ]
    return cut("\n\n".join(part for part in parts if part), limit_bytes=LIMIT_BYTES - 500)


def footer(review: Review, wording: Wording) -> str:
    """Return the last line: which run, what it used, and three commands."""
    cost = review.verdict.cost
    tokens = cost.prompt_tokens + cost.completion_tokens
    figures = (
        f"run {code(review.run_id)} · {tokens:,} tokens · ${cost.usd:.2f} · {cost.seconds:.1f} s"
    )
    verbs = (code(f"{wording.trigger} {verb}") for verb in ("fix", "review", "help"))
    return f"{figures} · {' · '.join(verbs)}"


def place(review: Review, finding: Finding, wording: Wording) -> str:
    """Return where a finding is, as a link to the head where the forge's address is known."""
    where = finding.location
    text = code(f"{printable(where.path)}:{where.start_line}")
    if not wording.web_url:
        return text
    path = _in_url(where.path)
    lines = f"#L{where.start_line}"
    return f"[{text}]({wording.web_url}/blob/{review.change.head_sha}/{path}{lines})"


def _table(review: Review, findings: Sequence[Finding], wording: Wording) -> str:
    if not findings:
        return ""
    rows, left_over = fitted(
        (_row(review, finding, wording) for finding in findings),
        limit_bytes=_TABLE_BYTES,
        separator="\n",
    )
    more = comments.more_findings(left_over) if left_over else ""
    return "\n\n".join(part for part in (f"{_TABLE_HEAD}\n{rows}", more) if part)


def _row(review: Review, finding: Finding, wording: Wording) -> str:
    where = place(review, finding, wording).replace("|", "\\|")
    evidence = cell(_grade(finding))
    severity = finding.severity.value.capitalize()
    return f"| {severity} | {finding.id} | {where} | {cell(finding.title)} | {evidence} |"


def _grade(finding: Finding) -> str:
    if finding.suggestion is None:
        return ""
    proof = finding.suggestion.proof
    return (proof.grade if proof is not None else Grade.NOT_VERIFIED).value


def _folded(review: Review, unplaced: Sequence[Unplaced], wording: Wording) -> str:
    sections = [_unplaced(review, item, wording) for item in unplaced]
    sections += [_list(title, lines) for title, lines in _facts(review) if lines]
    body, left_over = fitted(sections, limit_bytes=_DETAILS_BYTES)
    if not body:
        return ""
    more = f"\n\n{comments.more_sections(left_over)}" if left_over else ""
    return details("Details", body + more)


def _facts(review: Review) -> tuple[tuple[str, Sequence[str]], ...]:
    coverage = review.verdict.coverage
    skipped = [f"{printable(f.path)}: {f.reason}" for f in coverage.files_skipped]
    return (
        ("Limits", review.verdict.limits),
        ("Notes", review.all_notes),
        ("Tools", review.verdict.tools),
        ("Code ran in", review.places),
        ("Files that were not reviewed", skipped),
        ("What the tests reach", _reached(review)),
    )


def _reached(review: Review) -> Sequence[str]:
    if review.diff is None:
        return ()
    return spoken(diff_coverage(review.diff, review.head_tests, review.contents))


def _list(title: str, lines: Sequence[str]) -> str:
    rows, left_over = fitted(
        (f"- {prose(line, limit=300)}" for line in lines), limit_bytes=8_000, separator="\n"
    )
    more = f"\n- {comments.more_lines(left_over)}" if left_over else ""
    return f"**{title}**\n\n{rows}{more}"


def _unplaced(review: Review, item: Unplaced, wording: Wording) -> str:
    finding = item.finding
    parts = [
        f"**{finding.id}** {place(review, finding, wording)} {prose(finding.title, limit=200)}",
        prose(finding.body, limit=1_500),
        _evidence(review, finding, None),
        prose(comments.no_comment_there(item.reason)),
    ]
    return "\n\n".join(part for part in parts if part)


def _evidence(review: Review, finding: Finding, suggestion: OneClick | None) -> str:
    """Return the receipt, and the patch: one click where it may be, else folded."""
    if finding.suggestion is None:
        return ""
    receipt = prose(comments.receipt(finding.suggestion.proof), limit=600)
    if suggestion is not None:
        return f"{receipt}\n\n{fence(suggestion.text, 'suggestion')}"
    patch = shown(review.patch_text(finding.suggestion))
    if not patch or len(patch) > _PATCH_CHARACTERS:
        return receipt
    return f"{receipt}\n\n{details('Patch', fence(patch, 'diff'))}"


def _reproduction(finding: Finding) -> str:
    """Return the test that shows a finding, folded."""
    shown_by = finding.reproduction
    if shown_by is None or len(shown_by.text) > _PATCH_CHARACTERS:
        return ""
    return details(REPRODUCTION, fence(shown(shown_by.text), ""))


def _others(review: Review, others: Sequence[Finding], wording: Wording) -> str:
    if not others:
        return ""
    listed = [f"{f.id} {place(review, f, wording)}" for f in others[:_INSTANCES_SHOWN]]
    return comments.also_at(listed, more=len(others) - len(listed))


def _commands(finding_id: FindingId, wording: Wording) -> str:
    fix = code(f"{wording.trigger} fix {finding_id}")
    dismiss = code(f"{wording.trigger} dismiss {finding_id} why")
    return f"{finding_id} · {fix} · {dismiss}"


def _in_url(path: str) -> str:
    """Return the path percent-encoded; slashes stay."""
    data = path.encode("utf-8", "surrogateescape")
    return "".join(chr(b) if chr(b) in _UNRESERVED else f"%{b:02X}" for b in data)
