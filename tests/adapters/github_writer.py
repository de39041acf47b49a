"""A worker process that posts replies to one pull request, and waits as long as it is told to."""

import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from bot.adapters.github_access import GitHubHost, app_access
from bot.adapters.github_auth import AppIdentity
from bot.adapters.github_pacing import Pacer
from bot.adapters.github_transport import parse_api_address
from bot.adapters.sql_turns import SqlTurns, open_turns
from bot.domain.forge import ForgeUnavailable, RepoId
from bot.domain.markers import MarkerKind
from tests.adapters.github_jobs import marked


def main(arguments: str) -> None:
    api, app, key, installation, repo, full_name, number, url, name, count = json.loads(arguments)
    turns = open_turns(url)
    host = GitHubHost(parse_api_address(api), new_pacer=lambda one: Pacer(SqlTurns(turns, one)))
    wanted = RepoId(installation, repo, full_name)
    with app_access(host, AppIdentity(app, Path(key)), wanted) as access:
        for n in range(count):
            body = marked("hello", MarkerKind.REPLY, run=f"{name}-{n}")
            while True:
                try:
                    access.publisher.reply(
                        number, marker=body.splitlines()[-1], body=body, to_comment=None
                    )
                except ForgeUnavailable as error:
                    # As the queue does with a job.
                    now = datetime.now(UTC)
                    time.sleep(max(0.0, ((error.retry_at or now) - now).total_seconds()))
                else:
                    break
    turns.close()


if __name__ == "__main__":
    main(sys.argv[1])
