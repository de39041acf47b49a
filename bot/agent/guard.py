"""Rule R14: what the author changed about the tests must not decide what the tests say.

The guard is the head with the merge base's copies of every test and test configuration that the
pull request touched, and without those that it adds. What passed at the merge base has to pass
there too, whatever new tests and new configuration would like it to say.
"""

from bot.agent.state import State
from bot.domain.evidence import TestReport, file_of
from bot.domain.test_files import is_test_control, is_test_file


def guard_overlay(state: State) -> dict[str, bytes | None]:
    """Return what makes the head the guard; empty where the pull request leaves tests alone."""
    overlay: dict[str, bytes | None] = {}
    for file in state.diff.files:
        if not any(is_test_file(n) or is_test_control(n) for n in (file.path, file.old_path)):
            continue
        overlay[file.path] = None
        if file.old_path in state.base:
            overlay[file.old_path] = state.base[file.old_path]
    return overlay


def untouched(state: State, tests: frozenset[str]) -> frozenset[str]:
    """Return the tests whose files the pull request leaves alone: those owe the same answer."""
    touched = {name for file in state.diff.files for name in (file.path, file.old_path)}
    return frozenset(test for test in tests if file_of(test) not in touched)


def is_trustworthy(state: State, guard: TestReport | None) -> bool:
    """Tell whether the guard can show that something breaks.

    A guard in which tests are red that passed at the merge base, and that nobody touched, shows
    nothing: whoever wants a wrong fix proved would see to just that.
    """
    base = state.base_tests
    if guard is None or base is None or not (guard.is_evidence and base.is_evidence):
        return False
    return untouched(state, base.green) <= guard.green
