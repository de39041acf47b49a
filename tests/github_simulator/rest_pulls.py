"""Pull requests, their reviews and review comments."""

from tests.github_simulator import render_base as base
from tests.github_simulator import render_pulls as pulls
from tests.github_simulator.calls import Call, Route
from tests.github_simulator.conversations import ReviewComment
from tests.github_simulator.exchange import (
    Answer,
    ApiError,
    not_found,
    unprocessable,
    validation_failed,
)
from tests.github_simulator.fields import Fields
from tests.github_simulator.repositories import Repo
from tests.github_simulator.reviews import DraftComment, Review

_MOST_FILES = 3_000
_MOST_FILES_IN_DIFF = 300
_SIDES = ("LEFT", "RIGHT")
_EVENTS = ("APPROVE", "REQUEST_CHANGES", "COMMENT")


def _list(call: Call) -> Answer:
    query = call.query
    found = call.repo.pull_requests
    if (state := query.get("state", "open")) != "all":
        found = [pr for pr in found if pr.state == state]
    if base_ref := query.get("base"):
        found = [pr for pr in found if pr.base_ref == base_ref]
    if (head := query.get("head")) and ":" in head:
        # Without `owner:` GitHub ignores the filter and lists everything.
        found = [pr for pr in found if pr.head_label == head]
    is_ascending = query.get("direction", "desc") == "asc"
    found = sorted(found, key=lambda pr: pr.number, reverse=not is_ascending)
    return call.paged([pulls.simple(pr) for pr in found])


def _get(call: Call) -> Answer:
    pr = call.pull_request()
    accept = call.request.headers.get("accept", "")
    if ".diff" in accept or ".patch" in accept:
        if len(pr.files) > _MOST_FILES_IN_DIFF:
            raise ApiError(406, "Sorry, the diff exceeded the maximum number of files (300).")
        text = call.repo.store.git("diff", "--no-ext-diff", "-M", pr.merge_base, pr.head_sha)
        return Answer(200, text, {"Content-Type": "application/vnd.github.diff; charset=utf-8"})
    return Answer(200, pulls.full(pr))


def _create(call: Call) -> Answer:
    body = call.body
    owner, _, ref = body.needed_text("head").rpartition(":")
    home = call.repo if owner in ("", call.repo.owner.login) else _fork_of(call.repo, owner)
    pr = call.repo.create_pull_request(
        call.actor, (home, ref), body.needed_text("base"), title=body.needed_text("title"),
        body=body.text("body", longest=65_536), is_draft=body.flag("draft"),
    )  # fmt: skip
    pr.can_maintainer_modify = body.flag("maintainer_can_modify")
    return Answer(201, pulls.full(pr))


def _fork_of(repo: Repo, owner: str) -> Repo:
    for fork in repo.forks:
        if fork.owner.login == owner:
            return fork
    raise validation_failed("PullRequest", "head", "invalid")


def _update(call: Call) -> Answer:
    pr, body = call.pull_request(), call.body
    if (state := body.choice("state", ("open", "closed"))) is not None:
        pr.set_open(call.actor, is_open=state == "open")
    pr.change(
        call.actor, title=body.text("title"), base_ref=body.text("base"),
        body=body.text("body", longest=65_536),
    )  # fmt: skip
    return Answer(200, pulls.full(pr))


def _files(call: Call) -> Answer:
    pr = call.pull_request()
    return call.paged([pulls.changed_file(pr, file) for file in pr.files[:_MOST_FILES]])


def _commits(call: Call) -> Answer:
    return call.paged([pulls.commit(call.repo, one) for one in call.pull_request().commits()[:250]])


def _reviews(call: Call) -> Answer:
    found = [one for one in call.pull_request().reviews.all if _is_visible(call, one)]
    return call.paged([pulls.review(one) for one in found])


def _create_review(call: Call) -> Answer:
    pr, body = call.pull_request(), call.body
    event = body.choice("event", _EVENTS) or "PENDING"
    drafts = [_draft(one) for one in body.objects("comments")]
    sha = body.text("commit_id")
    review = pr.reviews.create(
        call.actor, event=event, body=body.text("body") or "", comments=drafts, commit_sha=sha
    )
    return Answer(200, pulls.review(review))


def _draft(one: Fields) -> DraftComment:
    return DraftComment(
        path=one.needed_text("path"),
        body=one.needed_text("body"),
        line=one.integer("line"),
        side=one.choice("side", _SIDES) or "RIGHT",
        start_line=one.integer("start_line"),
        start_side=one.choice("start_side", _SIDES),
        position=one.integer("position"),
        is_file=one.choice("subject_type", ("line", "file")) == "file",
    )


def _is_visible(call: Call, review: Review) -> bool:
    return not review.is_pending or review.user is call.actor


def _known_review(call: Call) -> Review:
    review = call.pull_request().review(call.number("review_id"))
    if review is None or not _is_visible(call, review):
        raise not_found()
    return review


def _get_review(call: Call) -> Answer:
    return Answer(200, pulls.review(_known_review(call)))


def _update_review(call: Call) -> Answer:
    review = _known_review(call)
    review.body = call.body.needed_text("body", longest=65_536)
    return Answer(200, pulls.review(review))


def _submit_review(call: Call) -> Answer:
    review = _known_review(call)
    event = call.body.choice("event", _EVENTS)
    if event is None:
        raise ApiError(422, 'Invalid request.\n\n"event" wasn\'t supplied.')
    review.pr.reviews.submit(review, event=event, body=call.body.text("body") or "")
    return Answer(200, pulls.review(review))


def _delete_review(call: Call) -> Answer:
    review = _known_review(call)
    if not review.is_pending:
        raise unprocessable("Can not delete a non-pending pull request review")
    review.pr.reviews.all.remove(review)
    return Answer(200, pulls.review(review))


def _dismiss_review(call: Call) -> Answer:
    review = _known_review(call)
    call.body.needed_text("message")
    review.pr.reviews.dismiss(review, call.actor)
    return Answer(200, pulls.review(review))


def _review_comments(call: Call) -> Answer:
    """List the comments of one review; in this list GitHub leaves out the lines."""
    shown = [pulls.review_comment(one) for one in _known_review(call).comments]
    for one in shown:
        one["position"] = one["position"] or one["original_position"]
    return call.paged(shown)


def _comments(call: Call) -> Answer:
    return _since(call, call.pull_request().review_comments)


def _repo_comments(call: Call) -> Answer:
    return _since(call, [one for pr in call.repo.pull_requests for one in pr.review_comments])


def _since(call: Call, comments: list[ReviewComment]) -> Answer:
    since = call.query.get("since", "")
    found = [one for one in comments if (one.updated_at or one.created_at) >= since]
    found.sort(key=lambda one: one.id, reverse=call.query.get("direction") == "desc")
    return call.paged([pulls.review_comment(one) for one in found])


def _create_comment(call: Call) -> Answer:
    pr, body = call.pull_request(), call.body
    if body.integer("in_reply_to") is not None:
        to = _comment_of(call, body.needed_integer("in_reply_to"))
        return _created(pr.reviews.reply(call.actor, to, body.needed_text("body")))
    draft, sha = _draft(body), body.needed_text("commit_id")
    try:
        return _created(pr.reviews.comment(call.actor, draft, sha))
    except ApiError as error:
        # The same faults as of a review, in the other of GitHub's two shapes.
        name = "pull_request_review_thread"
        message = str((error.errors or [""])[0])
        raise validation_failed("PullRequestReviewComment", name, "custom", message) from error


def _created(comment: ReviewComment) -> Answer:
    return Answer(201, pulls.review_comment(comment))


def _reply(call: Call) -> Answer:
    to = _comment_of(call, call.number("comment_id"))
    if to.in_reply_to is not None:
        # "Replies to replies are not supported": the id has to be that of the first comment.
        raise unprocessable("in_reply_to must be the id of a top-level review comment")
    return _created(to.thread.pr.reviews.reply(call.actor, to, call.body.needed_text("body")))


def _comment_of(call: Call, comment_id: int) -> ReviewComment:
    for comment in call.pull_request().review_comments:
        if comment.id == comment_id:
            return comment
    raise not_found()


def _known_comment(call: Call) -> ReviewComment:
    wanted = call.number("comment_id")
    for pr in call.repo.pull_requests:
        for comment in pr.review_comments:
            if comment.id == wanted:
                return comment
    raise not_found()


def _get_comment(call: Call) -> Answer:
    return Answer(200, pulls.review_comment(_known_comment(call)))


def _update_comment(call: Call) -> Answer:
    comment = _known_comment(call)
    if comment.user is not call.actor:
        raise ApiError(403, "Resource not accessible by integration")
    comment.edit(call.actor, call.body.needed_text("body"))
    return Answer(200, pulls.review_comment(comment))


def _delete_comment(call: Call) -> Answer:
    _known_comment(call).delete(call.actor)
    return Answer(204)


def _reactions(call: Call) -> Answer:
    return call.paged([base.reaction(one) for one in _known_comment(call).reactions])


def _react(call: Call) -> Answer:
    reaction, is_new = _known_comment(call).react(call.actor, call.body.needed_text("content"))
    return Answer(201 if is_new else 200, base.reaction(reaction))


_P = "/repos/{owner}/{repo}/pulls"
_N = f"{_P}/{{pull_number}}"
_V = f"{_N}/reviews/{{review_id}}"
_C = f"{_P}/comments/{{comment_id}}"
_READ, _WRITE = "pull_requests:read", "pull_requests:write"

ROUTES = (
    Route("GET", _P, _list, _READ),
    Route("POST", _P, _create, _WRITE),
    Route("GET", f"{_P}/comments", _repo_comments, _READ),
    Route("GET", _C, _get_comment, _READ),
    Route("PATCH", _C, _update_comment, _WRITE),
    Route("DELETE", _C, _delete_comment, _WRITE),
    Route("GET", f"{_C}/reactions", _reactions, _READ),
    Route("POST", f"{_C}/reactions", _react, _WRITE),
    Route("GET", _N, _get, _READ),
    Route("PATCH", _N, _update, _WRITE),
    Route("GET", f"{_N}/files", _files, _READ),
    Route("GET", f"{_N}/commits", _commits, _READ),
    Route("GET", f"{_N}/comments", _comments, _READ),
    Route("POST", f"{_N}/comments", _create_comment, _WRITE),
    Route("POST", f"{_N}/comments/{{comment_id}}/replies", _reply, _WRITE),
    Route("GET", f"{_N}/reviews", _reviews, _READ),
    Route("POST", f"{_N}/reviews", _create_review, _WRITE),
    Route("GET", _V, _get_review, _READ),
    Route("PUT", _V, _update_review, _WRITE),
    Route("DELETE", _V, _delete_review, _WRITE),
    Route("GET", f"{_V}/comments", _review_comments, _READ),
    Route("POST", f"{_V}/events", _submit_review, _WRITE),
    Route("PUT", f"{_V}/dismissals", _dismiss_review, _WRITE),
)
