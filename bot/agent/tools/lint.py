"""`lint`: every analyzer over the changed files; only findings on changed lines are kept."""

from bot.agent.linting import Linter, hidden
from bot.agent.state import Observation, State
from bot.domain.diff import FileDiff
from bot.domain.exempt import exempt_reason
from bot.domain.findings import Finding, Location
from bot.domain.hidden_text import SOURCE
from bot.policy.features import Features, cost, share


class Lint:
    """Reads all changed files that are not exempt and not read yet, once per run."""

    name = "lint"

    def __init__(self, linter: Linter) -> None:
        self._linter = linter

    def is_eligible(self, state: State) -> bool:
        is_wanted = bool(_readable(state)) or bool(_hidden_elsewhere(state))
        return self.name not in state.tools_run and is_wanted

    def features(self, state: State) -> Features:
        readable = {path for path in _readable(state) if self._linter.understands(path)}
        would_see = sum(path in readable for path, _ in state.unseen)
        return {
            "unseen": share(would_see, len(state.fresh)),
            "evidence": 0.5,
            "seconds": cost(2 + len(readable) / 50),
        }

    def run(self, state: State) -> Observation:
        files, elsewhere = _readable(state), _hidden_elsewhere(state)
        if not files:
            return Observation(
                f"findings in files that no tool reads: {len(elsewhere)}",
                findings=state.findings + elsewhere,
            )
        report = self._linter.look(files)
        found = tuple(f for f in report.findings if _is_on_changed_line(state, f.location))
        seen = frozenset(key for key in state.hunks if key[0] in report.read)
        return Observation(
            f"findings on changed lines of {len(files)} files: {len(found)}",
            findings=state.findings + found + elsewhere,
            seen=seen,
            # An analyzer that broke down may have had something to say of any file.
            read=report.read if not report.failures else frozenset(),
            sandboxes=(report.facts,),
            limits=report.failures,
        )


def _readable(state: State) -> dict[str, bytes]:
    done = {file.path for file in state.exempt} | state.read_by(Lint.name)
    return {path: data for path, data in state.head.items() if path not in done}


def _hidden_elsewhere(state: State) -> tuple[Finding, ...]:
    """Return what changed lines of files hide that no tool reads: prose, data, too large ones."""
    known = {f.location.path for f in state.findings if f.source == SOURCE}
    paths = {file.path for file in state.exempt} - known
    found = hidden({p: state.head[p] for p in sorted(paths & state.head.keys())})
    return tuple(
        f
        for f in found
        if state.diff.touches(f.location.path, f.location.start_line, f.location.end_line)
    )


def _is_on_changed_line(state: State, place: Location) -> bool:
    file = state.diff.by_path.get(place.path)
    if file is not None and (file.is_binary or _became_code(state, file)):
        return True
    return state.diff.touches(place.path, place.start_line, place.end_line)


def _became_code(state: State, file: FileDiff) -> bool:
    """Tell whether a file that nobody read before is code under its new name."""
    before = state.base.get(file.old_path)
    is_moved = file.path != file.old_path and before is not None
    return is_moved and exempt_reason(file.old_path, before or b"") is not None
