"""What the forge shows after a review was posted, compared with what was meant.

A finding whose comment is not there goes to the summary, whatever the forge answered.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.forge import PostedThread, ReviewComment
from bot.domain.markers import parse_marker
from bot.domain.posts import Unplaced
from bot.domain.publication import PlannedComment
from bot.domain.pull_request import printable


@dataclass(frozen=True, slots=True)
class Placement:
    """Where the comments of one review are."""

    shown: tuple[tuple[PlannedComment, PostedThread], ...]
    lost: tuple[Unplaced, ...]
    """Findings that no comment shows, and why."""
    notes: tuple[str, ...]
    """What the forge shows otherwise than it was meant, one sentence each."""


def read_back(
    planned: Sequence[PlannedComment],
    threads: Sequence[PostedThread],
    *,
    refused: Sequence[ReviewComment] = (),
) -> Placement:
    """Compare the comments that were meant with our threads; some the forge refused."""
    found = [(one, _thread_of(one, threads)) for one in planned]
    shown = tuple((one, thread) for one, thread in found if thread is not None)
    missing = [one for one, thread in found if thread is None]
    silent = [one for one in missing if one.comment not in refused]
    return Placement(
        shown=shown,
        lost=tuple(
            Unplaced(finding, _reason(one, refused)) for one in missing for finding in one.findings
        ),
        notes=(
            *(
                f"the forge took the comment on {_names(one)} and does not show it"
                for one in silent
            ),
            *(note for one, thread in shown if (note := _moved(one, thread))),
        ),
    )


def _thread_of(planned: PlannedComment, threads: Sequence[PostedThread]) -> PostedThread | None:
    """Return the thread that this comment began, on its line or on its file."""
    marker = parse_marker(planned.comment.body)
    paths = (planned.comment.path, planned.on_file.path)
    ours = (t for t in threads if t.path in paths)
    same = [t for t in ours if marker and marker.names_same(parse_marker(t.body))]
    # The same words may stand twice in a file: then the line tells the two apart.
    there = (t for t in same if t.original_line == planned.comment.line)
    return next(there, same[0] if same else None)


def _reason(planned: PlannedComment, refused: Sequence[ReviewComment]) -> str:
    is_refused = planned.comment in refused
    return "the forge did not take it" if is_refused else "the forge does not show it"


def _moved(planned: PlannedComment, thread: PostedThread) -> str:
    """Return what is wrong with the line; a comment that is on its file instead is where it may."""
    wanted = planned.comment
    if thread.is_on_file or thread.original_line == wanted.line:
        return ""
    meant = f"{printable(wanted.path)}:{wanted.line or 'the whole file'}"
    return f"the comment on {_names(planned)} was meant for {meant}, the forge has it at line " + (
        str(thread.original_line)
    )


def _names(planned: PlannedComment) -> str:
    return ", ".join(finding.id for finding in planned.findings)
