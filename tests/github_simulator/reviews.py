"""Reviews, threads, and the rules by which GitHub refuses an inline comment."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.github_simulator.accounts import Account
from tests.github_simulator.conversations import MAX_BODY, ReviewComment, check_body
from tests.github_simulator.exchange import ApiError, unprocessable
from tests.github_simulator.file_diffs import ChangedFile, DiffHunk

if TYPE_CHECKING:
    from tests.github_simulator.pull_requests import PullRequest

STATES = {
    "APPROVE": "APPROVED",
    "REQUEST_CHANGES": "CHANGES_REQUESTED",
    "COMMENT": "COMMENTED",
    "PENDING": "PENDING",
}
_PREFIX = "Pull request review thread"


@dataclass(frozen=True, slots=True)
class DraftComment:
    """An inline comment before GitHub has looked at it."""

    path: str
    body: str
    line: int | None = None
    side: str = "RIGHT"
    start_line: int | None = None
    start_side: str | None = None
    position: int | None = None
    is_file: bool = False
    """The comment is on the file and has no line."""


@dataclass(slots=True, eq=False, kw_only=True)
class Thread:
    """A review thread: one anchor, one or more comments."""

    id: int
    pr: "PullRequest"
    path: str
    commit_sha: str
    """The head that the anchor was made for."""
    original_line: int | None
    original_start_line: int | None
    side: str
    start_side: str | None
    original_position: int | None
    diff_hunk: str
    comments: list[ReviewComment] = field(default_factory=list)
    resolved_by: Account | None = None
    is_lost: bool = False
    """GraphQL lists null in its place."""

    @property
    def node_id(self) -> str:
        return f"PRRT_{self.id}"

    @property
    def is_resolved(self) -> bool:
        return self.resolved_by is not None

    @property
    def is_file(self) -> bool:
        return self.original_line is None

    @property
    def line(self) -> int | None:
        """Where the line is at the head now; None where the thread is outdated."""
        return self._now(self.original_line)

    @property
    def start_line(self) -> int | None:
        return self._now(self.original_start_line) if self.line else None

    @property
    def position(self) -> int | None:
        found = self._file_now()
        hunk = found.hunk_at(self.side, self.line) if found and self.line else None
        row = hunk.at(self.side, self.line) if hunk and self.line else None
        return row.position if row else None

    @property
    def is_outdated(self) -> bool:
        if self.is_file:
            return self._file_now() is None
        return self.line is None

    def resolve(self, by: Account, *, is_resolved: bool = True) -> None:
        """Resolve or unresolve, and send the webhook where that changes something."""
        if is_resolved == self.is_resolved:
            return
        self.resolved_by = by if is_resolved else None
        by.github.hooks.review_thread(self, "resolved" if is_resolved else "unresolved", by)

    def _file_now(self) -> ChangedFile | None:
        return self.pr.changed_file(self.path)

    def _now(self, line: int | None) -> int | None:
        found = self._file_now()
        if line is None or found is None:
            return None
        if self.side == "RIGHT":
            line = self.pr.repo.line_after(self.path, line, (self.commit_sha, self.pr.head_sha))
        if line is None or found.hunk_at(self.side, line) is None:
            return None
        return line


@dataclass(frozen=True, slots=True)
class Dismissal:
    """Who dismissed a review."""

    id: int
    by: Account
    at: str
    message: str
    before: str
    """The state of the review before."""


@dataclass(slots=True, eq=False, kw_only=True)
class Review:
    """A review with its comments."""

    id: int
    pr: "PullRequest"
    user: Account
    body: str
    state: str
    commit_sha: str
    submitted_at: str | None = None
    comments: list[ReviewComment] = field(default_factory=list)
    dismissal: Dismissal | None = None

    @property
    def node_id(self) -> str:
        return f"PRR_{self.id}"

    @property
    def is_pending(self) -> bool:
        return self.state == "PENDING"


class Reviews:
    """All reviews of one pull request; whatever is refused leaves nothing behind."""

    def __init__(self, pr: "PullRequest") -> None:
        self._pr = pr
        self.all: list[Review] = []

    def create(
        self,
        user: Account,
        *,
        event: str,
        body: str = "",
        comments: Sequence[DraftComment] = (),
        commit_sha: str | None = None,
    ) -> Review:
        """Check everything, then store everything."""
        pr = self._pr
        sha = self._commit_in_pull_request(commit_sha)
        self._may_review(user)
        anchors = [self._anchor(draft, sha) for draft in comments]
        self._check_event(user, event=event, body=body, has_comments=bool(comments))
        review = Review(
            id=pr.github.next_id(), pr=pr, user=user, body=body, state="PENDING", commit_sha=sha
        )
        for draft, anchor in zip(comments, anchors, strict=True):
            self._store(review, draft, anchor)
        self.all.append(review)
        if event != "PENDING":
            self.submit(review, event=event, body=body)
        return review

    def submit(self, review: Review, *, event: str, body: str = "") -> None:
        """Make a pending review public and send its webhooks."""
        if not review.is_pending:
            raise unprocessable("Can not submit a review that has already been submitted")
        body = body or review.body
        self._check_event(review.user, event=event, body=body, has_comments=bool(review.comments))
        review.body, review.state = body, STATES[event]
        review.submitted_at = self._pr.github.clock.stamp()
        for comment in review.comments:
            if comment.in_reply_to is None:
                self._pr.threads.append(comment.thread)
        self._pr.touch()
        hooks = self._pr.github.hooks
        hooks.review(review, "submitted", review.user)
        for comment in review.comments:
            hooks.review_comment(comment, "created", review.user)

    def comment(self, user: Account, draft: DraftComment, sha: str | None = None) -> ReviewComment:
        """Post one inline comment, which is a review of its own."""
        review = self.create(user, event="COMMENT", comments=[draft], commit_sha=sha)
        return review.comments[0]

    def reply(self, user: Account, to: ReviewComment, body: str) -> ReviewComment:
        """Answer in a thread."""
        check_body("PullRequestReviewComment", body)
        self._may_review(user)
        pr, thread = self._pr, to.thread
        now = pr.github.clock.stamp()
        review = Review(
            id=pr.github.next_id(), pr=pr, user=user, body="", state="COMMENTED",
            commit_sha=pr.head_sha, submitted_at=now,
        )  # fmt: skip
        comment = ReviewComment(
            id=pr.github.next_id(), user=user, body=body, created_at=now,
            thread=thread, review=review, in_reply_to=thread.comments[0].id,
        )  # fmt: skip
        review.comments.append(comment)
        thread.comments.append(comment)
        self.all.append(review)
        pr.github.hooks.review(review, "submitted", user)
        pr.github.hooks.review_comment(comment, "created", user)
        return comment

    def dismiss(self, review: Review, by: Account, message: str = "Not so") -> None:
        """Dismiss an approval or a request for changes."""
        if review.state not in ("APPROVED", "CHANGES_REQUESTED"):
            raise unprocessable("Can not dismiss a commented pull request review")
        now, new_id = self._pr.github.clock.stamp(), self._pr.github.next_id()
        review.dismissal = Dismissal(new_id, by, now, message, review.state)
        review.state = "DISMISSED"
        self._pr.github.hooks.review(review, "dismissed", by)

    def _commit_in_pull_request(self, sha: str | None) -> str:
        if sha is None or sha == self._pr.head_sha:
            return self._pr.head_sha
        if sha not in self._pr.commit_shas():
            raise unprocessable("The commit_id is not part of the pull request")
        return sha

    def _may_review(self, user: Account) -> None:
        if self._pr.is_locked and not self._pr.repo.may_push(user):
            raise unprocessable("lock prevents review")
        if any(review.is_pending and review.user is user for review in self.all):
            raise unprocessable("User can only have one pending review per pull request")

    def _check_event(self, user: Account, *, event: str, body: str, has_comments: bool) -> None:
        if event not in STATES:
            raise unprocessable(f"Variable $event of type PullRequestReviewEvent was {event}")
        if len(body) > MAX_BODY:
            raise unprocessable(f"Body is too long (maximum is {MAX_BODY} characters)")
        needs_body = event == "REQUEST_CHANGES" or (event == "COMMENT" and not has_comments)
        if needs_body and not body.strip():
            raise unprocessable("Body can't be blank")
        if event in ("APPROVE", "REQUEST_CHANGES") and user is self._pr.author:
            raise unprocessable("Can not approve or request changes on your own pull request")

    def _anchor(self, draft: DraftComment, sha: str) -> "_Anchor":
        if not draft.body.strip():
            raise unprocessable("Pull request review comment body can't be blank")
        if len(draft.body) > MAX_BODY:
            message = (
                f"Pull request review comment body is too long (maximum is {MAX_BODY} characters)"
            )
            raise unprocessable(message)
        file = self._pr.changed_file(draft.path, sha)
        if file is None:
            raise unprocessable(_sentence("path is invalid"))
        return _Anchor(sha, None, None, None) if draft.is_file else _anchor(draft, file, sha)

    def _store(self, review: Review, draft: DraftComment, anchor: "_Anchor") -> None:
        pr = self._pr
        thread = Thread(
            id=pr.github.next_id(), pr=pr, path=draft.path, commit_sha=anchor.sha,
            original_line=anchor.line, original_start_line=draft.start_line, side=anchor.side,
            start_side=(draft.start_side or draft.side) if draft.start_line else None,
            original_position=anchor.position, diff_hunk=anchor.text,
        )  # fmt: skip
        comment = ReviewComment(
            id=pr.github.next_id(), user=review.user, body=draft.body,
            created_at=pr.github.clock.stamp(), thread=thread, review=review,
        )  # fmt: skip
        thread.comments.append(comment)
        review.comments.append(comment)


@dataclass(frozen=True, slots=True)
class _Anchor:
    """Where a comment goes; without a line it is on the file."""

    sha: str
    hunk: DiffHunk | None
    line: int | None
    position: int | None
    side: str = "RIGHT"

    @property
    def text(self) -> str:
        row = self.hunk.at(self.side, self.line) if self.hunk and self.line else None
        return self.hunk.until(row) if self.hunk and row else ""


def _anchor(draft: DraftComment, file: ChangedFile, sha: str) -> _Anchor:
    side, line = draft.side, draft.line
    if line is None and draft.position is not None:
        side, line = _by_position(file, draft.position)
    if line is None:
        raise ApiError(422, 'Invalid request.\n\nNo subschema in "oneOf" matched.')
    if draft.start_line is not None and draft.start_line >= line:
        raise unprocessable(f"{_PREFIX} start line must precede the end line.")
    hunk = file.hunk_at(side, line)
    row = hunk.at(side, line) if hunk else None
    start_is_bad = draft.start_line is not None and (
        hunk is None or hunk.at(draft.start_side or side, draft.start_line) is None
    )
    if hunk is None or row is None or start_is_bad:
        wrong = ["line must be part of the diff"] if hunk is None else []
        if start_is_bad:
            wrong.append("start line must be part of the same hunk as the line.")
        raise unprocessable(_sentence(*wrong))
    return _Anchor(sha, hunk, line, row.position, side)


def _by_position(file: ChangedFile, position: int) -> tuple[str, int | None]:
    for hunk in file.hunks:
        for row in hunk.lines:
            if row.position == position:
                return ("RIGHT", row.right) if row.right else ("LEFT", row.left)
    raise unprocessable(_sentence("position is invalid"))


def _sentence(*wrong: str) -> str:
    """Join the faults as Rails does: `a and b`, or `a, b, and c`."""
    faults = [f"{_PREFIX} {fault}" for fault in (*wrong, "diff hunk can't be blank")]
    if len(faults) == 2:
        return " and ".join(faults)
    return ", ".join(faults[:-1]) + f", and {faults[-1]}"
