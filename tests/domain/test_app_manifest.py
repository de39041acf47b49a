import json
from pathlib import Path

import pytest

from bot.adapters import github_auth
from bot.domain import event_parser
from bot.domain.app_manifest import (
    PERMISSIONS,
    SUBSCRIPTIONS,
    AppKind,
    WantedApp,
    kind_of,
    manifest,
    missing,
    public_url,
    registration_path,
    surplus,
    unheard,
    wanted_app,
)
from bot.errors import Refused

DOCS = Path(__file__).parents[2] / "docs" / "app.md"
FORM = {"kind": "review", "name": "pullwright-1", "public_url": "https://bot.example.org"}


def _held(kind: AppKind) -> dict[str, str]:
    return {p.name: p.level for p in PERMISSIONS[kind]}


@pytest.mark.parametrize(
    ("kind", "tokens"),
    [
        (AppKind.REVIEW, [github_auth.COMMENTS, github_auth.FILE_READ, github_auth.SURVEY]),
        (AppKind.FIX, [github_auth.COMMENTS, github_auth.CONTENTS]),
    ],
)
def test_each_kind_may_do_what_the_tokens_of_its_jobs_may(
    kind: AppKind, tokens: list[dict[str, str]]
) -> None:
    levels = ["read", "write"]
    held = _held(kind)

    for token in tokens:
        assert all(levels.index(held[name]) >= levels.index(level) for name, level in token.items())


def test_an_app_that_reviews_cannot_push() -> None:
    assert _held(AppKind.REVIEW)["contents"] == "read"
    assert "contents" in github_auth.CONTENTS


def test_no_app_asks_for_what_would_let_it_change_ci_or_people() -> None:
    for kind in AppKind:
        assert not {"workflows", "actions", "secrets", "administration", "members"} & set(
            _held(kind)
        )


def test_every_event_has_a_permission_behind_it_and_a_reader() -> None:
    for kind in AppKind:
        assert {s.permission for s in SUBSCRIPTIONS} <= set(_held(kind))
    assert {s.name for s in SUBSCRIPTIONS} <= set(event_parser._PARSERS)


def test_the_documentation_names_what_the_manifest_has() -> None:
    text = DOCS.read_text()

    for permission in PERMISSIONS[AppKind.FIX]:
        assert f"| {permission.title} | " in text
        assert permission.purpose in " ".join(text.split())
    for subscription in SUBSCRIPTIONS:
        assert f"`{subscription.name}`" in text


def test_a_manifest_sends_deliveries_to_our_webhook_and_the_person_back_to_us() -> None:
    made = json.loads(
        manifest(wanted_app(FORM), redirect_url="http://127.0.0.1:8081/setup/created", home="h")
    )

    assert made["hook_attributes"] == {"url": "https://bot.example.org/webhook", "active": True}
    assert made["redirect_url"] == "http://127.0.0.1:8081/setup/created"
    assert made["public"] is False


def test_an_app_of_an_organization_is_registered_there() -> None:
    own, theirs = (WantedApp(AppKind.REVIEW, "n", "u", who) for who in ("", "octo-org"))

    assert registration_path(own) == "/settings/apps/new"
    assert registration_path(theirs) == "/organizations/octo-org/settings/apps/new"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"kind": "admin"}, "either reviews"),
        ({"name": ""}, "the name has letters"),
        ({"name": "a" * 35}, "at most 34"),
        ({"name": "<script>"}, "the name has letters"),
        ({"organization": "a/b"}, "short name"),
        ({"public_url": ""}, "the public address is https://HOST"),
        ({"public_url": "http://bot.example.org"}, "the public address is https://HOST"),
        ({"public_url": "https://user:pw@bot.example.org"}, "the public address is"),
        ({"public_url": "https://[bot"}, "the public address is"),
    ],
)
def test_what_github_would_refuse_is_said_before_it_is_asked(
    change: dict[str, str], said: str
) -> None:
    with pytest.raises(Refused, match=said):
        wanted_app(FORM | change)


def test_the_address_of_the_webhook_itself_is_taken_for_its_host() -> None:
    assert public_url("https://bot.example.org/webhook") == "https://bot.example.org"


def test_an_app_lacks_what_its_kind_needs_and_no_more() -> None:
    held = {**_held(AppKind.REVIEW), "checks": "read", "administration": "write"}

    assert kind_of(held) is AppKind.REVIEW
    assert [p.name for p in missing(held, AppKind.REVIEW)] == ["checks"]
    assert surplus(held) == ("administration: write",)
    assert missing(_held(AppKind.FIX), AppKind.FIX) == ()


def test_an_app_that_is_not_told_of_comments_takes_no_commands() -> None:
    heard = {s.name for s in SUBSCRIPTIONS} - {"issue_comment"}

    assert [s.name for s in unheard(heard)] == ["issue_comment"]
