"""One job on the simulator: a pull request, a clock that nobody waits for, and the access."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bot.adapters.github_access import GitHubAccess, GitHubHost, app_access
from bot.adapters.github_auth import AppIdentity
from bot.adapters.github_pacing import LocalTurns, Pacer
from bot.adapters.github_transport import parse_api_address
from bot.domain.forge import RepoId
from bot.domain.markers import Marker, MarkerKind
from bot.domain.ports import CommitMessage
from bot.domain.pull_request import Sha
from tests.github_simulator import GitHub, PullRequest, Repo
from tests.github_simulator.apps import Installation

RUN = "run-1"
BASE = {
    "src/cart.py": "".join(f"line_{n} = {n}\n" for n in range(1, 41)),
    "run.sh": "echo run\n",
    "README.md": "# Shop\n",
}
HEAD = {"src/cart.py": BASE["src/cart.py"].replace("line_5 = 5", "line_5 = 50")}


@dataclass
class FakeTime:
    """A clock that sleeping moves, so that pacing costs a test nothing."""

    seconds: float = 1_800_000_000.0
    naps: list[float] = field(default_factory=list)

    def now(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.seconds += seconds

    def pacer(self) -> Pacer:
        return Pacer(LocalTurns(self.now), self.sleep)


@dataclass
class GitHubJob:
    """Everything that a test of the adapters looks at."""

    github: GitHub
    repo: Repo
    pull: PullRequest
    access: GitHubAccess
    host: GitHubHost
    app: AppIdentity
    repo_id: RepoId
    time: FakeTime

    @property
    def number(self) -> int:
        return self.pull.number

    @property
    def head(self) -> Sha:
        return Sha(self.pull.head_sha)

    @property
    def repo_installation(self) -> Installation:
        found = self.github.apps[0].installation_for(self.repo)
        assert found is not None
        return found


def new_host(github: GitHub) -> tuple[GitHubHost, FakeTime]:
    time = FakeTime()
    address = parse_api_address(github.api_url)
    return GitHubHost(address, new_pacer=lambda _id: time.pacer()), time


@contextmanager
def github_job(
    github: GitHub,
    folder: Path,
    *,
    token_form: str = "old",  # noqa: S107  # a form, no secret
) -> Iterator[GitHubJob]:
    app = github.app(token_form=token_form)
    key = folder / "key.pem"
    key.write_text(app.private_key_pem)
    key.chmod(0o600)
    repo = github.repo("octo/shop", base=BASE)
    repo.collaborator("ada", "write")
    pull = repo.open_pull_request(HEAD, author="ada")
    found = app.installation_for(repo)
    assert found is not None
    identity = AppIdentity(str(app.id), key)
    repo_id = RepoId(found.id, repo.id, repo.full_name)
    host, time = new_host(github)
    with app_access(host, identity, repo_id) as access:
        yield GitHubJob(github, repo, pull, access, host, identity, repo_id, time)


def marked(
    body: str, kind: MarkerKind = MarkerKind.SUMMARY, *, s: str = "-", run: str = RUN
) -> str:
    return Marker(kind, Sha("a" * 40), run, s).under(body)


def message(run: str = RUN) -> CommitMessage:
    return CommitMessage("Fix the cart", "F1: it adds up", (("Pullwright-Run", run),))
