"""The three buttons that merge a pull request, and the one that applies suggestions."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from tests.github_simulator.accounts import Account
from tests.github_simulator.git_store import WEB_FLOW, NewCommit

if TYPE_CHECKING:
    from tests.github_simulator.conversations import ReviewComment
    from tests.github_simulator.pull_requests import PullRequest

_SCRATCH = "refs/simulator/picked"
_SUGGESTION = re.compile(r"^```suggestion\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_CO_AUTHOR = re.compile(r"^co-authored-by: .+$", re.IGNORECASE | re.MULTILINE)


def _merge(pr: "PullRequest", who: Account) -> Iterator[NewCommit]:
    parents = (pr.repo.head(pr.base_ref), pr.head_sha)
    tree = _tree(pr, *parents)
    message = f"Merge pull request #{pr.number} from {pr.head_label}"
    yield NewCommit({}, message, who.person, WEB_FLOW, pr.github.tick(), parents, tree)


def _squash(pr: "PullRequest", _who: Account) -> Iterator[NewCommit]:
    """Yield one commit whose message lists those of the branch and names all who wrote in it."""
    base = pr.repo.head(pr.base_ref)
    tree = _tree(pr, base, pr.head_sha)
    commits = pr.commits()
    listed = "\n\n".join(f"* {_CO_AUTHOR.sub('', commit.message).strip()}" for commit in commits)
    named = [row for commit in commits for row in _CO_AUTHOR.findall(commit.message)]
    message = f"{pr.title} (#{pr.number})\n\n{listed}"
    if named:
        rows = "\n".join(dict.fromkeys(named))
        message = f"{message}\n\n---------\n\n{rows}"
    person = pr.author.person
    yield NewCommit({}, message, person, WEB_FLOW, pr.github.tick(), (base,), tree)


def _rebase(pr: "PullRequest", _who: Account) -> Iterator[NewCommit]:
    """Yield each commit of the branch anew, on top of the one before."""
    for one in pr.commits():
        onto = pr.repo.head(pr.base_ref)
        tip = pr.repo.store.commit(onto)
        assert tip is not None
        # A commit that did all that the base has, from where this one began, merges with it as
        # picking this one would.
        person, at = one.author, pr.github.tick()
        stand_in = NewCommit({}, "Stand-in", person, person, at, one.parents[:1], tip.tree)
        other = pr.repo.store.write_commit(_SCRATCH, stand_in)
        tree = _tree(pr, other, one.sha)
        yield NewCommit({}, one.message, one.author, WEB_FLOW, pr.github.tick(), (onto,), tree)


MERGES: Mapping[str, Callable[["PullRequest", Account], Iterator[NewCommit]]] = {
    "merge": _merge,
    "squash": _squash,
    "rebase": _rebase,
}


def apply_suggestions(by: Account, comments: "Sequence[ReviewComment]") -> str:
    """Press `Commit suggestion`, or `Commit suggestions` of a batch; return the new head."""
    pr = comments[0].thread.pr
    files: dict[str, list[str]] = {}
    for comment in sorted(comments, key=lambda one: -(one.thread.line or 0)):
        thread = comment.thread
        found = _SUGGESTION.search(comment.body)
        assert found is not None, "there is no suggestion in it"
        assert thread.line is not None, "the suggestion is outdated"
        if thread.path not in files:
            data = pr.repo.store.read(pr.head_sha, thread.path) or b""
            files[thread.path] = data.decode().splitlines(keepends=True)
        first = thread.start_line or thread.line
        files[thread.path][first - 1 : thread.line] = found[1].splitlines(keepends=True)
    people = dict.fromkeys(comment.user.person for comment in comments)
    title = (
        f"Apply suggestion from @{comments[0].user.login}"
        if len(comments) == 1
        else "Apply suggestions from code review"
    )
    rows = "\n".join(f"Co-authored-by: {one.name} <{one.email}>" for one in people)
    contents = {path: "".join(lines) for path, lines in files.items()}
    return pr.push(contents, by=by, message=f"{title}\n\n{rows}")


def _tree(pr: "PullRequest", one: str, other: str) -> str:
    tree = pr.repo.store.merged_tree(one, other)
    assert tree is not None, "there is a conflict"
    return tree
