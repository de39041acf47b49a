"""What a replay says, and a forecast."""

from bot.domain.pull_request import printable


def no_stored_runs() -> str:
    """Say that no run is kept, and how one comes to be."""
    return "there are no stored runs: review something first"


def files_left_out(files: int, size_bytes: int) -> str:
    """Say that the bundle does not hold all that the model's tools read."""
    return f"left out: {files} files that were read, {size_bytes:,} bytes"


def change_left_out() -> str:
    """Say that a bundle is of no use for a replay."""
    return "the change itself is too large to be kept"


def cannot_replay(run_id: str, why: str) -> str:
    """Say that a bundle cannot be played again."""
    return f"run {run_id} cannot be played again: {why}"


def other_prompt(number: int, tool: str, schema: str, size_bytes: int) -> str:
    """Name a recorded prompt that was not asked again."""
    return (
        f"prompt {number} ({tool}, {schema}, {size_bytes:,} bytes) is another than recorded: "
        "the code or the configuration changed"
    )


def more_prompts(count: int) -> str:
    """Say how many questions have no recorded answer."""
    what = "prompt was" if count == 1 else "prompts were"
    return f"{count} {what} asked that no reply is recorded for"


def other_tool(step: int, recorded: str, now: str) -> str:
    """Say where the loop went another way."""
    return f"step {step} was {recorded} and is {now} now: the policy or the configuration changed"


def other_step(step: int, tool: str, what: str) -> str:
    """Say that a step came out differently."""
    return f"step {step} ({tool}) has another {what} than recorded"


def steps_missing(recorded: int, now: int) -> str:
    """Say that the loop ended elsewhere."""
    return f"the run had {recorded} steps and has {now} now"


def other_line(number: int, recorded: str, now: str) -> str:
    """Show where two reports part."""
    return f"line {number} of the report was {recorded!r} and is {now!r} now"


def other_version(what: str, recorded: str, now: str) -> str:
    """Say that something else would play the run."""
    return f"recorded with {what} {recorded}, played with {now}"


def played_back(redactions: int) -> str:
    """Say why no prompt is built again."""
    return (
        f"secrets were taken out of {redactions} places, so every tool is played back: "
        "no prompt is built again"
    )


def steps_played(again: int, back: int) -> str:
    """Say how much of a replay is real."""
    return f"{again} steps ran again, {back} were played back from the record"


def equal(run_id: str) -> str:
    """Say that nothing changed."""
    return f"run {run_id} is equal, bit for bit"


def differs(run_id: str, differences: int) -> str:
    """Say that something changed."""
    what = "difference" if differences == 1 else "differences"
    return f"run {run_id} differs: {differences} {what}"


def tool_not_recorded(tool: str) -> str:
    """Say that a forecast lacks a tool."""
    return f"{tool} would run, and there is no observation of it"


def prompts_not_recorded(tool: str) -> str:
    """Say that a forecast rests on replies to other questions."""
    return f"{tool} would ask the model otherwise: the recorded replies stand in"


def analyzer_not_recorded(name: str) -> str:
    """Say that a forecast lacks an analyzer."""
    return f"{name} would look too, and did not then"


def file_not_recorded(path: str) -> str:
    """Say that a forecast lacks a file."""
    return f"{printable(path)} would be reviewed, and was left out then"


def tests_not_recorded() -> str:
    """Say that a forecast rests on other test runs."""
    return "the tests would run otherwise: the recorded runs stand in"


def mutes_not_recorded() -> str:
    """Say that a forecast rests on other settings of the analyzers."""
    return "use_repo_config is another: what the analyzers said then stands in"


def start_not_recorded() -> str:
    """Say that a forecast does not ask whether there would be a run."""
    return "auto_review is another: whether the run would begin is not looked at"


def earlier_not_looked_at() -> str:
    """Say that a forecast of a run that went on from an earlier one rests on that one."""
    return "the run went on from an earlier review: what that one said stands as it did"


def refused_calls_not_recorded() -> str:
    """Say that a forecast lacks calls of the model."""
    return "calls that the budget refused then would be made, and have no reply"
