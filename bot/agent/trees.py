"""Trees to put into a sandbox: a commit's files with some of them replaced."""

from collections.abc import Iterator, Mapping

from bot.domain.bisection import Overlay
from bot.domain.ports import SourceFile, Workspace
from bot.domain.pull_request import Sha

NOTHING: Overlay = {}


def tree(workspace: Workspace, sha: Sha, overlay: Overlay = NOTHING) -> Iterator[SourceFile]:
    """Yield the files of a commit with the overlay on top, one at a time."""
    rest = dict(overlay)
    for file in workspace.files(sha):
        if file.path not in overlay:
            yield file
            continue
        data = rest.pop(file.path)
        if data is not None:
            yield SourceFile(file.path, data, is_executable=file.is_executable)
    yield from (SourceFile(path, data) for path, data in sorted(rest.items()) if data is not None)


def contents(workspace: Workspace, sha: Sha, paths: list[str]) -> Mapping[str, bytes]:
    """Return the contents of those files that the commit has."""
    return {file.path: file.data for file in workspace.files(sha, paths)}
