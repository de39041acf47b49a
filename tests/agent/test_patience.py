"""How long a search goes on: counted in candidates, and ended by a person at any time."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.agent.patience import Patient
from bot.errors import Interrupted
from bot.repair.candidates import Candidate, Fate, SpanEdit, Spectrum, Trial
from bot.repair.search import Found


@dataclass
class Counting:
    """A validator that lets the candidates of some numbers pass."""

    passing: frozenset[int] = frozenset()
    interrupts_at: int | None = None
    tried: list[Candidate] = field(default_factory=list)
    looked_at: int = 0

    def spectrum(self, paths: Sequence[str]) -> Spectrum:
        return Spectrum({}, {}, frozenset(), frozenset())

    def validate(
        self,
        batch: Sequence[Candidate],
        *,
        targets: Sequence[str],
        checked: Sequence[str],
        cpu_seconds: float,
    ) -> Sequence[Trial]:
        if self.interrupts_at is not None and len(self.tried) >= self.interrupts_at:
            raise Interrupted
        self.tried += batch
        return [Trial(self._fate(candidate.line), (), None) for candidate in batch]

    def behaviour(
        self, candidates: Sequence[Candidate], *, targets: Sequence[str], cpu_seconds: float
    ) -> Sequence[tuple[str, ...]]:
        self.looked_at += len(candidates)
        return ()

    def _fate(self, number: int) -> Fate:
        return Fate.FIXED if number in self.passing else Fate.FAILED


def _candidates(first: int, count: int) -> list[Candidate]:
    edit = SpanEdit("a.py", 0, 1, "x")
    return [Candidate((edit,), "toy", number, 1.0) for number in range(first, first + count)]


def _tried(validator: Patient, first: int, count: int) -> int:
    batch = _candidates(first, count)
    return len(validator.validate(batch, targets=("t",), checked=(), cpu_seconds=9.0))


def test_nothing_ends_a_search_that_has_found_nothing() -> None:
    patient = Patient(Counting(), patience=20)

    assert _tried(patient, 0, 100) == 100
    assert _tried(patient, 100, 100) == 100
    assert not patient.is_over


def test_after_a_patch_that_passes_a_search_goes_on_as_far_again() -> None:
    patient = Patient(Counting(frozenset({49})), patience=20)

    assert _tried(patient, 0, 60) == 60
    assert _tried(patient, 60, 100) == 40
    assert patient.is_over
    assert _tried(patient, 160, 100) == 0


def test_an_early_patch_does_not_end_a_search_before_it_could_meet_another() -> None:
    patient = Patient(Counting(frozenset({0})), patience=20)

    assert _tried(patient, 0, 10) == 10
    assert _tried(patient, 10, 100) == 11


def test_a_few_candidates_more_are_not_worth_a_process() -> None:
    patient = Patient(Counting(frozenset({0})), patience=20)

    _tried(patient, 0, 18)

    assert patient.is_over


def test_ctrl_c_ends_a_search_with_what_it_has() -> None:
    inner = Counting(frozenset({5}), interrupts_at=50)
    patient = Patient(inner, patience=1000)

    assert _tried(patient, 0, 50) == 50
    assert _tried(patient, 50, 50) == 0
    assert patient.is_interrupted
    assert _tried(patient, 100, 50) == 0


def test_ctrl_c_between_two_batches_loses_nothing() -> None:
    patient = Patient(Counting(frozenset({5})), patience=1000)

    def search() -> Found:
        _tried(patient, 0, 50)
        raise Interrupted

    found = patient.searched(search)

    assert found.tried == 50
    assert [p.candidate.line for p in found.plausible] == [5]
    assert patient.is_over


def test_after_ctrl_c_nothing_more_runs_in_that_sandbox() -> None:
    inner = Counting(interrupts_at=0)
    patient = Patient(inner, patience=1000)

    _tried(patient, 0, 1)
    seen = patient.behaviour(_candidates(0, 2), targets=("t",), cpu_seconds=1.0)

    assert seen == ()
    assert inner.looked_at == 0
