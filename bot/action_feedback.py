"""Reads what became of suggestions: when a pull request is closed, and every night for the last."""

import json
import secrets
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.action_settings import ActionSettings
from bot.action_wiring import learned, open_access
from bot.adapters.git_past import open_past
from bot.adapters.github_access import GitHubAccess
from bot.adapters.github_closed import closed_pull, closed_pulls
from bot.adapters.github_opinions import GitHubOpinions
from bot.adapters.sql_ledger import open_ledger
from bot.agent.service.feedback import Feedback
from bot.app_wiring import with_token
from bot.domain.action_report import StepReport, nothing
from bot.domain.action_state import ActionState, StateUnreadable, state_in
from bot.domain.action_words import feedback_table
from bot.domain.event_forms import Observed, outcomes_of
from bot.domain.event_log import EventLog, EventSource
from bot.domain.feedback import ClosedPull, Told, logged
from bot.domain.forge import RepoId
from bot.domain.ledger import PullKey
from bot.errors import Refused
from bot.output import write

LOOK_BACK = timedelta(days=14)
"""So long after a merge a revert still counts."""
MOST_PULLS = 50


def feedback(settings: ActionSettings, repo: RepoId, number: int | None) -> StepReport:
    """Read one pull request, or all that were closed lately, and write what became of ours."""
    now = datetime.now(UTC)
    learnt: list[str] = []
    with ExitStack() as stack:
        access = stack.enter_context(open_access(settings, repo))
        log = stack.enter_context(_log(settings, repo, learnt)) if settings.inputs.ledger else None
        requester = access.forge.requester
        if number is None:
            pulls = closed_pulls(requester, repo, since=now - LOOK_BACK, most=MOST_PULLS)
        else:
            found = closed_pull(requester, repo, number)
            pulls = [found] if found is not None else []
        rows = [(pull, _told(settings, access, repo, pull, now)) for pull in pulls]
        if log is not None:
            for pull, told in rows:
                _keep(log, access, PullKey(repo.id, pull.number), told, now)
    notes = learnt + [f"#{pull.number}: {told}" for pull, told in rows if isinstance(told, str)]
    read = [(pull, told) for pull, told in rows if not isinstance(told, str)]
    path = settings.runner.folder / "feedback.json"
    write(path, _document(repo, read))
    count = sum(len(told) for _, told in read)
    if not count:
        plain = nothing("no suggestion of ours is on a pull request that was closed")
        return replace(plain, notes=tuple(notes), extra={"results_file": str(path)})
    return StepReport(
        f"{count} suggestions on {len(read)} closed pull requests were followed up.",
        conclusion="success",
        body=feedback_table([(pull.number, told) for pull, told in read]),
        notes=tuple(notes),
        extra={"results_file": str(path)},
    )


@contextmanager
def _log(settings: ActionSettings, repo: RepoId, told: list[str]) -> Iterator[EventLog]:
    """Yield the log of the cached file, which is put back at the end."""
    name = f"learned-{secrets.token_hex(8)}.db"
    with closing(open_ledger(f"sqlite:///{settings.runner.folder / name}")) as ledger:
        keep = learned(settings, None, repo, ledger.events, told)
        yield ledger.events
        keep()


def _keep(
    log: EventLog, access: GitHubAccess, key: PullKey, told: Sequence[Told] | str, now: datetime
) -> None:
    """Log the outcomes of one pull request; what is there already is not there twice."""
    state = _state(access, key.number) if told and not isinstance(told, str) else None
    if not isinstance(state, ActionState) or isinstance(told, str):
        return
    findings = {one.id: one.finding for one in state.findings}
    known, observed = outcomes_of(log.of_pull(key)), Observed(now, EventSource.POLL)
    for one in told:
        finding = findings.get(one.record.finding_id)
        if finding is not None:
            log.append(logged(one, key, known, finding, observed))


def _told(
    settings: ActionSettings,
    access: GitHubAccess,
    repo: RepoId,
    pull: ClosedPull,
    now: datetime,
) -> Sequence[Told] | str:
    """Return the outcomes of one pull request, or why they are not known."""
    state = _state(access, pull.number)
    if isinstance(state, str):
        return state
    if not state.suggestions:
        return ()
    shas = frozenset((pull.base_sha, *pull.tips, *(one.head_sha for one in state.suggestions)))
    past = open_past(
        with_token(access.clone_url, access.token()),
        shas,
        cache=settings.settings.state_dir / "mirrors",
        network=settings.settings.network,
    )
    try:
        with past as history:
            opinions = GitHubOpinions(access.forge.requester, repo)
            key = PullKey(repo.id, pull.number)
            return Feedback(access.forge, opinions, history, pull, key, state, now).read()
    except Refused as error:
        return str(error)


def _state(access: GitHubAccess, number: int) -> ActionState | str:
    posted = access.forge.summary(number)
    if posted is None:
        return ActionState()
    with suppress(StateUnreadable):
        return state_in(posted.body) or ActionState()
    return "what our summary comment remembers is damaged"


def _document(repo: RepoId, read: Sequence[tuple[ClosedPull, Sequence[Told]]]) -> str:
    pulls = [
        {
            "number": pull.number,
            "is_merged": pull.merge_sha is not None,
            "closed_at": pull.closed_at.isoformat(),
            "suggestions": [_row(one) for one in told],
        }
        for pull, told in read
    ]
    document = {"schema": 1, "kind": "feedback", "repository": repo.full_name, "pulls": pulls}
    return json.dumps(document, indent=2) + "\n"


def _row(one: Told) -> dict[str, object]:
    record, verdict = one.record, one.verdict
    return {
        "suggestion": record.id,
        "decision": record.decision_id,
        "finding": record.finding_id,
        "rule": one.rule,
        "source": record.source,
        "outcome": verdict.outcome.value,
        "reward": verdict.worth.reward,
        "confidence": verdict.worth.confidence,
        "is_final": verdict.is_final,
        "is_contradicted": verdict.is_contradicted,
    }
