"""What a model proposes to a search: whole patches, and what to write into holes of a template.

It is one generator among others. Nothing it says is believed: what does not fit the file is
dropped, what fits is tried like every candidate, and a model that talks nonsense changes nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.agent.attempt import Lead, Proposed
from bot.agent.prompts.fixing import repair_prompt
from bot.domain import model_words
from bot.domain.edits import EditRefused
from bot.domain.gaming import refusal
from bot.domain.model import NOTHING, Model
from bot.domain.model_edits import Fill, RepairReply, patch_of
from bot.errors import ModelFailed
from bot.repair.candidates import Candidate, SpanEdit

_MOST = 24
"""Fills that are tried; a model that lists more has no idea."""
_PATCH, _FILL = 0.9, 0.8
"""Priors: as likely as the best of the templates, so that they are tried among the first."""


@dataclass(frozen=True)
class ModelProposals:
    """Asks a model once per finding."""

    model: Model

    def __call__(self, lead: Lead) -> Proposed:
        """Return what it proposes; nothing where it could not be asked."""
        ranked = [(s.path, s.line, s.score) for s in lead.ranked]
        prompt = repair_prompt(lead.finding, lead.texts, ranked, failure=_failure(lead))
        try:
            answer = self.model.complete(prompt, RepairReply, timeout_s=lead.state.call_seconds)
        except ModelFailed as error:
            return Proposed((), NOTHING, model_words.proposed_nothing(error))
        found = (*_whole(answer.value, lead), *_filled(answer.value, lead.texts))
        return Proposed(tuple(dict.fromkeys(found)), answer.spending)


def _failure(lead: Lead) -> str:
    report = lead.state.head_tests
    said = [report.messages.get(test, "") for test in lead.finding.evidence] if report else []
    return "\n\n".join(text for text in said if text)


def _whole(reply: RepairReply, lead: Lead) -> Iterator[Candidate]:
    """Yield the patch of a reply, where it fits and is one that a fix may make."""
    files = {path: text.encode("utf-8", "surrogateescape") for path, text in lead.texts.items()}
    try:
        patch = patch_of(reply.edits, files)
    except EditRefused:
        return
    if refusal(patch, lead.state.config.fix.protected_paths) is not None:
        return
    edits = tuple(
        SpanEdit(
            edit.path,
            start := _offset(lead.texts[edit.path], edit.start_line),
            start + len(edit.old_text),
            edit.new_text,
        )
        for edit in patch.edits
    )
    yield Candidate(edits, "model: patch", patch.edits[0].start_line, _PATCH)


def _filled(reply: RepairReply, texts: Mapping[str, str]) -> Iterator[Candidate]:
    """Yield the fills that name exactly one place of a line."""
    for fill in reply.fills[:_MOST]:
        edit = _edit(fill, texts.get(fill.path.strip(), ""))
        if edit is not None:
            yield Candidate((edit,), "model: fill", fill.line, _FILL)


def _edit(fill: Fill, text: str) -> SpanEdit | None:
    lines = text.split("\n")
    if not 1 <= fill.line <= len(lines) or not fill.old or "\n" in fill.old + fill.new:
        return None
    line = lines[fill.line - 1]
    if line.count(fill.old) != 1 or fill.old == fill.new:
        return None
    start = _offset(text, fill.line) + line.index(fill.old)
    return SpanEdit(fill.path.strip(), start, start + len(fill.old), fill.new)


def _offset(text: str, line: int) -> int:
    """Return where a line begins, from 1, in characters."""
    return sum(len(before) + 1 for before in text.split("\n")[: line - 1])
