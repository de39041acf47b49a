"""What a fix says of the findings that it left alone, and of where nothing can be proved."""

from collections.abc import Collection, Sequence

from bot.domain.evidence import Grade
from bot.domain.findings import Category, Finding, FindingId, Suggestion
from bot.domain.markdown import code

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
