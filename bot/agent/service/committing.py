"""Writes what was proved: as one commit on the branch, or as a stacked pull request.

Only here, with every sandbox gone, may a credential that writes exist (rule R4).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.agent.service.review_job import ReviewOfPull
from bot.domain import replies
from bot.domain.admission import why_unwanted
from bot.domain.forge import Committer, HeadMoved, NewPullRequest, RemotePullRequest
from bot.domain.jobs import Json
from bot.domain.own_commits import fix_key
from bot.domain.ports import CommitMessage
from bot.domain.pull_request import Sha
from bot.errors import Refused


@dataclass(frozen=True)
class Committing:
    """One commit of ours on the head that was looked at."""

    work: ReviewOfPull
    remote: RemotePullRequest
    files: Mapping[str, bytes]
    message: CommitMessage

    def run(self, *, is_stacked: bool) -> Json:
        """Return the `sha` or the `url` of it, or `moved` where somebody pushed meanwhile."""
        return self.work.context.step("commit", lambda: self._written(is_stacked=is_stacked))

    def _written(self, *, is_stacked: bool) -> Json:
        try:
            with self.work.connection.committing() as committer:
                check_wanted(self.work, self.remote)
                if is_stacked:
                    url = self._open_stacked(committer)
                    self.work.book.pull_request(url)
                    return {"url": url}
                return {"sha": self._commit(committer)}
        except HeadMoved as moved:
            return {"moved": str(moved)}

    def _commit(self, committer: Committer) -> Sha:
        head, branch = self.remote.head_sha, self.remote.head_ref
        sha = committer.commit(branch, expected=head, files=self.files, message=self.message)
        self.work.remember_commit(fix_key(self.work.run_id), sha)
        return sha

    def _open_stacked(self, committer: Committer) -> str:
        wanted = NewPullRequest(
            branch=f"pullwright/{self.remote.number}-{self.work.run_id}",
            base_ref=self.remote.head_ref,
            title=self.message.subject,
            body=replies.stacked_body(self.remote.number),
        )
        return committer.open_stacked(
            wanted, at=self.remote.head_sha, files=self.files, message=self.message
        )


def check_wanted(work: ReviewOfPull, seen: RemotePullRequest) -> None:
    """Raise Refused where the pull request became one that nobody wants a commit on.

    Only where the head is the one that was seen: else somebody pushed, or we did before a crash.
    """
    now = work.connection.forge.pull_request(work.number)
    reason = why_unwanted(seen, now) if now.head_sha == seen.head_sha else None
    if reason is not None:
        raise Refused(f"nothing was committed: {reason}")
