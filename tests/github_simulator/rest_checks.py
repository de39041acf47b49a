"""Check runs: created and updated by the App, with annotations that only ever grow."""

import re

from tests.github_simulator import render_checks as checks
from tests.github_simulator.calls import Call, Route
from tests.github_simulator.checks import CheckRun, CheckSuite
from tests.github_simulator.exchange import Answer, ApiError, Json, not_found
from tests.github_simulator.fields import Fields

_STATUSES = ("queued", "in_progress", "completed")
_CONCLUSIONS = (
    "action_required",
    "cancelled",
    "failure",
    "neutral",
    "success",
    "skipped",
    "stale",
    "timed_out",
)
_LEVELS = ("notice", "warning", "failure")
_MOST_ANNOTATIONS = 50
_MOST_ACTIONS = 3
_LONGEST_TEXT = 65_535
_LONGEST_MESSAGE_BYTES = 64 * 1024
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


def _create(call: Call) -> Answer:
    body = call.body
    sha, name = body.needed_text("head_sha"), body.needed_text("name")
    if call.repo.store.commit(sha) is None:
        raise ApiError(422, f"No commit found for SHA: {sha}")
    change = _change(body)
    suite = call.repo.suite(call.token.installation.app, sha)
    run = CheckRun(
        suite=suite, id=call.github.next_id(), name=name, started_at=call.github.clock.stamp()
    )
    call.repo.check_runs.append(run)
    _apply(call, run, change)
    call.github.hooks.check_run(run, "created", call.actor)
    return Answer(201, checks.check_run(run))


def _update(call: Call) -> Answer:
    run = _known(call)
    if run.suite.app is not call.token.installation.app:
        raise ApiError(
            403,
            "Invalid app_id `0` - check run can only be modified by the GitHub App that created "
            "it.",
        )
    was_done = run.status == "completed"
    _apply(call, run, _change(call.body))
    if run.status == "completed" and not was_done:
        call.github.hooks.check_run(run, "completed", call.actor)
    return Answer(200, checks.check_run(run))


def _change(body: Fields) -> Json:
    """Read and check everything before anything is stored."""
    change: Json = {
        "name": body.text("name"),
        "status": body.choice("status", _STATUSES),
        "conclusion": body.choice("conclusion", _CONCLUSIONS),
        "external_id": body.text("external_id"),
        "details_url": _web_address(body),
        "started_at": _moment(body, "started_at"),
        "completed_at": _moment(body, "completed_at"),
    }
    if change["status"] == "completed" and change["conclusion"] is None:
        raise ApiError(422, 'Invalid request.\n\nMissing required keys: ["conclusion"] in object')
    if change["conclusion"] is not None:
        change["status"] = "completed"
    if (output := body.mapping("output")) is not None:
        change["title"] = output.needed_text("title")
        change["summary"] = output.needed_text("summary", longest=_LONGEST_TEXT)
        change["text"] = output.text("text", longest=_LONGEST_TEXT)
        found = output.objects("annotations", most=_MOST_ANNOTATIONS)
        change["annotations"] = [_annotation(one) for one in found]
    if "actions" in body:
        change["actions"] = [_action(one) for one in body.objects("actions", most=_MOST_ACTIONS)]
    return change


def _web_address(body: Fields) -> str | None:
    url = body.text("details_url")
    if url is not None and not url.startswith(("http://", "https://")):
        raise ApiError(
            422, "Validation Failed", errors=["details_url must use http or https scheme"]
        )
    return url


def _moment(body: Fields, name: str) -> str | None:
    value = body.text(name)
    if value is not None and not _MOMENT.fullmatch(value):
        raise ApiError(
            422, f"Invalid request.\n\nFor 'properties/{name}', {value} is not a date-time."
        )
    return value


def _annotation(one: Fields) -> Json:
    start, end = one.needed_integer("start_line"), one.needed_integer("end_line")
    message = one.needed_text("message")
    level = one.choice("annotation_level", _LEVELS)
    columns = {name: one.integer(name) for name in ("start_column", "end_column")}
    if level is None:
        raise ApiError(422, 'Invalid request.\n\n"annotation_level" wasn\'t supplied.')
    if end < start or start < 1:
        raise ApiError(422, "Validation Failed", errors=["end_line must be after start_line"])
    if start != end and any(value is not None for value in columns.values()):
        raise ApiError(422, "Validation Failed", errors=["columns are only for one line"])
    if len(message.encode()) > _LONGEST_MESSAGE_BYTES or not message.strip():
        raise ApiError(422, "Validation Failed", errors=["message must be 1 to 65536 bytes"])
    return {
        "path": one.needed_text("path"),
        "start_line": start,
        "end_line": end,
        **columns,
        "annotation_level": level,
        "message": message,
        "title": one.text("title", longest=255),
        "raw_details": one.text("raw_details", longest=65_536),
    }


def _action(one: Fields) -> Json:
    longest = {"label": 20, "description": 40, "identifier": 20}
    return {name: one.needed_text(name, longest=most) for name, most in longest.items()}


def _apply(call: Call, run: CheckRun, change: Json) -> None:
    run.annotate(change.pop("annotations", []))
    if (actions := change.pop("actions", None)) is not None:
        run.actions = actions
    if run.status == "completed" and change["status"] in ("queued", "in_progress"):
        run.conclusion = run.completed_at = None
    for name, value in change.items():
        if value is not None:
            setattr(run, name, value)
    if run.status == "completed" and run.completed_at is None:
        run.completed_at = call.github.clock.stamp()


def _known(call: Call) -> CheckRun:
    wanted = call.number("check_run_id")
    for run in call.repo.check_runs:
        if run.id == wanted:
            return run
    raise not_found()


def _get(call: Call) -> Answer:
    return Answer(200, checks.check_run(_known(call)))


def _annotations(call: Call) -> Answer:
    run = _known(call)
    return call.paged([checks.annotation(run, one) for one in run.annotations])


def _of_ref(call: Call) -> Answer:
    """List the runs of a head, by default only the newest of each name."""
    ref = call.args["ref"]
    sha = call.repo.store.refs.get(f"refs/heads/{ref.removeprefix('heads/')}", ref)
    found = [run for run in reversed(call.repo.check_runs) if run.head_sha == sha]
    return call.paged([checks.check_run(run) for run in _chosen(call, found)], key="check_runs")


def _of_suite(call: Call) -> Answer:
    found = list(reversed(_known_suite(call).runs))
    return call.paged([checks.check_run(run) for run in _chosen(call, found)], key="check_runs")


def _chosen(call: Call, runs: list[CheckRun]) -> list[CheckRun]:
    query = call.query
    if name := query.get("check_name"):
        runs = [run for run in runs if run.name == name]
    if status := query.get("status"):
        runs = [run for run in runs if run.status == status]
    if app_id := query.get("app_id"):
        runs = [run for run in runs if str(run.suite.app.id) == app_id]
    if query.get("filter", "latest") == "all":
        return runs
    newest: dict[tuple[int, str], CheckRun] = {}
    for run in runs:
        newest.setdefault((run.suite.app.id, run.name), run)
    return list(newest.values())


def _suites_of_ref(call: Call) -> Answer:
    found = [one for one in call.repo.check_suites if one.head_sha == call.args["ref"]]
    return call.paged([checks.check_suite(one) for one in found], key="check_suites")


def _known_suite(call: Call) -> CheckSuite:
    wanted = call.number("check_suite_id")
    for suite in call.repo.check_suites:
        if suite.id == wanted:
            return suite
    raise not_found()


_R = "/repos/{owner}/{repo}"
_C = f"{_R}/check-runs/{{check_run_id}}"
_READ, _WRITE = "checks:read", "checks:write"

ROUTES = (
    Route("POST", f"{_R}/check-runs", _create, _WRITE),
    Route("GET", _C, _get, _READ),
    Route("PATCH", _C, _update, _WRITE),
    Route("GET", f"{_C}/annotations", _annotations, _READ),
    Route("GET", f"{_R}/commits/{{ref}}/check-runs", _of_ref, _READ),
    Route("GET", f"{_R}/commits/{{ref}}/check-suites", _suites_of_ref, _READ),
    Route("GET", f"{_R}/check-suites/{{check_suite_id}}/check-runs", _of_suite, _READ),
)
