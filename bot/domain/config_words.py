"""What is said where a configuration cannot be used: once on the pull request, and on its head."""

from bot.domain.forge import CheckConclusion, CheckRun, CheckStatus
from bot.domain.markdown import prose
from bot.domain.pull_request import Sha, printable
from bot.domain.repo_config import CONFIG_PATHS
from bot.domain.verdict_check import CHECK_NAME, check_id

CONFIG_RUN = "config"
"""What the marker of the one comment names in place of a run, so that it is edited in place."""


def config_refused(reason: str) -> str:
    """Say what is wrong, and what follows."""
    return (
        f"Not reviewed: the configuration cannot be used.\n\n{prose(reason, limit=2_000)}\n\n"
        "Mend the file where it is named; the next push is reviewed with it."
    )


def config_silence(reason: str) -> str:
    """Say why nothing was done."""
    return f"the configuration cannot be used: {reason}"


def no_file(ref: str) -> str:
    """Say that nobody set anything; `ref` is the base, empty before the first commit."""
    where = f"{printable(ref)} has" if ref else "there is no commit yet, so there is"
    return f"{where} no {CONFIG_PATHS[0]}: every key has its built-in default"


def not_merged(path: str, ref: str) -> str:
    """Say that a file of the checkout is not what counts."""
    when = f"merged into {printable(ref)}" if ref else "committed"
    return f"{path} of this checkout counts once it is {when}: `config check {path}` checks it"


def misnamed(path: str, read: str) -> str:
    """Say that a file of the checkout is never read under its name."""
    return f"{path} of this checkout is not read under this name: rename it to {read}"


def config_check(head_sha: Sha, run_id: str, reason: str, number: int | None = None) -> CheckRun:
    """Return the check of a head that was not looked at; no configuration makes it a failure."""
    return CheckRun(
        name=CHECK_NAME,
        head_sha=head_sha,
        status=CheckStatus.COMPLETED,
        title="Not reviewed: the configuration cannot be used",
        summary=config_refused(reason),
        external_id=check_id(run_id, number),
        conclusion=CheckConclusion.NEUTRAL,
    )
