"""Whether an automatic review is wanted; every no is a sentence that `/agent why` repeats."""

from collections.abc import Sequence
from datetime import timedelta

from bot.domain.events import PullAction
from bot.domain.forge import RemotePullRequest
from bot.domain.ledger import RunRecord
from bot.domain.path_filter import is_match
from bot.domain.pull_records import PullMode
from bot.domain.repo_config import AutoReview

AUTOMATIC = "review:"
"""Begins the id of every job that nobody asked for."""
AUTOMATIC_RUNS = 12
"""On one pull request within PACE_WINDOW: a program that pushes all day costs no fortune."""
PACE_WINDOW = timedelta(hours=1)

OFF_LABEL = "pullwright: off"
"""Who may label a pull request may silence us on it; to take the label away ends that."""


def is_off(pull: RemotePullRequest) -> bool:
    """Tell whether somebody silenced us on this pull request with a label."""
    return any(label.casefold() == OFF_LABEL for label in pull.labels)


def silence_before(pull: RemotePullRequest, mode: PullMode) -> str | None:
    """Return why nothing is done, as far as no configuration is needed to know it."""
    reasons = (
        (not pull.is_open, "the pull request is closed"),
        (pull.head_repo is None, "the fork of the head was deleted"),
        (is_off(pull), f"the label `{OFF_LABEL}` is on it"),
        (pull.is_ours, "we opened it ourselves; a person may still ask for a `review`"),
    )
    reason = next((reason for is_reason, reason in reasons if is_reason), None)
    return reason or _silence_of(mode)


def why_unwanted(seen: RemotePullRequest, now: RemotePullRequest) -> str | None:
    """Return why nobody wants a commit any more that was asked for on `seen`, or None."""
    reasons = (
        (
            not now.is_open,
            "the pull request was closed or merged meanwhile; reopen it and ask again",
        ),
        (
            now.base_ref != seen.base_ref,
            f"the pull request goes into {now.base_ref} now, not into {seen.base_ref}; ask again",
        ),
        (is_off(now), f"the label `{OFF_LABEL}` was put on it meanwhile; take it off first"),
    )
    return next((reason for is_reason, reason in reasons if is_reason), None)


def silence_by_pace(lately: Sequence[RunRecord]) -> str | None:
    """Return why another automatic review is too many, or None.

    `lately` are the runs of the pull request that began within PACE_WINDOW.
    """
    automatic = [run for run in lately if run.job_id.startswith(AUTOMATIC)]
    if len(automatic) < AUTOMATIC_RUNS:
        return None
    return (
        f"{len(automatic)} automatic reviews began within an hour, which is the most; "
        "a person may still ask for a `review`"
    )


def _silence_of(mode: PullMode) -> str | None:
    match mode:
        case PullMode.PAUSED:
            return "automatic reviews are paused; `resume` starts them again"
        case PullMode.IGNORED:
            return "this pull request is ignored; `resume` changes that"
        case PullMode.AUTO:
            return None


def silence_by_config(
    pull: RemotePullRequest, wanted: AutoReview, trigger: PullAction
) -> str | None:
    """Return why the repository's configuration wants no automatic review, or None."""
    title = pull.title.casefold()
    keyword = next((k for k in wanted.ignore_title_keywords if k.casefold() in title), None)
    reasons = (
        (not wanted.enabled, "auto_review.enabled is false"),
        (pull.is_draft and not wanted.drafts, "it is a draft, and auto_review.drafts is false"),
        (keyword is not None, f"its title has `{keyword}`, which ignore_title_keywords names"),
        (not _is_base_wanted(pull.base_ref, wanted), f"{pull.base_ref} is not in base_branches"),
        (not _has_label(pull, wanted), "it has none of auto_review.labels"),
        (trigger is PullAction.CLOSED, "the pull request was closed"),
    )
    return next((reason for is_reason, reason in reasons if is_reason), None)


def _is_base_wanted(base_ref: str, wanted: AutoReview) -> bool:
    names = wanted.base_branches
    return not names or any(is_match(base_ref, name) for name in names)


def _has_label(pull: RemotePullRequest, wanted: AutoReview) -> bool:
    return not wanted.labels or bool(set(wanted.labels) & set(pull.labels))
