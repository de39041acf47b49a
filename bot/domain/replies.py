"""The one reply to a command: what was done, or why not and who must act."""

from collections.abc import Sequence
from datetime import datetime

from bot.domain.commands import DismissReason
from bot.domain.effective_config import EffectiveConfig
from bot.domain.findings import FindingId
from bot.domain.jobs import JobInfo
from bot.domain.markdown import code, cut, details, fence, prose
from bot.domain.pull_records import PullMode, Silence
from bot.domain.pull_request import Sha
from bot.domain.verdict import Conclusion

LIMIT_BYTES = 50_000
NOTHING_OFFERED = "there is nothing to commit"
FORK_GETS_A_PATCH = "This branch is not ours to write, so here is the patch; nothing was committed."
_TABLE = (
    ("review [full]", "reviews what is new since the last review, or everything"),
    ("fix [F1 F2 ...]", "commits the proved patches of all or of the named findings"),
    ("fix --pr", "the same as a stacked pull request"),
    ("fix F1 revert", "takes back the hunk that broke a test"),
    ("test", "runs the tests at base and head and reports the difference"),
    ("dismiss F1 [reason]", "never raises it again until the code around it changes"),
    ("reject", "dismisses every open finding"),
    ("stop", "ends what is running"),
    ("pause, resume, ignore", "no automatic reviews; automatic again; never here"),
    ("status, why, config", "what runs; why nothing happened; what is configured"),
)


def help_table(trigger: str) -> str:
    """Return the commands that there are."""
    rows = "\n".join(f"| {code(f'{trigger} {verb}')} | {does} |" for verb, does in _TABLE)
    return f"| Command | Does |\n|---|---|\n{rows}"


def misunderstood(reason: str, trigger: str) -> str:
    """Say what was not understood, and what would be."""
    return f"{prose(reason)}\n\n{help_table(trigger)}"


def denied(reason: str) -> str:
    """Say that the person may not, and what would be needed."""
    return prose(f"Not done: {reason}.")


def refused(reason: str) -> str:
    """Say that it cannot be done as asked."""
    return prose(f"Not done: {reason}.")


def reviewed(conclusion: Conclusion, url: str) -> str:
    """Point at the summary."""
    return f"Reviewed: {conclusion.value.replace('_', ' ')}. [Summary]({url})"


def committed(sha: Sha, findings: Sequence[FindingId]) -> str:
    """Say what was committed and how to take it back."""
    named = f" for {', '.join(findings)}" if findings else ""
    return f"Committed {sha}{named}. Undo: `git revert {sha[:12]}`."


def stacked(url: str) -> str:
    """Point at the stacked pull request."""
    return f"Opened {url}"


def stacked_body(number: int) -> str:
    """Return what a stacked pull request says of itself."""
    return f"Proved patches for #{number}. Merge this into its branch, or close it."


def only_shown(patch: str, reason: str) -> str:
    """Show a patch that we may not commit."""
    folded = details("Patch, for `git apply`", fence(patch, "diff"))
    return cut(f"{prose(reason)}\n\n{folded}", limit_bytes=LIMIT_BYTES)


def dismissed(ids: Sequence[FindingId], reason: DismissReason | None) -> str:
    """Say what is never raised again, and until when."""
    why = f" ({reason.value})" if reason else ""
    if not ids:
        return "There is no open finding to dismiss."
    return f"Dismissed {', '.join(ids)}{why}, until the code around it changes."


def mode_changed(before: PullMode, now: PullMode) -> str:
    """Say what happens by itself from now on."""
    if before is now:
        return f"Nothing changed: it was {now.value} already."
    return {
        PullMode.AUTO: "Automatic reviews are on again.",
        PullMode.PAUSED: "Automatic reviews are paused; commands still work.",
        PullMode.IGNORED: "This pull request is left alone; commands still work.",
    }[now]


def stopped(count: int) -> str:
    """Say what was stopped."""
    return f"Stopped {count} run{'s' if count != 1 else ''}." if count else "Nothing was running."


def status(jobs: Sequence[JobInfo], mode: PullMode) -> str:
    """Say what runs and what waits."""
    rows = [
        f"- {job.job.kind.value}: {job.status.value} since {_time(job.updated_at)}" for job in jobs
    ]
    running = "\n".join(rows) if rows else "Nothing is running or waiting."
    return f"{running}\n\nAutomatic reviews: {mode.value}."


def why(silences: Sequence[Silence]) -> str:
    """Say why nothing happened, the last time first."""
    if not silences:
        return "Nothing was left out: every event of this pull request was acted on."
    rows = [f"- {_time(s.at)}: {prose(s.reason)}" for s in silences]
    return "\n".join(rows)


def config(effective: EffectiveConfig) -> str:
    """Show every key, its value and who decided it."""
    lines = [f"{key} = {value}   # {origin}" for key, value, origin in effective.rows()]
    table = "\n".join([*(f"# {note}" for note in effective.notes), *lines])
    return cut(fence(table, "ini"), limit_bytes=LIMIT_BYTES)


def policy(weights: Sequence[tuple[str, float]], version: str) -> str:
    """Show the weights of the selection policy."""
    table = "\n".join(f"{name} = {weight:+.2f}" for name, weight in weights)
    return f"Policy {code(version)}:\n\n{fence(table, 'ini')}"


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M UTC")
