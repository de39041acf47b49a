"""What a commit says of itself, read by GitPython.

GitPython hands every program that it starts our whole environment, and starts `git version` when it
is imported. So only the command line uses it, on a person's own machine: a worker, whose
environment holds secrets, never imports this module (rule R21).
"""

from collections.abc import Mapping
from pathlib import Path

from git import Repo
from git.exc import BadName, BadObject, GitError

from bot.domain.pull_request import Sha

SHA1_DIGITS = 40
"""GitPython knows no other hashes."""


def described(git_dir: Path, sha: Sha, environment: Mapping[str, str]) -> tuple[str, str] | None:
    """Return author and subject, or None where GitPython cannot read the commit.

    `environment` is laid over ours for the reading process, so that no setting of the user counts.
    """
    if len(sha) != SHA1_DIGITS:
        return None
    try:
        with Repo(git_dir) as repo:
            repo.git.update_environment(**environment)
            commit = repo.commit(sha)
            return str(commit.author.name or ""), str(commit.summary)
    except (BadName, BadObject, GitError, ValueError, OSError):
        return None
