"""A repository of its own for one hostile case, in front of our processes with a witness."""

import itertools
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.end_to_end import canaries, witness
from tests.end_to_end.app import App, open_app, start_both
from tests.github_simulator import PullRequest, Repo
from tests.github_simulator.git_store import Tree

BASE: Tree = {
    "app.py": "def total(prices):\n    return sum(prices)\n",
    "test_app.py": "from app import total\n\n\ndef test_total():\n    assert total([1, 2]) == 3\n",
}
LINT_BUG: Tree = {"app.py": "import os\n\n\ndef total(prices):\n    return sum(prices)\n"}
FINAL = {"rocket", "confused"}
_OWNERS = itertools.count(1)


@dataclass(frozen=True)
class Arena:
    """One repository: ada writes, eve reads, and whoever else comes."""

    app: App
    repo: Repo

    def open(
        self, files: Tree = LINT_BUG, *, author: str = "ada", fork: bool = False
    ) -> PullRequest:
        """Open a pull request and wait for its review."""
        pr = self.repo.open_pull_request(files, author=author, fork=fork)
        self.reviewed(pr)
        return pr

    def draft(self, files: Tree = LINT_BUG, *, fork: bool = False) -> PullRequest:
        """Open a pull request that is not reviewed by itself."""
        return self.repo.open_pull_request(files, author="ada", draft=True, fork=fork)

    def reviewed(self, pr: PullRequest) -> None:
        canaries.wait_for_check(self.app, self.repo, pr)

    def answer(self, pr: PullRequest, login: str, words: str) -> str:
        """Write a comment and return the one reply to it."""
        before = len(self.replies(pr))
        comment = self.app.github.user(login).comment(pr, words)
        self.app.until(
            lambda: FINAL & {r.content for r in comment.reactions}, f"an answer to {words}"
        )
        said = self.replies(pr)
        assert len(said) == before + 1
        return said[-1]

    def ours(self, pr: PullRequest) -> list[str]:
        """Return the bodies of our comments in the conversation."""
        return [c.body for c in pr.comments if c.user.login == "pullwright[bot]"]

    def replies(self, pr: PullRequest) -> list[str]:
        """Return our answers to commands."""
        return [body for body in self.ours(pr) if " kind=reply " in body]

    def commanded(self, pr: PullRequest, login: str, words: str) -> int:
        """Write a comment and return how many jobs our intake made of it."""
        return self.taken(lambda: self.app.github.user(login).comment(pr, words))

    def taken(self, act: Callable[[], object]) -> int:
        """Do something and return how many jobs our intake made of it."""
        webhooks = self.app.github.webhooks
        before = len(webhooks.all)
        act()
        webhooks.settle()
        made = [json.loads(one.response)["accepted"] for one in webhooks.all[before:]]
        return sum(made)

    def requests(self, part: str = "") -> list[str]:
        """Return what was asked of this repository, git included."""
        return [
            str(one)
            for one in self.app.github.log
            if self.repo.full_name in one.path and part in one.path
        ]


@contextmanager
def witnessed_app(folder: Path) -> Iterator[canaries.Oracle]:
    """Run our processes among canaries, and with tokens of the new form."""
    canaries.plant(folder)
    with open_app(
        folder,
        sandbox="none",
        token_form="stateless",  # noqa: S106 a form, no secret
        program=witness.program(folder / "witness"),
        more=canaries.ENVIRONMENT,
    ) as app:
        start_both(app, slots=4)
        good = app.github.repo("good/shop", base=BASE)
        oracle = canaries.Oracle(app)
        yield oracle
        for pr in good.pull_requests[-1:]:
            canaries.assert_reviewed(app, good, pr)
        oracle.hold()


@contextmanager
def arena_of(oracle: canaries.Oracle) -> Iterator[Arena]:
    """Yield a repository of a new owner; afterwards hold the oracle of every case.

    The good job that follows is reviewed while the next case runs, and looked at after it.
    """
    app = oracle.app
    number = next(_OWNERS)
    repo = app.github.repo(f"owner-{number}/shop-{number}", base=BASE)
    repo.collaborator("ada", "write")
    repo.collaborator("eve", "read")
    yield Arena(app, repo)
    app.github.faults.forget()
    oracle.hold()
    good = app.github.find_repo("good/shop")
    assert good is not None
    for pr in good.pull_requests[-1:]:
        canaries.assert_reviewed(app, good, pr)
    good.open_pull_request({"good.py": "import os\n\nX = 1\n"}, author="ada")
