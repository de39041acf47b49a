"""Makes the bundle of a run that is over."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from bot.agent.earlier import Known
from bot.agent.prompts import VERSION as PROMPTS
from bot.agent.replay.bundle import Bundle, FixTaken, StepTaken, TreeSeen, Versions, within
from bot.agent.replay.cleaning import Cleaner
from bot.agent.replay.recording import Recording
from bot.agent.review import Episode
from bot.agent.state import State
from bot.domain.diff import Diff
from bot.domain.model import ModelCard
from bot.domain.ports import SourceFile
from bot.domain.pull_request import PullRequest, Sha
from bot.domain.replay_words import change_left_out, files_left_out
from bot.domain.review import FixOutcome, Review
from bot.policy.selection import VERSION as POLICY

Render = Callable[[Review | FixOutcome], str]
"""The JSON report of a result."""


@dataclass(frozen=True)
class Ended:
    """A run that is over."""

    episode: Episode
    outcome: Review | FixOutcome
    event: str
    at: datetime
    version: str
    tools: tuple[str, ...]
    read_elsewhere: tuple[str, ...] = ()
    fix: FixTaken | None = None


def bundle_of(recording: Recording, ended: Ended, render: Render) -> Bundle:
    """Return the bundle, without secrets; what does not fit is named in it."""
    state, cleaner = ended.episode.state, Cleaner(recording.redactor)
    change = state.change
    kept, left = within(_files(recording, state))
    changed = {(change.head_sha, path) for path in state.head}
    changed |= {(change.merge_base_sha, path) for path in state.base}
    is_whole = changed <= {(sha, file.path) for sha, file in kept}
    trees = _trees(recording, change, [(sha, cleaner.file(file)) for sha, file in kept], cleaner)
    diff = cleaner.diff(state.diff, change, trees)
    steps = tuple(cleaner.value(StepTaken, step) for step in recording.steps)
    clean_change = cleaner.value(PullRequest, change)
    card = cleaner.value(ModelCard, recording.card) if recording.card else None
    config = cleaner.text(state.config.model_dump_json())
    outcome = _cleaned(ended.outcome, cleaner, diff, trees[change.head_sha])
    report = render(outcome if cleaner.count else ended.outcome)
    return Bundle(
        run_id=ended.episode.review.run_id,
        event=ended.event,
        at=ended.at,
        versions=Versions(ended.version, POLICY, PROMPTS),
        change=clean_change,
        diff=diff,
        config=config,
        tools=ended.tools,
        trees=trees,
        steps=steps,
        report=report,
        report_sha256=hashlib.sha256(report.encode()).hexdigest(),
        conclusion=ended.episode.review.verdict.conclusion.value,
        read_elsewhere=tuple(cleaner.text(path) for path in ended.read_elsewhere),
        known=cleaner.value(Known, ended.episode.known),
        card=card,
        fix=ended.fix,
        redactions=cleaner.count,
        left_out=_left_out(left, is_whole=is_whole),
        is_whole=is_whole,
    )


def _files(recording: Recording, state: State) -> Iterator[tuple[Sha, SourceFile]]:
    """Yield what was read, each file of a commit once: the changed ones first."""
    read, change = recording.reads.files, state.change
    sides = ((change.head_sha, state.head), (change.merge_base_sha, state.base))
    seen = {
        (sha, path): SourceFile(path, data) for sha, side in sides for path, data in side.items()
    }
    for (sha, path), file in {**seen, **read}.items():
        yield sha, read.get((sha, path), file)


def _trees(
    recording: Recording, change: PullRequest, kept: list[tuple[Sha, SourceFile]], cleaner: Cleaner
) -> dict[str, TreeSeen]:
    entries = recording.reads.entries
    shas = dict.fromkeys(
        (change.head_sha, change.merge_base_sha, *(sha for sha, _ in kept), *entries)
    )
    return {
        sha: TreeSeen(
            tuple(sorted((f for of, f in kept if of == sha), key=lambda file: file.path)),
            tuple(replace(e, path=cleaner.text(e.path)) for e in entries.get(sha, ())),
        )
        for sha in shas
    }


def _cleaned(
    outcome: Review | FixOutcome, cleaner: Cleaner, diff: Diff, head: TreeSeen
) -> Review | FixOutcome:
    """Return the result as it would be without the secrets: identities come from clean lines."""
    if isinstance(outcome, FixOutcome):
        review = _cleaned_review(outcome.review, cleaner, diff, head)
        rest = cleaner.value(FixOutcome, replace(outcome, review=_bare(outcome.review)))
        return replace(rest, review=review)
    return _cleaned_review(outcome, cleaner, diff, head)


def _cleaned_review(review: Review, cleaner: Cleaner, diff: Diff, head: TreeSeen) -> Review:
    contents = {file.path: file.data for file in head.files}
    return replace(cleaner.value(Review, _bare(review)), diff=diff, contents=contents)


def _bare(review: Review) -> Review:
    return replace(review, diff=None, contents={})


def _left_out(left: list[SourceFile], *, is_whole: bool) -> tuple[str, ...]:
    if not left:
        return ()
    told = files_left_out(len(left), sum(len(file.data) for file in left))
    return (told,) if is_whole else (change_left_out(), told)
