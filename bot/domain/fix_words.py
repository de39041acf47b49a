"""What a fix says of the findings that it left alone, and of where nothing can be proved."""

import difflib
from collections.abc import Collection, Iterable, Sequence

from bot.domain.comments import suite_counts
from bot.domain.evidence import Grade, Together, file_of
from bot.domain.findings import Category, Finding, FindingId, Suggestion
from bot.domain.markdown import code
from bot.domain.pull_request import printable
from bot.domain.untrusted import one_line

NO_CODE_RUNS = "no code of the repository runs"
"""Begins the reason why nothing could be proved here, and never could."""
TOOLS_ONLY = "for our analyzers alone"
"""Of a sandbox that the repository's code never enters."""
REVERTED = "bisect"
"""The source of suggestions that take the author's own work back."""
_MOST_NAMED = 20


def left_alone(findings: Sequence[Finding], done: Collection[FindingId], trigger: str) -> str:
    """Name the findings that a fix does not end, each with the reason; empty for none."""
    named = [f"{f.id} ({_why(f, trigger)})" for f in findings if f.id not in done]
    if not named:
        return ""
    rest = len(named) - _MOST_NAMED
    more = f" and {rest} more" if rest > 0 else ""
    return f"Left out: {', '.join(named[:_MOST_NAMED])}{more}."


def still_left(findings: Sequence[Finding], trigger: str) -> str:
    """Say in the last line of a fix what is not mended and why; empty for nothing."""
    said = left_alone(findings, (), trigger)
    return f"not mended: {said.removeprefix('Left out: ').removesuffix('.')}" if said else ""


def together(whole: Together | None) -> str:
    """Say what the patches did as one; empty where there is one patch, or no tests."""
    if whole is None or whole.before is None or whole.after is None:
        return ""
    return f"All patches together: suite {suite_counts(whole.before, whole.after)}"


def is_fixable(finding: Finding) -> bool:
    """Tell whether asking for a fix of this finding can end in a commit.

    Failing tests are searched for a repair when a fix is asked for, and not before.
    """
    if finding.category in (Category.REGRESSION, Category.TEST):
        return True
    suggestion = finding.suggestion
    return suggestion is not None and _is_open(suggestion)


def is_revertible(finding: Finding) -> bool:
    """Tell whether its patch takes a hunk of the author's own back."""
    suggestion = finding.suggestion
    return suggestion is not None and suggestion.source == REVERTED and _is_open(suggestion)


def _is_open(suggestion: Suggestion) -> bool:
    return suggestion.proof is None or suggestion.proof.grade is Grade.PROVED


def who_must_act(limits: Sequence[str]) -> str:
    """Say whose business it is that nothing can be proved; empty where something can."""
    if not any(NO_CODE_RUNS in limit for limit in limits):
        return ""
    return (
        f"; {NO_CODE_RUNS} here, so nothing can be proved: the operator of this App has to act, "
        "and `pullwright doctor` says how"
    )


def _why(finding: Finding, trigger: str) -> str:
    suggestion = finding.suggestion
    if suggestion is None:
        return "no patch"
    if suggestion.proof is None:
        return "its patch was not tried"
    if suggestion.proof.grade is not Grade.PROVED:
        return f"its patch is {suggestion.proof.grade}"
    if suggestion.is_ambiguous:
        return "the tests allow patches of different meaning, so a person chooses"
    if suggestion.source == REVERTED:
        return f"a hunk of yours, which {code(f'{trigger} fix {finding.id} revert')} takes back"
    return "its patch is none that takes a hunk back"


def unknown_findings(ids: Iterable[str], known: Sequence[Finding]) -> str:
    """Say which finding ids do not exist."""
    there = f"this review has {', '.join(f.id for f in known[:50]) or 'no findings'}"
    return f"unknown finding: {', '.join(one_line(i, limit=20) for i in ids)} ({there})"


def unknown_ids(ids: Sequence[FindingId], there: Sequence[FindingId]) -> str:
    """Say which finding ids no finding has, and which there are."""
    named = ", ".join(one_line(i, limit=20) for i in ids)
    if not there:
        return f"unknown finding: {named} (this review has no findings)"
    known = there[0] if len(there) == 1 else f"F1, and nothing above {there[-1]}"
    return f"unknown finding: {named} (this review has {known}; `pullwright review` lists them)"


def not_an_id(ids: Sequence[str]) -> str:
    """Say that a word cannot be a finding."""
    named = ", ".join(one_line(i, limit=40) for i in ids)
    return f"unknown finding: {named} (a finding is F1, F2 ... or the fingerprint of the JSON)"


def unknown_tests(tests: Sequence[str], there: Sequence[str]) -> str:
    """Say that no test of the suite has a name, and which come nearest."""
    named = ", ".join(one_line(test, limit=200) for test in tests[:_MOST_NAMED])
    near = difflib.get_close_matches(tests[0], there, n=3, cutoff=0.5)
    if not there:
        return f"no test ran at head, so there is none by the name {named}"
    hint = f"did you mean {' or '.join(one_line(test, limit=200) for test in near)}"
    every = "`pullwright test --json` names those that fail"
    return f"no test ran at head by the name {named}: {hint if near else every}"


def unknown_test_file(test: str, there: Sequence[str]) -> str:
    """Say that the head has no file of a test that was named, and which comes nearest."""
    file = file_of(test)
    near = difflib.get_close_matches(file, there, n=1, cutoff=0.6)
    hint = f": did you mean {printable(near[0])}" if near else ""
    return f"no test {one_line(test, limit=200)}: the head has no file {printable(file)}{hint}"


def nothing_to_fix() -> str:
    """Say that a change has no finding that a fix could end."""
    return "nothing to fix: there is no open finding, so nothing was changed"


def no_patch(named: Sequence[Finding]) -> str:
    """Say that no finding, or none of those that were asked for, has a patch.

    With what each is and where: a number that was read in another run may be another finding's.
    """
    told = [
        f"{f.id} ({code(f'{f.rule} {f.location.path}:{f.location.start_line}')})" for f in named
    ]
    rest = len(told) - _MOST_NAMED
    more = f" and {rest} more" if rest > 0 else ""
    every = f"{', '.join(told[:_MOST_NAMED])}{more}" or "any open finding"
    return f"no patch for {every}, so nothing was changed"


def written(file: str) -> str:
    """Say where a patch is, and what to do with it."""
    return f"the patch is in {printable(file)}: git apply {printable(file)}"


def nothing_written(file: str) -> str:
    """Say that a patch was asked for as a file and that there is none."""
    return f"{printable(file)} was not written: there is no patch to put into it"


def uncommitted_work(paths: Sequence[str]) -> str:
    """Say which files of the change a fix may not touch now, and what to do."""
    named = ", ".join(printable(path) for path in paths[:3])
    more = f" and {len(paths) - 3} more" if len(paths) > 3 else ""
    verb = "has" if len(paths) == 1 else "have"
    return (
        f"{named}{more} {verb} uncommitted work, and a fix would have to be committed over it: "
        "commit or stash it first, or ask for the patch alone with `--no-commit`; "
        "nothing was run or changed"
    )


def or_no_commit(why_not: str) -> str:
    """Add to the reason why nothing can be committed what can be had without a commit."""
    return f"{why_not}; `--no-commit` shows the patch alone; nothing was run"


def not_committed(reason: str) -> str:
    """Say why a patch that is proved could not be committed."""
    return f"nothing was committed: {reason}; `--no-commit --patch FILE` keeps the patch"
