"""Who we are to GitHub: the App's key, the tokens made with it, or one plain token.

This is the only module that reads the key, and the key never leaves it: what others get signs
requests. A token of an installation is for one repository and for the least that its holder does
(rule R4). Tokens are opaque: GitHub's are 40 characters, or 520 with dots in them.
"""

import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from github.Auth import AppAuth
from github.Requester import Requester
from jwt import PyJWTError

from bot.adapters.github_errors import Forbidden, Invalid, NotFound, Unauthorized
from bot.domain.forge import RepoId
from bot.errors import PullwrightError, Refused

COMMENTS: Mapping[str, str] = {
    "checks": "write",
    "contents": "read",
    "metadata": "read",
    "pull_requests": "write",
}
"""To read, to comment and to report: what a job has from its start."""
CONTENTS: Mapping[str, str] = {"contents": "write", "metadata": "read", "pull_requests": "write"}
"""To commit: made when there is something to commit, after the sandbox is gone."""
FILE_READ: Mapping[str, str] = {"contents": "read", "metadata": "read"}
"""To read a file, such as the defaults of an organization."""
SURVEY: Mapping[str, str] = {"checks": "read", "metadata": "read", "pull_requests": "read"}
"""To see which pull requests are open, in every repository of an installation."""

_EARLY = timedelta(minutes=2)
_MOST_KEY_BYTES = 64 << 10


class NotGranted(Refused):
    """The installation gives no such token: it lacks the repository or the permission."""


@dataclass(frozen=True, slots=True)
class AppIdentity:
    """The App; its key is read from the file whenever a request is signed."""

    app_id: str
    key_file: Path

    def authorization(self) -> str:
        """Return a signed statement that lives for minutes."""
        key = _read_key(self.key_file)
        try:
            token = AppAuth(self.app_id, lambda: key).token
        except (PyJWTError, ValueError) as error:
            raise Refused(f"{self.key_file} holds no private key that can be used") from error
        return f"Bearer {token}"

    def renew(self) -> None:
        """Refuse: every request has a new one already."""
        raise Unauthorized(
            f"GitHub does not accept the key in {self.key_file} for App {self.app_id}: "
            "check both, and this machine's clock"
        )


@dataclass(frozen=True, slots=True)
class PlainToken:
    """A token that somebody gave us, such as a workflow's."""

    token: str = field(repr=False)

    def authorization(self) -> str:
        """Return the token."""
        return f"Bearer {self.token}"

    def renew(self) -> None:
        """Refuse: we cannot make one."""
        raise Unauthorized("GitHub does not accept the token: give one that has not expired")


@dataclass(frozen=True, slots=True)
class Nobody:
    """Who is no App yet."""

    def authorization(self) -> str:
        """Return nothing."""
        return ""

    def renew(self) -> None:
        """Change nothing: the same answer comes again."""


@dataclass(slots=True)
class InstallationToken:
    """A token for one repository, made when it is needed first and revoked at the end.

    Only what reads may be for all repositories of the installation.
    """

    app: Requester
    """Signs with the App's key."""
    repo: RepoId
    permissions: Mapping[str, str]
    is_for_all: bool = False
    """For every repository of the installation; the id and the name of `repo` mean nothing then."""
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    is_by_name: bool = False
    """The repository's id is not known, its name is."""
    _token: str = field(default="", repr=False)
    _expires_at: datetime | None = None
    _is_closed: bool = False

    @property
    def is_made(self) -> bool:
        """There is something to revoke."""
        return bool(self._token)

    def token(self) -> str:
        """Return the token itself, for git."""
        if not self._token or self._is_old():
            self._make()
        return self._token

    def authorization(self) -> str:
        """Return the token, a new one where the old is about to expire."""
        return f"Bearer {self.token()}"

    def renew(self) -> None:
        """Make a new token once GitHub refused the old one."""
        if self._is_closed:
            raise Unauthorized("the token is gone already")
        self._make()

    def close(self) -> None:
        """Make no more tokens: what is sent now is the revocation."""
        self._is_closed = True

    def _is_old(self) -> bool:
        expires_at = self._expires_at
        return not self._is_closed and expires_at is not None and self.now() > expires_at - _EARLY

    def _make(self) -> None:
        if self._is_closed:
            raise Unauthorized("the job is over: it gets no token any more")
        try:
            _, data = self.app.requestJsonAndCheck(
                "POST",
                f"/app/installations/{self.repo.installation_id}/access_tokens",
                input={**self._scope(), "permissions": dict(self.permissions)},
            )
        except (NotFound, Forbidden, Invalid) as error:
            raise _not_served(self._for, self.permissions, error) from error
        self._token = str(data["token"])
        self._expires_at = _parsed_time(str(data["expires_at"]))

    def _scope(self) -> dict[str, list[int] | list[str]]:
        """Return the one repository, as the request names it, or nothing for all of them."""
        if self.is_for_all:
            return {}
        if self.is_by_name:
            return {"repositories": [self.repo.full_name.rpartition("/")[2]]}
        return {"repository_ids": [self.repo.id]}

    @property
    def _for(self) -> str:
        return (
            f"installation {self.repo.installation_id}" if self.is_for_all else self.repo.full_name
        )


def _not_served(whom: str, permissions: Mapping[str, str], error: PullwrightError) -> Refused:
    wanted = ", ".join(f"{name}: {level}" for name, level in sorted(permissions.items()))
    match error:
        case NotFound():
            return Refused(f"the App is no longer installed for {whom}")
        case Forbidden():
            return Refused(f"the installation for {whom} is suspended ({error})")
        case _:
            return NotGranted(f"the installation grants no token for {whom} ({wanted})")


def _read_key(file: Path) -> str:
    try:
        if stat.S_IMODE(file.stat().st_mode) & stat.S_IROTH:
            raise Refused(f"everybody on this machine can read {file}: chmod 600 it")
        with file.open("rb") as stream:
            return stream.read(_MOST_KEY_BYTES).decode("ascii")
    except OSError as error:
        raise Refused(f"cannot read the App's key {file}: {error.strerror}") from error


def _parsed_time(text: str) -> datetime:
    return datetime.fromisoformat(text)
