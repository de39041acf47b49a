"""Git over the user's files with a repository folder of ours, so that no config of theirs acts.

A filter, a hook or a file monitor can only be named by a config or a hooks folder, and those are
ours here; `.gitattributes` may still name them, to no effect. What the user's settings say about
line endings, file modes and ignored files is carried over by value.
"""

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from bot.adapters.git_local import LocalRepository
from bot.adapters.git_mirror import Mirror
from bot.adapters.git_process import Git

CARRIED = (
    "core.autocrlf",
    "core.eol",
    "core.filemode",
    "core.ignorecase",
    "core.precomposeunicode",
    "core.symlinks",
)
DEFAULT_IGNORE = "~/.config/git/ignore"


@contextmanager
def isolated(
    repository: LocalRepository, mirror: Mirror, *, index: Path | None = None
) -> Iterator[Git]:
    """Give a git over the user's working tree and `index`, or a copy of their index.

    New objects go to the mirror; both sides' objects are readable.
    """
    settings = repository.git.settings()
    with tempfile.TemporaryDirectory(dir=mirror.path.parent, prefix=".index-") as folder:
        git_dir = Path(folder)
        _fill(git_dir, repository)
        git = mirror.git.inside(
            git_dir,
            GIT_WORK_TREE=str(repository.work_tree),
            GIT_OBJECT_DIRECTORY=str(mirror.path / "objects"),
            GIT_INDEX_FILE=str(index or git_dir / "index"),
            **_config_variables(settings),
        )
        yield replace(git, folder=repository.work_tree)


def _fill(git_dir: Path, repository: LocalRepository) -> None:
    for name in ("objects", "refs", "info"):
        (git_dir / name).mkdir()
    (git_dir / "HEAD").write_text("ref: refs/heads/none\n")
    (git_dir / "config").write_text(
        "[core]\n\trepositoryFormatVersion = 1\n\tsymlinks = true\n"
        f"[extensions]\n\tobjectFormat = {repository.object_format}\n"
    )
    exclude = repository.common_dir / "info" / "exclude"
    if exclude.is_file():
        shutil.copyfile(exclude, git_dir / "info" / "exclude")
    for file in [repository.git_dir / "index", *repository.git_dir.glob("sharedindex.*")]:
        if file.is_file():
            # The time goes along: git tells files that may have changed within the index's own
            # second by it (Documentation/technical/racy-git).
            shutil.copy2(file, git_dir / file.name)


def _config_variables(settings: Mapping[str, str]) -> dict[str, str]:
    carried = {key: settings[key] for key in CARRIED if key in settings}
    ignore = settings.get("core.excludesfile", DEFAULT_IGNORE)
    carried["core.excludesFile"] = str(Path(ignore).expanduser())
    variables = {"GIT_CONFIG_COUNT": str(len(carried))}
    for number, (key, value) in enumerate(carried.items()):
        variables[f"GIT_CONFIG_KEY_{number}"] = key
        variables[f"GIT_CONFIG_VALUE_{number}"] = value
    return variables
