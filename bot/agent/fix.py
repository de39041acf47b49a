"""One fix: the proved patches of a review, applied as one commit or shown as a patch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from bot.agent.prove import Candidate
from bot.agent.review import Episode
from bot.agent.state import State
from bot.domain import comments, fix_words, mending
from bot.domain.edits import union
from bot.domain.evidence import Grade, Together
from bot.domain.findings import Finding, FindingId, Suggestion
from bot.domain.ports import CommitMessage, Workspace
from bot.domain.repo_config import RepoConfig
from bot.domain.review import FixOutcome, PatchResult, Review
from bot.errors import Refused

REVERT_SOURCE = "bisect"
"""Suggestions of this source take the author's own work back, so they are only made by name."""


class Whole(Protocol):
    """Tries patches together; the prover does, and the record of what it said."""

    def holds_together(self, state: State, candidates: Sequence[Candidate]) -> Together:
        """Tell whether all the patches as one end every target and make nothing worse."""
        ...


@dataclass(frozen=True, slots=True)
class Asked:
    """What the person asked for."""

    ids: tuple[FindingId, ...] = ()
    """Empty for every open finding. A fingerprint will do too: it is the same in every run."""
    is_revert: bool = False
    """`fix F1 revert`: the named findings' reverts are wanted."""
    is_commit: bool = True
    is_checked_enough: bool = False
    """Patches that are named and only `checked` are offered too, to be read and applied by hand."""
    requester: str = ""
    """`Name <address>` for the trailer."""


@dataclass(frozen=True)
class Offer:
    """What a fix would write, and where nothing is to be written the reason in its outcome."""

    outcome: FixOutcome
    files: Mapping[str, bytes]
    """New contents by path; empty where nothing may be committed."""
    message: CommitMessage | None
    """None where nothing may be committed."""


def fix(workspace: Workspace, prover: Whole, episode: Episode, asked: Asked) -> FixOutcome:
    """Return the patches that may be offered and, where asked, the commit that holds them.

    Raises Refused for an id that this review does not have.
    """
    made = offer(prover, episode, asked)
    if made.message is None or not asked.is_commit:
        return made.outcome
    try:
        commit = workspace.commit(made.files, message=made.message)
    except Refused as error:
        # What was searched for and proved is shown all the same, and can be had as a patch.
        left, why_not = _chosen(episode.review, asked), fix_words.not_committed(str(error))
        return replace(made.outcome, refused=why_not, left=left)
    return replace(made.outcome, commit=commit)


def offer(prover: Whole, episode: Episode, asked: Asked) -> Offer:
    """Return what may be written and do not write it; raises Refused for an unknown id."""
    review = episode.review
    chosen = _chosen(review, asked)
    offered = [finding for finding in chosen if _may_commit(finding, asked)]
    patches = _results(review, chosen, offered)
    refused = _refusal(chosen, offered, asked) or _oversized(offered, episode.state.config)
    whole = None
    if refused is None and len(offered) > 1:
        whole = _as_one(prover, episode, offered)
        refused = None if whole.is_sound else comments.not_proved_together()
    if refused is not None:
        return Offer(FixOutcome(review, patches, refused=refused, left=chosen), {}, None)
    left = tuple(finding for finding in chosen if finding not in offered)
    outcome = FixOutcome(review, patches, left=left, together=whole)
    return _offer(outcome, episode, offered, asked)


def _offer(
    outcome: FixOutcome, episode: Episode, offered: Sequence[Finding], asked: Asked
) -> Offer:
    """Return the patches as one, and the message that says what they do."""
    review = outcome.review
    whole = union(f.suggestion.patch for f in offered if f.suggestion)
    message = comments.commit_message(
        offered,
        command=review.head_tests.command if review.head_tests else (),
        requester=asked.requester,
        run_id=review.run_id,
    )
    if said := fix_words.together(outcome.together):
        message = replace(message, body=f"{message.body}\n{said}")
    text = whole.unified(episode.state.head)
    return Offer(replace(outcome, patch_text=text), whole.apply(episode.state.head), message)


def _chosen(review: Review, asked: Asked) -> tuple[Finding, ...]:
    known = {f.fingerprint: f for f in review.open_findings}
    known |= {finding.id.lower(): finding for finding in review.open_findings}
    if unknown := [name for name in asked.ids if name.lower() not in known]:
        raise Refused(fix_words.unknown_findings(unknown, review.open_findings))
    named = dict.fromkeys(known[name.lower()] for name in asked.ids)
    return tuple(named) if asked.ids else review.open_findings


def _results(
    review: Review, chosen: Sequence[Finding], offered: Sequence[Finding]
) -> tuple[PatchResult, ...]:
    """Return the tried patches, the best grade first and within it the worst finding first."""
    tried = [(f, s, s.proof) for f in chosen if (s := f.suggestion) and s.proof]
    order = list(Grade)
    tried.sort(key=lambda row: order.index(row[2].grade))
    return tuple(
        PatchResult(
            rank,
            review.patch_text(suggestion),
            suggestion.source,
            proof,
            finding_id=finding.id,
            is_offered=finding in offered,
            is_ambiguous=suggestion.is_ambiguous,
            distinguishing_input=suggestion.distinguishing_input,
            gives=suggestion.rival.first_gives if suggestion.rival else "",
            rival_text=review.rival_text(suggestion),
            rival_gives=suggestion.rival.gives if suggestion.rival else "",
            doubt=suggestion.doubt,
        )
        for rank, (finding, suggestion, proof) in enumerate(tried, 1)
    )


def _may_commit(finding: Finding, asked: Asked) -> bool:
    suggestion = finding.suggestion
    if suggestion is None or suggestion.proof is None:
        return False
    is_named_revert = asked.is_revert and bool(asked.ids)
    is_ours = is_named_revert if suggestion.source == REVERT_SOURCE else not asked.is_revert
    is_read = asked.is_checked_enough and bool(asked.ids)
    if suggestion.is_ambiguous and not is_read:
        return False  # the tests allow more than one meaning: a person reads it and chooses
    grades = (Grade.PROVED, Grade.CHECKED) if is_read else (Grade.PROVED,)
    return is_ours and suggestion.proof.grade in grades


def _refusal(chosen: Sequence[Finding], offered: Sequence[Finding], asked: Asked) -> str | None:
    if offered:
        return None
    if not chosen:
        return fix_words.nothing_to_fix()
    tried = [f for f in chosen if f.suggestion and f.suggestion.proof]
    if not tried:
        return fix_words.no_patch(chosen if asked.ids else ())
    reverts = [f for f in tried if f.suggestion and f.suggestion.source == REVERT_SOURCE]
    if len(reverts) == len(tried) and not asked.is_revert:
        return comments.reverts_by_name(reverts)
    if undecided := [f for f in tried if f.suggestion and _is_undecided(f.suggestion)]:
        return mending.undecided(undecided)
    return comments.nothing_proved(tried)


def _is_undecided(suggestion: Suggestion) -> bool:
    is_proved = suggestion.proof is not None and suggestion.proof.grade is Grade.PROVED
    return is_proved and suggestion.is_ambiguous


def _oversized(offered: Sequence[Finding], config: RepoConfig) -> str | None:
    """Apply the size rules of R20."""
    patches = [f.suggestion.patch for f in offered if f.suggestion]
    files = len({path for patch in patches for path in patch.paths})
    lines = sum(patch.changed_lines for patch in patches)
    limits = config.fix
    if files <= limits.max_files and lines <= limits.max_lines:
        return None
    return comments.fix_too_large(
        files, lines, max_files=limits.max_files, max_lines=limits.max_lines
    )


def _as_one(prover: Whole, episode: Episode, offered: Sequence[Finding]) -> Together:
    """Try exactly what would be committed, because patches that are fine alone may clash."""
    candidates = [Candidate(f, f.suggestion.patch) for f in offered if f.suggestion]
    return prover.holds_together(episode.state, candidates)
