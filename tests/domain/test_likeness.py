"""A finding like ones that three people turned down is held back, and a security finding never."""

from dataclasses import replace

import pytest

from bot.domain.findings import Category
from bot.domain.likeness import ALIKE, Vector, Vote, cosine, is_held_back, vector

REPO = 5


def a_finding(name: str = "price", *, rule: str = "N802", path: str = "app/shop/cart.py") -> Vector:
    text = f"Function name `get{name.title()}` should be lowercase: def get{name.title()}(self):"
    return vector(rule=rule, path=path, text=text)


def against(by: int, finding: Vector | None = None) -> Vote:
    return Vote(finding or a_finding(), by, is_against=True, repo_id=REPO)


THREE = [against(1), against(2, a_finding("total")), against(3, a_finding("count"))]


def held(*votes: Vote, category: Category = Category.STYLE) -> bool:
    return is_held_back(a_finding("weight"), category, votes, repo_id=REPO)


def test_a_finding_like_ones_that_three_people_turned_down_is_held_back() -> None:
    assert held(*THREE)
    assert not held(*THREE[:2])


def test_one_person_who_turns_down_many_is_one_person() -> None:
    assert not held(*THREE[:2], *[against(2, a_finding(f"n{n}")) for n in range(9)])


def test_a_finding_about_security_is_never_held_back() -> None:
    assert not held(*THREE, category=Category.SECURITY)


def test_three_people_who_want_such_findings_let_it_pass() -> None:
    wanted = [Vote(a_finding(), by, is_against=False, repo_id=REPO) for by in (7, 8, 9)]

    assert held(*THREE, *wanted[:2])
    assert not held(*THREE, *wanted)


def test_what_another_repository_turned_down_says_nothing_here() -> None:
    assert not held(*[replace(vote, repo_id=6) for vote in THREE])


def test_another_rule_with_other_words_is_not_alike() -> None:
    other = vector(rule="S608", path="app/db/query.py", text="SQL is built from a string: execute(")

    assert cosine(a_finding(), other) < ALIKE / 2
    assert cosine(a_finding("price"), a_finding("weight")) > ALIKE
    assert cosine(a_finding(), a_finding()) == pytest.approx(1.0)


def test_an_empty_text_is_a_point_as_well() -> None:
    assert cosine(vector(rule="", path="", text=""), vector(rule="", path="", text="")) > 0.99
