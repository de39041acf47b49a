"""What the summary says of coverage: the share and the lines, folded, and nothing where unknown."""

from bot.domain import posts
from tests import reviews


def test_the_summary_folds_which_changed_statements_no_test_reaches() -> None:
    said = posts.summary(reviews.reaching(4), (), (), posts.Wording())

    folded = said.partition("<details>")[2]
    assert "**What the tests reach**" in folded
    assert "- tests reach 0 of 1 changed statements" in folded
    assert "- no test reaches src/shop/cart.py: 5" in folded


def test_the_summary_says_nothing_of_coverage_that_is_unknown() -> None:
    said = posts.summary(reviews.review(), (), (), posts.Wording())

    assert "What the tests reach" not in said
