"""A repository on a server: which commits are meant, and fetching just those into a mirror.

Only commits and trees that a review reads are fetched, without history. The merge base needs
history, so that is fetched apart from it, commits only, deeper in bounded steps. A server that
cannot filter or cut history sends more; the budget in bytes ends that.
"""

import base64
import ipaddress
import re
from collections.abc import Collection, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from urllib.parse import unquote, urlsplit, urlunsplit

from bot.adapters.git_local import unknown_ref
from bot.adapters.git_mirror import Mirror, MirrorCache, size_bytes
from bot.adapters.git_objects import CheckoutBudget
from bot.adapters.git_process import Git, GitFailed, Transport, redacted
from bot.domain.aftermath import MOST_COMMITS
from bot.domain.pull_request import Sha, printable
from bot.errors import Refused, Retryable, TooLarge

DEPTHS = ("--depth=50", "--depth=1000", "--depth=20000", "--unshallow")
"""How far back to look for the merge base, one step after the other."""
PAST_DEPTH = f"--depth={MOST_COMMITS + 50}"
"""So far back goes what is known of commits that people made on top of ours."""

NO_VARIABLES: Mapping[str, str] = {}
OURS = "refs/pullwright/"
_FULL_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_PASSING = re.compile(
    r"[Cc]ould not resolve|[Cc]onnection|[Tt]imed out|[Ff]ailed to connect|error: 5\d\d"
    r"|early EOF|hung up|too slow"
)
_CLOSED = re.compile(
    r"could not read (Username|Password)|Authentication failed|not found|error: 40[134]"
)
_FETCH = (
    "fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head",
    "--no-auto-maintenance", "--no-show-forced-updates", "--force",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Remote:
    """A server's repository; the credential never stands in the URL or in an argument."""

    url: str
    transport: Transport
    variables: dict[str, str] = field(repr=False)
    """What the environment of a fetching git holds on top: the credential."""

    @property
    def name(self) -> str:
        """`owner/name`, or the path where it is longer or shorter."""
        return urlsplit(self.url).path.strip("/").removesuffix(".git")


@dataclass(frozen=True, slots=True)
class RemoteChange:
    """The commits of a change, fetched."""

    base: Sha
    merge_base: Sha
    head: Sha
    head_ref: str


def parse_remote(url: str, network: Mapping[str, str] = NO_VARIABLES) -> Remote:
    """Return the remote that a URL names: https, or http to this very machine; raises Refused.

    `network` are variables for every git that talks to it: proxies, certificates.
    """
    shown = redacted(printable(url))
    if any(not c.isprintable() or c.isspace() for c in url):
        raise Refused(f"{shown} is not a URL")
    parts = urlsplit(url)
    host = parts.hostname or ""
    if not host or not (parts.scheme == "https" or (parts.scheme == "http" and _is_here(host))):
        raise Refused(f"{shown} cannot be fetched: give an https URL or a folder of this machine")
    clean = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
    variables = dict(network)
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        header = base64.b64encode(pair.encode()).decode()
        variables |= {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"http.{clean}.extraHeader",
            "GIT_CONFIG_VALUE_0": f"Authorization: Basic {header}",
        }
    return Remote(clean, Transport(parts.scheme), variables)


def fetch_change(
    remote: Remote, mirrors: MirrorCache, *, base: str | None, head: str | None,
    budget: CheckoutBudget,
) -> tuple[Mirror, RemoteChange]:  # fmt: skip
    """Fetch what a review of the change reads; raises Refused, TooLarge, Retryable."""
    git = mirrors.git().over(remote.transport, **remote.variables)
    refs = _refs(git, remote)
    base_ref, base_sha = _resolved(base, refs)
    head_ref, head_sha = _resolved(head, refs)
    if base_sha == head_sha:
        raise Refused(same_commit(base_ref, head_sha))
    merge_base = _merge_base(remote, mirrors, base=base_sha, head=head_sha, budget=budget)
    with ExitStack() as stack:
        mirror = mirrors.open(remote.url)
        stack.callback(mirror.close)
        limit = f"--filter=blob:limit={budget.blob_bytes}"
        fetch_commits(
            mirror, remote, {base_sha, merge_base, head_sha}, "--depth=1", limit, budget=budget
        )
        stack.pop_all()
    return mirror, RemoteChange(base_sha, merge_base, head_sha, head_ref)


def fetch_base(
    remote: Remote, mirrors: MirrorCache, *, base: str | None, budget: CheckoutBudget
) -> tuple[Mirror, str, Sha]:
    """Fetch the base alone and return its name and commit; raises as `fetch_change` does."""
    refs = _refs(mirrors.git().over(remote.transport, **remote.variables), remote)
    name, sha = _resolved(base, refs)
    with ExitStack() as stack:
        mirror = mirrors.open(remote.url)
        stack.callback(mirror.close)
        limit = f"--filter=blob:limit={budget.blob_bytes}"
        fetch_commits(mirror, remote, {sha}, "--depth=1", limit, budget=budget)
        stack.pop_all()
    return mirror, name, sha


def fetch_past(
    remote: Remote, mirrors: MirrorCache, shas: Collection[Sha], *, budget: CheckoutBudget
) -> Mirror:
    """Fetch commits with what came before them, as far as the server has them still.

    A commit that was pushed away may be gone: it is left out, as is what is here already.
    """
    mirror = mirrors.open(f"{remote.url} past")
    with ExitStack() as stack:
        stack.callback(mirror.close)
        limit = f"--filter=blob:limit={budget.blob_bytes}"
        missing = {sha for sha in shas if not _has(mirror, sha)}
        try:
            if missing:
                fetch_commits(mirror, remote, missing, PAST_DEPTH, limit, budget=budget)
        except GitFailed:
            for sha in sorted(missing):
                with suppress(GitFailed):
                    fetch_commits(mirror, remote, {sha}, PAST_DEPTH, limit, budget=budget)
        stack.pop_all()
    return mirror


def _has(mirror: Mirror, sha: Sha) -> bool:
    return mirror.git.find("cat-file", "-e", f"{sha}^{{commit}}") is not None


def same_commit(name: str, sha: Sha) -> str:
    """Return the sentence for a base that is the head."""
    base = printable(name.removeprefix("refs/remotes/"))
    return (
        f"nothing to review: base ({base}) and head are the same commit {sha[:12]}: "
        "pass another base"
    )


def _refs(git: Git, remote: Remote) -> dict[str, str]:
    """Return every ref of the server; HEAD's branch is under the name `ref: HEAD`."""
    refs: dict[str, str] = {}
    for row in _network(git, "ls-remote", "--symref", remote.url).split("\n"):
        value, _, name = row.partition("\t")
        if value.startswith("ref: "):
            refs[f"ref: {name}"] = value.removeprefix("ref: ")
        else:
            # A tag's own object comes first, the commit behind it as `name^{}`.
            refs[name.removesuffix("^{}")] = value
    if "HEAD" not in refs:
        raise Refused(f"{printable(remote.url)} has no commit yet")
    return refs


def _resolved(name: str | None, refs: dict[str, str]) -> tuple[str, Sha]:
    """Return the short name and the commit; names are looked up here, never passed to git."""
    if name is None or name == "HEAD":
        branch = refs.get("ref: HEAD", "HEAD")
        return branch.removeprefix("refs/heads/"), Sha(refs["HEAD"])
    if _FULL_SHA.fullmatch(name):
        return name[:12], Sha(name)
    for prefix in ("", "refs/heads/", "refs/tags/", "refs/"):
        if sha := refs.get(prefix + name):
            return name.removeprefix("refs/heads/"), Sha(sha)
    known = [ref.removeprefix("refs/heads/").removeprefix("refs/tags/") for ref in refs]
    raise Refused(unknown_ref(name, known))


def _merge_base(
    remote: Remote, mirrors: MirrorCache, *, base: Sha, head: Sha, budget: CheckoutBudget
) -> Sha:
    history = mirrors.open(f"{remote.url} history")
    try:
        for depth in DEPTHS:
            is_whole = not (history.path / "shallow").exists()
            if depth == "--unshallow" and is_whole:
                break
            fetch_commits(history, remote, {base, head}, depth, "--filter=tree:0", budget=budget)
            found = history.git.find("merge-base", base, head)
            if found is not None:
                return Sha(found)
    finally:
        history.close()
    raise Refused(f"{base[:12]} and {head[:12]} have no commit in common: pass another base")


def fetch_commits(
    mirror: Mirror, remote: Remote, shas: set[Sha], *options: str, budget: CheckoutBudget
) -> None:
    """Fetch commits by id; raises Refused, TooLarge over the budget, Retryable."""
    refs = [f"{sha}:{OURS}{sha}" for sha in sorted(shas)]
    with mirror.writing():
        before = size_bytes(mirror.path)

        def watch() -> None:
            if size_bytes(mirror.path) - before > budget.blob_bytes:
                raise TooLarge(f"{remote.url} sends over {budget.blob_bytes} bytes: too large")

        git = replace(mirror.git.over(remote.transport, **remote.variables), watch=watch)
        _network(git, *_FETCH, *options, remote.url, *refs)


def _network(git: Git, *arguments: str) -> str:
    """Run a command that talks to the server, and tell what may pass from what will not."""
    try:
        return git.text(*arguments)
    except GitFailed as error:
        if _PASSING.search(str(error)):
            raise Retryable(str(error)) from error
        if _CLOSED.search(str(error)):
            raise Refused(f"{error}: is the name right, and may you read it") from error
        raise


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
