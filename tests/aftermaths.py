"""A pull request with a suggestion of ours in real git, and the ways in which people go on."""

from dataclasses import dataclass, field
from pathlib import Path

from bot.domain.aftermath import Shown, Stretch
from bot.domain.edits import Edit, Patch
from bot.domain.pull_request import Sha
from tests.domain.signal_values import SUGGESTION
from tests.situations import RepoFixture, repository

PATH = "app.py"
BASE = "".join(f"line_{number} = {number}\n" for number in range(1, 31))
OLD = "def total(items):\n    return sum(i for i in items if i.price != None)\n"
NEW = "def total(items):\n    return sum(i for i in items if i.price is not None)\n"
NEAR = "def total(items):\n    return sum(n for i in items if i.price is not None)\n"
HEAD = BASE.replace("line_15 = 15\n", OLD)
FINGERPRINT = "f" * 16
LOGIN = "pullwright"
CO_AUTHOR = f"Co-authored-by: {LOGIN}[bot] <9+{LOGIN}[bot]@users.noreply.github.com>"


@dataclass
class Aftermath:
    """`main`, and `feature` with the flaw that we suggested a repair for."""

    folder: Path
    repo: RepoFixture = field(init=False)
    fix: Sha | None = None

    def __post_init__(self) -> None:
        tree = {PATH: BASE.encode(), "b.py": b"b = 1\n"}
        self.repo = repository(self.folder, base=tree, head={PATH: HEAD.encode()})
        self.base, self.shown_at = self.repo.base_sha, self.repo.head_sha

    @property
    def shown(self) -> Shown:
        edit = Edit(PATH, 15, 16, OLD, NEW)
        return Shown(SUGGESTION, FINGERPRINT, self.shown_at, Patch((edit,)), self.fix)

    def at(self, name: str) -> Sha:
        return Sha(self.repo.git("rev-parse", name))

    def stretch(self, *tips: str) -> Stretch:
        return Stretch(self.base, tuple(self.at(tip) for tip in tips or ("feature", "main")))

    def push(self, text: str, message: str = "Work", *, path: str = PATH) -> Sha:
        self.repo.write({path: text.encode()})
        return self.commit(message)

    def commit(self, message: str) -> Sha:
        self.repo.git("add", "--all")
        self.repo.git("commit", "--quiet", "--message", message)
        return self.at("HEAD")

    def fixed(self) -> Sha:
        """Push our own fix commit."""
        trailer = f"Pullwright-Suggestion: {FINGERPRINT}"
        self.fix = self.push(HEAD.replace(OLD, NEW), f"Compare with is\n\n{trailer}")
        return self.fix

    def rename(self, new: str) -> None:
        self.repo.git("mv", PATH, new)
        self.commit("Rename")

    def main_goes_on(self) -> None:
        self._on_main()
        self.push("b = 2\n", "Elsewhere", path="b.py")
        self.repo.git("switch", "--quiet", "feature")

    def merge(self) -> None:
        self._on_main()
        self.repo.git("merge", "--quiet", "--no-ff", "--no-edit", "feature")

    def squash(self, message: str = "All of it (#7)") -> None:
        self._on_main()
        self.repo.git("merge", "--quiet", "--squash", "feature")
        self.commit(message)

    def rebase_merge(self) -> None:
        self.repo.git("branch", "rebased", "feature")
        self.repo.git("rebase", "--quiet", "main", "rebased")
        self._on_main()
        self.repo.git("merge", "--quiet", "--ff-only", "rebased")

    def cherry_pick(self, *names: str) -> None:
        self._on_main()
        self.repo.git("cherry-pick", *names)

    def force_push(self, text: str) -> None:
        """Put one new commit in place of all that came after the one we reviewed."""
        self.repo.git("reset", "--quiet", "--hard", self.shown_at)
        self.push(text, "Start over")

    def revert(self, name: str) -> None:
        self.repo.git("revert", "--no-edit", name)

    def _on_main(self) -> None:
        self.repo.git("switch", "--quiet", "main")
