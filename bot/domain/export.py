"""What people decided about patches, as records that a model can be trained on.

Pure rules: which outcome says something of a patch, which two patches may be compared, and in which
order all of it is written. Only patches that answer one prompt are ever compared.
"""

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum

from bot.domain.outcomes import WORTH, Outcome

RETENTION = timedelta(days=180)
"""Text of a run that is older is not exported."""
LEAST_CONTRIBUTORS = 5
"""With fewer, a text tells who wrote it."""
MIN_CONFIDENCE = 0.8
_TESTED = 1_000
"""Of as many repositories: which share of them is set apart to test on."""
_TESTED_OF = 10_000


class Format(StrEnum):
    """What a file of records is for, in TRL's words."""

    DPO = "dpo"
    KTO = "kto"
    RM = "rm"
    SFT = "sft"

    @property
    def is_pairs(self) -> bool:
        """Whether a record holds two patches."""
        return self in (Format.DPO, Format.RM)


class LeftOut(StrEnum):
    """Why an outcome became no record; each is the end of `N left out: `."""

    UNCLEAR = "what became of it says nothing of the patch (ignored, touched, addressed, censored)"
    UNSURE = "the outcome is less sure than --min-confidence"
    OLD = "it is older than --since, or than the retention of 180 days"
    NO_RECORD = "the database has no suggestion of that outcome"
    BAD_EVENT = "its event of the log cannot be read"
    BAD_RECORD = "its record in the database cannot be read, or names no run"
    NO_RUN = "no kept run holds its code any more"
    DAMAGED = "its kept run cannot be read"
    NOT_HELD = "its kept run holds another patch"
    NO_OPT_IN = "its repository does not say `learning.export: true`"
    LICENCE = "its repository's licence is unknown, or not in --license-allow"
    FEW_PEOPLE = "fewer than 5 people of its repository are known here"
    SECRET = "what looks like a secret is in its text"  # noqa: S105 - a sentence
    ADDRESS = "an address or a link could not be taken out of its text"
    UNSHOWN = "the prompt does not show all that it edits, or it has no form as an answer"
    NO_TEXT = "its text is no UTF-8"
    NOT_APPLIED = "it was not applied as it was"
    NO_PAIR = "no other patch of the same prompt was decided the other way"


APPLIED = frozenset({Outcome.APPLIED, Outcome.APPLIED_MANUALLY})
"""The patch itself is in the code."""
REWRITTEN: Mapping[Outcome, str] = {Outcome.ADAPTED: "adapted", Outcome.REJECTED: "rejected"}
"""Where what people merged in its place is preferred over a patch, and what such a pair is called:
they took its idea and wrote it better, or said no to it and wrote something else."""
UNCLEAR = frozenset({Outcome.ADDRESSED, Outcome.TOUCHED, Outcome.IGNORED, Outcome.CENSORED})
"""Silence, or another change than ours: neither makes a patch a bad one, or a good one."""


def label_of(outcome: Outcome) -> bool | None:
    """Tell whether people took a patch for a good one; None where the outcome does not say."""
    return None if outcome in UNCLEAR else WORTH[outcome].reward > 0


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation, as TRL takes it."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class About:
    """What is known of a patch beside its text; no name in it can be turned back without the key.

    A time is a day, because a moment would lead to a public event.
    """

    id: str
    repo_hash: str
    lang: str
    tool: str
    outcome: Outcome
    confidence: float
    policy_version: str
    propensity: float | None
    """With which the policy picked the tool; None where no decision is known."""
    model_id: str
    """Empty for a patch that no model wrote."""
    created_at: str


@dataclass(frozen=True, slots=True)
class Sample:
    """A patch that people decided about, with the one prompt that it answers."""

    prompt: tuple[Message, ...]
    prompt_hash: str
    completion: str
    about: About
    unproved: tuple[str, ...] = ()
    """Other answers to the prompt that were tried in its run and could not be proved."""
    theirs: str | None = None
    """What people merged in its place, as an answer to the prompt; None where nobody knows."""


@dataclass(frozen=True)
class Exported:
    """Records by the name of their file, in their order, and what is not among them."""

    files: Mapping[str, tuple[Mapping[str, object], ...]]
    left_out: Mapping[LeftOut, int] = field(default_factory=dict)
    unreadable: tuple[str, ...] = ()
    """What of the ledger could not be read, for the operator alone: it names what it names."""

    @property
    def count(self) -> int:
        """All records."""
        return sum(map(len, self.files.values()))


def exported(
    form: Format, samples: Iterable[Sample], left_out: Counter[LeftOut], *, least: float
) -> Exported:
    """Return the records of a format; `least` is the least confidence in an outcome."""
    ordered = sorted(samples, key=lambda sample: (sample.about.repo_hash, sample.about.id))
    counted = Counter(left_out)
    clear = [sample for sample in ordered if _is_clear(sample, least, counted)]
    rows = list(_ROWS[form](clear, counted))
    files = {f"{form}.jsonl": tuple(rows)}
    if form.is_pairs:
        files[f"{form}-tests.jsonl"] = tuple(_of_tests(ordered))
    kept = {name: found for name, found in files.items() if found}
    return Exported(kept, {reason: counted[reason] for reason in LeftOut if counted[reason]})


def split_of(repo_hash: str) -> str:
    """Return `train` or `test`: all records of a repository are in one of them."""
    return "test" if int(repo_hash, 16) % _TESTED_OF < _TESTED else "train"


def _is_clear(sample: Sample, least: float, counted: Counter[LeftOut]) -> bool:
    if label_of(sample.about.outcome) is None:
        counted[LeftOut.UNCLEAR] += 1
        return False
    if sample.about.confidence < least:
        counted[LeftOut.UNSURE] += 1
        return False
    return True


def _kto(samples: Sequence[Sample], _counted: Counter[LeftOut]) -> Iterator[Mapping[str, object]]:
    for sample in samples:
        yield {
            "prompt": _messages(sample.prompt),
            "completion": _answer(sample.completion),
            "label": bool(label_of(sample.about.outcome)),
            "meta": _meta(sample, "none"),
        }


def _sft(samples: Sequence[Sample], counted: Counter[LeftOut]) -> Iterator[Mapping[str, object]]:
    for sample in samples:
        if sample.about.outcome not in APPLIED:
            counted[LeftOut.NOT_APPLIED] += 1
            continue
        yield {
            "prompt": _messages(sample.prompt),
            "completion": _answer(sample.completion),
            "meta": _meta(sample, "none"),
        }


def _pairs(samples: Sequence[Sample], counted: Counter[LeftOut]) -> Iterator[Mapping[str, object]]:
    """Yield what was applied over what was turned down, for each prompt of each repository.

    And what people made of a patch over the patch, which is one prompt in one repository anyway.
    """
    groups: dict[tuple[str, str], list[Sample]] = {}
    for sample in samples:
        groups.setdefault((sample.about.repo_hash, sample.prompt_hash), []).append(sample)
    for group in groups.values():
        good = [sample for sample in group if sample.about.outcome in APPLIED]
        bad = [sample for sample in group if label_of(sample.about.outcome) is False]
        found = [(a, b) for a, b in itertools.product(good, bad) if a.completion != b.completion]
        theirs = [sample for sample in group if _is_rewritten(sample)]
        paired = {id(sample) for sample in itertools.chain(theirs, *found)}
        counted[LeftOut.NO_PAIR] += sum(id(sample) not in paired for sample in group)
        for chosen, rejected in found:
            yield _pair(chosen, rejected, "people")
        for sample in theirs:
            chosen = replace(sample, completion=str(sample.theirs))
            yield _pair(chosen, sample, REWRITTEN[sample.about.outcome])


def _is_rewritten(sample: Sample) -> bool:
    is_one = sample.about.outcome in REWRITTEN and sample.theirs is not None
    return is_one and sample.theirs != sample.completion


def _of_tests(samples: Sequence[Sample]) -> Iterator[Mapping[str, object]]:
    """Yield proved patches over those that were tried for the same prompt and not proved.

    Not of a patch that people turned down: then the tests did not see what was wrong with it.
    """
    for sample in samples:
        if label_of(sample.about.outcome) is False:
            continue
        for completion in sample.unproved:
            rejected = replace(sample, completion=completion)
            yield _pair(sample, rejected, "tests")


_ROWS = {Format.DPO: _pairs, Format.RM: _pairs, Format.KTO: _kto, Format.SFT: _sft}


def _pair(chosen: Sample, rejected: Sample, source: str) -> Mapping[str, object]:
    meta = _meta(chosen, source)
    if source == "people":
        other = rejected.about
        meta["outcome"] = f"{chosen.about.outcome} over {other.outcome}"
        meta["tool"] = f"{chosen.about.tool} over {other.tool}"
        meta["confidence"] = min(chosen.about.confidence, other.confidence)
    return {
        "prompt": _messages(chosen.prompt),
        "chosen": _answer(chosen.completion),
        "rejected": _answer(rejected.completion),
        "meta": meta,
    }


def _meta(sample: Sample, pair_source: str) -> dict[str, object]:
    about = sample.about
    return {
        "id": about.id,
        "prompt_hash": sample.prompt_hash,
        "pair_source": pair_source,
        "confidence": about.confidence,
        "outcome": about.outcome.value,
        "tool": about.tool,
        "repo_hash": about.repo_hash,
        "lang": about.lang,
        "policy_version": about.policy_version,
        "propensity": about.propensity,
        "model_id": about.model_id,
        "created_at": about.created_at,
        "split": split_of(about.repo_hash),
    }


def _messages(prompt: Iterable[Message]) -> list[dict[str, str]]:
    return [{"role": message.role, "content": message.content} for message in prompt]


def _answer(completion: str) -> list[dict[str, str]]:
    return _messages([Message("assistant", completion)])
