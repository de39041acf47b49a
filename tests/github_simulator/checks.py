"""Check runs, and the suite that GitHub makes for each head and App."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.github_simulator.accounts import Account
from tests.github_simulator.exchange import ApiError, Json

if TYPE_CHECKING:
    from tests.github_simulator.apps import App
    from tests.github_simulator.pull_requests import PullRequest
    from tests.github_simulator.repositories import Repo


@dataclass(slots=True, eq=False, kw_only=True)
class CheckSuite:
    """All check runs of one App on one head."""

    repo: "Repo"
    id: int
    app: "App"
    head_sha: str
    created_at: str

    @property
    def node_id(self) -> str:
        return f"CS_{self.id}"

    @property
    def runs(self) -> list["CheckRun"]:
        return [run for run in self.repo.check_runs if run.suite is self]

    @property
    def pull_requests(self) -> list["PullRequest"]:
        """Return the open ones of this head; GitHub lists none whose head is in a fork."""
        found = self.repo.pull_requests
        return [
            pr for pr in found if pr.is_open and not pr.is_fork and pr.head_sha == self.head_sha
        ]

    @property
    def head_branch(self) -> str | None:
        refs = self.repo.store.refs
        names = [
            ref.removeprefix("refs/heads/") for ref, sha in refs.items() if sha == self.head_sha
        ]
        return next((name for name in names if not name.startswith("refs/")), None)

    @property
    def status(self) -> str:
        done = all(run.status == "completed" for run in self.runs)
        return "completed" if self.runs and done else "queued"

    @property
    def conclusion(self) -> str | None:
        if self.status != "completed":
            return None
        found = {run.conclusion for run in self.runs}
        order = ("failure", "timed_out", "cancelled", "action_required", "neutral", "skipped")
        return next((word for word in order if word in found), "success")


@dataclass(slots=True, eq=False, kw_only=True)
class CheckRun:
    """One check run."""

    suite: CheckSuite
    id: int
    name: str
    started_at: str
    status: str = "queued"
    conclusion: str | None = None
    completed_at: str | None = None
    external_id: str = ""
    details_url: str = ""
    title: str | None = None
    summary: str | None = None
    text: str | None = None
    annotations: list[Json] = field(default_factory=list)
    actions: list[Json] = field(default_factory=list)

    @property
    def repo(self) -> "Repo":
        return self.suite.repo

    @property
    def node_id(self) -> str:
        return f"CR_{self.id}"

    @property
    def head_sha(self) -> str:
        return self.suite.head_sha

    def annotate(self, fresh: Sequence[Json]) -> None:
        """Append annotations; nothing ever removes one."""
        self.annotations.extend(fresh)

    def request_action(self, by: Account, identifier: str) -> None:
        """Send what a press on a button sends."""
        known = [action["identifier"] for action in self.actions]
        assert identifier in known, f"the check run has no button {identifier}, only {known}"
        extra = {"requested_action": {"identifier": identifier}}
        by.github.hooks.check_run(self, "requested_action", by, extra)

    def rerequest(self, by: Account) -> None:
        """Send what `Re-run` sends; only a finished run can be run again."""
        if self.status != "completed":
            raise ApiError(422, "This check run is not rerequestable")
        by.github.hooks.check_run(self, "rerequested", by)
