"""What the App asks GitHub as itself: which deliveries failed, and where it is installed.

Nothing here needs a token of an installation; requests are signed by the App's identity, whose key
only `github_auth` reads.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.adapters.github_access import GitHubHost
from bot.adapters.github_auth import AppIdentity
from bot.adapters.github_http import PER_PAGE, GitHubRequester
from bot.domain.app_forge import Attempt
from bot.domain.forge import ForgeUnavailable
from bot.domain.jobs import NO_INSTALLATION

_DELIVERIES = "/app/hook/deliveries"
_MOST_PAGES = 200
_NEXT = re.compile(r'<([^<>]+)>;\s*rel="next"')


@dataclass(frozen=True, slots=True)
class GitHubApp:
    """`AppForge`."""

    requester: GitHubRequester

    def attempts(self, *, since: datetime) -> Iterator[Attempt]:
        for row in self._rows(_DELIVERIES):
            attempt = _attempt(row)
            if attempt.at < since:
                return
            yield attempt

    def redeliver(self, attempt: int) -> None:
        self.requester.requestJsonAndCheck("POST", f"{_DELIVERIES}/{attempt}/attempts")

    def installations(self) -> Sequence[int]:
        rows = self._rows("/app/installations")
        return sorted(row["id"] for row in rows if row["suspended_at"] is None)

    def _rows(self, url: str) -> Iterator[Mapping[str, Any]]:
        """Yield the rows of a list, page by page, as they are taken."""
        parameters: dict[str, Any] | None = {"per_page": PER_PAGE}
        for _ in range(_MOST_PAGES):
            headers, rows = self.requester.requestJsonAndCheck("GET", url, parameters)
            yield from rows
            # The link names the whole query; a page is cut by a cursor that only GitHub knows.
            following = _NEXT.search(headers.get("link", ""))
            if following is None:
                return
            url, parameters = following[1], None


@contextmanager
def as_app(host: GitHubHost, app: AppIdentity) -> Iterator[GitHubApp]:
    """Open what the App asks as itself."""
    requester = host.requester(app, installation_id=NO_INSTALLATION)
    try:
        yield GitHubApp(requester)
    finally:
        requester.close()


def _attempt(row: Mapping[str, Any]) -> Attempt:
    try:
        at = datetime.fromisoformat(row["delivered_at"])
    except ValueError as error:
        raise ForgeUnavailable(f"delivery {row['id']} has no time that can be read") from error
    return Attempt(row["id"], row["guid"], at, is_ok=row["status"] == "OK")
