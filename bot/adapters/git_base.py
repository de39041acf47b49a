"""Files of the base side alone, where there may be no change on top of it to review."""

from collections.abc import Collection, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from bot.adapters.git_local import find_local
from bot.adapters.git_mirror import Mirror, MirrorCache
from bot.adapters.git_objects import CheckoutBudget, ObjectReader
from bot.adapters.git_remote import fetch_base, parse_remote
from bot.adapters.git_workspace import OVER_LIMIT, PARTIAL_CLONE
from bot.domain.pull_request import Sha
from bot.errors import Refused


@dataclass(frozen=True, slots=True)
class BaseFiles:
    """What the base side holds of some files."""

    ref: str
    """The base as a person would name it."""
    sha: Sha | None
    """None where the repository has no commit yet."""
    files: Mapping[str, bytes]


def local_base(
    path: Path, *, base: str | None, cache: Path, budget: CheckoutBudget, paths: Collection[str]
) -> BaseFiles:
    """Read them from a repository of this machine; raises Refused as a review does."""
    mirrors = MirrorCache(cache, budget.seconds)
    repository = find_local(mirrors.git().at(path))
    if base is None and repository.is_empty:
        return BaseFiles("", None, {})
    name = base if base is not None else repository.default_base()
    sha = repository.resolve(name)
    with closing(
        mirrors.open(str(repository.common_dir), object_format=repository.object_format)
    ) as mirror:
        mirror.borrow(repository.objects)
        files = _read(mirror, sha, paths, budget, missing=PARTIAL_CLONE)
    return BaseFiles(name.removeprefix("refs/remotes/"), sha, files)


def remote_base(  # noqa: PLR0913 - what names a commit on a server, and the limits
    url: str, *, base: str | None, cache: Path, budget: CheckoutBudget, network: Mapping[str, str],
    paths: Collection[str],
) -> BaseFiles:  # fmt: skip
    """Fetch them from a repository on a server; raises Refused, TooLarge, Retryable."""
    mirrors = MirrorCache(cache, budget.seconds)
    mirror, name, sha = fetch_base(parse_remote(url, network), mirrors, base=base, budget=budget)
    with closing(mirror):
        return BaseFiles(name, sha, _read(mirror, sha, paths, budget, missing=OVER_LIMIT))


def _read(
    mirror: Mirror, sha: Sha, paths: Collection[str], budget: CheckoutBudget, *, missing: Refused
) -> dict[str, bytes]:
    with closing(ObjectReader(mirror.git, budget, missing=missing)) as reader:
        tree = reader.tree(sha)
        return {path: reader.read(tree[path]) for path in paths if path in tree}
