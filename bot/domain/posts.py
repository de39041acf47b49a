"""What we post, as Markdown: the summary, a comment next to the code, and its parts.

The words are in `comments`; here they get a shape. Everything that others wrote goes through
`markdown`, which knows how to show it.
"""

import string
from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain import comments
from bot.domain.diff_coverage import diff_coverage, spoken
from bot.domain.evidence import Grade, Proof
from bot.domain.findings import Finding
from bot.domain.fix_words import is_fixable, is_revertible
from bot.domain.markdown import LIMIT_BYTES, cell, code, cut, details, fence, fitted, prose
from bot.domain.model_words import REPRODUCTION
from bot.domain.one_click import OneClick
from bot.domain.pull_request import printable
from bot.domain.reading import Since
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
    number: int | None = None
    """Of the pull request, for the buttons of its check."""
    choices: tuple[str, ...] = ()
    """Where findings were put and why, one line each; only who unfolds the details reads it."""


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
    *,
    quieted: Sequence[str] = (),
) -> str:
    """Return the sticky comment without its marker; line one is the verdict."""
    parts = [
        prose(comments.headline(review.verdict, review.open_findings)),
        looked_at_anew(review.since) if review.since is not None else "",
        _table(review, shown_findings, wording),
        _quieted(quieted),
        _folded(review, unplaced, wording),
        footer(review, wording),
    ]
    return cut("\n\n".join(part for part in parts if part), limit_bytes=LIMIT_BYTES - 500)


def looked_at_anew(since: Since) -> str:
    """Say what this review looked at and what it took over, and from where."""
    one = "hunk" if since.hunks_total == 1 else "hunks"
    counts = f"{since.hunks_anew} of {since.hunks_total} {one}"
    then = code(since.head_sha[:7])
    return f"Looked at anew since {then}: {counts}; the others stand as reviewed then."


def inline(
    review: Review, instances: Sequence[Finding], suggestion: OneClick | None, wording: Wording
) -> str:
    """Return the comment next to the first instance, without its marker."""
    return _comment(review, instances, suggestion, wording)


def on_file(review: Review, instances: Sequence[Finding], wording: Wording) -> str:
    """Return the comment on the file of the first instance, without its marker."""
    where = place(review, instances[0], wording)
    return _comment(review, instances, None, wording, where=f"This is about {where}.")


def file_comment_limit(reason: str, most: int) -> str:
    """Say that no more findings get a comment on their file."""
    return f"{reason}, and a review comments on {most} files as a whole at most"


def _comment(
    review: Review,
    instances: Sequence[Finding],
    suggestion: OneClick | None,
    wording: Wording,
    *,
    where: str = "",
) -> str:
    first = instances[0]
    parts = [
        f"**{first.severity.value.capitalize()}** {prose(first.title, limit=200)}",
        where,
        prose(first.body, limit=1_500),
        _evidence(review, first, suggestion),
        _reproduction(first),
        _others(review, instances[1:], wording),
        _commands(first, wording),
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
    evidence = cell(_grade(review, finding))
    severity = finding.severity.value.capitalize()
    return f"| {severity} | {finding.id} | {where} | {cell(finding.title)} | {evidence} |"


def _grade(review: Review, finding: Finding) -> str:
    if finding.suggestion is None:
        return ""
    proof = finding.suggestion.proof
    grade = proof.grade if proof is not None else Grade.NOT_VERIFIED
    return f"{grade.value}{_of_earlier_head(review, proof)}"


def _of_earlier_head(review: Review, proof: Proof | None) -> str:
    """Say on which head a patch was tried, where that is not this one."""
    if proof is None or proof.is_of(review.change.head_sha):
        return ""
    return f" on {proof.head_sha[:7]}"


def _quieted(lines: Sequence[str]) -> str:
    """Return what is quieter here than elsewhere; nothing may become quiet in secret."""
    rows, left_over = fitted((f"- {line}" for line in lines), limit_bytes=4_000, separator="\n")
    return f"{rows}\n- {comments.more_lines(left_over)}" if left_over else rows


def _folded(review: Review, unplaced: Sequence[Unplaced], wording: Wording) -> str:
    sections = [_unplaced(review, item, wording) for item in unplaced]
    facts = (*_facts(review), ("Choices", wording.choices))
    sections += [_list(title, lines) for title, lines in facts if lines]
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
        ("Sandboxes", review.places),
        ("Files that were not reviewed", skipped),
        ("What the tests reach", reach_of(review)),
    )


def reach_of(review: Review) -> Sequence[str]:
    """Say which changed statements the tests reach; nothing where that is unknown."""
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
    proof = finding.suggestion.proof
    tried = f"{comments.receipt(proof)}{_of_earlier_head(review, proof)}"
    receipt = prose(tried, limit=600)
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


def _commands(finding: Finding, wording: Wording) -> str:
    offers = [f"fix {finding.id}"] if is_fixable(finding) else []
    # A hunk of the author's own is only taken back by name.
    offers += [f"fix {finding.id} revert"] if is_revertible(finding) else []
    offers.append(f"dismiss {finding.id} [reason]")
    return " · ".join([finding.id, *(code(f"{wording.trigger} {offer}") for offer in offers)])


def _in_url(path: str) -> str:
    """Return the path percent-encoded; slashes stay."""
    data = path.encode("utf-8", "surrogateescape")
    return "".join(chr(b) if chr(b) in _UNRESERVED else f"%{b:02X}" for b in data)
