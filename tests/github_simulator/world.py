"""GitHub as a test sees it: accounts, the App, repositories, and every request that came."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from tests.github_simulator.accounts import Account
from tests.github_simulator.apps import EVENTS, PERMISSIONS, App, Installation
from tests.github_simulator.clock import SimulatorClock
from tests.github_simulator.contract import Contract
from tests.github_simulator.deliveries import Webhooks
from tests.github_simulator.exchange import ApiError, LoggedRequest, not_found
from tests.github_simulator.faults import Faults
from tests.github_simulator.git_store import GitStore, NewCommit, Tree
from tests.github_simulator.hooks import Hooks
from tests.github_simulator.limits import Limits
from tests.github_simulator.pull_requests import PullRequest
from tests.github_simulator.repositories import Repo


class GitHub:
    """The whole state. Tests act through it and look at it; requests change it under its lock."""

    def __init__(self, folder: Path, *, contract: Contract) -> None:
        self.folder = folder
        self.url = ""
        self.lock = threading.RLock()
        self.clock = SimulatorClock()
        self.limits = Limits(self.clock)
        self.faults = Faults()
        self.contract = contract
        self.log: list[LoggedRequest] = []
        """Finished exchanges, in the order in which they ended."""
        self.accounts: dict[str, Account] = {}
        self.gone: list[Account] = []
        """Accounts that were deleted."""
        self.apps: list[App] = []
        self.repos: list[Repo] = []
        self.moved: dict[str, Repo] = {}
        """Old full names of renamed repositories."""
        self.hooks = Hooks(self)
        self.webhooks = Webhooks(self.clock)
        self.manifests: dict[str, App] = {}
        """Apps that an operator has just made from a manifest, by the code that GitHub gave him."""
        self.manifest_codes: dict[str, datetime] = {}
        """Until when such a code is good; a code that is not here is good for ever."""
        self.hook_changes: dict[str, str | None] = {}
        """What an operator changed of the webhook on the App's page; None for what he emptied."""
        self._depth = 0
        self._last_id = 1000
        self._ticks = 1_700_000_000

    @property
    def api_url(self) -> str:
        """The base of the REST API, as of a GitHub Enterprise Server."""
        return f"{self.url}/api/v3"

    @property
    def graphql_url(self) -> str:
        return f"{self.url}/api/graphql"

    @property
    def webhook_url(self) -> str:
        """Where the App's webhooks go; none are sent while it is empty."""
        return self.webhooks.url

    @webhook_url.setter
    def webhook_url(self, url: str) -> None:
        self.webhooks.url = url

    @contextmanager
    def act(self) -> Iterator[None]:
        """Let a person do something: under the lock, and webhooks are sent before it returns.

        An act inside another waits for nothing: whoever answers a webhook may need the lock.
        """
        with self.lock:
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
                is_inner = self._depth > 0
        if not is_inner:
            self.webhooks.after_act()

    def next_id(self) -> int:
        """Return an id that nothing else has."""
        with self.lock:
            self._last_id += 1
            return self._last_id

    def tick(self) -> int:
        """Return the time of the next commit: fixed, and later than the last."""
        self._ticks += 60
        return self._ticks

    def user(self, login: str, *, kind: str = "User") -> Account:
        """Return an account, made where there is none with this login."""
        with self.lock:
            if login not in self.accounts:
                self.accounts[login] = Account(self, self.next_id(), login, kind)
            return self.accounts[login]

    def app(
        self,
        slug: str = "pullwright",
        *,
        permissions: dict[str, str] | None = None,
        events: Sequence[str] = EVENTS,
        webhook_secret: str = "It's a Secret to Everybody",  # noqa: S107 the example of GitHub's documentation
        token_form: str = "old",  # noqa: S107 a form, no secret
    ) -> App:
        """Register an App; `repo(...)` installs the first one by itself."""
        with self.lock:
            app = App(
                self,
                self.next_id(),
                slug,
                dict(PERMISSIONS if permissions is None else permissions),
                tuple(events),
                webhook_secret,
                owner=self.user(f"{slug}-owner"),
                bot=self.user(f"{slug}[bot]", kind="Bot"),
                token_form=token_form,
            )
            self.apps.append(app)
            return app

    def install(self, app: App, repos: Sequence[Repo]) -> Installation:
        """Install an App on repositories of one account, or add them to what it has."""
        with self.act():
            account = repos[0].owner
            found = next((one for one in app.installations if one.account is account), None)
            if found is not None:
                added = [repo for repo in repos if repo not in found.repos]
                found.repos.extend(added)
                self.hooks.installation_repositories(found, added, account)
                return found
            installation = Installation(
                app, self.next_id(), account, dict(app.permissions), list(repos)
            )
            app.installations.append(installation)
            self.hooks.installation(installation, "created", account)
            return installation

    def suspend(self, installation: Installation, *, is_suspended: bool = True) -> None:
        """Suspend an installation, or take that back."""
        with self.act():
            installation.is_suspended = is_suspended
            action = "suspend" if is_suspended else "unsuspend"
            self.hooks.installation(installation, action, installation.account)

    def uninstall(self, installation: Installation) -> None:
        """Remove the App from an account; its tokens die with it."""
        with self.act():
            installation.deleted = True
            for value, token in list(installation.app.tokens.items()):
                if token.installation is installation:
                    del installation.app.tokens[value]
            self.hooks.installation(installation, "deleted", installation.account)
            installation.app.installations.remove(installation)

    def take_away(self, installation: Installation, repo: Repo) -> None:
        """Remove a repository from an installation; its tokens live on without it."""
        with self.act():
            installation.repos.remove(repo)
            who = installation.account
            self.hooks.installation_repositories(installation, [], who, removed=[repo])

    def repo(
        self,
        full_name: str,
        *,
        base: Tree | None = None,
        private: bool = False,
        install: bool = True,
    ) -> Repo:
        """Make a repository whose `main` has one commit; the first App gets it."""
        owner, _, name = full_name.partition("/")
        with self.act():
            repo = self.add_repo(self.user(owner), name)
            repo.is_private = private
            files = {"README.md": "# Shop\n"} if base is None else base
            new = self.new_commit(repo.owner, files, "Base", ())
            repo.store.write_commit("refs/heads/main", new)
            if install and self.apps:
                self.install(self.apps[0], [repo])
            return repo

    def add_repo(
        self,
        owner: Account,
        name: str,
        *,
        shares_with: GitStore | None = None,
        parent: Repo | None = None,
    ) -> Repo:
        """Make an empty repository."""
        path = self.folder / owner.login / f"{name}.git"
        repo = Repo(
            github=self, id=self.next_id(), owner=owner, name=name, parent=parent,
            store=GitStore(path, shares_with=shares_with), created_at=self.clock.stamp(),
        )  # fmt: skip
        self.repos.append(repo)
        return repo

    def rename(self, repo: Repo, name: str) -> None:
        """Rename a repository; its old address answers with a redirect from now on."""
        with self.lock:
            self.moved[repo.full_name.lower()] = repo
            repo.name = name

    def forget(self, repo: Repo) -> None:
        """Delete a repository; its git folder stays until the test ends."""
        self.repos.remove(repo)

    def new_commit(
        self, by: Account, files: Tree, message: str, parents: tuple[str, ...]
    ) -> NewCommit:
        """Return a commit of an account, at the next tick."""
        return NewCommit(files, message, by.person, by.person, self.tick(), parents)

    def find_repo(self, full_name: str) -> Repo | None:
        """Return a repository by its name as it is now, in any case."""
        name = full_name.lower()
        return next((repo for repo in self.repos if repo.full_name.lower() == name), None)

    def repo_by_id(self, repo_id: int) -> Repo:
        for repo in self.repos:
            if repo.id == repo_id:
                return repo
        raise not_found()

    def pull_requests_from(self, repo: Repo, branch: str) -> list[PullRequest]:
        """Return the open pull requests whose head is this branch, wherever their base is."""
        found = [pr for one in self.repos for pr in one.pull_requests if pr.is_open]
        return [pr for pr in found if pr.head_repo is repo and pr.head_ref == branch]

    def app_of(self, repo: Repo) -> tuple[App, Installation] | None:
        """Return the App that is told of what happens in a repository."""
        for app in self.apps:
            if installation := app.installation_for(repo):
                return app, installation
        return None

    def requests(self, method: str = "", path: str = "") -> list[LoggedRequest]:
        """Return the logged requests of a method whose path contains something."""
        return [one for one in self.log if one.method.startswith(method) and path in one.path]

    @property
    def writes(self) -> list[LoggedRequest]:
        """The logged requests that changed something or tried to, minting of tokens aside."""
        return [one for one in self.log if one.is_write and "access_tokens" not in one.path]

    def verify_signer(self) -> App:
        """Return the App that JSON web tokens are checked against."""
        if not self.apps:
            raise ApiError(401, "A JSON web token could not be decoded")
        return self.apps[0]
