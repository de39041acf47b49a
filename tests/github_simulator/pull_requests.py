"""A pull request: an issue with a head, a base and reviews; and what its author does to it."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.github_simulator.accounts import Account
from tests.github_simulator.conversations import ReviewComment
from tests.github_simulator.file_diffs import ChangedFile, changed_files
from tests.github_simulator.git_store import WEB_FLOW, Commit, NewCommit, Tree
from tests.github_simulator.issues import Issue, Label
from tests.github_simulator.merges import MERGES
from tests.github_simulator.reviews import DraftComment, Review, Reviews, Thread

if TYPE_CHECKING:
    from tests.github_simulator.repositories import Repo
    from tests.github_simulator.world import GitHub


@dataclass(slots=True, eq=False, kw_only=True)
class PullRequest(Issue):
    """A pull request, with the acts of people on it."""

    head_repo: "Repo | None"
    """None once the fork is deleted."""
    head_ref: str
    head_sha: str
    base_ref: str
    base_sha: str
    """The base branch as it was at the last push to the head: GitHub lets it grow stale."""
    is_draft: bool = False
    can_maintainer_modify: bool = False
    merged_at: str | None = None
    merged_by: Account | None = None
    merge_commit_sha: str | None = None
    threads: list[Thread] = field(default_factory=list)
    reviews: Reviews = field(init=False)

    def __post_init__(self) -> None:
        self.reviews = Reviews(self)

    @property
    def github(self) -> "GitHub":
        return self.repo.github

    @property
    def node_id(self) -> str:
        return f"PR_{self.id}"

    @property
    def is_pull_request(self) -> bool:
        return True

    @property
    def is_fork(self) -> bool:
        return self.head_repo is not self.repo

    @property
    def merge_base(self) -> str:
        base = self.repo.store.merge_base(self.base_sha, self.head_sha)
        return base or self.base_sha

    @property
    def files(self) -> tuple[ChangedFile, ...]:
        return changed_files(self.repo.store, self.merge_base, self.head_sha)

    @property
    def review_comments(self) -> list[ReviewComment]:
        """Every public inline comment, the oldest first."""
        found = [comment for thread in self.threads for comment in thread.comments]
        return sorted(found, key=lambda comment: comment.id)

    @property
    def is_mergeable(self) -> bool:
        base = self.repo.store.head(self.base_ref) or self.base_sha
        return self.repo.store.merged_tree(base, self.head_sha) is not None

    def changed_file(self, path: str, sha: str | None = None) -> ChangedFile | None:
        """Return a file of the diff by its path at the head."""
        store = self.repo.store
        head = sha or self.head_sha
        base = store.merge_base(self.base_sha, head) or self.base_sha
        return next((file for file in changed_files(store, base, head) if file.path == path), None)

    def commit_shas(self) -> list[str]:
        """Return the commits of the pull request, the oldest first."""
        return self.repo.store.between(self.base_sha, self.head_sha)

    def commits(self) -> list[Commit]:
        store = self.repo.store
        return [commit for sha in self.commit_shas() if (commit := store.commit(sha))]

    def review(self, review_id: int) -> Review | None:
        return next((review for review in self.reviews.all if review.id == review_id), None)

    def drop_empty_threads(self) -> None:
        self.threads = [thread for thread in self.threads if thread.comments]

    def draft_comment(
        self, path: str, line: int, body: str, *, side: str = "RIGHT"
    ) -> DraftComment:
        """Return an inline comment that can be given to `Account.review`."""
        return DraftComment(path, body, line, side)

    def push(self, files: Tree, *, by: Account | None = None, message: str = "More") -> str:
        """Commit on the head branch and return the new head."""
        return self._head().push(self.head_ref, files, by=by or self.author, message=message)

    def force_push(self, files: Tree, *, by: Account | None = None, message: str = "Again") -> str:
        """Replace the commits of the pull request by one commit on its merge base."""
        new = self.github.new_commit(by or self.author, files, message, (self.merge_base,))
        return self._replace_head(new, by)

    def reset(self, sha: str, *, by: Account | None = None) -> None:
        """Force-push a commit that is there already."""
        with self.github.act():
            head = self._head()
            before = head.head(self.head_ref)
            head.store.update(f"refs/heads/{self.head_ref}", sha)
            head.pushed(self.head_ref, before, sha, by or self.author)

    def rebase(self, *, by: Account | None = None) -> str:
        """Put the change, as one commit, on top of the base branch as it is now."""
        base = self.repo.store.head(self.base_ref) or self.base_sha
        tree = self.repo.store.merged_tree(base, self.head_sha)
        assert tree is not None, "the rebase has a conflict"
        author = by or self.author
        new = NewCommit(
            {}, self.title, author.person, author.person, self.github.tick(), (base,), tree
        )
        return self._replace_head(new, by)

    def update_branch(self, *, by: Account | None = None) -> str:
        """Press `Update branch`: merge the base branch into the head."""
        base = self.repo.store.head(self.base_ref) or self.base_sha
        tree = self.repo.store.merged_tree(self.head_sha, base)
        assert tree is not None, "the merge has a conflict"
        who = by or self.author
        message = f"Merge branch '{self.base_ref}' into {self.head_ref}"
        parents = (self.head_sha, base)
        new = NewCommit({}, message, who.person, WEB_FLOW, self.github.tick(), parents, tree)
        return self._replace_head(new, by)

    def close(self, *, by: Account | None = None) -> None:
        """Close without merging."""
        with self.github.act():
            self.set_open(by or self.author, is_open=False)

    def reopen(self, *, by: Account | None = None) -> None:
        with self.github.act():
            self.set_open(by or self.author, is_open=True)

    def merge(self, *, by: Account | None = None, method: str = "merge") -> str:
        """Merge, squash or rebase, which pushes to the base branch."""
        with self.github.act():
            who = by or self.repo.owner
            commits = MERGES[method](self, who)
            self.merged_at = self.github.clock.stamp()
            self.merged_by = who
            for new in commits:
                sha = self.merge_commit_sha = self.repo.commit_on(self.base_ref, new, by=who)
            self.set_open(who, is_open=False)
            return sha

    def mark_ready(self, *, by: Account | None = None) -> None:
        """Press `Ready for review`."""
        self._set_draft(by, is_draft=False, action="ready_for_review")

    def convert_to_draft(self, *, by: Account | None = None) -> None:
        self._set_draft(by, is_draft=True, action="converted_to_draft")

    def lock(self, *, by: Account | None = None, is_locked: bool = True) -> None:
        """Lock the conversation, or unlock it."""
        with self.github.act():
            self.is_locked = is_locked
            who = by or self.repo.owner
            self.github.hooks.pull_request(self, "locked" if is_locked else "unlocked", who)

    def edit_title(self, title: str, *, by: Account | None = None) -> None:
        with self.github.act():
            self.change(by or self.author, title=title)

    def retarget(self, base_ref: str, *, by: Account | None = None) -> None:
        """Change the base branch."""
        with self.github.act():
            self.change(by or self.author, base_ref=base_ref)

    def delete_fork(self) -> None:
        """Delete the repository that the head is in; the pull request stays open."""
        assert self.is_fork, "the head is not in a fork"
        with self.github.act():
            head = self._head()
            self.head_repo = None
            self.github.forget(head)

    @property
    def head_label(self) -> str:
        owner = self.head_repo.owner.login if self.head_repo else "unknown"
        return f"{owner}:{self.head_ref}"

    def set_open(self, by: Account, *, is_open: bool) -> None:
        """Open or close, where that changes something."""
        if is_open == self.is_open:
            return
        self.is_open = is_open
        now = self.head_repo.store.head(self.head_ref) if is_open and self.head_repo else None
        if now is not None and now != self.head_sha:
            # What was pushed while it was closed sends no `synchronize`.
            self._take_head(now)
        self.closed_at = None if is_open else self.github.clock.stamp()
        self.touch()
        self.github.hooks.pull_request(self, "reopened" if is_open else "closed", by)

    def change(
        self, by: Account, *, title: str | None = None, base_ref: str | None = None,
        body: str | None = None,
    ) -> None:  # fmt: skip
        """Change title, body or base, and say what it was before."""
        changes: dict[str, object] = {}
        if title is not None and title != self.title:
            changes["title"] = {"from": self.title}
            self.title = title
        if body is not None and body != self.body:
            changes["body"] = {"from": self.body}
            self.body = body
        if base_ref is not None and base_ref != self.base_ref:
            changes["base"] = {"ref": {"from": self.base_ref}, "sha": {"from": self.base_sha}}
            self.base_ref = base_ref
            self.base_sha = self.repo.store.head(base_ref) or self.base_sha
        if changes:
            self.touch()
            self.github.hooks.pull_request(self, "edited", by, {"changes": changes})

    def label(self, by: Account, name: str) -> Label:
        """Add a label, made on the way where the repository has none of this name."""
        label = self.repo.label(name)
        if label not in self.labels:
            self.labels.append(label)
            self.github.hooks.labelled(self, "labeled", label, by)
        return label

    def unlabel(self, by: Account, name: str) -> None:
        label = self.repo.label(name)
        self.labels.remove(label)
        self.github.hooks.labelled(self, "unlabeled", label, by)

    def moved(self, before: str, after: str, by: Account) -> None:
        """Take a new head of the branch, and send `synchronize`."""
        self._take_head(after)
        self.touch()
        extra = {"before": before, "after": after}
        self.github.hooks.pull_request(self, "synchronize", by, extra)

    def _take_head(self, sha: str) -> None:
        self.head_sha = sha
        self.base_sha = self.repo.store.head(self.base_ref) or self.base_sha
        self.repo.store.update(f"refs/pull/{self.number}/head", sha)

    def _replace_head(self, new: NewCommit, by: Account | None) -> str:
        with self.github.act():
            head = self._head()
            return head.commit_on(self.head_ref, new, by=by or self.author)

    def _set_draft(self, by: Account | None, *, is_draft: bool, action: str) -> None:
        with self.github.act():
            self.is_draft = is_draft
            self.touch()
            self.github.hooks.pull_request(self, action, by or self.author)

    def _head(self) -> "Repo":
        assert self.head_repo is not None, "the fork is deleted"
        return self.head_repo
