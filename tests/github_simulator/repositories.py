"""A repository: its git side, its people, and what is pushed to it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.github_simulator.accounts import Account
from tests.github_simulator.apps import covers
from tests.github_simulator.checks import CheckRun, CheckSuite
from tests.github_simulator.exchange import validation_failed
from tests.github_simulator.file_diffs import changed_files
from tests.github_simulator.git_store import WEB_FLOW, ZERO, GitStore, NewCommit, Tree
from tests.github_simulator.issues import Issue, Label
from tests.github_simulator.pull_requests import PullRequest

if TYPE_CHECKING:
    from tests.github_simulator.apps import App
    from tests.github_simulator.world import GitHub

_ROLES = {"admin": "admin", "maintain": "write", "write": "write", "triage": "read", "read": "read"}


@dataclass(slots=True, eq=False, kw_only=True)
class Repo:
    """One repository."""

    github: "GitHub"
    id: int
    owner: Account
    name: str
    store: GitStore
    is_private: bool = False
    parent: "Repo | None" = None
    default_branch: str = "main"
    created_at: str = ""
    roles: dict[str, str] = field(default_factory=dict)
    """Role by login: admin, maintain, write, triage or read."""
    issues: dict[int, Issue] = field(default_factory=dict)
    """Issues and pull requests by number."""
    labels: list[Label] = field(default_factory=list)
    protected: set[str] = field(default_factory=set)
    """Branches that nobody may commit on directly."""
    check_runs: list[CheckRun] = field(default_factory=list)
    check_suites: list[CheckSuite] = field(default_factory=list)
    forks: list["Repo"] = field(default_factory=list)

    @property
    def full_name(self) -> str:
        return f"{self.owner.login}/{self.name}"

    @property
    def clone_url(self) -> str:
        return f"{self.github.url}/{self.full_name}.git"

    @property
    def pull_requests(self) -> list[PullRequest]:
        return [one for one in self.issues.values() if isinstance(one, PullRequest)]

    def head(self, branch: str | None = None) -> str:
        """Return the head of a branch."""
        sha = self.store.head(branch or self.default_branch)
        assert sha is not None, f"{self.full_name} has no branch {branch}"
        return sha

    def collaborator(self, login: str, role: str) -> Account:
        """Give somebody a role: admin, maintain, write, triage, read or none."""
        account = self.github.user(login)
        if role == "none":
            self.roles.pop(login, None)
        else:
            self.roles[login] = role
        return account

    def permission(self, account: Account) -> tuple[str, str]:
        """Return permission and role name, as the API says them."""
        role = "admin" if account is self.owner else self.roles.get(account.login)
        if role is None:
            # Everybody reads a public repository, and the API says so.
            role = "none" if self.is_private or account.type == "Bot" else "read"
        return _ROLES.get(role, "none"), role

    def may_push(self, account: Account) -> bool:
        """Tell whether an account has write access of its own; the App's bot has none."""
        return covers(self.permission(account)[0], "write")

    def association(self, account: Account) -> str:
        if account is self.owner:
            return "OWNER"
        return "COLLABORATOR" if account.login in self.roles else "NONE"

    def push(
        self, branch: str, files: Tree, *, by: Account | None = None, message: str = "Change"
    ) -> str:
        """Commit on a branch, new or old, and return the new head."""
        with self.github.act():
            parent = self.store.head(branch) or self.store.head(self.default_branch)
            new = self.github.new_commit(
                by or self.owner, files, message, (parent,) if parent else ()
            )
            return self.commit_on(branch, new, by=by or self.owner)

    def commit_on(self, branch: str, new: NewCommit, *, by: Account) -> str:
        """Store a commit as the head of a branch and send what a push sends."""
        before = self.store.head(branch)
        sha = self.store.write_commit(f"refs/heads/{branch}", new)
        self.pushed(branch, before or ZERO, sha, by)
        return sha

    def create_branch(self, branch: str, sha: str, *, by: Account) -> None:
        """Point a new branch at a commit."""
        self.store.update(f"refs/heads/{branch}", sha)
        self.pushed(branch, ZERO, sha, by)

    def delete_branch(self, branch: str, *, by: Account) -> None:
        """Delete a branch, which closes its pull requests."""
        before = self.head(branch)
        self.store.update(f"refs/heads/{branch}", None)
        self.github.hooks.push(self, branch, (before, ZERO), by)
        for pr in self.github.pull_requests_from(self, branch):
            pr.set_open(by, is_open=False)

    def pushed(self, branch: str, before: str, after: str, by: Account) -> None:
        """Tell the App and the pull requests that a branch has moved."""
        self.github.hooks.push(self, branch, (before, after), by)
        if found := self.github.app_of(self):
            self.github.hooks.check_suite(self.suite(found[0], after), "requested", by)
        for pr in self.github.pull_requests_from(self, branch):
            pr.moved(before, after, by)

    def fork(self, owner: Account) -> "Repo":
        """Return the fork of an account, made where there is none."""
        return next((one for one in self.forks if one.owner is owner), None) or self._fork(owner)

    def _fork(self, owner: Account) -> "Repo":
        fork = self.github.add_repo(owner, self.name, shares_with=self.store, parent=self)
        fork.is_private = self.is_private
        for ref, sha in self.store.refs.items():
            if ref.startswith("refs/heads/"):
                fork.store.update(ref, sha)
        self.forks.append(fork)
        return fork

    def open_pull_request(
        self,
        head: Tree | str,
        *,
        author: Account | str | None = None,
        title: str = "Change it",
        body: str | None = None,
        branch: str | None = None,
        base: str | None = None,
        fork: bool = False,
        draft: bool = False,
        can_maintainer_modify: bool | None = None,
    ) -> PullRequest:
        """Open a pull request of a branch, or of files that are committed on a new one first."""
        with self.github.act():
            who = self.github.user(author) if isinstance(author, str) else author or self.owner
            home = self.fork(who) if fork else self
            base_ref = base or self.default_branch
            ref = head if isinstance(head, str) else branch or f"change-{self.github.next_id()}"
            if not isinstance(head, str):
                new = self.github.new_commit(who, head, title, (self.head(base_ref),))
                home.commit_on(ref, new, by=who)
            pr = self.create_pull_request(
                who, (home, ref), base_ref, title=title, body=body, is_draft=draft
            )
            pr.can_maintainer_modify = (
                fork if can_maintainer_modify is None else can_maintainer_modify
            )
            return pr

    def create_pull_request(
        self,
        author: Account,
        head: tuple["Repo", str],
        base_ref: str,
        *,
        title: str,
        body: str | None,
        is_draft: bool = False,
    ) -> PullRequest:
        """Store a pull request and send `opened`; raises 422 as GitHub does."""
        home, ref = head
        head_sha, base_sha = home.store.head(ref), self.store.head(base_ref)
        if head_sha is None:
            raise validation_failed("PullRequest", "head", "invalid")
        if base_sha is None:
            raise validation_failed("PullRequest", "base", "invalid")
        self._refuse_twin(home, ref, base_ref)
        if not self.store.between(base_sha, head_sha):
            message = f"No commits between {base_ref} and {ref}"
            raise validation_failed("PullRequest", "base", "custom", message)
        now = self.github.clock.stamp()
        pr = PullRequest(
            repo=self, id=self.github.next_id(), number=len(self.issues) + 1, title=title,
            author=author, created_at=now, updated_at=now, body=body, head_repo=home, head_ref=ref,
            head_sha=head_sha, base_ref=base_ref, base_sha=base_sha, is_draft=is_draft,
        )  # fmt: skip
        self.issues[pr.number] = pr
        self.store.update(f"refs/pull/{pr.number}/head", head_sha)
        self.github.hooks.pull_request(pr, "opened", author)
        return pr

    def _refuse_twin(self, home: "Repo", ref: str, base_ref: str) -> None:
        for pr in self.pull_requests:
            if pr.is_open and (pr.head_repo, pr.head_ref, pr.base_ref) == (home, ref, base_ref):
                message = f"A pull request already exists for {home.owner.login}:{ref}."
                raise validation_failed("PullRequest", "", "custom", message)

    def open_issue(self, title: str = "It is broken", *, author: Account | None = None) -> Issue:
        """Open a plain issue; comments on it reach the App too."""
        with self.github.act():
            now = self.github.clock.stamp()
            issue = Issue(
                repo=self, id=self.github.next_id(), number=len(self.issues) + 1, title=title,
                author=author or self.owner, created_at=now, updated_at=now,
            )  # fmt: skip
            self.issues[issue.number] = issue
            return issue

    def merge_queue(
        self, prs: Sequence[PullRequest], *, by: Account | None = None, method: str = "merge"
    ) -> str:
        """Put pull requests into the queue together; return the head that wants checks.

        The method is that of the queue's settings: merge, squash or rebase.
        """
        with self.github.act():
            base_sha = head = self.head(prs[0].base_ref)
            for pr in prs:
                ref = f"gh-readonly-queue/{pr.base_ref}/pr-{pr.number}-{base_sha}"
                for merged, message in _queued(pr, method):
                    tree = self.store.merged_tree(head, merged)
                    assert tree is not None, "the merge has a conflict"
                    parents = (head, merged) if method == "merge" else (head,)
                    new = NewCommit(
                        {}, message, (by or self.owner).person, WEB_FLOW, self.github.tick(),
                        parents, tree,
                    )  # fmt: skip
                    head = self.store.write_commit(f"refs/heads/{ref}", new)
            self.github.hooks.merge_group(
                self, f"refs/heads/{ref}", (base_sha, head), by or self.owner
            )
            return head

    def suite(self, app: "App", sha: str) -> CheckSuite:
        """Return the suite of an App and a head, made where there is none."""
        for suite in self.check_suites:
            if suite.head_sha == sha and suite.app is app:
                return suite
        now = self.github.clock.stamp()
        fresh = CheckSuite(
            repo=self, id=self.github.next_id(), app=app, head_sha=sha, created_at=now
        )
        self.check_suites.append(fresh)
        return fresh

    def label(self, name: str) -> Label:
        """Return a label, made where there is none of this name."""
        for label in self.labels:
            if label.name.lower() == name.lower():
                return label
        fresh = Label(self.github.next_id(), name)
        self.labels.append(fresh)
        return fresh

    def line_after(self, path: str, line: int, heads: tuple[str, str]) -> int | None:
        """Follow a line of one head to another; None where it was changed or removed."""
        file = next((one for one in changed_files(self.store, *heads) if one.path == path), None)
        if file is None:
            return line if path in self.store.files(heads[1]) else None
        moved = line
        for hunk in file.hunks:
            for row in hunk.lines:
                if row.left == line:
                    return row.right
                if row.left is not None and row.left > line:
                    return moved
                moved += (row.text[0] == "+") - (row.text[0] == "-")
        return moved


def _queued(pr: PullRequest, method: str) -> list[tuple[str, str]]:
    """Return what the queue commits of a pull request: which tree, and with which message."""
    match method:
        case "merge":
            return [(pr.head_sha, f"Merge pull request #{pr.number} from {pr.head_label}")]
        case "squash":
            return [(pr.head_sha, f"{pr.title} (#{pr.number})")]
        case _:
            return [(commit.sha, commit.message) for commit in pr.commits()]
