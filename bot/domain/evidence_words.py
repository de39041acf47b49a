"""What evidence does not say: why a proved patch may be the wrong one, and whose word it is."""

from collections.abc import Sequence

from bot.domain.diff import Diff
from bot.domain.findings import Doubt, Suggestion
from bot.domain.pull_request import printable
from bot.domain.test_files import is_test_control, is_test_file
from bot.domain.untrusted import one_line

_MOST_NAMED = 3


def doubt_of(suggestion: Suggestion) -> str:
    """Return why a person has to choose, or nothing where nobody has to."""
    if not suggestion.is_ambiguous:
        return ""
    return doubted(suggestion.doubt, suggestion.distinguishing_input)


def doubted(doubt: Doubt, arguments: str | None) -> str:
    """Return why a patch that passes may not be the one that is meant."""
    match doubt:
        case Doubt.NOT_COMPARED:
            return (
                "other edits pass the same tests, and what they do could not be compared: "
                "read it before you apply it"
            )
        case Doubt.TWO_CHANGES:
            return "it makes two changes at once, so it may pass by chance: read it first"
        case Doubt.HIDES_NAME:
            return "it hides a name of its module, which stays wrong for all others: read it first"
        case Doubt.ANOTHER_MEANING if arguments:
            differs = one_line(arguments, limit=200)
            return f"another patch passes the same tests; an input for which they differ: {differs}"
        case Doubt.ANOTHER_MEANING:
            return (
                "a patch of another meaning may pass the same tests; "
                "no input that shows it is known"
            )


def own_word(diff: Diff | None) -> str:
    """Say what a change edits about its own tests, and what stands against that."""
    files = diff.files if diff is not None else ()
    tests = [file.path for file in files if is_test_file(file.path)]
    rules = [file.path for file in files if is_test_control(file.path) and file.path not in tests]
    parts = [f"tests ({_named(tests)})"] if tests else []
    parts += [f"how tests run ({_named(rules)})"] if rules else []
    edited = " and ".join(parts) or "tests"
    return (
        f"this change edits {edited}, so it decides itself what passes here; "
        "the merge base's tests ran on it as well, and they count"
    )


def _named(paths: Sequence[str]) -> str:
    more = len(paths) - _MOST_NAMED
    named = ", ".join(printable(path) for path in paths[:_MOST_NAMED])
    return f"{named} and {more} more" if more > 0 else named
