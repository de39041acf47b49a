"""The one reply to a command: which comment it is, and what stands in it when the work ends."""

from dataclasses import dataclass

from bot.domain import replies
from bot.domain.forge import Reaction
from bot.domain.identity import run_id_of
from bot.domain.jobs import JobId
from bot.domain.markers import Marker, MarkerKind
from bot.domain.pull_request import Sha
from bot.domain.requests import ButtonCommand, CommentCommand

AGAIN = ":again"
"""Ends the id of a job that does the work of another one once more, on a newer head."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the person is told."""

    words: str
    reaction: Reaction | None = Reaction.DONE
    """None where the work goes on in another job."""


def reply_marker(job_id: JobId, head: Sha) -> Marker:
    """Return the marker of the reply; both jobs of one command have the same reply."""
    return Marker(MarkerKind.REPLY, head, run_id_of(JobId(job_id.removesuffix(AGAIN))))


def framed(request: CommentCommand | ButtonCommand, words: str) -> str:
    """Return the words as they are posted: a button has no comment that says who asked."""
    if isinstance(request, ButtonCommand):
        return replies.pressed(request.identifier, request.asker.login, words)
    return words
