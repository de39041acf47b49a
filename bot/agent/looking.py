"""What one run looked at, in the words of `domain.identity`."""

from collections.abc import Mapping

from bot.agent.review import Episode
from bot.agent.state import State
from bot.domain.findings import Finding
from bot.domain.identity import Look, enclosing_code
from bot.domain.ports import Syntax
from bot.domain.reading import OF_TESTS


def look_of(episode: Episode, syntax: Syntax) -> Look:
    """Return what a run saw, so that its findings get their lasting ids."""
    state, review = episode.state, episode.review
    left = {f.old_path for f in state.diff.files if f.old_path not in state.head_paths}
    return Look(
        head_sha=review.change.head_sha,
        found=review.findings,
        enclosing=lambda finding: _code_around(finding, state.head, syntax),
        was_looked_at=lambda finding: _was_looked_at(finding, state),
        is_gone=lambda path: path not in state.head_paths,
        moved={f.old_path: f.path for f in state.diff.files if f.old_path in left},
    )


def _code_around(finding: Finding, head: Mapping[str, bytes], syntax: Syntax) -> str:
    path = finding.location.path
    data = head.get(path, b"")
    text = data.decode("utf-8", "surrogateescape")
    return enclosing_code(text, finding, lambda line: syntax.enclosing_symbol(path, data, line))


def _was_looked_at(finding: Finding, state: State) -> bool:
    """Tell whether the tool that found it looked again, and would have found it.

    A file that the change does not touch any more has nothing of this pull request in it.
    """
    if finding.source == OF_TESTS:
        return state.head_tests is not None
    path = finding.location.path
    is_read = any(seen == path for seen, _ in state.seen)
    return is_read or path not in state.diff.by_path
