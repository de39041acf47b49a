"""Conversation comments, reactions and labels: the paths that say `issues`."""

from tests.github_simulator import render_base as base
from tests.github_simulator import render_pulls as pulls
from tests.github_simulator.calls import Call, Route
from tests.github_simulator.conversations import IssueComment, Reaction
from tests.github_simulator.exchange import Answer, ApiError, not_found
from tests.github_simulator.issues import Issue
from tests.github_simulator.pull_requests import PullRequest


def _issue(call: Call) -> Answer:
    return Answer(200, {**pulls.issue(call.issue("read")), "closed_by": None})


def _comments(call: Call) -> Answer:
    """List comments, the oldest first: there is no `direction` here."""
    since = call.query.get("since", "")
    found = [
        one for one in call.issue("read").comments if (one.updated_at or one.created_at) >= since
    ]
    return call.paged([pulls.issue_comment(one) for one in found])


def _create(call: Call) -> Answer:
    comment = call.issue("write").add_comment(call.actor, call.body.needed_text("body"))
    return Answer(201, pulls.issue_comment(comment))


def _comment(call: Call, access: str) -> IssueComment:
    wanted = call.number("comment_id")
    for issue in call.repo.issues.values():
        for comment in issue.comments:
            if comment.id == wanted:
                call.require_for(issue, access)
                return comment
    raise not_found()


def _get(call: Call) -> Answer:
    return Answer(200, pulls.issue_comment(_comment(call, "read")))


def _update(call: Call) -> Answer:
    comment = _comment(call, "write")
    if comment.user is not call.actor:
        raise ApiError(403, "Resource not accessible by integration")
    comment.edit(call.actor, call.body.needed_text("body"))
    return Answer(200, pulls.issue_comment(comment))


def _delete(call: Call) -> Answer:
    _comment(call, "write").delete(call.actor)
    return Answer(204)


def _reactions(call: Call) -> Answer:
    return call.paged([base.reaction(one) for one in _comment(call, "read").reactions])


def _react(call: Call) -> Answer:
    comment = _comment(call, "write")
    reaction, is_new = comment.react(call.actor, call.body.needed_text("content"))
    return Answer(201 if is_new else 200, base.reaction(reaction))


def _unreact(call: Call) -> Answer:
    comment, wanted = _comment(call, "write"), call.number("reaction_id")
    reaction = _own_reaction(call, comment, wanted)
    comment.reactions.remove(reaction)
    return Answer(204)


def _own_reaction(call: Call, comment: IssueComment, wanted: int) -> Reaction:
    for reaction in comment.reactions:
        if reaction.id == wanted and reaction.user is call.actor:
            return reaction
    raise not_found()


def _labels(call: Call) -> Answer:
    return _shown_labels(call, call.issue("read"))


def _add_labels(call: Call) -> Answer:
    issue = call.issue("write")
    content = call.request.json()
    names = content if isinstance(content, list) else call.body.items("labels")
    for name in names:
        if not isinstance(name, str):
            raise ApiError(422, "Invalid request.\n\nFor 'items', a label is not a string.")
        if isinstance(issue, PullRequest):
            issue.label(call.actor, name)
        else:
            issue.labels.append(call.repo.label(name))
    return _shown_labels(call, issue)


def _remove_label(call: Call) -> Answer:
    issue = call.issue("write")
    label = next((one for one in issue.labels if one.name == call.args["name"]), None)
    if label is None:
        raise ApiError(404, "Label does not exist")
    if isinstance(issue, PullRequest):
        issue.unlabel(call.actor, label.name)
    return _shown_labels(call, issue)


def _shown_labels(call: Call, issue: Issue) -> Answer:
    return call.paged([base.label(call.repo, one) for one in issue.labels])


_I = "/repos/{owner}/{repo}/issues"
_C = f"{_I}/comments/{{comment_id}}"
_N = f"{_I}/{{issue_number}}"
# The handlers ask for `issues` or `pull_requests` once they know which of the two it is.
_ANY = "metadata:read"

ROUTES = (
    Route("GET", _C, _get, _ANY),
    Route("PATCH", _C, _update, _ANY),
    Route("DELETE", _C, _delete, _ANY),
    Route("GET", f"{_C}/reactions", _reactions, _ANY),
    Route("POST", f"{_C}/reactions", _react, _ANY),
    Route("DELETE", f"{_C}/reactions/{{reaction_id}}", _unreact, _ANY),
    Route("GET", _N, _issue, _ANY),
    Route("GET", f"{_N}/comments", _comments, _ANY),
    Route("POST", f"{_N}/comments", _create, _ANY),
    Route("GET", f"{_N}/labels", _labels, _ANY),
    Route("POST", f"{_N}/labels", _add_labels, _ANY),
    Route("DELETE", f"{_N}/labels/{{name}}", _remove_label, _ANY),
)
