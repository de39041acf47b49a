"""Thumbs on review comments on GitHub, where every comment carries their counts."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.adapters.github_http import PER_PAGE, GitHubRequester, repo_path
from bot.domain.events import Person
from bot.domain.forge import RepoId
from bot.domain.opinions import Count, Thumb

_MOST_PAGES = 10
_WORDS = {"+1": True, "-1": False}


@dataclass(frozen=True, slots=True)
class GitHubOpinions:
    """`Opinions` for one repository."""

    requester: GitHubRequester
    repo: RepoId
    most_pages: int = _MOST_PAGES

    def counts(self, number: int) -> Mapping[int, Count]:
        path = f"{repo_path(self.repo)}/pulls/{number}/comments"
        rows = self._rows(path, sort="created", direction="desc")
        return {
            row["id"]: Count(row["reactions"]["+1"], row["reactions"]["-1"])
            for row in rows
            if row.get("reactions")
        }

    def thumbs(self, comment_id: int) -> Sequence[Thumb]:
        rows = self._rows(f"{repo_path(self.repo)}/pulls/comments/{comment_id}/reactions")
        # The account of a person who left is null, and nobody can say what they may do.
        return tuple(_thumb(row) for row in rows if row["content"] in _WORDS and row["user"])

    def _rows(self, path: str, **order: str) -> Iterator[dict[str, Any]]:
        for page in range(1, self.most_pages + 1):
            _, rows = self.requester.requestJsonAndCheck(
                "GET", path, {"per_page": PER_PAGE, "page": page, **order}
            )
            yield from rows
            if len(rows) < PER_PAGE:
                return


def _thumb(row: Mapping[str, Any]) -> Thumb:
    user = row["user"]
    return Thumb(
        row["id"],
        Person(user["id"], user["login"]),
        is_program=user["type"] != "User",
        is_liking=_WORDS[row["content"]],
        at=datetime.fromisoformat(row["created_at"]),
    )
