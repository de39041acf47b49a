"""What is posted for one review: decided here as a value, before anything is sent.

A finding gets a comment next to the code when nobody has seen it there yet and the forge takes a
comment there; everything else of the review is in the summary, and says why.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

from bot.domain import comments, posts
from bot.domain.diff import Anchor, Diff, NotAnchorable
from bot.domain.findings import Category, Finding, FindingState
from bot.domain.forge import CheckRun, PostedThread, ReviewComment
from bot.domain.markdown import is_postable
from bot.domain.markers import Marker, MarkerKind, parse_marker
from bot.domain.one_click import OneClick, one_click
from bot.domain.posts import Unplaced, Wording
from bot.domain.repo_config import RepoConfig
from bot.domain.review import Review
from bot.domain.verdict import Conclusion, conclude
from bot.domain.verdict_check import verdict_check

_LONGEST_ANCHOR = 20
"""Lines; above this a comment marks the first line only, so that the code stays readable."""
_ONE_BY_ONE = (Category.REGRESSION, Category.TEST, Category.SECURITY, Category.BUG)
_GONE = (FindingState.FIXED, FindingState.STALE)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a finding from before this review."""

    fingerprint: str
    path: str
    state: FindingState = FindingState.OPEN
    thread_id: str | None = None
    """The node id of the thread that we started, where there is one."""
    is_resolved: bool = False

    @property
    def is_live(self) -> bool:
        """A thread of ours stands open."""
        return self.thread_id is not None and not self.is_resolved


@dataclass(frozen=True, slots=True)
class PublishContext:
    """What a publication depends on besides the review and the configuration."""

    known: tuple[Known, ...] = ()
    is_incremental: bool = False
    """The review looked at a part of the change: what is in no file of it may still be there."""
    web_url: str = ""
    """Of the repository, for links; empty for none."""
    decisions: Mapping[str, str] = field(default_factory=dict)
    """The ledger's id of the decision that led to a finding, by fingerprint."""


@dataclass(frozen=True, slots=True)
class PlannedComment:
    """One comment next to the code, and the findings that it speaks of."""

    comment: ReviewComment
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Publication:
    """Everything that is posted for one review; nothing in it depends on the forge's answers."""

    review: Review
    planned: tuple[PlannedComment, ...]
    unplaced: tuple[Unplaced, ...]
    """Findings that have no comment of their own, and why."""
    shown: tuple[Finding, ...]
    """What the summary's table lists, worst first."""
    threads_to_resolve: tuple[str, ...]
    check: CheckRun
    wording: Wording

    @property
    def comments(self) -> tuple[ReviewComment, ...]:
        """The comments of the one review, worst first."""
        return tuple(planned.comment for planned in self.planned)

    @property
    def review_marker(self) -> str:
        """The marker of the review itself, which has no words of its own."""
        return str(self._marker(MarkerKind.FINDING))

    def summary(self, refused: Sequence[ReviewComment] = ()) -> str:
        """Return the sticky comment; what the forge refused to place is in it."""
        back = [
            Unplaced(finding, "the forge did not take it")
            for planned in self.planned
            if planned.comment in refused
            for finding in planned.findings
        ]
        body = posts.summary(self.review, self.shown, (*self.unplaced, *back), self.wording)
        return self._marker(MarkerKind.SUMMARY).under(body)

    def _marker(self, kind: MarkerKind) -> Marker:
        return Marker(kind, self.review.change.head_sha, self.review.run_id)


def plan(review: Review, config: RepoConfig, context: PublishContext) -> Publication:
    """Decide what is posted for a review."""
    wording = Wording(config.trigger, context.web_url)
    review = _heeding_dismissals(review, context)
    shown = tuple(
        f for f in review.open_findings if f.severity.rank <= config.severity_threshold.rank
    )
    planned, unplaced = _placed(review, _new(shown, context), config, context)
    return Publication(
        review=review,
        planned=planned,
        unplaced=unplaced,
        shown=shown,
        threads_to_resolve=_threads_to_resolve(review, context),
        check=verdict_check(review, shown, fail_on=config.fail_on, wording=wording),
        wording=wording,
    )


def known_from_threads(threads: Sequence[PostedThread]) -> tuple[Known, ...]:
    """Return what our own threads tell of earlier findings, where there is no ledger."""
    found = [(parse_marker(thread.body), thread) for thread in threads]
    return tuple(
        Known(marker.suggestion, thread.path, thread_id=thread.id, is_resolved=thread.is_resolved)
        for marker, thread in found
        if marker is not None and marker.kind is MarkerKind.FINDING
    )


def _heeding_dismissals(review: Review, context: PublishContext) -> Review:
    """Return the review as people left it: what they dismissed is no finding of the verdict."""
    dismissed = {k.fingerprint for k in context.known if k.state is FindingState.DISMISSED}
    findings = tuple(
        replace(f, state=FindingState.DISMISSED)
        if f.state is FindingState.OPEN and f.fingerprint in dismissed
        else f
        for f in review.findings
    )
    if findings == review.findings or review.verdict.conclusion is Conclusion.ERROR:
        return replace(review, findings=findings)
    old = review.verdict
    verdict = conclude(
        findings, coverage=old.coverage, limits=old.limits, tools=old.tools, cost=old.cost
    )
    return replace(review, findings=findings, verdict=verdict)


def _new(findings: Sequence[Finding], context: PublishContext) -> list[Finding]:
    """Return the findings without a thread; one that was fixed and came back is new again."""
    told = {
        known.fingerprint
        for known in context.known
        if known.thread_id is not None and (known.is_live or known.state not in _GONE)
    }
    return [finding for finding in findings if finding.fingerprint not in told]


def _placed(
    review: Review, findings: Sequence[Finding], config: RepoConfig, context: PublishContext
) -> tuple[tuple[PlannedComment, ...], tuple[Unplaced, ...]]:
    planned: list[PlannedComment] = []
    unplaced: list[Unplaced] = []
    wording = Wording(config.trigger, context.web_url)
    for instances in _grouped(findings):
        click = one_click(instances[0], review.diff, review.contents)
        place = _anchor(instances[0], review.diff, click)
        if isinstance(place, str) or len(planned) >= config.max_comments:
            reason = (
                place if isinstance(place, str) else comments.comment_limit(config.max_comments)
            )
            unplaced.extend(Unplaced(finding, reason) for finding in instances)
            continue
        body = posts.inline(review, instances, click, wording)
        marker = _marker(review, instances[0], context)
        comment = ReviewComment(
            place.path, marker.under(body), place.line, place.side, place.start_line
        )
        planned.append(PlannedComment(comment, tuple(instances)))
    return tuple(planned), tuple(unplaced)


def _grouped(findings: Sequence[Finding]) -> list[list[Finding]]:
    """Put the instances of one style rule together, in the order of the first of each."""
    groups: dict[tuple[str, ...], list[Finding]] = {}
    for finding in findings:
        is_alone = finding.category in _ONE_BY_ONE
        key = (finding.source, finding.rule, finding.fingerprint if is_alone else "")
        groups.setdefault(key, []).append(finding)
    return list(groups.values())


def _anchor(finding: Finding, diff: Diff | None, click: OneClick | None) -> Anchor | str:
    """Return where the comment goes, or why it cannot go next to the code."""
    place = finding.location
    if diff is None:
        return "there is no diff"
    if not is_postable(place.path):
        return "the file's name cannot be sent"
    if not finding.is_located:
        return "the code that it quotes was not found"
    if click is not None:
        return diff.anchor(click.path, click.end_line, start_line=click.start_line)
    try:
        return diff.anchor(place.path, place.end_line, place.side, start_line=place.start_line)
    except NotAnchorable:
        return _nearest(finding, diff)


def _nearest(finding: Finding, diff: Diff) -> Anchor | str:
    """Return the first line of the finding that the diff shows, or why there is none."""
    place = finding.location
    last = min(place.end_line, place.start_line + _LONGEST_ANCHOR)
    reason = ""
    for line in range(place.start_line, last + 1):
        try:
            return diff.anchor(place.path, line, place.side)
        except NotAnchorable as error:
            reason = reason or str(error)
    return reason


def _marker(review: Review, finding: Finding, context: PublishContext) -> Marker:
    decision = context.decisions.get(finding.fingerprint, "-")
    head, run = review.change.head_sha, review.run_id
    return Marker(MarkerKind.FINDING, head, run, finding.fingerprint, decision)


def _threads_to_resolve(review: Review, context: PublishContext) -> tuple[str, ...]:
    standing = {f.fingerprint for f in review.findings if f.state not in _GONE}
    told_gone = {f.fingerprint for f in review.findings if f.state in _GONE}
    looked_at = _looked_at(review)
    return tuple(
        known.thread_id
        for known in context.known
        if known.thread_id is not None
        and known.is_live
        and known.state is not FindingState.DISMISSED
        and known.fingerprint not in standing
        and (known.fingerprint in told_gone or _was_rechecked(known, looked_at, context))
    )


def _was_rechecked(
    known: Known, looked_at: AbstractSet[str] | None, context: PublishContext
) -> bool:
    """Tell whether this review would have found it again, were it still there."""
    if looked_at is None:
        return False
    return known.path in looked_at or not context.is_incremental


def _looked_at(review: Review) -> AbstractSet[str] | None:
    """Return the files that were read whole, or None where the run saw less than it should."""
    verdict = review.verdict
    is_whole = verdict.coverage.is_whole and not verdict.limits and review.diff is not None
    if not is_whole or verdict.conclusion in (Conclusion.ERROR, Conclusion.NOT_REVIEWED):
        return None
    skipped = {file.path for file in verdict.coverage.files_skipped}
    files = review.diff.files if review.diff is not None else ()
    return {path for file in files for path in (file.path, file.old_path)} - skipped
