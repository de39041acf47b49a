"""The card of an export: what is in it, what is not, and what not to take it for."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import cast

from bot.domain.export import Exported, Format, LeftOut

CARD = "README.md"
MANIFEST = "manifest.json"

_NAMED = 5
"""Of many rows that cannot be read; the rest is counted."""
_FIELDS = {
    Format.DPO: "`prompt`, `chosen`, `rejected`: TRL's preference format, for `DPOTrainer`",
    Format.RM: "`prompt`, `chosen`, `rejected`: TRL's preference format, for `RewardTrainer`",
    Format.KTO: "`prompt`, `completion`, `label`: TRL's unpaired preferences, for `KTOTrainer`",
    Format.SFT: "`prompt`, `completion`: TRL's prompt and completion, for `SFTTrainer`",
}
_WARNINGS = """\
- Silence is no verdict. What was ignored, only touched, addressed in another way, or censored is
  in no record: to train on it as rejected would teach that silence means no.
- `pair_source: adapted` is what people merged of a patch (chosen) over the patch as it was shown;
  `pair_source: rejected` is what they merged in the place of one that they said no to. Both are
  read out of git at the merge; a larger change than the patch's own lines is in no pair.
- `pair_source: tests` (files named `-tests`) is what the proof of a patch said, not what people
  want: the chosen one was proved, the other was tried in the same run and was not. Keep them apart.
- An answer has one form, whichever tool made the patch: its edits in the form that the prompt asks
  for, with the title of the finding as explanation. So it need not be what a model wrote.
- A greedy policy has propensity 1, which is no probability: do not weight by it.
- People of one repository are alike: split by `meta.split`, never by record.
- Paths, logins, addresses, links and ids are hashed or gone. Names *inside* code (modules, classes,
  authors in a string) are as they were: whoever knows the repository knows it again.
- A licence is that of the repository's own file at the base. Files under another one are not told
  apart."""


@dataclass(frozen=True, slots=True)
class CardFacts:
    """What the card says beside the records."""

    form: Format
    since: str
    """A day."""
    least: float
    licences: tuple[str, ...]
    agreed: int
    """Repositories whose owner agreed."""


def card(found: Exported, facts: CardFacts) -> str:
    """Return the dataset card."""
    metas = [_meta(row) for rows in found.files.values() for row in rows]
    repositories = len({meta["repo_hash"] for meta in metas})
    allowed = ", ".join(facts.licences) or "none"
    about = (
        f"Repositories: {repositories}. Outcomes since {facts.since}, with a confidence of at "
        f"least {facts.least:g}. Licences allowed: {allowed}. Owners who agreed: {facts.agreed}."
    )
    parts = [
        _front(found),
        f"# Feedback on patches: {facts.form}",
        f"{_FIELDS[facts.form]}. Where a record comes from is in the column `meta`.",
        "## What is in it\n\n" + _table("file", "records", _sizes(found)),
        *(_counts(metas, key) for key in ("outcome", "tool", "lang", "split", "pair_source")),
        about,
        "## What is not\n\n" + _table("why", "left out", _reasons(found.left_out)),
        f"## Before you train\n\n{_WARNINGS}",
    ]
    return "\n\n".join(parts) + "\n"


def told(found: Exported, folder: str) -> list[str]:
    """Return what a person is told of an export that was written."""
    lines = [f"{name}: {count} records" for name, count in _sizes(found)]
    return [*lines, f"written to {folder}, with {CARD} and {MANIFEST}", *left_out(found.left_out)]


def nothing(found: Mapping[LeftOut, int]) -> list[str]:
    """Return why there is nothing to export."""
    if not found:
        return ["nothing to export: the log has no final outcome of any suggestion"]
    return ["nothing to export", *left_out(found)]


def unreadable(found: Exported) -> list[str]:
    """Return a line for each row that could not be read; it is no part of the card."""
    lost = found.unreadable
    told = [f"cannot be read: {name}; restore it from a backup" for name in lost[:_NAMED]]
    more = len(lost) - _NAMED
    return [*told, f"{more} more rows cannot be read; mend these first"] if more > 0 else told


def left_out(found: Mapping[LeftOut, int]) -> list[str]:
    """Return one line for each reason."""
    return [f"{count} left out: {reason}" for reason, count in found.items()]


def _front(found: Exported) -> str:
    rows = "\n".join(
        f"  - config_name: {name.removesuffix('.jsonl')}\n    data_files: {name}"
        for name in found.files
    )
    return f"---\nconfigs:\n{rows}\n---"


def _sizes(found: Exported) -> list[tuple[str, int]]:
    return [(name, len(rows)) for name, rows in found.files.items()]


def _reasons(found: Mapping[LeftOut, int]) -> list[tuple[str, int]]:
    return [(reason.value, count) for reason, count in found.items()]


def _counts(metas: Iterable[Mapping[str, object]], key: str) -> str:
    counted = Counter(str(meta[key]) for meta in metas)
    return _table(key, "records", sorted(counted.items()))


def _table(name: str, count: str, rows: Iterable[tuple[str, int]]) -> str:
    lines = [f"| {name} | {count} |", "|---|---|", *(f"| {n} | {c} |" for n, c in rows)]
    return "\n".join(lines)


def _meta(row: Mapping[str, object]) -> Mapping[str, object]:
    return cast("Mapping[str, object]", row["meta"])
