"""What the Action says in the job summary and in its replies beside what the App says too."""

from collections.abc import Mapping, Sequence

from bot.domain.feedback import Told
from bot.domain.markdown import code, fence, prose

COMMENTS, CHECKS, CONTENTS = "pull-requests: write", "checks: write", "contents: write"
"""What a workflow's `permissions:` has to grant."""

NO_WORKFLOWS = (
    "If this run has the job's own `GITHUB_TOKEN`, GitHub starts no workflow for this commit, so "
    "required checks wait for one: push another commit, or close and reopen the pull request, or "
    "give `github_token` the token of a GitHub App."
)
"""Pain 15: commits by GITHUB_TOKEN trigger nothing, and nobody says so."""
UNWRITTEN_SUMMARY = (
    "Nothing was reviewed here yet; this comment keeps what was decided on this pull request."
)
GIVEN_UP = "it was cancelled or it broke, and the log of the step says which"
DRY = "This was a dry run: nothing was posted."
NO_QUEUE = (
    "the Action has no queue of its own: what runs is on the Actions page of the repository, "
    "and is cancelled there"
)
TOKENLESS = (
    "there is no token: leave the input github_token out, or give it one, such as "
    "${{ secrets.PULLWRIGHT_TOKEN }}"
)
UNSAFE_EVENT = (
    "pull_request_target hands the secrets of the repository to a run for anybody's code: use "
    "pull_request, and for forks the pair that `pullwright init --forks` writes"
)


def nothing_to_do(reason: str) -> str:
    """Say why a run did nothing."""
    return prose(f"Nothing was done: {reason}.")


def failed(reason: str) -> str:
    """Say why a run ended early."""
    return prose(f"The run ended without a result: {reason}.")


def not_posted(missing: Mapping[str, Sequence[str]], number: int) -> str:
    """Say what the token did not allow, and what to write into the workflow."""
    what = "; ".join(f"{', '.join(things)} ({code(name)})" for name, things in missing.items())
    yaml = "permissions:\n" + "".join(f"  {name}\n" for name in ("contents: read", *missing))
    return (
        f"The token of this run may not write all of it, so this stands here alone: {what}. "
        f"A pull request from a fork gets no other token; for others the workflow needs this:\n\n"
        f"{fence(yaml, 'yaml')}\n\n(pull request #{number})"
    )


def fork_code(event: str, *, has_key: bool) -> str:
    """Say why the code of a fork does not run; the reason of `ToolsOnly`."""
    held = "a model's key" if has_key else "a token that writes"
    return f"the head is in a fork, and this run, for {event}, holds {held}"


def bot_ignored(login: str) -> str:
    """Say why a program's command is not heard."""
    return f"{login} is a program, and allowed_bots does not name it"


def lost_state(reason: str) -> str:
    """Say that a run began anew, and what follows from that."""
    return f"{reason}; this run knew of no earlier one, so dismissed findings may be here again"


def lost_ledger(reason: str) -> str:
    """Say that what was learned is not there, and that nothing else depends on it."""
    return f"what was learned earlier is not used: {reason}; the comments on GitHub count as ever"


def unkept_ledger(reason: str) -> str:
    """Say that the next run will not know what this one learned."""
    return f"what this run learned is not kept: {reason}"


FORK_LEDGER = (
    "what was learned earlier is not used: the workflow of a fork's pull request can put anything "
    "into the cache that it reads"
)


def feedback_table(pulls: Sequence[tuple[int, Sequence[Told]]]) -> str:
    """Return what became of suggestions, as people read it."""
    rows = [
        f"| #{number} | {one.record.finding_id} | {code(one.rule)} | {one.verdict.outcome.value} |"
        for number, told in pulls
        for one in told
    ]
    head = "| Pull request | Finding | Rule | Outcome |\n|---|---|---|---|"
    return "\n".join((head, *rows))
