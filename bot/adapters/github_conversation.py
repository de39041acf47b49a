"""What was said on one pull request, read in one GraphQL request where it is not very long.

`viewerDidAuthor` is GitHub's own word on whether a comment is ours: a name, an avatar or a copied
marker is not (rule R2). What was read is kept until we write or until an answer is lost.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from bot.adapters.github_errors import NotFound
from bot.adapters.github_http import GitHubRequester
from bot.adapters.github_nodes import Node, first_of, nodes_of
from bot.domain.forge import Posted, PostedThread, Remark, RepoId
from bot.domain.markers import Marker, MarkerKind, parse_marker, without_marker
from bot.errors import Refused

_MOST_PAGES = 50
_COMMENT = "databaseId body url viewerDidAuthor author { login }"
_PAGE = "pageInfo { hasNextPage endCursor }"
_QUERY = f"""query Conversation($owner: String!, $name: String!, $number: Int!,
  $comments: String, $threads: String) {{
  repository(owner: $owner, name: $name) {{
    pullRequest(number: $number) {{
      viewerDidAuthor
      comments(first: 100, after: $comments) {{ {_PAGE} nodes {{ {_COMMENT} }} }}
      reviewThreads(first: 100, after: $threads) {{
        {_PAGE}
        nodes {{
          id isResolved path line originalLine subjectType
          comments(first: 100) {{ {_PAGE} nodes {{ {_COMMENT} }} }}
        }}
      }}
    }}
  }}
}}"""
_THREAD = f"""query Thread($id: ID!, $after: String) {{
  node(id: $id) {{
    ... on PullRequestReviewThread {{
      comments(first: 100, after: $after) {{ {_PAGE} nodes {{ {_COMMENT} }} }}
    }}
  }}
}}"""
_CURSORS = {"comments": "comments", "threads": "reviewThreads"}


@dataclass(frozen=True, slots=True)
class OurComment:
    """One comment of ours, and which of the two kinds it is."""

    posted: Posted
    is_review_comment: bool

    @property
    def marker(self) -> Marker | None:
        """The marker in its last line."""
        return parse_marker(self.posted.body)


Spoken = tuple[tuple[int, Remark], ...]
"""What everybody said in one place, each by the comment's id."""


@dataclass(frozen=True, slots=True)
class Said:
    """Everything of ours on one pull request, in the order in which it was said."""

    comments: tuple[OurComment, ...]
    threads: tuple[PostedThread, ...]
    is_our_pull: bool = False
    """We opened the pull request."""
    spoken: Spoken = ()
    """In the conversation."""
    spoken_threads: tuple[Spoken, ...] = ()

    def has_heard(self, comment_id: int) -> bool:
        """Tell whether the comment was there when this was read."""
        places = (self.spoken, *self.spoken_threads)
        return any(name == comment_id for place in places for name, _ in place)

    @property
    def summary(self) -> Posted | None:
        """The sticky comment: the first, should there be two."""
        found = (c for c in self.comments if not c.is_review_comment and c.marker is not None)
        ours = (c.posted for c in found if c.marker and c.marker.kind is MarkerKind.SUMMARY)
        return next(ours, None)

    def find(self, marker: str) -> OurComment | None:
        """Return our comment with this marker."""
        wanted = parse_marker(marker)
        if wanted is None:
            return None
        return next((c for c in self.comments if wanted.names_same(c.marker)), None)


@dataclass(slots=True)
class Conversations:
    """The conversations of one repository, each read once until it is forgotten."""

    requester: GitHubRequester
    repo: RepoId
    _known: dict[int, Said] = field(default_factory=dict)

    def of(self, number: int) -> Said:
        """Return what we said on a pull request."""
        if number not in self._known:
            self._known[number] = self._read(number)
        return self._known[number]

    def forget(self, number: int) -> None:
        """Read it again next time: something was written, or an answer was lost."""
        self._known.pop(number, None)

    def remember(self, number: int, comment: OurComment) -> None:
        """Note a comment that we just posted or edited."""
        said = self._known.get(number)
        if said is not None:
            others = tuple(c for c in said.comments if c.posted.id != comment.posted.id)
            self._known[number] = replace(said, comments=(*others, comment))

    def _read(self, number: int) -> Said:
        pages = list(self._pages(number))
        comments = [node for page in pages for node in _comments(page["comments"])]
        threads = [node for page in pages for node in nodes_of(page["reviewThreads"])]
        spoken = [self._in_thread(number, thread) for thread in threads]
        in_threads = [node for thread in spoken for node in thread]
        return Said(
            comments=(
                *(OurComment(_posted(n), False) for n in comments if n["viewerDidAuthor"]),
                *(OurComment(_posted(n), True) for n in in_threads if n["viewerDidAuthor"]),
            ),
            threads=tuple(filter(None, map(_our_thread, threads))),
            is_our_pull=pages[0]["viewerDidAuthor"],
            spoken=_spoken(comments),
            spoken_threads=tuple(map(_spoken, spoken)),
        )

    def _in_thread(self, number: int, thread: Node) -> list[Node]:
        """Return all comments of a thread; hardly one has more than the first answer holds."""
        page = thread["comments"]
        found = _comments(page)
        for _ in range(_MOST_PAGES):
            info = page["pageInfo"]
            if not info["hasNextPage"]:
                return found
            wanted = {"id": thread["id"], "after": info["endCursor"]}
            node = self.requester.query(_THREAD, wanted)["node"]
            # A thread that was deleted meanwhile has no more comments.
            if not node:
                return found
            page = node["comments"]
            found += _comments(page)
        raise _too_long(f"a thread of #{number}")

    def _pages(self, number: int) -> Iterator[Node]:
        owner, _, name = self.repo.full_name.partition("/")
        cursors: dict[str, str | None] = dict.fromkeys(_CURSORS)
        for _ in range(_MOST_PAGES):
            variables = {"owner": owner, "name": name, "number": number, **cursors}
            repository = self.requester.query(_QUERY, variables)["repository"]
            page = repository and repository["pullRequest"]
            if not page:
                raise NotFound(f"there is no pull request #{number} in {self.repo.full_name}")
            yield page
            infos = {name: page[key]["pageInfo"] for name, key in _CURSORS.items()}
            if not any(info["hasNextPage"] for info in infos.values()):
                return
            # A list that has ended is asked for what is behind its end, which is nothing.
            cursors = {name: info["endCursor"] or cursors[name] for name, info in infos.items()}
        raise _too_long(f"#{number}")


def remarks_before(places: Sequence[Spoken], comment_id: int) -> tuple[Remark, ...]:
    """Return what was said before a comment in the one place where it stands."""
    place = next((p for p in places if any(name == comment_id for name, _ in p)), ())
    names = [name for name, _ in place]
    return tuple(remark for _, remark in place[: names.index(comment_id)]) if place else ()


def _too_long(what: str) -> Refused:
    return Refused(f"{what} has more than {_MOST_PAGES * 100:,} comments: nothing is posted")


def _comments(connection: Node) -> list[Node]:
    return list(filter(_is_named, nodes_of(connection)))


def _is_named(comment: Node) -> bool:
    """Tell whether GitHub says which comment it is; the schema lets it be silent."""
    return comment["databaseId"] is not None


def _spoken(nodes: Sequence[Node]) -> Spoken:
    found: list[tuple[int, Remark]] = []
    for node in nodes:
        is_ours, body = node["viewerDidAuthor"], node["body"]
        marker = parse_marker(body) if is_ours else None
        if marker is not None and marker.kind is MarkerKind.SUMMARY:
            continue
        # The account of a person may be gone.
        author = (node["author"] or {"login": "ghost"})["login"]
        words = without_marker(body) if is_ours else body
        found.append((node["databaseId"], Remark(author, words, is_ours)))
    return tuple(found)


def _our_thread(node: Node) -> PostedThread | None:
    """Return a thread that we began; what cannot be shown to us, we did not."""
    first = first_of(node["comments"])
    if first is None or not first["viewerDidAuthor"] or not _is_named(first):
        return None
    return PostedThread(
        id=node["id"],
        comment_id=first["databaseId"],
        body=first["body"],
        is_resolved=node["isResolved"],
        path=node["path"],
        line=node["line"],
        original_line=node["originalLine"],
        is_on_file=node["subjectType"] == "FILE",
    )


def _posted(node: Node) -> Posted:
    return Posted(node["databaseId"], node["body"], node["url"])
