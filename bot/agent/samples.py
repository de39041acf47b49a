"""A test file to take as a sample, and where a new one beside it would be."""

import posixpath
from collections.abc import Mapping

from bot.agent.state import State
from bot.domain.evidence import file_of
from bot.domain.ports import Workspace
from bot.domain.test_files import is_test_file

_NAMES: Mapping[str, str] = {
    ".py": "test_pullwright_{}.py",
    ".go": "pullwright_{}_test.go",
    ".js": "pullwright_{}.test.js",
    ".mjs": "pullwright_{}.test.mjs",
    ".cjs": "pullwright_{}.test.cjs",
    ".ts": "pullwright_{}.test.ts",
}


def sample_test(workspace: Workspace, state: State) -> tuple[str, str] | None:
    """Return path and text of a small test file of the head that ran, or None where none is."""
    head = workspace.change.head_sha
    green = state.head_tests.green if state.head_tests is not None else frozenset()
    ran = {file_of(test) for test in green}
    entries = [
        entry
        for entry in workspace.entries(head)
        if is_test_file(entry.path) and posixpath.splitext(entry.path)[1] in _NAMES
    ]
    best = min(entries, key=lambda e: (e.path not in ran, e.size_bytes, e.path), default=None)
    if best is None:
        return None
    data = next((f.data for f in workspace.files(head, [best.path])), b"")
    return best.path, data.decode("utf-8", "replace")


def beside(sample: str, name: str) -> str:
    """Return the path of a new test file next to a sample; `name` is one word of ours."""
    folder, suffix = posixpath.dirname(sample), posixpath.splitext(sample)[1]
    return posixpath.join(folder, _NAMES[suffix].format(name))
