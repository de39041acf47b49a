"""The cache of mirrors: private, locked, bounded."""

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bot.adapters.git_mirror import MirrorCache
from bot.errors import Retryable


def test_only_its_owner_may_look_into_the_cache(tmp_path: Path) -> None:
    tmp_path.joinpath("cache").mkdir(mode=0o755)

    MirrorCache(tmp_path / "cache", 10).open("name").close()

    assert stat.S_IMODE((tmp_path / "cache").stat().st_mode) == 0o700


def test_a_mirror_is_made_once(tmp_path: Path) -> None:
    cache = MirrorCache(tmp_path, 10)

    first, second, other = cache.open("a"), cache.open("a"), cache.open("b")

    assert first.path == second.path != other.path
    for mirror in (first, second, other):
        mirror.close()


def test_runs_that_start_together_share_one_mirror(tmp_path: Path) -> None:
    cache = MirrorCache(tmp_path, 10)

    with ThreadPoolExecutor(8) as pool:
        mirrors = list(pool.map(lambda _: cache.open("a"), range(8)))

    assert len({mirror.path for mirror in mirrors}) == 1
    assert sorted(p.suffix for p in tmp_path.iterdir()) == ["", ".git"]
    for mirror in mirrors:
        mirror.close()


def test_over_the_limit_the_least_recently_used_go_first(tmp_path: Path) -> None:
    names = ["old", "middle", "new"]
    for age, name in enumerate(reversed(names)):
        mirror = MirrorCache(tmp_path, 10).open(name)
        (mirror.path / "objects" / "pack" / "filler").write_bytes(b"x" * 1000_000)
        mirror.close()
        os.utime(mirror.path, (1_700_000_000 - age, 1_700_000_000 - age))

    MirrorCache(tmp_path, 10, limit_bytes=2_500_000).prune()

    assert sorted(p.name.partition("-")[0] for p in tmp_path.glob("*.git")) == ["middle", "new"]


def test_a_mirror_in_use_is_never_pruned(tmp_path: Path) -> None:
    mirror = MirrorCache(tmp_path, 10).open("used")

    MirrorCache(tmp_path, 10, limit_bytes=1).prune()

    assert mirror.path.is_dir()
    mirror.close()
    MirrorCache(tmp_path, 10, limit_bytes=1).prune()
    assert not mirror.path.exists()


def test_two_fetches_into_one_mirror_wait_for_each_other(tmp_path: Path) -> None:
    first, second = MirrorCache(tmp_path, 0.2).open("a"), MirrorCache(tmp_path, 0.2).open("a")

    with first.writing(), pytest.raises(Retryable, match="still fetching"), second.writing():
        pass

    with second.writing():
        pass
    first.close()
    second.close()


def test_what_a_killed_process_left_is_swept_after_a_day(tmp_path: Path) -> None:
    for name, age in ((".index-old", 2 * 86400), (".index-young", 60)):
        (tmp_path / name).mkdir()
        then = tmp_path.stat().st_mtime - age
        os.utime(tmp_path / name, (then, then))

    MirrorCache(tmp_path, 10).open("a").close()

    assert [p.name for p in tmp_path.glob(".index-*")] == [".index-young"]


def test_a_mirror_borrows_from_a_folder_with_any_name(tmp_path: Path) -> None:
    odd = tmp_path / '#"odd" \udcff\n'
    (odd / "info").mkdir(parents=True)
    mirror = MirrorCache(tmp_path / "cache", 10).open("a")

    mirror.borrow(odd)

    assert mirror.git.text("count-objects", "-v").count("alternate: ") == 1
    mirror.close()
