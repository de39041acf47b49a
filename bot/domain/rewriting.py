"""What people wrote in the place of a suggestion that they did not take as it was.

It is text of a repository, which the log does not hold otherwise: it is kept only where the
repository allows an export, no longer than the run that it is compared with, and only in a size
that a person writes for one finding.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from bot.domain.edits import Edit
from bot.domain.event_forms import Observed, Sifted, sifted
from bot.domain.event_log import LoggedEvent, Numbered
from bot.domain.ledger import PullKey
from bot.domain.pull_records import SuggestionId
from bot.domain.pull_request import Sha
from bot.domain.record_json import dump, load
from bot.domain.signals import event_id

REWRITTEN = "rewritten"
"""The kind of its event; no fold reads it, so what is learned stays the same without it."""
MOST_CHARACTERS = 16_000
"""Of the lines before and after, together."""


@dataclass(frozen=True, slots=True)
class Rewritten:
    """The lines that were merged, as edits of those that the suggestion was made for."""

    suggestion: SuggestionId
    head: Sha
    """The commit that the edits are of."""
    edits: tuple[Edit, ...]

    @property
    def is_small(self) -> bool:
        """Whether it may be kept."""
        size = sum(len(edit.old_text) + len(edit.new_text) for edit in self.edits)
        return 0 < size <= MOST_CHARACTERS


def rewritten_event(pull: PullKey, what: Rewritten, observed: Observed, *, end: Sha) -> LoggedEvent:
    """Return what people wrote as it is kept; `end` is the commit at which it was read."""
    return LoggedEvent(
        event_id(REWRITTEN, what.suggestion, end),
        REWRITTEN,
        pull,
        observed.at,
        observed.at,
        source=observed.source,
        body=dump(what),
        suggestion=what.suggestion,
        delivery=observed.delivery,
    )


def readable_rewrites(log: Iterable[Numbered]) -> Sifted[Rewritten]:
    """Return those among events that can be read, in the order of the log."""
    return sifted(log, (REWRITTEN,), lambda event: load(Rewritten, event.body))
