"""What the App asks as itself: installations, tokens, webhook deliveries; and the rate limit."""

import json
from typing import TYPE_CHECKING

from tests.github_simulator import render_base as base
from tests.github_simulator.apps import Installation, covers
from tests.github_simulator.calls import Call, Route
from tests.github_simulator.exchange import Answer, ApiError, Json, not_found

if TYPE_CHECKING:
    from tests.github_simulator.deliveries import Delivery
    from tests.github_simulator.repositories import Repo

_MOST_REPOSITORIES = 500


def _app(call: Call) -> Answer:
    count = len(call.app.installations)
    return Answer(200, {**base.app(call.app), "installations_count": count})


def _installations(call: Call) -> Answer:
    return call.paged([base.installation(one) for one in call.app.installations])


def _installation(call: Call) -> Answer:
    return Answer(200, base.installation(call.app.installation(call.number("installation_id"))))


def _repo_installation(call: Call) -> Answer:
    found = call.app.installation_for(call.repo)
    if found is None:
        raise not_found()
    return Answer(200, base.installation(found))


def _create_token(call: Call) -> Answer:
    installation = call.app.installation(call.number("installation_id"))
    if installation.is_suspended:
        raise ApiError(403, "This installation has been suspended")
    wanted = call.body.texts("permissions")
    for scope, access in (wanted or {}).items():
        if access not in ("read", "write", "admin"):
            raise ApiError(422, "Invalid request.\n\nInvalid permission level.")
        if not covers(installation.permissions.get(scope), access):
            raise ApiError(422, "The permissions requested are not granted to this installation.")
    repos = _narrowed(call, installation)
    # The header asks for the new form ahead of its time.
    is_stateless = call.request.headers.get("x-github-stateless-s2s-token") == "enabled"
    fresh = call.app.mint(installation, permissions=wanted, repos=repos, is_stateless=is_stateless)
    return Answer(201, base.token(fresh))


def _narrowed(call: Call, installation: Installation) -> "list[Repo] | None":
    ids, names = call.body.items("repository_ids"), call.body.items("repositories")
    if not ids and not names:
        return None
    repos = [repo for repo in installation.repos if repo.id in ids or repo.name in names]
    if len(ids) + len(names) > _MOST_REPOSITORIES or len(repos) != len(set(ids)) + len(set(names)):
        message = (
            "There is at least one repository that does not exist or is not accessible to the "
            "parent installation."
        )
        raise ApiError(422, message)
    return repos


def _revoke_token(call: Call) -> Answer:
    del call.token.installation.app.tokens[call.token.value]
    return Answer(204)


def _repositories(call: Call) -> Answer:
    token = call.token
    repos = token.installation.repos if token.repos is None else list(token.repos)
    return call.paged([base.full_repository(repo) for repo in repos], key="repositories")


def _rate_limit(call: Call) -> Answer:
    rate = call.github.limits.overview(str(call.token.installation.id))
    return Answer(200, {"resources": {"core": rate, "search": rate, "graphql": rate}, "rate": rate})


def _from_manifest(call: Call) -> Answer:
    """Give out the secrets of a new App, once."""
    code, github = call.args["code"], call.github
    made, until = github.manifests.pop(code, None), github.manifest_codes.pop(code, None)
    if made is None or (until is not None and until < github.clock.now()):
        raise not_found()
    secrets = {
        "client_id": made.client_id,
        "client_secret": "c" * 40,
        "webhook_secret": made.webhook_secret,
        "pem": made.private_key_pem,
    }
    return Answer(201, {**base.app(made), **secrets})


def _hook_config(call: Call) -> Answer:
    url = call.github.webhook_url
    content = {"content_type": "json", "insecure_ssl": "0", "secret": "********", "url": url}
    changed = {**content, **call.github.hook_changes}
    # What is empty is left out, as GitHub does.
    return Answer(200, {name: value for name, value in changed.items() if value})


def _deliveries(call: Call) -> Answer:
    """List deliveries, the newest first; pages are cut by a cursor, not by a number."""
    status = call.query.get("status")
    found = [one for one in reversed(call.github.webhooks.all) if one.status_code]
    if status is not None:
        found = [one for one in found if one.is_ok == (status == "success")]
    if cursor := call.query.get("cursor"):
        if not cursor.removeprefix("v1_").isdecimal():
            raise ApiError(422, "Validation Failed", errors=["cursor is invalid"])
        found = [one for one in found if one.id < int(cursor.removeprefix("v1_"))]
    size = min(int(call.query.get("per_page", "30")), 100)
    shown = [_delivery_item(call, one) for one in found[:size]]
    more = call.next_link(cursor=f"v1_{found[size - 1].id}") if len(found) > size else {}
    return Answer(200, shown, more)


def _delivery(call: Call) -> Answer:
    one = _known_delivery(call)
    request = {"headers": dict(one.request_headers), "payload": one.payload}
    response: Json = {"headers": {}, "payload": one.response}
    url = call.github.webhook_url
    content = {**_delivery_item(call, one), "url": url, "request": request, "response": response}
    return Answer(200, json.loads(json.dumps(content)))


def _redeliver(call: Call) -> Answer:
    call.github.webhooks.redeliver(_known_delivery(call))
    return Answer(202, {})


def _known_delivery(call: Call) -> "Delivery":
    wanted = call.number("delivery_id")
    for one in call.github.webhooks.all:
        if one.id == wanted and one.app is call.app:
            return one
    raise not_found()


def _delivery_item(call: Call, one: "Delivery") -> Json:
    installation = one.payload.get("installation") or {}
    repository = one.payload.get("repository") or {}
    return {
        "id": one.id,
        "guid": one.guid,
        "delivered_at": one.delivered_at or call.github.clock.stamp(),
        "redelivery": one.is_redelivery,
        "duration": one.seconds,
        "status": one.status,
        "status_code": one.status_code,
        "event": one.event,
        "action": one.action,
        "installation_id": installation.get("id"),
        "repository_id": repository.get("id"),
        "throttled_at": None,
    }


ROUTES = (
    Route("POST", "/app-manifests/{code}/conversions", _from_manifest, "anybody"),
    Route("GET", "/app", _app, "app"),
    Route("GET", "/app/installations", _installations, "app"),
    Route("GET", "/app/installations/{installation_id}", _installation, "app"),
    Route("POST", "/app/installations/{installation_id}/access_tokens", _create_token, "app"),
    Route("GET", "/app/hook/config", _hook_config, "app"),
    Route("GET", "/app/hook/deliveries", _deliveries, "app"),
    Route("GET", "/app/hook/deliveries/{delivery_id}", _delivery, "app"),
    Route("POST", "/app/hook/deliveries/{delivery_id}/attempts", _redeliver, "app"),
    Route("GET", "/repos/{owner}/{repo}/installation", _repo_installation, "app"),
    Route("DELETE", "/installation/token", _revoke_token, "token"),
    Route("GET", "/installation/repositories", _repositories, "metadata:read"),
    Route("GET", "/rate_limit", _rate_limit, "token"),
)
