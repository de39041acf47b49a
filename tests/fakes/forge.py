"""A forge in memory: pull requests, what was posted on them, and branches with their files.

`FakeForge` is the state that tests look at; `forge`, `publisher`, `reactions` and `committer` are
the ports on it, as the connection of a job has them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from bot.domain.app_forge import run_of_check
from bot.domain.commit_rules import (
    REGULAR_FILE,
    STACKED_PREFIX,
    OldFile,
    check_branch,
    check_kinds,
    check_own,
    check_paths,
    check_size,
)
from bot.domain.forge import (
    CheckRun,
    CheckStatus,
    FileChanges,
    HeadMoved,
    NewPullRequest,
    Permission,
    Posted,
    PostedThread,
    PullCommit,
    Reaction,
    Remark,
    RemotePullRequest,
    RepoId,
    ReviewComment,
    Undoing,
)
from bot.domain.markdown import cut_above_marker
from bot.domain.markers import parse_marker, without_marker
from bot.domain.ports import CommitMessage
from bot.domain.pull_request import Sha
from bot.errors import Refused
from tests.fakes.forge_values import (
    FakeComment,
    FakeCommit,
    WantedCommit,
    is_summary,
    text_of,
    with_changes,
)


@dataclass
class FakeForge:
    """Everything that the forge holds.

    `refuses` says which comments the forge would not take, as a line outside the diff.
    """

    repo: RepoId = field(default_factory=lambda: RepoId(1, 2, "octo/shop"))
    pulls: dict[int, RemotePullRequest] = field(default_factory=dict)
    permissions: dict[str, Permission] = field(default_factory=dict)
    comments: dict[int, list[FakeComment]] = field(default_factory=dict)
    posted_threads: dict[int, list[PostedThread]] = field(default_factory=dict)
    review_count: int = 0
    checks: dict[int, CheckRun] = field(default_factory=dict)
    seen_reactions: list[tuple[int, Reaction]] = field(default_factory=list)
    branches: dict[str, FakeCommit] = field(default_factory=dict)
    commits: dict[Sha, FakeCommit] = field(default_factory=dict)
    protected: set[str] = field(default_factory=set)
    stacked: dict[str, NewPullRequest] = field(default_factory=dict)
    refuses: Callable[[ReviewComment], bool] = lambda _comment: False
    said: list[str] = field(default_factory=list)
    """Every text that we posted or put in place of another one, in order."""
    _last_id: int = 100

    @property
    def forge(self) -> "FakeReader":
        """The read side."""
        return FakeReader(self)

    @property
    def history(self) -> "FakeHistory":
        """What was committed."""
        return FakeHistory(self)

    @property
    def publisher(self) -> "FakePublisher":
        """Comments and checks."""
        return FakePublisher(self)

    @property
    def reactions(self) -> "FakePublisher":
        """Reactions to comments of people."""
        return FakePublisher(self)

    @property
    def open_checks(self) -> "FakePublisher":
        """Check runs that a run left open."""
        return FakePublisher(self)

    @property
    def committer(self) -> "FakeCommitter":
        """Contents."""
        return FakeCommitter(self)

    @contextmanager
    def committing(self) -> Iterator["FakeCommitter"]:
        """Open the write side of contents."""
        yield FakeCommitter(self)

    def summary_of(self, number: int) -> Posted | None:
        """Return the sticky comment."""
        for comment in self.own(number):
            if is_summary(comment.posted.body):
                return comment.posted
        return None

    def reply_of(self, number: int, marker: str) -> Posted | None:
        """Return our comment with this marker."""
        wanted = parse_marker(marker)
        if wanted is None:
            return None
        found = (c.posted for c in self.own(number))
        return next((p for p in found if wanted.names_same(parse_marker(p.body))), None)

    def post_summary(self, number: int, body: str) -> Posted:
        """Post or edit the sticky comment."""
        return self.upsert(number, self.summary_of(number), cut_above_marker(body), None)

    def post_reply(self, number: int, *, marker: str, body: str, to_comment: int | None) -> Posted:
        """Post or edit the reply with this marker."""
        full = body if parse_marker(body) is not None else f"{body.rstrip()}\n\n{marker}"
        known = self.reply_of(number, marker)
        return self.upsert(number, known, cut_above_marker(full), to_comment)

    def push(
        self, branch: str, files: FileChanges, message: CommitMessage | None = None
    ) -> FakeCommit:
        """Commit on a branch, as anybody who may; its pull requests have the new head at once."""
        head = self.branches[branch]
        kept = with_changes(head.files, files)
        new = FakeCommit(Sha(f"{self.new_id():040x}"), head.sha, kept, message)
        self.place(branch, new)
        for number, pull in self.pulls.items():
            if pull.head_ref == branch:
                self.pulls[number] = replace(pull, head_sha=new.sha)
        return new

    def place(self, branch: str, commit: FakeCommit) -> None:
        """Let a branch begin at a commit."""
        self.branches[branch] = commit
        self.commits[commit.sha] = commit

    def say(self, number: int, body: str, *, to_comment: int | None = None) -> int:
        """Let a person comment, in a thread or not; return the comment's id."""
        thread = self._thread_at(number, to_comment)
        return self.add(number, body, is_ours=False, in_thread=thread).id

    def _thread_at(self, number: int, comment_id: int | None) -> str | None:
        found = (c.in_thread for c in self.comments.get(number, []) if c.posted.id == comment_id)
        return next(found, None)

    def look_up(self, number: int) -> None:
        if number not in self.pulls:
            raise Refused(f"there is no pull request #{number}")

    def own(self, number: int) -> Iterator[FakeComment]:
        self.look_up(number)
        return (c for c in self.comments.get(number, []) if c.is_ours)

    def upsert(
        self, number: int, known: Posted | None, body: str, to_comment: int | None
    ) -> Posted:
        self.said.append(body)
        if known is None:
            roots = {t.comment_id for t in self.posted_threads.get(number, [])}
            if to_comment not in {None, *roots}:
                raise Refused("in_reply_to must be the id of a top-level review comment")
            thread = self._thread_at(number, to_comment)
            return self.add(number, body, is_ours=True, in_thread=thread)
        posted = replace(known, body=body)
        self.comments[number] = [
            replace(c, posted=posted) if c.posted.id == known.id else c
            for c in self.comments[number]
        ]
        return posted

    def add(self, number: int, body: str, *, is_ours: bool, in_thread: str | None) -> Posted:
        self.look_up(number)
        new = self.new_id()
        posted = Posted(new, body, f"https://forge.example/{self.repo.full_name}/{number}#{new}")
        self.comments.setdefault(number, []).append(FakeComment(posted, is_ours, in_thread))
        return posted

    def start_thread(self, number: int, comment: ReviewComment) -> None:
        body = cut_above_marker(comment.body)
        thread_id = f"T_{self.new_id()}"
        posted = self.add(number, body, is_ours=True, in_thread=thread_id)
        self.posted_threads.setdefault(number, []).append(
            PostedThread(
                thread_id,
                posted.id,
                body,
                is_resolved=False,
                path=comment.path,
                line=comment.line,
                original_line=comment.line,
                is_on_file=comment.line is None,
            )
        )

    def is_there(self, number: int, comment: ReviewComment) -> bool:
        marker = parse_marker(comment.body)
        return any(
            thread.path == comment.path
            and marker is not None
            and marker.names_same(parse_marker(thread.body))
            for thread in self.posted_threads.get(number, [])
        )

    def new_id(self) -> int:
        self._last_id += 1
        return self._last_id


class FakeReader:
    """`Forge`."""

    def __init__(self, at: FakeForge) -> None:
        self._at = at

    def pull_request(self, number: int) -> RemotePullRequest:
        self._at.look_up(number)
        return self._at.pulls[number]

    def permission(self, login: str) -> Permission:
        return self._at.permissions.get(login, Permission.NONE)

    def summary(self, number: int) -> Posted | None:
        return self._at.summary_of(number)

    def threads(self, number: int) -> Sequence[PostedThread]:
        self._at.look_up(number)
        return tuple(self._at.posted_threads.get(number, []))

    def reply(self, number: int, marker: str) -> Posted | None:
        return self._at.reply_of(number, marker)

    def remarks(self, number: int, comment_id: int, *, is_review_comment: bool) -> Sequence[Remark]:
        every = self._at.comments.get(number, [])
        own = next((c for c in every if c.posted.id == comment_id), None)
        if own is None or (own.in_thread is not None) is not is_review_comment:
            return ()
        before = [c for c in every[: every.index(own)] if c.in_thread == own.in_thread]
        return tuple(
            Remark(
                c.author, without_marker(c.posted.body) if c.is_ours else c.posted.body, c.is_ours
            )
            for c in before
            if not (c.is_ours and is_summary(c.posted.body))
        )


class FakeHistory:
    """`History`."""

    def __init__(self, at: FakeForge) -> None:
        self._at = at

    def commits(self, number: int) -> Sequence[PullCommit]:
        self._at.look_up(number)
        pull = self._at.pulls[number]
        found: list[PullCommit] = []
        sha: Sha | None = pull.head_sha
        while sha in self._at.commits and sha != pull.base_sha:
            commit = self._at.commits[sha]
            parents = (commit.parent,) if commit.parent else ()
            found.append(PullCommit(sha, parents, text_of(commit.message)))
            sha = commit.parent
        return tuple(reversed(found))

    def stacked_on(self, branch: str) -> Sequence[str]:
        return tuple(u for u, wanted in self._at.stacked.items() if wanted.base_ref == branch)


class FakePublisher:
    """`Publisher`, `Reactions` and `OpenChecks`."""

    def __init__(self, at: FakeForge) -> None:
        self._at = at

    def summary(self, number: int, body: str) -> Posted:
        return self._at.post_summary(number, body)

    def reply(self, number: int, *, marker: str, body: str, to_comment: int | None) -> Posted:
        return self._at.post_reply(number, marker=marker, body=body, to_comment=to_comment)

    def review(
        self, number: int, *, head_sha: Sha, marker: str, comments: Sequence[ReviewComment]
    ) -> Sequence[ReviewComment]:
        self._at.look_up(number)
        assert parse_marker(marker) is not None, "a review carries a marker"
        if head_sha != self._at.pulls[number].head_sha:
            raise HeadMoved(f"{head_sha} is not the head")
        missing = [c for c in comments if not self._at.is_there(number, c)]
        taken = [c for c in missing if not self._at.refuses(c)]
        self._at.review_count += any(c.line is not None for c in taken)
        for comment in taken:
            self._at.start_thread(number, comment)
        return [c for c in missing if self._at.refuses(c)]

    def check(self, run: CheckRun) -> int:
        for check_id, known in self._at.checks.items():
            if (known.head_sha, known.external_id) == (run.head_sha, run.external_id):
                self._at.checks[check_id] = run
                return check_id
        check_id = self._at.new_id()
        self._at.checks[check_id] = run
        return check_id

    def conclude(self, run: CheckRun) -> bool:
        for check_id, known in self._at.checks.items():
            is_it = run_of_check(known.external_id) == run_of_check(run.external_id)
            if (
                is_it
                and known.head_sha == run.head_sha
                and known.status is not CheckStatus.COMPLETED
            ):
                self._at.checks[check_id] = run
                return True
        return False

    def resolve(self, thread_id: str) -> None:
        for number, threads in self._at.posted_threads.items():
            self._at.posted_threads[number] = [
                replace(t, is_resolved=True) if t.id == thread_id else t for t in threads
            ]

    def is_ours(self, number: int, comment_id: int, *, is_review_comment: bool) -> bool:
        return any(
            c.posted.id == comment_id and (c.in_thread is not None) is is_review_comment
            for c in self._at.own(number)
        )

    def react(self, comment_id: int, reaction: Reaction, *, is_review_comment: bool) -> None:
        assert isinstance(is_review_comment, bool)
        if (comment_id, reaction) not in self._at.seen_reactions:
            self._at.seen_reactions.append((comment_id, reaction))


class FakeCommitter:
    """`Committer`."""

    def __init__(self, at: FakeForge) -> None:
        self._at = at

    def commit(
        self, branch: str, *, expected: Sha, files: FileChanges, message: CommitMessage
    ) -> Sha:
        check_paths(files)
        wanted = WantedCommit(branch, expected, files, message)
        return self._commit(wanted, lambda before: check_size(files, before))

    def take_back(
        self, branch: str, *, expected: Sha, files: Mapping[str, Undoing], message: CommitMessage
    ) -> Sha:
        restored = {path: file.before for path, file in files.items()}
        check_kinds(restored)
        wanted = WantedCommit(branch, expected, restored, message)
        return self._commit(wanted, lambda before: check_own(files, before))

    def _commit(self, new: WantedCommit, check: Callable[[Mapping[str, OldFile]], None]) -> Sha:
        branch = new.branch
        if branch not in self._at.branches:
            raise Refused(f"there is no branch {branch}")
        head = self._at.branches[branch]
        if head.sha != new.expected:
            if new.is_just(head, self._at.commits):
                return head.sha
            raise HeadMoved(f"{branch} is at {head.sha}")
        check_branch(branch, default="main", is_protected=branch in self._at.protected)
        check({p: OldFile(REGULAR_FILE, head.files[p]) for p in new.files if p in head.files})
        return self._at.push(branch, new.files, new.message).sha

    def open_stacked(
        self, wanted: NewPullRequest, *, at: Sha, files: FileChanges, message: CommitMessage
    ) -> str:
        if not wanted.branch.startswith(STACKED_PREFIX):
            raise Refused(f"a stacked branch is {STACKED_PREFIX}*, not {wanted.branch}")
        check_paths(files)
        if wanted.branch not in self._at.branches:
            start = next(c for c in self._at.branches.values() if c.sha == at)
            self._at.branches[wanted.branch] = start
        self.commit(wanted.branch, expected=at, files=files, message=message)
        url = f"https://forge.example/{self._at.repo.full_name}/{wanted.branch}"
        self._at.stacked.setdefault(url, wanted)
        return url
