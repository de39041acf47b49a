"""GraphQL: queries of pull requests and review threads, and the mutations of the bot."""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from typing import Any

from graphql import (
    ExecutionResult,
    GraphQLError,
    GraphQLResolveInfo,
    GraphQLSyntaxError,
    graphql_sync,
    parse,
)

from tests.github_simulator import graphql_views as views
from tests.github_simulator.apps import App, Token
from tests.github_simulator.conversations import IssueComment, ReviewComment
from tests.github_simulator.exchange import Answer, ApiError, Json, Request
from tests.github_simulator.git_store import WEB_FLOW, NewCommit, Tree
from tests.github_simulator.graphql_limits import check_nodes
from tests.github_simulator.graphql_pages import GraphQLRefusal
from tests.github_simulator.graphql_schema import schema
from tests.github_simulator.pull_requests import PullRequest
from tests.github_simulator.repositories import Repo
from tests.github_simulator.reviews import Thread
from tests.github_simulator.world import GitHub
from tests.situations import Link, Program

_Info = GraphQLResolveInfo[Any]
_BAD_PATH = re.compile(r"^/|^$|(^|/)(\.|\.\.|\.git)(/|$)|//|\0")


def execute(github: GitHub, request: Request, caller: App | Token) -> Answer:
    """Run one document; errors come with status 200, beside the data."""
    if not isinstance(caller, Token):
        message = "You must authenticate with an installation access token in order to use GraphQL."
        raise ApiError(403, message)
    content = request.json()
    if request.method != "POST" or not isinstance(content, dict) or not content.get("query"):
        raise ApiError(400, "A query attribute must be specified and must be a string.")
    variables = content.get("variables") or {}
    try:
        check_nodes(parse(str(content["query"])), variables)
    except GraphQLSyntaxError:
        pass  # The answer to that comes with the run.
    except GraphQLRefusal as error:
        return Answer(200, {"errors": [{"type": error.kind, "message": str(error)}]})
    result = graphql_sync(
        schema(),
        str(content["query"]),
        root_value=_Root(github, caller),
        variable_values=variables,
        operation_name=content.get("operationName"),
    )
    return Answer(200, _shown(result))


def _shown(result: ExecutionResult) -> Json:
    content: Json = {} if result.data is None else {"data": result.data}
    if result.errors:
        content["errors"] = [_error(error) for error in result.errors]
    return content


def _error(error: GraphQLError) -> Json:
    shown: Json = dict(error.formatted)
    if isinstance(error.original_error, GraphQLRefusal):
        shown = {"type": error.original_error.kind, **shown}
    elif error.original_error is not None and not isinstance(error.original_error, GraphQLError):
        # A bug of the simulator: graphql-core would hide it in the answer.
        raise error.original_error
    return shown


class _Root:
    """The fields of Query and Mutation."""

    def __init__(self, github: GitHub, token: Token) -> None:
        self._github = github
        self._token = token
        self.viewer = {
            **views.actor(token.installation.app.bot),
            "login": token.installation.app.bot.login,
        }

    def rateLimit(self, _info: _Info, **_ignored: object) -> Json:  # noqa: N802 GitHub's name
        return views.rate_limit(self._github, str(self._token.installation.id))

    def repository(self, _info: _Info, owner: str, name: str, **_ignored: object) -> Json:
        return views.repository(self._repo(f"{owner}/{name}"))

    def node(self, _info: _Info, id: str) -> Json:  # noqa: A002 GitHub's name
        for one in self._visible():
            if one.node_id == id:
                return _view(one)
        message = f"Could not resolve to a node with the global id of '{id}'"
        raise GraphQLRefusal("NOT_FOUND", message)

    def nodes(self, info: _Info, ids: list[str]) -> list[Json]:
        return [self.node(info, one) for one in ids]

    def resolveReviewThread(self, _info: _Info, input: Mapping[str, Any]) -> Json:  # noqa: N802, A002 GitHub's names
        return self._resolve(input, is_resolved=True)

    def unresolveReviewThread(self, _info: _Info, input: Mapping[str, Any]) -> Json:  # noqa: N802, A002 GitHub's names
        return self._resolve(input, is_resolved=False)

    def minimizeComment(self, _info: _Info, input: Mapping[str, Any]) -> Json:  # noqa: N802, A002 GitHub's names
        self._require("pull_requests", "write")
        for one in self._visible():
            if one.node_id == input["subjectId"] and isinstance(one, IssueComment | ReviewComment):
                one.minimized = input["classifier"]
                return {**_echo(input), "minimizedComment": _view(one)}
        raise _no_node(input["subjectId"])

    def createCommitOnBranch(self, _info: _Info, input: Mapping[str, Any]) -> Json:  # noqa: N802, A002 GitHub's names
        repo, branch = self._branch(input["branch"])
        self.require_in(repo, "contents", "write")
        head = repo.store.head(branch)
        if head is None:
            raise GraphQLRefusal("NOT_FOUND", f"Could not resolve to a branch named '{branch}'.")
        expected = input["expectedHeadOid"]
        if expected != head:
            # Two spaces, as GitHub writes it.
            message = (
                f'Expected branch to point to "{expected}" but it did not.  Pull and try again.'
            )
            raise GraphQLRefusal("STALE_DATA", message)
        if branch in repo.protected:
            message = "Protected branch update failed: changes must be made through a pull request."
            raise GraphQLRefusal("UNPROCESSABLE", message)
        files = self._changes(repo, head, input.get("fileChanges") or {})
        sha = self._commit(repo, (branch, head), files, input["message"])
        fresh = repo.store.commit(sha)
        assert fresh is not None, "the commit was just written"
        shown = {
            "commit": views.commit(repo, fresh),
            "ref": views.ref(repo, f"refs/heads/{branch}"),
        }
        return {**_echo(input), **shown}

    def _commit(
        self, repo: Repo, at: tuple[str, str], files: Tree, message: Mapping[str, Any]
    ) -> str:
        branch, head = at
        if not message["headline"].strip():
            raise GraphQLRefusal("UNPROCESSABLE", "A commit message headline is required.")
        body = message.get("body")
        text = f"{message['headline']}\n\n{body}" if body else message["headline"]
        bot = self._token.installation.app.bot
        seconds = int(self._github.clock.seconds())
        new = NewCommit(files, text, bot.person, WEB_FLOW, seconds, (head,))
        return repo.commit_on(branch, new, by=bot)

    def _changes(self, repo: Repo, head: str, changes: Mapping[str, Any]) -> Tree:
        before = repo.store.entries(head)
        files: dict[str, bytes | str | None] = {}
        for one in changes.get("deletions") or []:
            if one["path"] not in before:
                message = (
                    "A path was requested for deletion which does not exist as of commit "
                    f"oid `{head}`"
                )
                raise GraphQLRefusal("UNPROCESSABLE", message)
            files[one["path"]] = None
        for one in changes.get("additions") or []:
            if one["path"] in files:
                message = "A path was requested for both addition and deletion, or twice."
                raise GraphQLRefusal("UNPROCESSABLE", message)
            # A file keeps its mode: the mutation has no way to say another.
            mode = before.get(one["path"], ("100644", ""))[0]
            files[one["path"]] = _MODES.get(mode, bytes)(_decoded(one["contents"]))
        self._check_paths(files)
        return files

    def _check_paths(self, files: Tree) -> None:
        for path in files:
            if _BAD_PATH.search(path):
                raise GraphQLRefusal("UNPROCESSABLE", f"The path `{path}` is malformed.")
            is_workflow = path.startswith(".github/workflows/")
            if is_workflow and not self._token.may("workflows", "write"):
                message = (
                    f"refusing to allow a GitHub App to create or update workflow `{path}` without "
                    "`workflows` permission"
                )
                raise GraphQLRefusal("FORBIDDEN", message)

    def _branch(self, wanted: Mapping[str, Any]) -> tuple[Repo, str]:
        if wanted.get("id"):
            for repo in self._repos():
                for ref in repo.store.refs:
                    if f"REF_{repo.id}_{ref}" == wanted["id"]:
                        return repo, ref.removeprefix("refs/heads/")
            raise _no_node(wanted["id"])
        if not wanted.get("repositoryNameWithOwner") or not wanted.get("branchName"):
            message = (
                "Either `id` or both `repositoryNameWithOwner` and `branchName` must be given."
            )
            raise GraphQLRefusal("UNPROCESSABLE", message)
        # A full ref is taken as well as a plain name.
        name = wanted["branchName"].removeprefix("refs/heads/")
        return self._repo(wanted["repositoryNameWithOwner"]), name

    def _resolve(self, wanted: Mapping[str, Any], *, is_resolved: bool) -> Json:
        for one in self._visible():
            if one.node_id == wanted["threadId"] and isinstance(one, Thread):
                # GitHub asks for `contents: write` here, which nobody would expect
                # (github.com/orgs/community/discussions/44650).
                self.require_in(one.pr.repo, "contents", "write")
                self.require_in(one.pr.repo, "pull_requests", "write")
                one.resolve(self._token.installation.app.bot, is_resolved=is_resolved)
                return {**_echo(wanted), "thread": views.thread(one)}
        raise _no_node(wanted["threadId"])

    def _repos(self) -> list[Repo]:
        return [
            repo for repo in self._github.repos if not repo.is_private or self._token.sees(repo)
        ]

    def _repo(self, full_name: str) -> Repo:
        found = self._github.find_repo(full_name) or self._github.moved.get(full_name.lower())
        if found is None or found not in self._repos():
            message = f"Could not resolve to a Repository with the name '{full_name}'."
            raise GraphQLRefusal("NOT_FOUND", message)
        return found

    def _visible(self) -> Iterator[PullRequest | Thread | IssueComment | ReviewComment]:
        for pr in (pr for repo in self._repos() for pr in repo.pull_requests):
            yield pr
            yield from pr.comments
            yield from pr.threads
            yield from pr.review_comments

    def require_in(self, repo: Repo, scope: str, access: str) -> None:
        """Raise FORBIDDEN where the token may not do this in this repository."""
        if not self._token.sees(repo):
            raise _forbidden()
        self._require(scope, access)

    def _require(self, scope: str, access: str) -> None:
        if not self._token.may(scope, access) or self._token.installation.is_suspended:
            raise _forbidden()


_MODES: Mapping[str, type[bytes]] = {"100755": Program, "120000": Link}


def _view(one: PullRequest | Thread | IssueComment | ReviewComment) -> Json:
    match one:
        case PullRequest():
            return views.pull(one)
        case Thread():
            return views.thread(one)
        case IssueComment():
            return views.issue_comment(one)
        case ReviewComment():
            return views.review_comment(one)


def _echo(wanted: Mapping[str, Any]) -> Json:
    return {"clientMutationId": wanted.get("clientMutationId")}


def _decoded(contents: str) -> bytes:
    try:
        return base64.b64decode(contents, validate=True)
    except binascii.Error as error:
        message = "Variable $input contents is not a valid Base64String"
        raise GraphQLRefusal("UNPROCESSABLE", message) from error


def _forbidden() -> GraphQLRefusal:
    return GraphQLRefusal("FORBIDDEN", "Resource not accessible by integration")


def _no_node(node_id: str) -> GraphQLRefusal:
    message = f"Could not resolve to a node with the global id of '{node_id}'"
    return GraphQLRefusal("NOT_FOUND", message)
