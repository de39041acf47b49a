"""GitHub's page that takes a manifest: it is strict, and a person confirms what it shows.

Here that person confirms at once, so the answer to the form is the way back with the code.
"""

import json
import re
import secrets
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.github_simulator.apps import covers
from tests.github_simulator.exchange import Answer, Json, Request

if TYPE_CHECKING:
    from tests.github_simulator.world import GitHub

_PAGE = re.compile(r"(?:/organizations/(?P<organization>[^/]+))?/settings/apps/new")
_CODE_LIFE = timedelta(hours=1)
_MAX_NAME = 34
_KNOWN: Mapping[str, type] = {
    "name": str,
    "url": str,
    "hook_attributes": dict,
    "redirect_url": str,
    "callback_urls": list,
    "setup_url": str,
    "description": str,
    "public": bool,
    "default_events": list,
    "default_permissions": dict,
    "request_oauth_on_install": bool,
    "setup_on_update": bool,
}
_BEHIND: Mapping[str, str] = {
    "check_run": "checks",
    "check_suite": "checks",
    # Also for the comments of pull requests; the form refuses it without this permission.
    "issue_comment": "issues",
    "merge_group": "merge_queues",
    "pull_request": "pull_requests",
    "pull_request_review": "pull_requests",
    "pull_request_review_comment": "pull_requests",
    "pull_request_review_thread": "pull_requests",
    "push": "contents",
}
"""The permission that an event needs; those that come to every App must not be named at all."""


def is_page(path: str) -> bool:
    """Tell whether this is the page."""
    return _PAGE.fullmatch(path) is not None


def register(github: "GitHub", request: Request) -> Answer:
    """Answer the form: back with a code, or the page that says what is wrong with the manifest."""
    found = _PAGE.fullmatch(request.path)
    assert found is not None
    owner = found["organization"] or "operator"
    is_known = owner == "operator" or getattr(github.accounts.get(owner), "type", "") != "User"
    if request.method != "POST" or owner not in {"operator", *github.accounts} or not is_known:
        return _page(404, "Not Found")
    fields = parse_qs(request.body.decode())
    faults = list(_faults(fields.get("manifest", [""])[0], [app.slug for app in github.apps]))
    if faults:
        return _page(422, "\n".join(("Invalid GitHub App configuration", *faults)))
    return _confirmed(github, json.loads(fields["manifest"][0]), owner, request)


def _confirmed(github: "GitHub", manifest: Json, owner: str, request: Request) -> Answer:
    hook = manifest.get("hook_attributes", {})
    app = github.app(
        _slug(manifest["name"]),
        permissions={"metadata": "read", **manifest.get("default_permissions", {})},
        events=manifest.get("default_events", []),
        webhook_secret=secrets.token_hex(20),
    )
    app.owner = github.user(owner)
    github.webhook_url = hook.get("url", "")
    code = secrets.token_hex(20)
    github.manifests[code] = app
    github.manifest_codes[code] = github.clock.now() + _CODE_LIFE
    back = {"code": code, **{k: v for k, v in request.query.items() if k == "state"}}
    return Answer(302, b"", {"Location": f"{manifest['redirect_url']}?{urlencode(back)}"})


def _faults(text: str, taken: list[str]) -> Iterator[str]:
    try:
        manifest = json.loads(text)
    except ValueError:
        yield "The manifest is no JSON"
        return
    for name, value in manifest.items():
        if not isinstance(value, _KNOWN.get(name, ())):
            yield f"{name} is unknown or of another type"
    name = manifest.get("name", "")
    if not name or len(name) > _MAX_NAME:
        yield "Name is missing or too long (maximum is 34 characters)"
    if _slug(name) in taken:
        yield "Name is already taken"
    places = (manifest.get("url"), manifest.get("redirect_url"))
    for place in (*places, manifest.get("hook_attributes", {}).get("url")):
        if urlsplit(str(place)).scheme not in ("http", "https"):
            yield f"{place} is no URL"
    yield from _unsupported(manifest)


def _unsupported(manifest: Json) -> Iterator[str]:
    events, held = manifest.get("default_events", []), manifest.get("default_permissions", {})
    for event in events:
        if event not in _BEHIND:
            yield f"Default events unsupported: {event}"
        elif not covers(held.get(_BEHIND[event]), "read"):
            yield f"Default events are not supported by permissions: {event}"


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def _page(status: int, text: str) -> Answer:
    return Answer(status, text.encode(), {"Content-Type": "text/plain"})
