import pytest

from bot.adapters.tree_sitter_outline import TreeSitterOutline

PYTHON = b"""\
@cached
def total(prices):
    return sum(prices)


class Cart:
    def add(self, price):
        self.prices.append(price)
        log(total(self.prices))
"""
JAVASCRIPT = b"""\
function total(prices) {
  return sum(prices);
}
class Cart {
  add(price) { this.prices.push(price); return new Receipt(price); }
}
const half = (x) => divide(x, 2);
"""
GO = b"""\
package shop

func Total(prices []int) int { return sum(prices) }

func (c *Cart) Add(price int) {
\tfmt.Println(Total(c.prices))
}
"""


@pytest.mark.parametrize(
    ("path", "data", "symbols"),
    [
        ("a.py", PYTHON, [("total", 1, 3), ("Cart", 6, 9), ("Cart.add", 7, 9)]),
        (
            "a.js",
            JAVASCRIPT,
            [("total", 1, 3), ("Cart", 4, 6), ("Cart.add", 5, 5), ("half", 7, 7)],
        ),
        ("a.go", GO, [("Total", 3, 3), ("Cart.Add", 5, 7)]),
    ],
)
def test_every_function_and_class_has_its_name_and_lines(
    path: str, data: bytes, symbols: list[tuple[str, int, int]]
) -> None:
    found = TreeSitterOutline().symbols(path, data)

    assert [(s.name, s.first_line, s.last_line) for s in found] == symbols


@pytest.mark.parametrize(
    ("path", "data", "line", "called"),
    [
        ("a.py", PYTHON, 9, {"log", "total"}),
        ("a.py", PYTHON, 8, {"append"}),
        ("a.js", JAVASCRIPT, 5, {"push", "Receipt"}),
        ("a.js", JAVASCRIPT, 7, {"divide"}),
        ("a.go", GO, 6, {"Println", "Total"}),
    ],
)
def test_what_a_line_calls_is_known_by_its_last_name(
    path: str, data: bytes, line: int, called: set[str]
) -> None:
    assert TreeSitterOutline().calls(path, data, first_line=line, last_line=line) == called


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("notes.md", b"# total(prices)"),
        ("broken.py", b"def total(:"),
        ("deep.py", b"(" * 5_000),
        ("huge.py", b"f()\n" * 200_000),
    ],
)
def test_a_file_that_no_parser_reads_defines_and_calls_nothing(path: str, data: bytes) -> None:
    outline = TreeSitterOutline()

    assert outline.symbols(path, data) == ()
    assert outline.calls(path, data, first_line=1, last_line=9) == frozenset()


def test_broken_javascript_still_has_the_symbols_that_can_be_read() -> None:
    found = TreeSitterOutline().symbols("a.js", b"function f() { g( }\nfunction h() {}\n")

    assert "h" in {symbol.name for symbol in found}
