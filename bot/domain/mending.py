"""What we say about a repair: sentences for the log, the notes and the patch."""

import re
from collections.abc import Sequence

from bot.domain.comments import spoken_test
from bot.domain.evidence import StopReason, TestReport
from bot.domain.findings import Category, Finding, Suggestion
from bot.domain.markdown import cut, details, fence, prose
from bot.domain.pull_request import PullRequest, printable
from bot.domain.replies import LIMIT_BYTES
from bot.domain.review import FixOutcome, PatchResult
from bot.domain.untrusted import one_line, shown

STOPPED = "the search for a repair was stopped; what was found before stands"
OFFER = "`pullwright fix` searches for a small edit that makes the failing tests pass"
_COMMIT_FIRST = f"{OFFER}: commit this work first"
_ONLY_SHOWN = OFFER.replace("pullwright fix", "pullwright fix --no-commit")
_NETWORK = re.compile(
    r"network is unreachable|name or service not known|failure in name resolution"
    r"|nodename nor servname|getaddrinfo (failed|ENOTFOUND|EAI_AGAIN)|max retries exceeded with url"
    r"|socket\.gaierror|no address associated with hostname",
    re.IGNORECASE,
)
_NO_OTHER = ("no edit of our kinds fits there", "there is no other of our kinds")
"""Where none was tried, and where some were."""


def offer(change: PullRequest) -> str:
    """Say what would mend red tests, with a command that works where they were found."""
    if change.is_uncommitted:
        return _COMMIT_FIRST
    return OFFER if change.can_push else _ONLY_SHOWN


def repaired(tried: int, plausible: int, *, seconds: float) -> str:
    """Say how a search ended, for the decision log."""
    return f"{plausible} of {tried} candidates pass, in {seconds:.0f} s"


def no_repair(tried: int) -> str:
    """Say that nothing was found."""
    if not tried:
        return "no small edit was tried"
    return f"none of {tried} small edits makes the red tests pass"


def unrepaired(title: str, tried: int, places: Sequence[str], *, is_spent: bool) -> str:
    """Say that nothing was found, why the search ended, and where a person looks first."""
    ended = "the time for the search is spent" if is_spent else _NO_OTHER[tried > 0]
    where = ", ".join(printable(place) for place in places)
    return (
        f"No repair for `{title}`: {no_repair(tried)}, and {ended}. "
        f"The most suspicious places are {where}: look there first."
    )


def ambiguous(title: str, suggestion: Suggestion) -> str:
    """Say that the tests do not decide between several repairs, and who does."""
    return (
        f"Several small edits would end `{title}`, "
        f"and the tests do not tell which is meant{_differing(suggestion)}. "
        "None is committed by itself: add a test that decides, or apply the patch you mean."
    )


def _differing(suggestion: Suggestion) -> str:
    given, rival = suggestion.distinguishing_input, suggestion.rival
    if not given:
        return ""
    said = f": they differ for {one_line(given, limit=200)}"
    if rival is None or not rival.gives:
        return said
    first, other = (one_line(text, limit=200) for text in (rival.first_gives, rival.gives))
    return f"{said}, where the one gives {first} and another {other}"


def not_compared(title: str) -> str:
    """Say that several repairs pass and that nobody knows whether they do the same."""
    return (
        f"Several small edits would end `{title}`, and what they do could not be compared: that is "
        "done for Python alone, by the engine inside the sandbox and with inputs that it finds. "
        "None is committed by itself: add a test that decides, or apply the patch you mean."
    )


def far_fetched(title: str) -> str:
    """Say that a repair of several changes is for a person to judge."""
    return (
        f"The only repair found for `{title}` makes two changes at once; so many pairs are "
        "tried that one may pass by chance. It is not committed by itself: read it first."
    )


def hiding(title: str) -> str:
    """Say that a repair leaves what is wrong with a module's own name to everybody else."""
    return (
        f"The repair found for `{title}` gives a function a variable of the name of one of its "
        "module's, which stays as it is for all others. It is not committed by itself: read it."
    )


def undecided(findings: Sequence[Finding]) -> str:
    """Say why a patch that passes is not committed; a note says what a person can do."""
    named = ", ".join(f.id for f in findings)
    inputs = [f.suggestion.distinguishing_input for f in findings if f.suggestion]
    why = "edits of different meaning pass the same tests"
    if not any(inputs):
        why = "the tests do not show that the only right edit was found"
    said = f"nothing was committed: {why} ({named})"
    broken = [f.id for f in findings if f.category is Category.REGRESSION]
    if not broken:
        return said
    return f"{said}; `fix {' '.join(broken)} revert` takes back the hunks that broke them"


def left_undecided() -> str:
    """Say why a patch that is proved is shown and is not part of the fix."""
    return "left out: the tests allow another meaning, so a person chooses"


def the_other(patch: PatchResult) -> str:
    """Say above the rival of a patch what it does where the two differ."""
    if not patch.distinguishing_input:
        return "the other patch, for `git apply` if it is the one you mean"
    gives = one_line(patch.rival_gives, limit=200)
    return f"the other patch, for `git apply` if that should give {gives}"


def how_to_take(patch: PatchResult) -> str:
    """Say which command takes the first of two patches, and what it does."""
    name, gives = patch.finding_id, one_line(patch.gives, limit=200)
    if patch.is_offered:  # it was asked for by name, with that very command
        if_so = f" if that should give {gives}" if gives else " if it is the one you mean"
        return f"this one is what `--patch FILE` writes, for `git apply`{if_so}"
    gives = f" (it gives {gives})" if gives else ""
    return f"to take this one{gives}: pullwright fix {name} --no-commit --patch {name}.patch"


def with_the_rest(words: str, outcome: FixOutcome) -> str:
    """Add what was tried and not mended, and show what a person may choose."""
    parts = [words]
    if outcome.review.notes:
        parts.append("\n".join(f"- {prose(note, limit=600)}" for note in outcome.review.notes))
    for patch in outcome.patches:
        if patch.is_ambiguous and patch.text:
            title = f"Patch for {patch.finding_id}, for git apply once you have decided"
            parts.append(details(title, fence(shown(patch.text), "diff")))
            if patch.rival_text:
                title = f"Another patch for {patch.finding_id} that passes the same tests"
                parts.append(details(title, fence(shown(patch.rival_text), "diff")))
    return cut("\n\n".join(parts), limit_bytes=LIMIT_BYTES)


def suspected(lines: Sequence[str]) -> str:
    """Say which lines were suspected, for the decision log."""
    return "suspects: " + "; ".join(lines) if lines else "no suspicious line"


def searching(tried: int, plausible: int) -> str:
    """Say how far a search is."""
    return f"{tried} candidates tried, {plausible} pass"


def not_searched(reason: str) -> str:
    """Say why there was no search."""
    return f"no repair was searched for: {reason}"


def no_survey(stop: StopReason, *, limit_s: float) -> str:
    """Say why nothing is known of the tests where candidates are tried, and what to do."""
    match stop:
        case StopReason.TIMEOUT:
            return (
                f"the tests timed out after {limit_s:g} s in the process that tries candidates, "
                "where they are traced: raise `tests.timeout_s` in the configuration, "
                "or name fewer tests with `tests.command`"
            )
        case StopReason.EXITED:
            return "the tests ended the process that tries candidates: let no test end it"
        case _:
            return f"the process that tries candidates ended ({stop}) before the tests did"


def slowly(reason: str) -> str:
    """Say that candidates are tried by the test command, and why not by the engine."""
    return f"repairs are tried with one run of the test command each, which is slow: {reason}"


def old_red_title(tests: Sequence[str]) -> str:
    """Return the title of a finding about tests that were red before, which a person named."""
    more = f" and {len(tests) - 1} more" if len(tests) > 1 else ""
    return f"{spoken_test(tests[0])}{more} failed before this change too"


def red_before(tests: Sequence[str]) -> str:
    """Say that red tests are not searched for because somebody else made them so."""
    named = ", ".join(one_line(test, limit=120) for test in tests[:3])
    more = f" and {len(tests) - 3} more" if len(tests) > 3 else ""
    them = "it" if len(tests) == 1 else "them"
    return (
        f"{named}{more} failed before this change too, so no repair was searched for; "
        f"on the command line, `fix --failing TEST` searches for one that mends {them}"
    )


def not_red(test: str, report: TestReport) -> str:
    """Say why a test that was named cannot lead to a repair."""
    name = one_line(test, limit=200)
    if test in report.flaky:
        return (
            f"{name} fails in one run and passes in another: "
            "a search needs a test that fails every time"
        )
    if test in report.green:
        return f"{name} passes at head, so there is nothing to repair"
    return f"no test ran at head by the name {name}: `pullwright test --json` names those that fail"


def needs_network(tests: Sequence[str], report: TestReport) -> bool:
    """Tell whether all of these tests fail because the sandbox has no network."""
    said = [report.messages.get(test, "") for test in tests]
    return bool(said) and all(_NETWORK.search(text) for text in said)


def no_use(tests: Sequence[str], report: TestReport) -> str:
    """Say why these red tests lead to no search, or nothing where they may."""
    if needs_network(tests, report):
        return no_network(tests)
    if not any("::" in test for test in tests):
        return not_loaded(tests[0], report.messages.get(tests[0], ""))
    return ""


def not_loaded(file: str, message: str) -> str:
    """Say that a file of tests cannot be imported."""
    errors = [line for line in message.splitlines() if "Error" in line]
    said = f" ({one_line(errors[-1].removeprefix('E').strip(), limit=200)})" if errors else ""
    return (
        f"{printable(file)} cannot be loaded{said}, so none of its tests can lead to a repair: "
        "no repair was searched for; mend the import first"
    )


def no_network(tests: Sequence[str]) -> str:
    """Say that tests want what no sandbox has."""
    named = ", ".join(one_line(test, limit=120) for test in tests[:3])
    return (
        f"{named} wants a network, and tests run without one here: "
        "no repair was searched for; let the test use a stand-in for the server"
    )


def passes_here(title: str) -> str:
    """Say that the failure could not be seen again where candidates are tried."""
    return (
        f"No repair was searched for `{title}`: "
        "the tests pass in the process that tries candidates, so they depend on more than the code"
    )


def nowhere(title: str) -> str:
    """Say that the failing tests run no line that a fix may edit."""
    return f"No repair was searched for `{title}`: the tests reach no line that a fix may edit"
