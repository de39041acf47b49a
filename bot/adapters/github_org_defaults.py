"""The defaults of an organization on GitHub, read with a token that can read nothing else.

Most organizations have none, so that there is nothing is remembered for a while, and what was read
as well: a review seldom costs a request for it.
"""

import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace

from bot.adapters.github_access import GitHubHost, revoke
from bot.adapters.github_auth import FILE_READ, AppIdentity, InstallationToken, NotGranted
from bot.adapters.github_errors import NotFound
from bot.adapters.github_http import repo_path
from bot.domain.forge import RepoId
from bot.domain.org_defaults import MAX_BYTES, ORG_FILE, ORG_REPO, OrgDefaults
from bot.domain.untrusted import one_line
from bot.errors import Refused

REMEMBERED_S = 300.0


@dataclass(slots=True)
class OrgFiles:
    """The files of all organizations, for the whole process."""

    host: GitHubHost
    app: AppIdentity
    now: Callable[[], float] = time.monotonic
    _known: dict[tuple[int, str], tuple[float, OrgDefaults]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def read(self, repo: RepoId) -> OrgDefaults:
        """Return what the owner of a repository sets, as of the last few minutes."""
        owner = repo.full_name.partition("/")[0]
        key = (repo.installation_id, owner)
        with self._lock:
            until, known = self._known.get(key, (0.0, OrgDefaults()))
        if self.now() < until:
            return known
        # Two jobs may read it at once, which harms nobody.
        found = self._fetched(replace(repo, full_name=f"{owner}/{ORG_REPO}"))
        with self._lock:
            self._known[key] = (self.now() + REMEMBERED_S, found)
        return found

    def _fetched(self, home: RepoId) -> OrgDefaults:
        installation = home.installation_id
        try:
            with ExitStack() as stack:
                signer = self.host.requester(self.app, installation_id=installation)
                stack.callback(signer.close)
                token = InstallationToken(signer, home, FILE_READ, is_by_name=True)
                requester = self.host.requester(token, installation_id=installation)
                stack.callback(requester.close)
                stack.callback(revoke, requester, token)
                path = f"{repo_path(home)}/contents/{ORG_FILE}"
                _, data = requester.requestJsonAndCheck("GET", path)
        except (NotGranted, NotFound):
            # The App is not installed there, or there is no such file.
            return OrgDefaults()
        except Refused as error:
            return OrgDefaults(problem=one_line(str(error)))
        return _parsed(home, data)


def _parsed(home: RepoId, data: object) -> OrgDefaults:
    name = f"{home.full_name}/{ORG_FILE}"
    if not isinstance(data, dict) or data.get("type") != "file":
        return OrgDefaults(problem=f"{name} is no file")
    if int(data["size"]) > MAX_BYTES or data.get("encoding") != "base64":
        return OrgDefaults(problem=f"{name} has more than {MAX_BYTES:,} bytes")
    # GitHub breaks the lines of base64.
    encoded = "".join(str(data["content"]).split())
    return OrgDefaults(f"{name}@{str(data['sha'])[:12]}", encoded)
