from bot.domain.citing import Citation, locate
from bot.domain.findings import Location

TEXT = """\
def total(prices):
    result = 0
    for price in prices:
        result += price
    return result


def count(prices):
    result = 0
    for price in prices:
        result += 1
    return result
"""


def _symbol(line: int) -> str:
    return "total" if line <= 5 else "Shop.count"


def _found(
    snippet: str,
    *,
    line: int | None = None,
    symbol: str = "",
    changed: range = range(0),
    text: str = TEXT,
) -> tuple[int, int] | None:
    place = locate(
        Citation("shop.py", snippet, line, symbol),
        text,
        is_changed=lambda first, last: any(first <= n <= last for n in changed),
        symbol_of=_symbol,
    )
    return (place.start_line, place.end_line) if place is not None else None


def test_a_quotation_is_found_whatever_its_white_space_and_case() -> None:
    assert _found("RESULT+=price\n\n  return   Result") == (4, 5)


def test_a_line_number_and_the_marks_of_a_diff_are_no_part_of_the_code() -> None:
    assert _found("  4 | +        result += price") == (4, 4)
    assert _found("+        result += price\n     return result") == (4, 5)


def test_a_line_that_was_left_out_of_a_quotation_is_in_its_place() -> None:
    assert _found("def total(prices):\n    for price in prices:") == (1, 3)


def test_one_invented_line_among_four_does_not_lose_the_place() -> None:
    cited = "def count(prices):\n    result = 0\n    # start\n    for price in prices:\n"
    assert _found(cited + "        result += 1") == (8, 11)


def test_what_stands_twice_has_no_place_without_a_hint() -> None:
    assert _found("for price in prices:") is None


def test_the_number_of_a_line_chooses_among_equal_places() -> None:
    assert _found("for price in prices:", line=10) == (10, 10)
    assert _found("for price in prices:", line=3) == (3, 3)


def test_a_number_near_two_equal_places_chooses_neither() -> None:
    assert _found("result = 0", line=4, text="result = 0\n\n\nresult = 0\n") is None


def test_a_number_far_from_every_place_chooses_none() -> None:
    assert _found("for price in prices:", line=600) is None


def test_the_named_function_chooses_among_equal_places() -> None:
    assert _found("for price in prices:", symbol="count()") == (10, 10)
    assert _found("for price in prices:", symbol="shop.Count") == (10, 10)


def test_without_a_number_the_changed_one_of_two_places_is_meant() -> None:
    assert _found("return result", changed=range(12, 13)) == (12, 12)


def test_code_that_is_not_there_has_no_place_whatever_number_comes_with_it() -> None:
    assert _found("eval(prices)", line=3) is None
    assert _found("", line=3) is None
    assert _found("\n \n") is None


def test_a_place_against_which_both_hints_speak_is_not_meant() -> None:
    assert _found("result += price", line=11, symbol="count") is None
    assert _found("result += price", line=11) == (4, 4)


def test_a_place_carries_the_cited_path() -> None:
    place = locate(
        Citation("a/shop.py", "result += 1"),
        TEXT,
        is_changed=lambda _first, _last: False,
        symbol_of=_symbol,
    )

    assert place == Location("a/shop.py", 11, 11)
