"""What our GitHub App may do and is told of, each with its reason, in two sizes.

The review-only App is the default: a token that is stolen from it cannot push. GitHub's rule for
manifests is that every event has a permission behind it, and it refuses the whole manifest where
one has none; `installation` events come to every App and must not be named.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from bot.errors import Refused

MAX_NAME = 34
"""Characters of an App's name; GitHub's limit."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]*")
_ORGANIZATION = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})")
_ADDRESS = re.compile(
    r"(?:https://(?:[A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\])|http://(?:127\.0\.0\.1|localhost|\[::1\]))"
    r"(?::[1-9][0-9]{0,4})?(?:/[A-Za-z0-9._~/-]*)?"
)
_LEVELS = ("none", "read", "write", "admin")
_SPOKEN = {"read": "Read-only", "write": "Read and write"}


class AppKind(StrEnum):
    """Which of the two manifests."""

    REVIEW = "review"
    FIX = "fix"


@dataclass(frozen=True, slots=True)
class Permission:
    """One permission of the App."""

    name: str
    """As the API spells it."""
    level: str
    purpose: str

    @property
    def title(self) -> str:
        """Return how the App's page calls it."""
        return self.name.replace("_", " ").capitalize()

    @property
    def spoken(self) -> str:
        """Return how the App's page calls the level."""
        return _SPOKEN[self.level]


@dataclass(frozen=True, slots=True)
class Subscription:
    """One webhook event that the App wants."""

    name: str
    permission: str
    """GitHub sends it only to an App that may read this."""
    purpose: str


_CONTENTS = "fetch the code, and the configuration of the base branch"
_SHARED = (
    Permission("checks", "write", "report the verdict on the head, with its buttons"),
    Permission(
        "issues",
        "read",
        "be told of comments: GitHub counts those of a pull request among those of issues. "
        "No token that Pullwright makes has it",
    ),
    Permission(
        "merge_queues",
        "read",
        "be told of merge groups, whose head wants a check. No token that Pullwright makes has it",
    ),
    Permission("metadata", "read", "know the repository; every App has it"),
    Permission("pull_requests", "write", "read pull requests, review them, answer in them"),
)
PERMISSIONS: Mapping[AppKind, tuple[Permission, ...]] = {
    AppKind.REVIEW: (Permission("contents", "read", _CONTENTS), *_SHARED),
    AppKind.FIX: (
        Permission(
            "contents",
            "write",
            f"{_CONTENTS}; commit proved patches, and resolve threads whose code is gone",
        ),
        *_SHARED,
    ),
}
SUBSCRIPTIONS = (
    Subscription("check_run", "checks", "the buttons of our check, and Re-run"),
    Subscription("issue_comment", "issues", "commands in the conversation"),
    Subscription("merge_group", "merge_queues", "a merge queue wants a check"),
    Subscription("pull_request", "pull_requests", "opened, pushed to, labelled, closed"),
    Subscription("pull_request_review", "pull_requests", "a review that answers ours"),
    Subscription("pull_request_review_comment", "pull_requests", "answers and commands in threads"),
    Subscription("pull_request_review_thread", "pull_requests", "a thread that was resolved"),
)


@dataclass(frozen=True, slots=True)
class WantedApp:
    """What a person decides of a new App."""

    kind: AppKind
    name: str
    """What is proposed; it is unique in all of GitHub, and GitHub lets the person change it."""
    public_url: str
    """Where GitHub reaches `serve`, without a slash at its end."""
    organization: str = ""
    """Who will own the App; empty for the person."""


def wanted_app(form: Mapping[str, str]) -> WantedApp:
    """Return what was filled in; raises Refused saying what to change."""
    name = form.get("name", "").strip()
    if not _NAME.fullmatch(name) or len(name) > MAX_NAME:
        raise Refused(f"the name has letters, digits, spaces, dots and dashes, at most {MAX_NAME}")
    organization = form.get("organization", "").strip()
    if organization and not _ORGANIZATION.fullmatch(organization):
        raise Refused("the organization is its short name, as in github.com/NAME")
    try:
        kind = AppKind(form.get("kind", AppKind.REVIEW.value))
    except ValueError as error:
        raise Refused("the App either reviews (`review`) or fixes too (`fix`)") from error
    return WantedApp(kind, name, public_url(form.get("public_url", "")), organization)


def public_url(text: str) -> str:
    """Return the address under which GitHub reaches us; raises Refused for what it would refuse."""
    given = text.strip().rstrip("/").removesuffix("/webhook")
    if not _ADDRESS.fullmatch(given):
        raise Refused("the public address is https://HOST, where GitHub reaches `pullwright serve`")
    return given


def manifest(app: WantedApp, *, redirect_url: str, home: str) -> str:
    """Return the JSON that GitHub makes the App from; `home` is a page about it."""
    document = {
        "name": app.name,
        "url": home,
        "description": "Reviews pull requests and patches them, and shows its work.",
        "hook_attributes": {"url": f"{app.public_url}/webhook", "active": True},
        "redirect_url": redirect_url,
        "public": False,
        "default_permissions": {p.name: p.level for p in PERMISSIONS[app.kind]},
        "default_events": [s.name for s in SUBSCRIPTIONS],
    }
    return json.dumps(document)


def registration_path(app: WantedApp) -> str:
    """Return the path of GitHub's page that takes the manifest."""
    owner = f"/organizations/{app.organization}" if app.organization else ""
    return f"{owner}/settings/apps/new"


def kind_of(held: Mapping[str, str]) -> AppKind:
    """Return which of the two an App is, by what it may do."""
    return AppKind.FIX if _covers(held.get("contents"), "write") else AppKind.REVIEW


def missing(held: Mapping[str, str], kind: AppKind) -> tuple[Permission, ...]:
    """Return the permissions that an App of a kind lacks."""
    return tuple(p for p in PERMISSIONS[kind] if not _covers(held.get(p.name), p.level))


def surplus(held: Mapping[str, str]) -> tuple[str, ...]:
    """Return the permissions that nothing of ours needs, as `name: level`."""
    most = {p.name: p.level for p in PERMISSIONS[AppKind.FIX]}
    return tuple(
        f"{name}: {level}"
        for name, level in sorted(held.items())
        if not _covers(most.get(name), level)
    )


def unheard(events: Collection[str]) -> Iterator[Subscription]:
    """Yield the events that an App is not told of."""
    return (s for s in SUBSCRIPTIONS if s.name not in events)


def _covers(held: str | None, wanted: str) -> bool:
    levels = (held or "none", wanted)
    if any(level not in _LEVELS for level in levels):
        return False
    return _LEVELS.index(levels[0]) >= _LEVELS.index(levels[1])
