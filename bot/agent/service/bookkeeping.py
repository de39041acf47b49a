"""What we posted, written down right after it was: the forge has it, and so has the ledger.

A crash between the two loses nothing: the step runs again, the publisher finds by its marker what
is there, and the first record of a key stands.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.agent.service.desk import Desk
from bot.domain.forge import Posted, PostedThread, RepoId, ReviewComment
from bot.domain.ledger import PullKey, RunId
from bot.domain.publication import Publication
from bot.domain.pull_records import Publication as Record
from bot.domain.pull_records import PublicationKind
from bot.domain.pull_request import Sha
from bot.domain.suggested import shown_suggestions


@dataclass(frozen=True)
class Book:
    """The records of what one run posted on one pull request."""

    desk: Desk
    repo: RepoId
    number: int
    run_id: RunId

    def summary(self, posted: Posted) -> None:
        """Note the sticky comment."""
        self._note(PublicationKind.SUMMARY, str(posted.id), posted.url)

    def reply(self, posted: Posted) -> None:
        """Note the reply to a command."""
        self._note(PublicationKind.REPLY, str(posted.id), posted.url)

    def check(self, check_id: int) -> None:
        """Note the check run."""
        self._note(PublicationKind.CHECK, str(check_id), f"{self._web}/runs/{check_id}")

    def review(self, first: PostedThread) -> None:
        """Note a review by the first of its comments, which is how people get to it."""
        url = f"{self._web}/pull/{self.number}#discussion_r{first.comment_id}"
        self._note(PublicationKind.REVIEW, str(first.comment_id), url)

    def commit(self, sha: Sha) -> None:
        """Note a commit on somebody's branch."""
        self._note(PublicationKind.COMMIT, sha, f"{self._web}/commit/{sha}")

    def pull_request(self, url: str) -> None:
        """Note a stacked pull request."""
        self._note(PublicationKind.PULL_REQUEST, url.rpartition("/")[2], url)

    def suggestions(self, publication: Publication, refused: Sequence[ReviewComment]) -> None:
        """Note which suggestions stand next to the code, with the evidence for them."""
        shown = shown_suggestions(publication, refused, self._pull)
        self.desk.records.suggestions.record(self._pull, shown)

    @property
    def _pull(self) -> PullKey:
        return PullKey(self.repo.id, self.number)

    @property
    def _web(self) -> str:
        return self.desk.web_url(self.repo)

    def _note(self, kind: PublicationKind, external_id: str, url: str) -> None:
        key = f"{kind}:{self.run_id}"
        record = Record(key, self._pull, kind, external_id, url, self.desk.now())
        self.desk.records.publications.record(record)
