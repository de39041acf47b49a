"""Posts what a run without secrets found; nothing of the pull request is checked out or run here.

The commits are read as git objects, for our own diff: a place that is not in it gets no comment.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.agent.review import Episode, start
from bot.agent.service.desk import Desk
from bot.agent.service.publishing import Posting
from bot.agent.service.review_job import MOVED, ReviewOfPull
from bot.agent.state import State
from bot.domain.admission import silence_before, silence_by_config
from bot.domain.bundle import UNPRIVILEGED, Bundle, BundledFinding, misplaced
from bot.domain.diff import Side
from bot.domain.events import PullAction
from bot.domain.findings import Finding, Location, number
from bot.domain.forge import RemotePullRequest, RepoId
from bot.domain.jobs import JobContext, Json
from bot.domain.ledger import RunKind
from bot.domain.ports import Syntax, Workspace
from bot.domain.review import Review
from bot.domain.untrusted import one_line
from bot.domain.verdict import Cost, Coverage, conclude

_LIMITS_SHOWN = 10


@dataclass(frozen=True)
class BundleJob:
    """A handler for one bundle."""

    desk: Desk
    repo: RepoId
    number: int
    bundle: Bundle
    keep: Callable[[Episode], object]

    def __call__(self, context: JobContext) -> Json:
        """Post it, unless the pull request has moved on or is not to be reviewed."""
        with self.desk.connect(self.repo) as connection:
            work = ReviewOfPull(self.desk, connection, context, self.repo, self.number)
            remote = work.look()
            mode = self.desk.records.pulls.load(work.pull).mode
            silence = silence_before(remote, mode)
            if silence is None and remote.head_sha != self.bundle.head_sha:
                silence = MOVED
            if silence is not None:
                return {"silence": silence}
            with connection.checkout(remote) as workspace:
                return self._posted(work, remote, workspace)

    def _posted(self, work: ReviewOfPull, remote: RemotePullRequest, workspace: Workspace) -> Json:
        config = work.configured(workspace)
        wanted = config.config.auto_review
        silence = silence_by_config(remote, wanted, PullAction.SYNCHRONIZED)
        if silence is not None:
            return {"silence": silence}
        work.begin(remote, workspace, RunKind.REVIEW)
        state = start(workspace, config.config)
        episode = _episode(self.bundle, state, work.run_id, self.desk.syntax)
        self.keep(episode)
        return Posting(self.desk, work.connection, self.repo, remote).post(episode, config)


def _episode(bundle: Bundle, state: State, run_id: str, syntax: Syntax) -> Episode:
    """Return the bundle as a run: nothing counts as read, so nothing old is taken for fixed."""
    findings = number(
        _finding(one, state, syntax) for one in bundle.findings if one.path in state.diff.by_path
    )
    threshold = state.config.severity_threshold.rank
    findings = tuple(f for f in findings if f.severity.rank <= threshold)
    claimed = bundle.verdict
    total = len(state.hunks)
    coverage = Coverage(min(claimed.coverage.hunks_seen, total), total, state.exempt)
    unplaced = misplaced(bundle, state.diff.by_path)
    limits = [one_line(limit) for limit in claimed.limits[:_LIMITS_SHOWN]]
    verdict = conclude(
        findings,
        coverage=coverage,
        limits=[UNPRIVILEGED, *filter(None, (unplaced,)), *limits],
        tools=claimed.tools,
        cost=Cost(0.0),
    )
    review = Review(
        change=state.change,
        verdict=verdict,
        run_id=run_id,
        diff=state.diff,
        findings=findings,
        contents=state.head,
        notes=(UNPRIVILEGED,),
    )
    return Episode(review, replace(state, findings=findings))


def _finding(one: BundledFinding, state: State, syntax: Syntax) -> Finding:
    """Return a claim as a finding; its code is read from the head, not taken from it."""
    data = state.head.get(one.path, b"")
    lines = data.decode("utf-8", "surrogateescape").split("\n")
    start_line = max(1, min(one.start_line, len(lines)))
    end_line = max(start_line, min(one.end_line, start_line + 50, len(lines)))
    return Finding(
        rule=one.rule,
        severity=one.severity,
        category=one.category,
        title=one_line(one.title),
        body=one.body,
        location=Location(one.path, start_line, end_line, Side(one.side)),
        snippet="\n".join(lines[start_line - 1 : end_line]),
        source=one.source,
        confidence=one.confidence,
        symbol=syntax.enclosing_symbol(one.path, data, start_line),
    )
