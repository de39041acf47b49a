"""A licence is known by its own text, word for word, or it is unknown."""

from pathlib import Path

import pytest

from bot.domain.licences import licence_of, licences_of

TEXTS = Path(__file__).resolve().parents[1] / "data" / "licences"
NAMES = ("MIT", "ISC", "BSD-3-Clause", "Apache-2.0")


def text(name: str) -> str:
    return (TEXTS / f"{name}.txt").read_text()


@pytest.mark.parametrize("name", NAMES)
def test_a_licence_is_known_by_its_text(name: str) -> None:
    assert licence_of(text(name)) == name
    assert licence_of(text(name).replace("\n", "\r\n").upper()) == name


def test_the_bsd_licence_without_its_third_clause_is_another_one() -> None:
    whole = text("BSD-3-Clause")
    start, end = whole.index("3. Neither"), whole.index("THIS SOFTWARE IS")

    assert licence_of(whole[:start] + whole[end:]) == "BSD-2-Clause"


@pytest.mark.parametrize("name", ["MIT", "ISC", "BSD-3-Clause"])
@pytest.mark.parametrize(
    "more",
    [
        "\nThe Software shall be used for Good, not Evil.\n",
        '\n"Commons Clause" License Condition v1.0\n',
        "\nParts of it are under the GPL.\n",
    ],
)
def test_one_sentence_more_makes_it_unknown(name: str, more: str) -> None:
    assert licence_of(text(name) + more) is None


@pytest.mark.parametrize("given", ["", "MIT", "All rights reserved.", "see LICENSE.md", "\0" * 99])
def test_a_text_that_is_no_licence_is_none(given: str) -> None:
    assert licence_of(given) is None


def test_two_files_offer_a_choice_and_an_unknown_one_takes_all_of_it_back() -> None:
    both = {"LICENSE-MIT": text("MIT").encode(), "LICENSE-APACHE": text("Apache-2.0").encode()}

    assert licences_of(both) == {"MIT", "Apache-2.0"}
    assert licences_of({**both, "COPYING": b"Ask us first."}) == frozenset()
    assert licences_of({}) == frozenset()
