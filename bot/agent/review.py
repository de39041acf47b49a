"""One review: an episode of the loop on one head, and the verdict it ends in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bot.agent.earlier import NOTHING, Known, known_of
from bot.agent.loop import Loop, Recorder, forgetful
from bot.agent.state import State
from bot.agent.suspicion import by_the_tests
from bot.agent.trees import contents
from bot.domain import exempt
from bot.domain.diff import Diff, FileDiff, FileStatus
from bot.domain.findings import Finding, Severity, number
from bot.domain.path_filter import PathFilter
from bot.domain.ports import Workspace
from bot.domain.pull_request import Sha
from bot.domain.reading import Since
from bot.domain.repo_config import RepoConfig
from bot.domain.review import Review
from bot.domain.verdict import Cost, Coverage, SkippedFile, conclude

SYMLINK, EXECUTABLE = "120000", "100755"
STEPS = 32
"""H, the horizon of an episode, where the configuration names no smaller one."""


@dataclass(frozen=True, slots=True)
class Episode:
    """A finished run: the review that people read, and the state that `fix` goes on from."""

    review: Review
    state: State
    basis: str = ""
    """Of `reading.Reading`; empty for a run that no later one may go on from."""
    known: Known = NOTHING
    """What it had from earlier runs when it began."""


def review(
    workspace: Workspace,
    loop: Loop,
    config: RepoConfig,
    *,
    run_id: str,
    record: Recorder = forgetful,
) -> Episode:
    """Run the loop on the workspace's change and return what it concluded."""
    return run_episode(loop, start(workspace, config), run_id=run_id, record=record)


def run_episode(loop: Loop, first: State, *, run_id: str, record: Recorder = forgetful) -> Episode:
    """Run the loop from s_0 and return what it concluded."""
    last = loop.run(first, record)
    threshold = first.config.severity_threshold
    severe = (f for f in last.findings if _is_severe(f, threshold))
    findings = number(severe, later=last.divided)
    last = replace(last, findings=findings)
    cost = _cost(first, last)
    verdict = conclude(
        findings, coverage=_coverage(last), limits=last.limits, tools=last.tools_run, cost=cost
    )
    told = Review(
        change=last.change,
        verdict=verdict,
        run_id=run_id,
        diff=last.diff,
        findings=findings,
        decisions=last.decisions,
        base_tests=last.base_tests,
        head_tests=last.head_tests,
        sandboxes=last.sandboxes,
        notes=last.notes,
        contents=last.head,
        suspects=last.suspects or by_the_tests(last),
        since=_since(last),
    )
    return Episode(told, last, known=known_of(first))


def _cost(first: State, last: State) -> Cost:
    usage = last.spending.usage
    return Cost(
        seconds=round(first.seconds_left - last.seconds_left, 3),
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
        usd=round(last.spending.usd, 6),
    )


def start(workspace: Workspace, config: RepoConfig) -> State:
    """Return s_0: the change, its contents on both sides, and what is exempt and why."""
    change, diff = workspace.change, workspace.diff()
    head = _side(workspace, change.head_sha, [f.path for f in diff.files if _is_there(f.status)])
    base = _side(workspace, change.merge_base_sha, [f.old_path for f in diff.files])
    return State(
        change=change,
        diff=diff,
        config=config,
        base=base,
        head=head,
        exempt=tuple(_exempt(diff, base, head, PathFilter(config.path_filters))),
        steps_left=min(STEPS, config.budget.steps),
        seconds_left=config.budget.seconds,
        head_paths=frozenset(entry.path for entry in workspace.entries(change.head_sha)),
    )


def _side(workspace: Workspace, sha: Sha, paths: Sequence[str]) -> dict[str, bytes]:
    return dict(contents(workspace, sha, list(paths)))


def _is_there(status: FileStatus) -> bool:
    return status is not FileStatus.DELETED


def _exempt(
    diff: Diff, base: Mapping[str, bytes], head: Mapping[str, bytes], wanted: PathFilter
) -> list[SkippedFile]:
    skipped: list[SkippedFile] = []
    for file in diff.files:
        if not wanted.matches(file.path):
            skipped.append(SkippedFile(file.path, "left out by path_filters", is_exempt=True))
        elif file.is_submodule:
            skipped.append(SkippedFile(file.path, "submodule", is_exempt=False))
        elif file.path not in head:
            skipped.append(SkippedFile(file.path, "deleted", is_exempt=True))
        elif file.new_mode == SYMLINK:
            skipped.append(SkippedFile(file.path, "symlink", is_exempt=False))
        elif found := _skipped(file, base.get(file.old_path), head[file.path]):
            skipped.append(found)
    return skipped


def _skipped(file: FileDiff, before: bytes | None, data: bytes) -> SkippedFile | None:
    """Return why a file is not read; what it says of itself counts only if it said so before."""
    found = exempt.skip(file.path, data)
    if found is None or not found.is_exempt:
        return found
    is_claim = found.reason in exempt.CLAIMS
    is_old = before is not None and exempt.exempt_reason(file.old_path, before) == found.reason
    is_program = data.startswith(b"#!") or file.new_mode == EXECUTABLE
    if not is_program and (is_old or not is_claim):
        return found
    reason = exempt.too_large_reason(data)
    return SkippedFile(file.path, reason, is_exempt=False) if reason else None


def _coverage(state: State) -> Coverage:
    return Coverage(
        hunks_seen=len(state.hunks & state.seen),
        hunks_total=len(state.hunks),
        files_skipped=(*state.exempt, *_not_understood(state)),
    )


def _since(state: State) -> Since | None:
    """Return what was looked at anew, or None where that is everything."""
    if state.since is None or not state.carried:
        return None
    return Since(state.since, hunks_anew=len(state.fresh), hunks_total=len(state.hunks))


def _not_understood(state: State) -> list[SkippedFile]:
    """Name the files with hunks that nobody saw, so that a partial verdict says where."""
    named = {file.path for file in state.exempt}
    paths = sorted({path for path, _ in state.unseen} - named)
    return [SkippedFile(path, "no tool read all of it", is_exempt=False) for path in paths]


def _is_severe(finding: Finding, threshold: Severity) -> bool:
    return finding.severity.rank <= threshold.rank
