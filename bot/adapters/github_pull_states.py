"""How a pull request and our threads on it stand on GitHub, in one GraphQL request for most."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from bot.adapters.github_errors import NotFound
from bot.adapters.github_http import GitHubRequester
from bot.adapters.github_nodes import Node, first_of, nodes_of
from bot.domain.events import Person
from bot.domain.forge import RepoId
from bot.domain.pull_request import Sha
from bot.domain.pull_state import MOST_REPLIES, Dismissed, PullState, Reply, Speaker, ThreadState

_MOST_PAGES = 10
"""Of a hundred threads each: what stands behind them is not listened to."""
_ACTOR = "__typename login ... on User { databaseId } ... on Bot { databaseId }"
_QUERY = f"""query PullState($owner: String!, $name: String!, $number: Int!, $after: String) {{
  viewer {{ login }}
  repository(owner: $owner, name: $name) {{
    pullRequest(number: $number) {{
      number headRefOid closedAt mergedAt
      mergeCommit {{ oid }}
      baseRef {{ target {{ oid }} }}
      author {{ {_ACTOR} }}
      timelineItems(last: 50, itemTypes: [REVIEW_DISMISSED_EVENT]) {{
        nodes {{ ... on ReviewDismissedEvent {{
          createdAt actor {{ {_ACTOR} }} review {{ databaseId }}
        }} }}
      }}
      reviewThreads(first: 100, after: $after) {{
        pageInfo {{ hasNextPage endCursor }}
        nodes {{
          id isResolved
          resolvedBy {{ __typename login databaseId }}
          comments(first: {MOST_REPLIES}) {{ nodes {{
            databaseId body createdAt viewerDidAuthor
            author {{ {_ACTOR} }}
            pullRequestReview {{ databaseId }}
          }} }}
        }}
      }}
    }}
  }}
}}"""


@dataclass(frozen=True, slots=True)
class GitHubPullStates:
    """`PullStates` for one repository."""

    requester: GitHubRequester
    repo: RepoId

    def state(self, number: int) -> PullState:
        answers = list(self._answers(number))
        pages = [answer["repository"]["pullRequest"] for answer in answers]
        first, last = pages[0], pages[-1]
        listed = [node for page in pages for node in page["reviewThreads"]["nodes"] or []]
        threads = [node for node in listed if node is not None]
        is_whole = (
            len(threads) == len(listed) and not last["reviewThreads"]["pageInfo"]["hasNextPage"]
        )
        target = (first["baseRef"] or {}).get("target")
        merged = first["mergeCommit"] if first["mergedAt"] else None
        author = _speaker(first["author"])
        return PullState(
            number=first["number"],
            # Nobody is the author where the account is gone.
            author_id=author.person.id if author is not None else 0,
            head_sha=Sha(first["headRefOid"]),
            base_tip=Sha(target["oid"]) if target else None,
            closed_at=_moment(first["closedAt"]) if first["closedAt"] else None,
            merged=Sha(merged["oid"]) if merged else None,
            threads=tuple(filter(None, map(_thread, threads))),
            dismissed=tuple(filter(None, map(_dismissed, nodes_of(first["timelineItems"])))),
            login=answers[0]["viewer"]["login"].removesuffix("[bot]"),
            is_whole=is_whole,
        )

    def _answers(self, number: int) -> Iterator[Node]:
        owner, _, name = self.repo.full_name.partition("/")
        after: str | None = None
        for _ in range(_MOST_PAGES):
            variables = {"owner": owner, "name": name, "number": number, "after": after}
            answer = self.requester.query(_QUERY, variables)
            page = answer["repository"] and answer["repository"]["pullRequest"]
            if not page:
                raise NotFound(f"there is no pull request #{number} in {self.repo.full_name}")
            yield answer
            info = page["reviewThreads"]["pageInfo"]
            if not info["hasNextPage"]:
                return
            after = info["endCursor"]


def _thread(node: Node) -> ThreadState | None:
    """Return a thread that we began; what cannot be shown to us, we did not."""
    first = first_of(node["comments"])
    if first is None or not first["viewerDidAuthor"] or first["databaseId"] is None:
        return None
    _, *others = nodes_of(node["comments"])
    return ThreadState(
        id=node["id"],
        comment_id=first["databaseId"],
        body=first["body"],
        review_id=(first["pullRequestReview"] or {}).get("databaseId"),
        is_resolved=node["isResolved"],
        resolved_by=_speaker(node["resolvedBy"]),
        replies=tuple(
            Reply(
                one["databaseId"], _speaker(one["author"]), one["body"], _moment(one["createdAt"])
            )
            for one in others
            if not one["viewerDidAuthor"] and one["databaseId"] is not None
        ),
    )


def _dismissed(node: Node) -> Dismissed | None:
    if not node.get("review"):
        return None
    return Dismissed(
        node["review"]["databaseId"], _speaker(node["actor"]), _moment(node["createdAt"])
    )


def _speaker(node: Node | None) -> Speaker | None:
    """Return who did something; of an account that is gone nobody can say what it may do."""
    if node is None or node.get("databaseId") is None:
        return None
    is_program = node["__typename"] != "User"
    return Speaker(Person(node["databaseId"], node["login"]), is_program)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
