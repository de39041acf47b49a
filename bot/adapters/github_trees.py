"""The files of a commit as GitHub has them, with their modes: what a commit would rewrite."""

import base64
from collections.abc import Collection, Iterable, Iterator

from bot.adapters.github_http import GitHubRequester, repo_path
from bot.domain.commit_rules import REGULAR_FILE, OldFile
from bot.domain.forge import FileChanges, RepoId

_FOLDER = "040000"
_SUBMODULE = "160000"

_Entry = tuple[str, str]
"""Mode and id."""


def old_files(
    requester: GitHubRequester, repo: RepoId, *, tree: str, paths: Iterable[str]
) -> dict[str, OldFile]:
    """Return those of the paths that exist; a link or a submodule shows by its mode."""
    return dict(_Trees(requester, repo, tree).files(paths))


def is_just(
    requester: GitHubRequester, repo: RepoId, *, before: str, after: str, files: FileChanges
) -> bool:
    """Tell whether a tree is an earlier one with these files in it, and not one byte more."""
    trees = _Trees(requester, repo, after)
    wanted = {p: OldFile(REGULAR_FILE, data) for p, data in files.items() if data is not None}
    return trees.has_only(files, before, after) and dict(trees.files(files)) == wanted


class _Trees:
    """Folders by the id of their tree, each read once; large repositories answer nothing more."""

    def __init__(self, requester: GitHubRequester, repo: RepoId, root: str) -> None:
        self._requester = requester
        self._path = repo_path(repo)
        self._root = root
        self._entries: dict[str, dict[str, _Entry]] = {}

    def files(self, paths: Iterable[str]) -> Iterator[tuple[str, OldFile]]:
        for path in paths:
            found = self._find(path)
            if found is not None:
                mode, sha = found
                is_file = mode not in (_FOLDER, _SUBMODULE)
                yield path, OldFile(mode, self._blob(sha) if is_file else b"")

    def has_only(
        self, paths: Collection[str], before: str | None, after: str | None, *, below: str = ""
    ) -> bool:
        """Tell whether two folders differ at these paths at most.

        Looks only into folders on the way to a path, so a change of everything costs no more.
        """
        old, new = (self._folder(sha) if sha is not None else {} for sha in (before, after))
        for name in (n for n in old.keys() | new.keys() if old.get(n) != new.get(n)):
            path, sides = below + name, (old.get(name), new.get(name))
            is_way = any(one.startswith(f"{path}/") for one in paths)
            if path in paths and not any(_is_folder(side) for side in sides):
                continue
            if not is_way or not all(side is None or _is_folder(side) for side in sides):
                return False
            shas = [side[1] if side is not None else None for side in sides]
            if not self.has_only(paths, *shas, below=f"{path}/"):
                return False
        return True

    def _find(self, path: str) -> _Entry | None:
        """Return mode and id of what is at a path; a file in the way of a folder is it too."""
        mode, sha = _FOLDER, self._root
        for part in path.split("/"):
            if mode != _FOLDER:
                break
            found = self._folder(sha).get(part)
            if found is None:
                return None
            mode, sha = found
        return mode, sha

    def _folder(self, sha: str) -> dict[str, _Entry]:
        if sha not in self._entries:
            _, data = self._requester.requestJsonAndCheck("GET", f"{self._path}/git/trees/{sha}")
            self._entries[sha] = {
                entry["path"]: (entry["mode"], entry["sha"]) for entry in data["tree"]
            }
        return self._entries[sha]

    def _blob(self, sha: str) -> bytes:
        _, data = self._requester.requestJsonAndCheck("GET", f"{self._path}/git/blobs/{sha}")
        return base64.b64decode(data["content"])


def _is_folder(entry: _Entry | None) -> bool:
    return entry is not None and entry[0] == _FOLDER
