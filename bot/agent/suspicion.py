"""Which lines are suspicious: by the runs that were made anyway, where no search looked closer."""

from collections.abc import Iterable

from bot.agent.state import State
from bot.domain.suspicion import SuspectLine
from bot.domain.test_files import is_test_file
from bot.repair.candidates import Spectrum
from bot.repair.localise import Changed, Suspect, suspects
from bot.repair.ranking import Familiar

_MOST = 200


def changed_lines(state: State) -> Changed:
    """Return the lines that the pull request added."""
    return {file.path: file.added_lines for file in state.diff.files}


def taken_away(state: State) -> Familiar:
    """Return the lines that the pull request removed, without the space around them."""
    return {
        file.path: frozenset(
            line.text.strip()
            for hunk in file.hunks
            for line in hunk.lines
            if line.new_number is None and line.text.strip()
        )
        for file in state.diff.files
    }


def spoken_lines(ranked: Iterable[Suspect]) -> tuple[SuspectLine, ...]:
    """Return the first of a ranked list as reports show them."""
    return tuple(
        SuspectLine(
            suspect.path,
            suspect.line,
            suspect.score,
            ochiai=suspect.ochiai,
            dstar=suspect.dstar,
            is_in_traceback=suspect.is_in_traceback,
            is_changed=suspect.is_changed,
        )
        for _, suspect in zip(range(_MOST), ranked, strict=False)
    )


def by_the_tests(state: State) -> tuple[SuspectLine, ...]:
    """Return what the run at head says of the files of the change; nothing without red tests."""
    report = state.head_tests
    if report is None or not report.is_evidence or not report.reach:
        return ()
    blamed = {t for f in state.findings if f.source == "test" for t in f.evidence} & report.red
    if not blamed:
        return ()
    spectrum = Spectrum(report.reach, {}, frozenset(blamed), report.green)
    ranked = suspects(spectrum, changed_lines(state))
    return spoken_lines(s for s in ranked if s.ochiai and not is_test_file(s.path))
