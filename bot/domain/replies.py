"""The one reply to a command: what was done, or why not and who must act."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from bot.domain.commands import (
    Command,
    Cover,
    DismissReason,
    Fix,
    Implement,
    Review,
    Test,
    Undo,
)
from bot.domain.effective_config import EffectiveConfig
from bot.domain.findings import FindingId
from bot.domain.jobs import JobInfo
from bot.domain.ledger import KnownFinding
from bot.domain.markdown import code, cut, details, fence, prose
from bot.domain.pull_records import PullMode, Silence
from bot.domain.pull_request import Sha
from bot.domain.verdict import Conclusion

LIMIT_BYTES = 50_000
NOTHING_OFFERED = "there is nothing to commit"
FORK_GETS_A_PATCH = "This branch is not ours to write, so here is the patch; nothing was committed."
NEEDS_A_MODEL = (
    "this needs a language model, and none is set up; the operator of this App sets one up"
)
NEEDS_A_LEARNED_POLICY = (
    "there is no learned policy to roll back; the operator of this App decides what is learned"
)
NO_RUN_TO_EXPLAIN = "nothing was reviewed here yet, so there is no choice to explain"
WORKING = "Working on it: "
"""How the reply to a command begins that has not ended; nothing else begins so."""
LONG = (Review, Fix, Test, Undo, Implement, Cover)
"""Commands that are answered at once, and once more when they have ended."""
_TABLE = (
    ("review [full]", "reviews what is new since the last review, or everything"),
    ("fix [F1 F2 ...]", "commits the proved patches of all or of the named findings"),
    ("fix --pr", "the same as a stacked pull request"),
    ("fix F1 revert", "takes back the hunk that broke a test"),
    ("undo", "takes our own commits back, where nobody built on them"),
    ("test", "runs the tests at base and head and reports the difference"),
    (
        "dismiss F1 [reason]",
        "never raises it again until the code around it changes; the reason is one of "
        + ", ".join(DismissReason),
    ),
    ("reject", "dismisses every open finding"),
    ("stop", "ends what is running"),
    ("pause, resume, ignore", "no automatic reviews; automatic again; never here"),
    ("unmute RULE", "has a rule or a tool that was turned down often next to the code again"),
    ("status, why, config", "what runs; why nothing happened; what is configured, and quieted"),
)


_MODEL_TABLE = (
    ("ask QUESTION", "answers from the change and the code at head"),
    ("explain F1", "says what a finding means, and whether it stands"),
    ("implement REQUEST", "writes code with tests, and commits it with its proof"),
    ("cover", "writes tests for changed lines that none reaches"),
)


def takes_long(command: Command, *, has_model: bool) -> bool:
    """Tell whether a command is answered at once, and once more when it has ended."""
    needs_model = isinstance(command, Implement | Cover)
    return isinstance(command, LONG) and (has_model or not needs_model)


def help_table(trigger: str, *, has_model: bool = False) -> str:
    """Return the commands that there are."""
    table = (*_TABLE, *_MODEL_TABLE) if has_model else _TABLE
    rows = "\n".join(f"| {code(f'{trigger} {verb}')} | {does} |" for verb, does in table)
    return f"| Command | Does |\n|---|---|\n{rows}"


def misunderstood(reason: str, trigger: str, *, has_model: bool = False) -> str:
    """Say what was not understood, and what would be."""
    return f"{prose(reason)}\n\n{help_table(trigger, has_model=has_model)}"


def denied(reason: str) -> str:
    """Say that the person may not, and what would be needed."""
    return prose(f"Not done: {reason}.")


def refused(reason: str) -> str:
    """Say that it cannot be done as asked."""
    return prose(f"Not done: {reason}.")


def no_sandbox(reason: str) -> str:
    """Say that nothing can run here; nobody on the pull request can change that."""
    return prose(f"Not done: {reason}; the operator of this App has to act.")


def working(command: Command, sha: Sha) -> str:
    """Say what runs, and on which head."""
    match command:
        case Review():
            doing = "reviewing"
        case Fix():
            doing = "looking for patches that can be proved on"
        case Test():
            doing = "running the tests at the merge base and at"
        case Implement():
            doing = "writing code that can be proved on"
        case Cover():
            doing = "writing tests for what no test reaches on"
        case _:
            doing = "taking our commits back on top of"
    return f"{WORKING}{doing} {code(sha[:12])}."


def is_working(body: str) -> bool:
    """Tell whether a reply of ours is about something that has not ended."""
    first = body.partition("\n")[0]
    return first.startswith(WORKING) or f". {WORKING}" in first


def stopped_by(login: str | None) -> str:
    """Say that a command was ended, by whom where that is known, and how to have it again."""
    who = f" by {code(login)}" if login is not None else ""
    return f"Stopped{who}; nothing more happens. Ask again for another try."


def gave_up(reason: str) -> str:
    """Say that a command ended without an outcome; the queue tells the operator the same."""
    told = prose(f"It failed: {reason}", limit=600)
    return f"{told}\n\nAsk again, or have the operator of this App look: `pullwright jobs list`."


def looking_again(seen: Sha) -> str:
    """Say that somebody pushed meanwhile, and that the work is done once more."""
    return f"{WORKING}the branch moved on from {code(seen[:12])}, so I look again at the new head."


def moved_again(reason: str) -> str:
    """Say that the branch does not hold still, and who must act."""
    return f"{reason}; ask again when the branch rests"


def old_button(pressed_on: Sha, now: Sha) -> str:
    """Say that a button belongs to an older head."""
    return (
        f"the button is of the check on {pressed_on[:12]}, and the head is {now[:12]} by now; "
        "press the one of the newest check"
    )


def pressed(identifier: str, login: str, words: str) -> str:
    """Return the answer to a button, which stands alone in the conversation."""
    name = identifier.partition("#")[0]
    return f"{code(login)} pressed {code(name)}. {words}"


def nothing_new(sha: Sha, trigger: str) -> str:
    """Say that a review would look at nothing new."""
    full = code(f"{trigger} review full")
    return f"Nothing is new since the review of {code(sha[:12])}; {full} looks again."


def reviewed(conclusion: Conclusion, url: str) -> str:
    """Point at the summary."""
    return f"Reviewed: {conclusion.value.replace('_', ' ')}. [Summary]({url})"


def committed(sha: Sha, findings: Sequence[FindingId], trigger: str) -> str:
    """Say what was committed and how to take it back."""
    named = f" for {', '.join(findings)}" if findings else ""
    return f"Committed {sha}{named}. Undo: {code(f'{trigger} undo')} or `git revert {sha[:12]}`."


def undone(sha: Sha, shas: Sequence[Sha], stacked_urls: Sequence[str]) -> str:
    """Say what was taken back, and what was not."""
    named = ", ".join(code(one[:12]) for one in shas)
    said = f"Committed {sha}: the files are byte for byte as they were before {named}."
    return "\n\n".join([said, *_stays_open(stacked_urls)])


def nothing_to_undo(reason: str, stacked_urls: Sequence[str]) -> str:
    """Say that there is nothing to take back; a stacked pull request is closed by a person."""
    return "; ".join(
        [reason, *(f"{url} stays open until somebody closes it" for url in stacked_urls)]
    )


def _stays_open(urls: Sequence[str]) -> list[str]:
    return [f"{', '.join(urls)} stays open: close it or merge it."] if urls else []


def stacked(url: str) -> str:
    """Point at the stacked pull request."""
    return f"Opened {url}"


def stacked_body(number: int) -> str:
    """Return what a stacked pull request says of itself."""
    return f"Proved patches for #{number}. Merge this into its branch, or close it."


def only_shown(patch: str, one_click: Sequence[FindingId]) -> str:
    """Show a patch that we may not commit, and say which parts of it one click applies."""
    parts = [FORK_GETS_A_PATCH]
    if one_click:
        has = "has a proved suggestion" if len(one_click) == 1 else "have proved suggestions"
        parts.append(f"{', '.join(one_click)} {has} in the review comments: one click applies it.")
    # Markup between the tags of HTML is not read as Markdown.
    parts.append(details("Patch, for git apply", fence(patch, "diff")))
    return cut("\n\n".join(parts), limit_bytes=LIMIT_BYTES)


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


def running(what: str, since: datetime) -> str:
    """Return the line of `status` for what runs."""
    return f"- {code(what)} runs since {_time(since)}"


def waiting(what: str, *, place: int, ahead: int) -> str:
    """Return the line of `status` for what waits; `ahead` counts the jobs of everybody."""
    jobs = "job" if ahead == 1 else "jobs"
    return f"- {code(what)} waits: number {place} of this pull request, {ahead} {jobs} ahead of it"


def status(rows: Sequence[str], mode: PullMode, commands: Sequence[JobInfo] = ()) -> str:
    """Say what runs, what waits, and which commands were left out."""
    told = "\n".join((*(rows or ["Nothing is running or waiting."]), *left_out(commands)))
    automatic = "on" if mode is PullMode.AUTO else mode.value
    return f"{told}\n\nAutomatic reviews: {automatic}."


def unknown_finding(wanted: FindingId, known: Sequence[KnownFinding]) -> str:
    """Say which findings there are instead."""
    if not known:
        return f"there is no {wanted}: this pull request has no findings yet; `review` looks"
    names = ", ".join(f"{k.id} ({k.state.value})" for k in known[:50])
    more = f" and {len(known) - 50} more" if len(known) > 50 else ""
    return f"there is no {wanted}: name one of {names}{more}"


def why(silences: Sequence[Silence], commands: Sequence[JobInfo] = ()) -> str:
    """Say why nothing happened, the last time first, and which commands were left out."""
    rows = [f"- {_time(s.at)}: {prose(s.reason)}" for s in silences]
    rows += left_out(commands)
    if not rows:
        return "Nothing was left out: every event of this pull request was acted on."
    return "\n".join(rows)


def left_out(commands: Sequence[JobInfo]) -> list[str]:
    """Return a line for each reason for which commands were left out; the newest come first."""
    counts = Counter(info.error for info in commands)
    newest = {info.error: info.created_at for info in reversed(commands)}
    return [
        f"- {_time(newest[reason])}: {_commands(count)} left out: {prose(reason)}"
        for reason, count in counts.items()
    ]


def _commands(count: int) -> str:
    return "1 command was" if count == 1 else f"{count} commands were"


def config(effective: EffectiveConfig, quieted: Sequence[str] = ()) -> str:
    """Show every key, its value and who decided it, and what people here turned down."""
    lines = [f"{key} = {value}   # {origin}" for key, value, origin in effective.rows()]
    table = "\n".join([*(f"# {note}" for note in effective.notes), *lines])
    rows = "\n".join(f"- {line}" for line in quieted)
    return cut(f"{fence(table, 'ini')}\n\n{rows}".rstrip(), limit_bytes=LIMIT_BYTES)


def unmuted(word: str) -> str:
    """Say what is heard again, and for how long."""
    return f"Findings of {code(word)} are next to the code again, whatever becomes of them."


def nothing_to_unmute(word: str, trigger: str) -> str:
    """Say that nobody turned down anything of this name."""
    return (
        f"nothing of {ascii(word)[1:-1]} was ever turned down here; `{trigger} config` lists "
        "what is quieter"
    )


def policy(lines: Sequence[str]) -> str:
    """Show where learning stands for this repository."""
    return cut(fence("\n".join(lines), "text"), limit_bytes=LIMIT_BYTES)


def choices(run: str, lines: Sequence[str]) -> str:
    """Show what the last review chose, and why."""
    table = fence("\n".join(lines), "text")
    return cut(f"What run {code(run)} chose:\n\n{table}", limit_bytes=LIMIT_BYTES)


def rolled_back(version: str, now: str) -> str:
    """Say that a repository is served by an earlier policy again."""
    return (
        f"Taken back: policy {code(version)} decides nothing in this repository any more, "
        f"and {code(now)} does."
    )


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M UTC")
