"""What is posted for one review: decided here as a value, before anything is sent.

A finding gets a comment next to the code when nobody has seen it there yet and the forge takes a
comment there, or else on its file for a few of them; everything else of the review is in the
summary, and says why.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from bot.domain import comments, posts
from bot.domain.diff import Anchor, Diff, NotAnchorable
from bot.domain.findings import SETTLED, Category, Finding, FindingState
from bot.domain.forge import CheckRun, PostedThread, ReviewComment
from bot.domain.markdown import is_postable
from bot.domain.markers import Marker, MarkerKind, parse_marker
from bot.domain.one_click import OneClick, one_click
from bot.domain.policy_words import SHOWN_HERE
from bot.domain.posts import Unplaced, Wording
from bot.domain.quieting import SUMMARY_ONLY, Quieted, RepoQuiet, quieted, said_of_quieted
from bot.domain.repo_config import RepoConfig
from bot.domain.review import Review
from bot.domain.verdict import Conclusion, FailOn, conclude, is_failure
from bot.domain.verdict_check import verdict_check

_LONGEST_ANCHOR = 20
"""Lines; above this a comment marks the first line only, so that the code stays readable."""
FILE_COMMENTS = 3
"""Of one review at most: each is a request of its own."""
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
    finding_id: str = ""
    """Its lasting id; empty where no ledger gave it one, and the fingerprint has to do."""

    @property
    def is_live(self) -> bool:
        """A thread of ours stands open."""
        return self.thread_id is not None and not self.is_resolved


@dataclass(frozen=True, slots=True)
class PublishContext:
    """What a publication depends on besides the review and the configuration."""

    known: tuple[Known, ...] = ()
    web_url: str = ""
    """Of the repository, for links; empty for none."""
    number: int | None = None
    """Of the pull request."""
    decisions: Mapping[str, str] = field(default_factory=dict)
    """The ledger's id of the decision that led to a finding, by fingerprint."""
    placed: Mapping[str, str] = field(default_factory=dict)
    """The ledger's id of the decision where a finding goes, by the finding's id."""
    moved: frozenset[str] = frozenset()
    """The ids of findings that were chosen to stand in the summary only."""
    choices: tuple[str, ...] = ()
    """What was chosen and why, one line each."""
    quiet: RepoQuiet | None = None
    """What the repository turned down before; None for nothing."""


@dataclass(frozen=True, slots=True)
class PlannedComment:
    """One comment next to the code, and the findings that it speaks of."""

    comment: ReviewComment
    findings: tuple[Finding, ...]
    on_file: ReviewComment
    """What is said on the file where the forge does not take it on the line."""

    @property
    def to_record(self) -> tuple[Finding, ...]:
        """Return the findings in the order in which it is stored that they have this comment.

        The one that the marker names is the last: a host that dies before that plans the same
        comment again, and finds it posted.
        """
        return self.findings[::-1]


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
    placed: Mapping[str, str] = field(default_factory=dict)
    """The ledger's id of the decision that placed a finding, by the finding's id."""
    quieted: tuple[str, ...] = ()
    """What is quieter than elsewhere, why, and how to have it back; one sentence each."""

    @property
    def comments(self) -> tuple[ReviewComment, ...]:
        """The comments of the one review, worst first."""
        return tuple(planned.comment for planned in self.planned)

    @property
    def review_marker(self) -> str:
        """The marker of the review itself, which has no words of its own."""
        return str(self._marker(MarkerKind.FINDING))

    def on_files(self, refused: Sequence[ReviewComment]) -> tuple[ReviewComment, ...]:
        """Return the worst of what was refused as comments on files, as far as there is room."""
        room = FILE_COMMENTS - sum(planned.comment.line is None for planned in self.planned)
        second = (
            p.on_file for p in self.planned if p.comment in refused and p.comment.line is not None
        )
        return tuple(islice(second, room))

    def summary(self, lost: Sequence[Unplaced] = (), notes: Sequence[str] = ()) -> str:
        """Return the sticky comment; findings whose comment is not there are in it."""
        review = replace(self.review, notes=(*self.review.notes, *notes))
        unplaced = (*self.unplaced, *lost)
        body = posts.summary(review, self.shown, unplaced, self.wording, quieted=self.quieted)
        return self._marker(MarkerKind.SUMMARY).under(body)

    def _marker(self, kind: MarkerKind) -> Marker:
        return Marker(kind, self.review.change.head_sha, self.review.run_id)


def plan(review: Review, config: RepoConfig, context: PublishContext) -> Publication:
    """Decide what is posted for a review."""
    wording = Wording(config.trigger, context.web_url, context.number, context.choices)
    review = _heeding_dismissals(review, context)
    shown = tuple(
        f for f in review.open_findings if f.severity.rank <= config.severity_threshold.rank
    )
    hushed = _hushed(review, shown, config, context)
    silent = [one.finding for one in hushed if one.how.is_silent]
    told = tuple(f for f in shown if f not in silent)
    new = _new(told, context)
    low = [one.finding for one in hushed if one.finding in new]
    planned, unplaced = _placed(review, [f for f in new if f not in low], config, context)
    return Publication(
        review=review,
        planned=planned,
        unplaced=(*unplaced, *(Unplaced(finding, SUMMARY_ONLY) for finding in low)),
        shown=told,
        quieted=said_of_quieted(hushed, config.trigger),
        threads_to_resolve=_threads_to_resolve(review, context),
        check=verdict_check(review, told, fail_on=config.fail_on, wording=wording),
        wording=wording,
        placed=context.placed,
    )


def _hushed(
    review: Review, shown: Sequence[Finding], config: RepoConfig, context: PublishContext
) -> tuple[Quieted, ...]:
    """Return what is quieter here; never what the configuration has the check fail on."""
    if context.quiet is None:
        return ()
    fail_on = [choice for choice in config.fail_on if choice is not FailOn.PARTIAL]
    free = [f for f in shown if not is_failure(review.verdict, (f,), fail_on=fail_on)]
    return quieted(free, context.quiet)


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
    by_state = [(s, _Names(k for k in context.known if k.state is s)) for s in SETTLED]

    def heeded(finding: Finding) -> Finding:
        if finding.state is not FindingState.OPEN:
            return finding
        state = next((s for s, names in by_state if finding in names), finding.state)
        return replace(finding, state=state)

    findings = tuple(map(heeded, review.findings))
    if findings == review.findings or review.verdict.conclusion is Conclusion.ERROR:
        return replace(review, findings=findings)
    old = review.verdict
    verdict = conclude(
        findings, coverage=old.coverage, limits=old.limits, tools=old.tools, cost=old.cost
    )
    return replace(review, findings=findings, verdict=verdict)


def _new(findings: Sequence[Finding], context: PublishContext) -> list[Finding]:
    """Return the findings without a thread; one that was fixed and came back is new again."""
    told = _Names(
        known
        for known in context.known
        if known.thread_id is not None and (known.is_live or known.state not in _GONE)
    )
    return [finding for finding in findings if finding not in told]


class _Names:
    """The findings that some known ones are, by id where there is one."""

    def __init__(self, known: Iterable[Known]) -> None:
        every = tuple(known)
        self._ids = {k.finding_id for k in every if k.finding_id}
        self._fingerprints = {k.fingerprint for k in every if not k.finding_id}

    def __contains__(self, finding: Finding) -> bool:
        return finding.id in self._ids or finding.fingerprint in self._fingerprints


def _placed(
    review: Review, findings: Sequence[Finding], config: RepoConfig, context: PublishContext
) -> tuple[tuple[PlannedComment, ...], tuple[Unplaced, ...]]:
    planned: list[PlannedComment] = []
    unplaced: list[Unplaced] = []
    wording = Wording(config.trigger, context.web_url)
    for instances in _grouped(findings):
        click = one_click(instances[0], review.diff, review.contents)
        place = _anchor(instances[0], review.diff, click)
        reason = _no_room(instances[0], place, review.diff, planned, config.max_comments)
        if reason := reason or (SHOWN_HERE if instances[0].id in context.moved else ""):
            unplaced.extend(Unplaced(finding, reason) for finding in instances)
            continue
        marker = _marker(review, instances[0], context)
        on_file = _on_file(review, instances, marker, wording)
        if isinstance(place, str):
            comment = on_file
        else:
            body = marker.under(posts.inline(review, instances, click, wording))
            comment = ReviewComment(place.path, body, place.line, place.side, place.start_line)
        planned.append(PlannedComment(comment, tuple(instances), on_file))
    return tuple(planned), tuple(unplaced)


def _no_room(
    first: Finding,
    place: Anchor | str,
    diff: Diff | None,
    planned: Sequence[PlannedComment],
    max_comments: int,
) -> str:
    """Return why a finding gets no comment, neither on a line nor on its file; empty if it does."""
    path = first.location.path
    if isinstance(place, str):
        if diff is None or path not in diff.by_path or not is_postable(path):
            return place
        if sum(one.comment.line is None for one in planned) >= FILE_COMMENTS:
            return posts.file_comment_limit(place, FILE_COMMENTS)
    return comments.comment_limit(max_comments) if len(planned) >= max_comments else ""


def _on_file(
    review: Review, instances: Sequence[Finding], marker: Marker, wording: Wording
) -> ReviewComment:
    body = marker.under(posts.on_file(review, instances, wording))
    return ReviewComment(instances[0].location.path, body, None)


def _grouped(findings: Sequence[Finding]) -> list[list[Finding]]:
    """Put the instances of one style rule together, in the order of the first of each."""
    groups: dict[tuple[str, ...], list[Finding]] = {}
    for finding in findings:
        groups.setdefault(group_key(finding), []).append(finding)
    return list(groups.values())


def group_key(finding: Finding) -> tuple[str, ...]:
    """Return what the findings of one comment have in common."""
    is_alone = finding.category in _ONE_BY_ONE
    return (finding.source, finding.rule, finding.fingerprint if is_alone else "")


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
    led_to = context.decisions.get(finding.fingerprint, "-")
    decision = context.placed.get(finding.id, led_to)
    head, run = review.change.head_sha, review.run_id
    return Marker(MarkerKind.FINDING, head, run, finding.fingerprint, decision)


def _threads_to_resolve(review: Review, context: PublishContext) -> tuple[str, ...]:
    standing = {f.fingerprint for f in review.findings if f.state not in _GONE}
    told_gone = {f.fingerprint for f in review.findings if f.state in _GONE}
    is_whole = _is_whole(review)
    return tuple(
        known.thread_id
        for known in context.known
        if known.thread_id is not None
        and known.is_live
        and known.state not in SETTLED
        and known.fingerprint not in standing
        and (known.fingerprint in told_gone or is_whole)
    )


def _is_whole(review: Review) -> bool:
    """Tell whether the run looked at all of the change, so that what it did not find is gone."""
    verdict = review.verdict
    is_whole = verdict.coverage.is_whole and not verdict.limits and review.diff is not None
    return is_whole and verdict.conclusion not in (Conclusion.ERROR, Conclusion.NOT_REVIEWED)
