import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.claims import Tree, is_unfounded

MANIFESTS = {
    "requirements.txt": b"requests==2.31.0\nDjango_Extra>=4.2,<5.0\n",
    "package.json": b'{"dependencies": {"left-pad": "^1.3.0"}}\n',
    "poetry.lock": b'[[package]]\nname = "attrs"\nversion = "23.1.0"\n',
}
PATHS = ("shop/cart.py", "tests/test_cart.py", "config.json", *MANIFESTS)
TREE = Tree(PATHS, lambda: MANIFESTS)


@pytest.mark.parametrize(
    "text",
    [
        "`shop/cart.py` does not exist in the repository",
        "The import fails: cart.py is missing.",
        "config.json is not part of this repository",
        "`shop/till.py` already exists in the repository",
        "requests is pinned to 2.30.0",
        "The lock file has attrs==22.0.0, which lacks this name.",
        "left-pad@1.2.0 has no such function",
        "Python 3.14 does not exist",
        "version 9.9.9 of `requests` was never released",
        "requests 2.31.0 is outdated",
        "The latest version of requests is 2.32.3.",
        "The date 2026-11-26 is in the future",
        "As of my knowledge cutoff there is no such model",
        "It was deprecated in 2019.",
    ],
)
def test_what_the_tree_contradicts_or_cannot_tell_is_unfounded(text: str) -> None:
    assert is_unfounded(text, TREE)


@pytest.mark.parametrize(
    "text",
    [
        "`shop/till.py` does not exist in the repository",
        "If config.json does not exist, load raises FileNotFoundError",
        "load crashes when config.json is missing",
        "config.json may be there and `shop/cart.py` already exists in the project",
        "/etc/config.json does not exist",
        "requests is pinned to 2.31.0",
        "django-extra==4.2 allows this",
        "attrs==23.1.0 lacks this name",
        "numpy==1.0 is not what the manifests name",
        "The key `name` does not exist in the reply",
        "total(1.5) does not exist for an empty list",
        "The address 127.0.0.1 is not available",
        "The lock is released in 2 of 3 branches",
        "The year 2000 is a leap year, and this says it is not",
        "A date in the future is accepted",
    ],
)
def test_a_true_claim_a_condition_and_another_matter_are_kept(text: str) -> None:
    assert not is_unfounded(text, TREE)


_WORDS = st.sampled_from(
    (
        *("the", "value", "is", "used", "before", "it", "checked", "total", "of", "an", "empty"),
        *("list", "raises", "IndexError", "1.5", "2024", "does", "not", "exist", "`x`", "file"),
    )
)


@given(st.lists(_WORDS, max_size=20).map(" ".join))
def test_words_without_a_file_or_a_package_claim_nothing_of_them(text: str) -> None:
    nothing = Tree((), dict)
    everything = Tree(PATHS, lambda: MANIFESTS)

    assert is_unfounded(text, nothing) == is_unfounded(text, everything)


@given(st.sampled_from(PATHS), st.sampled_from(("does not exist", "is missing")))
def test_only_the_tree_decides_what_is_missing(path: str, words: str) -> None:
    assert is_unfounded(f"{path} {words}", TREE)
    assert not is_unfounded(f"{path} {words}", Tree((), dict))


@given(st.text(max_size=300))
def test_any_text_is_judged(text: str) -> None:
    assert is_unfounded(text, TREE) in (True, False)


def test_manifests_are_read_only_where_a_version_is_claimed() -> None:
    def never() -> dict[str, bytes]:
        raise AssertionError

    assert not is_unfounded("The total is wrong for an empty list.", Tree(PATHS, never))
