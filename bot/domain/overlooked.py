"""Which open pull requests nobody looked at, and the review that each of them gets.

The same head may have had its review decided by an event: its job is known, or the reason why there
is none. Then nothing is asked for, unless the pull request changed in a way that we were not told.
"""

import hashlib
from collections.abc import Iterable

from bot.domain.app_forge import OpenPull
from bot.domain.events import PullAction
from bot.domain.forge import RepoId
from bot.domain.intake import Wanted, pull_key, review_name
from bot.domain.jobs import JobId, JobInfo, JobKind, JobStatus
from bot.domain.pull_records import PullMode, Silence
from bot.domain.requests import ReviewRequest

_ENDED_BY_SOMEBODY = (JobStatus.STOPPED, JobStatus.FAILED)
"""A person stopped it, or an operator has it among the failed ones."""
_LIVE = (JobStatus.QUEUED, JobStatus.RUNNING)


def review_of(
    pull: OpenPull,
    repo: RepoId,
    *,
    mode: PullMode,
    silences: Iterable[Silence],
    jobs: Iterable[JobInfo],
) -> Wanted | None:
    """Return the review that a pull request without a check should get, or None.

    `jobs` are those of its key. The id is that of the event that we may have missed, so a late
    delivery of it changes nothing.
    """
    name = review_name(repo, pull.number, head=pull.head_sha, base=pull.base_ref)
    known = [i for i in jobs if i.job.id == name or i.job.id.startswith(f"{name}:")]
    if any(info.status in (*_LIVE, *_ENDED_BY_SOMEBODY) for info in known):
        return None
    if any(s.head_sha == pull.head_sha and s.at >= pull.changed_at for s in silences):
        return None
    if not known:
        return _wanted(pull, repo, name, JobKind.REVIEW)
    # It was decided, and the pull request is another one by now: once for each state.
    return _wanted(pull, repo, f"{name}:state:{_state(pull, mode)}", JobKind.RECONSIDER)


def _wanted(pull: OpenPull, repo: RepoId, name: str, kind: JobKind) -> Wanted:
    request = ReviewRequest(repo, pull.number, pull.head_sha, pull.base_ref, PullAction.OPENED)
    return Wanted(JobId(name), kind, repo, pull.number, pull_key(repo.id, pull.number), request)


def _state(pull: OpenPull, mode: PullMode) -> str:
    """Return a digest of what a review is decided by besides the head and the base."""
    parts = [pull.title, str(pull.is_draft), mode.value, *sorted(pull.labels)]
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]
