"""What a review showed next to the code, and where: what feedback is joined to later.

A finding without a patch is shown too, and people turn it down as they do a suggestion.
"""

from collections.abc import Sequence

from bot.domain.diff import Side
from bot.domain.findings import Finding
from bot.domain.forge import ReviewComment
from bot.domain.identity import comment_id, decision_id, patch_id
from bot.domain.ledger import PullKey, RunId
from bot.domain.model_findings import SOURCE as OF_MODEL
from bot.domain.publication import PlannedComment, Publication
from bot.domain.pull_records import DecisionId, SuggestionRecord
from bot.domain.reading import OF_TESTS
from bot.domain.review import Review

NO_PATCH = "none"
"""The source of what is shown without a patch."""


def shown_suggestions(
    publication: Publication, refused: Sequence[ReviewComment], pull: PullKey
) -> tuple[SuggestionRecord, ...]:
    """Return what stands next to the code, in the order of the comments.

    What the forge refused to place has no slot: it is in the summary, which many never unfold.
    """
    placed = [planned for planned in publication.planned if planned.comment not in refused]
    return tuple(
        _record(publication, planned, pull=pull, at=(slot, len(placed)))
        for slot, planned in enumerate(placed, 1)
    )


def producing_step(review: Review, finding: Finding) -> DecisionId | None:
    """Return the last step of the tool that made a finding's patch, or the finding itself.

    None where an earlier run did.
    """
    suggestion = finding.suggestion
    source = finding.source if suggestion is None else suggestion.source
    # All that no other tool finds, analyzers do, and these have names of their own.
    tool = source if suggestion is not None or source in (OF_TESTS, OF_MODEL) else "lint"
    made = [each.step for each in review.decisions if each.tool == tool]
    return decision_id(RunId(review.run_id), made[-1]) if made else None


def _record(
    publication: Publication,
    planned: PlannedComment,
    *,
    pull: PullKey,
    at: tuple[int, int],
) -> SuggestionRecord:
    review, first = publication.review, planned.findings[0]
    comment, head = planned.comment, review.change.head_sha
    suggestion = first.suggestion
    source = suggestion.source if suggestion is not None else NO_PATCH
    named = publication.placed.get(first.id)
    decision = _decision(review, source) if named is None else DecisionId(named)
    # A comment on a whole file has no line and no suggestion; the finding's line stands in.
    line = comment.line or first.location.end_line
    return SuggestionRecord(
        id=patch_id(pull, head, suggestion.patch) if suggestion else comment_id(pull, head, first),
        finding_id=first.id,
        run_id=RunId(review.run_id),
        decision_id=decision,
        head_sha=head,
        path=comment.path,
        side=Side(comment.side),
        start_line=comment.start_line or line,
        end_line=line,
        source=source,
        proof=suggestion.proof if suggestion else None,
        slot=at[0],
        slots=at[1],
    )


def _decision(review: Review, source: str) -> DecisionId:
    """Return the last step of the tool that made it; `lint` makes what no other tool made."""
    steps = [d.step for d in review.decisions if d.tool in (source, "lint")]
    made = [d.step for d in review.decisions if d.tool == source]
    return decision_id(RunId(review.run_id), max(made or steps, default=1))
