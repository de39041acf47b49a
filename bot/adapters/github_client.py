"""The read side of the forge on GitHub."""

from collections.abc import Sequence
from dataclasses import dataclass

from github.PullRequest import PullRequest
from github.Repository import Repository

from bot.adapters.github_conversation import Conversations, remarks_before
from bot.adapters.github_http import GitHubRequester, repo_path
from bot.domain.forge import (
    Permission,
    Posted,
    PostedThread,
    Remark,
    RemotePullRequest,
    RepoId,
)
from bot.domain.pull_request import Sha
from bot.errors import Refused, Retryable

_PERMISSIONS = {
    "admin": Permission.ADMIN,
    "maintain": Permission.WRITE,
    "write": Permission.WRITE,
    "triage": Permission.READ,
    "read": Permission.READ,
}


@dataclass(frozen=True, slots=True)
class GitHubForge:
    """`Forge` for one repository."""

    requester: GitHubRequester
    repo: RepoId
    conversations: Conversations

    def pull_request(self, number: int) -> RemotePullRequest:
        url = f"{repo_path(self.repo)}/pulls/{number}"
        pull = PullRequest(self.requester, url=url).complete()
        # The fork's owner may have deleted it: GitHub answers null, and PyGithub knows no null.
        head_repo = pull.raw_data["head"]["repo"]
        return RemotePullRequest(
            number=pull.number,
            title=pull.title,
            author=pull.user.login,
            author_id=pull.user.id,
            is_open=pull.state == "open",
            is_draft=pull.draft,
            is_locked=bool(pull.raw_data.get("locked")),
            base_ref=pull.base.ref,
            base_sha=Sha(pull.base.sha),
            head_ref=pull.head.ref,
            head_sha=Sha(pull.head.sha),
            head_repo=head_repo["full_name"] if head_repo else None,
            labels=tuple(label.name for label in pull.labels),
            # Only an App's account can be ours, so people's pull requests cost no second question.
            is_ours=pull.user.type == "Bot" and self.conversations.of(number).is_our_pull,
        )

    def permission(self, login: str) -> Permission:
        repository = Repository(self.requester, url=repo_path(self.repo))
        try:
            answer = repository.get_collaborator_permission(login)
        except (Refused, Retryable):
            # No answer gives nobody a right (rule R5).
            return Permission.NONE
        return _PERMISSIONS.get(answer, Permission.NONE)

    def summary(self, number: int) -> Posted | None:
        return self.conversations.of(number).summary

    def threads(self, number: int) -> Sequence[PostedThread]:
        return self.conversations.of(number).threads

    def reply(self, number: int, marker: str) -> Posted | None:
        found = self.conversations.of(number).find(marker)
        return found.posted if found is not None else None

    def remarks(self, number: int, comment_id: int, *, is_review_comment: bool) -> Sequence[Remark]:
        if not self.conversations.of(number).has_heard(comment_id):
            self.conversations.forget(number)
        said = self.conversations.of(number)
        places = said.spoken_threads if is_review_comment else (said.spoken,)
        return remarks_before(places, comment_id)
