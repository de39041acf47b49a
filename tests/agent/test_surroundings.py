from bot.adapters.tree_sitter_outline import TreeSitterOutline
from bot.agent.surroundings import Excerpt, Surroundings
from tests.fakes.workspace import FakeWorkspace

BASE = {
    "shop/cart.py": b"""\
from shop.money import cents


class Cart:
    def total(self, prices):
        \"\"\"Return the sum in cents.\"\"\"
        result = 0
        for price in prices:
            if price:
                result += 1
            pass
        return result
""",
    "shop/money.py": b"def cents(price):\n    return round(price * 100)\n",
    "shop/till.py": b"def pay(cart):\n    due = cart.total([1])\n    return due\n",
    "other/far.py": b"x = cart.total([2])\n",
    "notes.md": b"total() calls cents()\n",
}
HEAD = {"shop/cart.py": BASE["shop/cart.py"].replace(b"result += 1", b"result += cents(price)")}


def _around(more: dict[str, bytes] | None = None, *, limit_bytes: int = 10_000) -> list[Excerpt]:
    workspace = FakeWorkspace({**BASE, **(more or {})}, HEAD)
    surroundings = Surroundings(workspace, TreeSitterOutline())
    return list(surroundings.of(workspace.diff().files, limit_bytes=limit_bytes))


def test_the_head_of_a_function_is_shown_where_no_hunk_shows_it() -> None:
    (head,) = [e for e in _around() if e.why == "around the change"]

    assert (head.path, head.first_line) == ("shop/cart.py", 5)
    assert head.text.startswith("    def total(self, prices):\n")
    assert "result += cents" not in head.text


def test_who_calls_the_changed_function_is_shown_near_ones_first() -> None:
    callers = [e for e in _around() if e.why == "calls total"]

    assert [(e.path, e.first_line) for e in callers] == [("shop/till.py", 1), ("other/far.py", 1)]
    assert "due = cart.total([1])" in callers[0].text


def test_what_an_added_line_calls_is_shown_where_it_is_defined() -> None:
    (definition,) = [e for e in _around() if e.why == "defines cents"]

    assert definition.path == "shop/money.py"
    assert "return round(price * 100)" in definition.text


def test_a_name_that_many_things_have_is_not_looked_up() -> None:
    many = {f"other/m{i}.py": b"def cents(x):\n    return x\n" for i in range(5)}

    assert not [e for e in _around(many) if e.why == "defines cents"]


def test_no_more_is_shown_than_there_is_room_for() -> None:
    everything = _around()
    some = _around(limit_bytes=60)

    assert sum(e.size_bytes for e in some) <= 60
    assert 0 < len(some) < len(everything)


def test_a_change_of_prose_has_no_surroundings() -> None:
    workspace = FakeWorkspace(BASE, {"notes.md": b"none\n"})

    assert (
        Surroundings(workspace, TreeSitterOutline()).of(workspace.diff().files, limit_bytes=999)
        == ()
    )
