"""The files of a commit as GitHub has them, with their modes: what a commit would rewrite."""

import base64
from collections.abc import Iterable, Iterator

from bot.adapters.github_http import GitHubRequester, repo_path
from bot.domain.commit_rules import OldFile
from bot.domain.forge import RepoId

_FOLDER = "040000"
_SUBMODULE = "160000"


def old_files(
    requester: GitHubRequester, repo: RepoId, *, tree: str, paths: Iterable[str]
) -> dict[str, OldFile]:
    """Return those of the paths that exist; a link or a submodule shows by its mode."""
    return dict(_Trees(requester, repo, tree).files(paths))


class _Trees:
    """Folders by the id of their tree, each read once; large repositories answer nothing more."""

    def __init__(self, requester: GitHubRequester, repo: RepoId, root: str) -> None:
        self._requester = requester
        self._path = repo_path(repo)
        self._root = root
        self._entries: dict[str, dict[str, tuple[str, str]]] = {}

    def files(self, paths: Iterable[str]) -> Iterator[tuple[str, OldFile]]:
        for path in paths:
            found = self._find(path)
            if found is not None:
                mode, sha = found
                is_file = mode not in (_FOLDER, _SUBMODULE)
                yield path, OldFile(mode, self._blob(sha) if is_file else b"")

    def _find(self, path: str) -> tuple[str, str] | None:
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

    def _folder(self, sha: str) -> dict[str, tuple[str, str]]:
        if sha not in self._entries:
            _, data = self._requester.requestJsonAndCheck("GET", f"{self._path}/git/trees/{sha}")
            self._entries[sha] = {
                entry["path"]: (entry["mode"], entry["sha"]) for entry in data["tree"]
            }
        return self._entries[sha]

    def _blob(self, sha: str) -> bytes:
        _, data = self._requester.requestJsonAndCheck("GET", f"{self._path}/git/blobs/{sha}")
        return base64.b64decode(data["content"])
