"""Git objects and refs: what the bot may read and point at without a clone."""

import base64
import re
from urllib.parse import quote

from tests.github_simulator import render_base as base
from tests.github_simulator import render_pulls as pulls
from tests.github_simulator.calls import Call, Route
from tests.github_simulator.exchange import Answer, ApiError, Json, not_found

_SHA = re.compile(r"[0-9a-f]{40}")


def _git_commit(call: Call) -> Answer:
    commit = call.repo.store.commit(call.args["commit_sha"])
    if commit is None:
        raise not_found()
    whole = pulls.commit(call.repo, commit)
    inner = whole["commit"]
    url = f"{base.repo_url(call.repo)}/git/commits/{commit.sha}"
    content = {
        name: inner[name] for name in ("author", "committer", "message", "tree", "verification")
    }
    rest = {name: whole[name] for name in ("sha", "node_id", "html_url", "parents")}
    return Answer(200, {**rest, **content, "url": url})


def _tree(call: Call) -> Answer:
    """Return one folder, or everything below it with `recursive`."""
    store = call.repo.store
    wanted = call.args["tree_sha"]
    sha = store.head(wanted) or wanted
    flags = ("-r", "-t") if "recursive" in call.query else ()
    known = _SHA.fullmatch(sha) and store.recall("cat-file", "-t", sha).strip() in (
        b"tree",
        b"commit",
    )
    if not known:
        raise not_found()
    url = f"{base.repo_url(call.repo)}/git"
    rows = store.recall("ls-tree", "-l", "-z", *flags, sha).decode().split("\0")
    entries = [_tree_entry(url, row) for row in rows if row]
    content = {"sha": sha, "url": f"{url}/trees/{sha}", "tree": entries, "truncated": False}
    return Answer(200, content)


def _tree_entry(url: str, row: str) -> Json:
    head, _, path = row.partition("\t")
    mode, kind, sha, size = head.split()
    entry: Json = {"path": path, "mode": mode, "type": kind, "sha": sha}
    if kind == "commit":
        return entry
    if kind == "blob":
        entry["size"] = int(size)
    return {**entry, "url": f"{url}/{kind}s/{sha}"}


def _blob(call: Call) -> Answer:
    sha, store = call.args["file_sha"], call.repo.store
    if not _SHA.fullmatch(sha) or store.recall("cat-file", "-t", sha).strip() != b"blob":
        raise not_found()
    data = store.recall("cat-file", "blob", sha)
    content = {
        "sha": sha,
        "node_id": f"B_{sha}",
        "size": len(data),
        "url": f"{base.repo_url(call.repo)}/git/blobs/{sha}",
        "content": base64.encodebytes(data).decode(),
        "encoding": "base64",
    }
    return Answer(200, content)


def _get_ref(call: Call) -> Answer:
    ref = f"refs/{call.args['ref']}"
    if ref not in call.repo.store.refs:
        raise not_found()
    return Answer(200, _ref(call, ref))


def _matching_refs(call: Call) -> Answer:
    prefix = f"refs/{call.args['ref']}"
    found = sorted(ref for ref in call.repo.store.refs if ref.startswith(prefix))
    return Answer(200, [_ref(call, ref) for ref in found])


def _create_ref(call: Call) -> Answer:
    ref, sha = call.body.needed_text("ref"), call.body.needed_text("sha")
    if (
        not ref.startswith("refs/")
        or ref.count("/") < 2
        or re.search(r"\.\.|[\s~^:?*\[\\]|\.lock$", ref)
    ):
        raise ApiError(
            422, "Reference name must start with 'refs/' and contain at least two slashes."
        )
    if ref in call.repo.store.refs:
        raise ApiError(422, "Reference already exists")
    if not _SHA.fullmatch(sha) or call.repo.store.commit(sha) is None:
        raise ApiError(422, "Object does not exist")
    _refuse_workflows(call, sha)
    if ref.startswith("refs/heads/"):
        call.repo.create_branch(ref.removeprefix("refs/heads/"), sha, by=call.actor)
    else:
        call.repo.store.update(ref, sha)
    return Answer(201, _ref(call, ref))


def _refuse_workflows(call: Call, sha: str) -> None:
    """Refuse a new ref whose workflows differ from every branch's, without that permission."""
    store = call.repo.store

    def workflows(commit: str) -> dict[str, str]:
        files = store.files(commit)
        return {path: blob for path, blob in files.items() if path.startswith(".github/workflows/")}

    ours = workflows(sha)
    heads = {head for ref, head in store.refs.items() if ref.startswith("refs/heads/")}
    if not call.token.may("workflows", "write") and all(workflows(head) != ours for head in heads):
        raise ApiError(403, "Resource not accessible by integration")


def _delete_ref(call: Call) -> Answer:
    ref = f"refs/{call.args['ref']}"
    if ref not in call.repo.store.refs:
        raise ApiError(422, "Reference does not exist")
    call.repo.delete_branch(ref.removeprefix("refs/heads/"), by=call.actor)
    return Answer(204)


def _ref(call: Call, ref: str) -> Json:
    sha = call.repo.store.refs[ref]
    url = base.repo_url(call.repo)
    target = {"type": "commit", "sha": sha, "url": f"{url}/git/commits/{sha}"}
    return {"ref": ref, "node_id": f"REF_{ref}", "url": f"{url}/git/{quote(ref)}", "object": target}


_G = "/repos/{owner}/{repo}/git"

ROUTES = (
    Route("GET", f"{_G}/commits/{{commit_sha}}", _git_commit, "contents:read"),
    Route("GET", f"{_G}/trees/{{tree_sha}}", _tree, "contents:read"),
    Route("GET", f"{_G}/blobs/{{file_sha}}", _blob, "contents:read"),
    Route("GET", f"{_G}/ref/{{ref}}", _get_ref, "contents:read"),
    Route("GET", f"{_G}/matching-refs/{{ref}}", _matching_refs, "contents:read"),
    Route("POST", f"{_G}/refs", _create_ref, "contents:write"),
    Route("DELETE", f"{_G}/refs/{{ref}}", _delete_ref, "contents:write"),
)
