"""Which paths a list of globs lets through."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.path_filter import PathFilter, is_match


@pytest.mark.parametrize(
    ("glob", "path"),
    [
        ("*.md", "README.md"),
        ("*.md", "docs/deep/page.md"),
        ("docs", "docs/deep/page.md"),
        ("docs/", "docs/deep/page.md"),
        ("docs/**", "docs/deep/page.md"),
        ("docs/*.md", "docs/page.md"),
        ("/docs/*.md", "docs/page.md"),
        ("./docs/*.md", "docs/page.md"),
        ("**/test_*.py", "test_a.py"),
        ("**/test_*.py", "a/b/test_a.py"),
        ("a/**/z", "a/z"),
        ("a/**/z", "a/b/c/z"),
        ("**", "any/thing"),
        ("*", "any/thing"),
        ("/build", "build/x"),
        ("?.py", "a.py"),
        ("a b\n*", "a b\nc"),
        ("\udcff*", "\udcff.py"),
    ],
)
def test_a_glob_matches_as_in_a_gitignore(glob: str, path: str) -> None:
    assert is_match(path, glob)


@pytest.mark.parametrize(
    ("glob", "path"),
    [
        ("docs/*.md", "docs/deep/page.md"),
        ("/README.md", "docs/README.md"),
        ("docs/", "docs"),
        ("docs", "mydocs/page.md"),
        ("*.md", "README.mdx"),
        ("a/**/z", "a/zz"),
        ("?.py", "ab.py"),
        ("src/**/*.py", "lib/src/a.py"),
        ("/build", "x/build"),
        ("[ab].py", "a.py"),
        ("README.MD", "README.md"),
    ],
)
def test_a_glob_matches_nothing_else(glob: str, path: str) -> None:
    assert not is_match(path, glob)


def test_without_globs_every_path_is_let_through() -> None:
    assert PathFilter().matches("any/thing")


def test_an_exclamation_mark_leaves_out() -> None:
    wanted = PathFilter(("!*.md", "!vendor/"))

    assert [p for p in ("a.py", "a.md", "vendor/x.py") if wanted.matches(p)] == ["a.py"]


def test_plain_globs_let_only_their_own_through_and_the_mark_wins() -> None:
    wanted = PathFilter(("src/**", "!**/generated/**", "src/generated/keep.py"))

    paths = ("src/a.py", "docs/a.py", "src/generated/x.py", "src/generated/keep.py")
    assert [p for p in paths if wanted.matches(p)] == ["src/a.py"]


@pytest.mark.parametrize(
    "glob", ["*a" * 99, "**/a/" * 40, "?*" * 100, r"^(\s*\w+\s*)+:$", "**" * 99]
)
def test_no_pattern_is_slow_on_any_path(glob: str) -> None:
    start = time.process_time()

    is_match("/".join(["a" * 250] * 16) + "!", glob)
    is_match("a/" * 2000 + "b", glob)

    assert time.process_time() - start < 0.5


@settings(database=None)
@given(
    glob=st.text("ab*?", min_size=1, max_size=8).filter(lambda glob: "**" not in glob),
    name=st.text("abc", max_size=8),
)
def test_a_glob_of_one_name_means_what_the_regular_expression_means(glob: str, name: str) -> None:
    expression = re.escape(glob).replace(r"\*", "[^/]*").replace(r"\?", "[^/]")

    assert is_match(name, f"/{glob}") == bool(re.fullmatch(expression, name))


@settings(database=None)
@given(
    parts=st.lists(st.sampled_from(["a", "b", "**"]), min_size=1, max_size=6),
    names=st.lists(st.sampled_from("abc"), min_size=1, max_size=6),
)
def test_two_stars_mean_any_number_of_folders(parts: list[str], names: list[str]) -> None:
    expression = "".join("([^/]+/)*" if part == "**" else f"{part}/" for part in parts)
    is_folder_of_it = rf"{expression}([^/]+/)*"

    found = is_match("/".join(names), "/" + "/".join(parts))
    assert found == bool(re.fullmatch(is_folder_of_it, "/".join(names) + "/"))
