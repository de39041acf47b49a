"""Which paths a list of globs lets through, in time that grows with pattern times path.

There is no regular expression here: a pattern comes from a repository's configuration, and a
backtracking engine can be kept busy for minutes with twenty characters.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PathFilter:
    """Globs; a path is let through when some plain one matches it and none with `!` does.

    Where there is no plain glob, every path that no `!` names is let through.
    """

    globs: tuple[str, ...] = ()

    def matches(self, path: str) -> bool:
        """Tell whether the path is let through."""
        wanted = [glob for glob in self.globs if not glob.startswith("!")]
        if any(is_match(path, glob[1:]) for glob in self.globs if glob.startswith("!")):
            return False
        return not wanted or any(is_match(path, glob) for glob in wanted)


def is_match(path: str, glob: str) -> bool:
    """Tell whether one glob matches a path, as a line of `.gitignore` would.

    `*` and `?` stay inside one name, `**` spans any number of folders, a glob without a slash in
    it names files and folders at any depth, and a folder stands for all that is in it.
    """
    is_anchored = "/" in glob.rstrip("/")
    parts = [part for part in glob.split("/") if part not in ("", ".")]
    prefix = [] if is_anchored else ["**"]
    # What matches a folder matches its content, so a file's own path may go on after the glob.
    wanted = [*prefix, *parts]
    names = path.split("/")
    if glob.endswith("/"):
        return _matches(names[:-1], [*wanted, "**"], _is_any_depth, _is_name)
    whole = _matches(names, wanted, _is_any_depth, _is_name)
    return whole or _matches(names[:-1], [*wanted, "**"], _is_any_depth, _is_name)


def _matches(
    items: Sequence[T],
    pattern: Sequence[T],
    is_wild: Callable[[T], bool],
    is_same: Callable[[T, T], bool],
) -> bool:
    """Match a pattern in which some items stand for any run of items.

    Only the last wild item is ever extended: whatever an earlier one could gain by taking more,
    the last one can take as well. So the work is at most one pass per item.
    """
    item = place = 0
    retry_item, retry_place = 0, -1
    while item < len(items):
        if place < len(pattern) and is_wild(pattern[place]):
            retry_item, retry_place = item, place
            place += 1
        elif place < len(pattern) and is_same(items[item], pattern[place]):
            item, place = item + 1, place + 1
        elif retry_place >= 0:
            retry_item += 1
            item, place = retry_item, retry_place + 1
        else:
            return False
    return all(is_wild(rest) for rest in pattern[place:])


def _is_any_depth(part: str) -> bool:
    return part == "**"


def _is_name(name: str, pattern: str) -> bool:
    return _matches(name, pattern, _is_any_run, _is_character)


def _is_any_run(character: str) -> bool:
    return character == "*"


def _is_character(character: str, pattern: str) -> bool:
    return pattern in ("?", character)
