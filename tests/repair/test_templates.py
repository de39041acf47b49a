"""Which edits the templates write: each row is a bug as people make it, and what mends it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.repair.candidates import SpanEdit
from bot.repair.generator import Templates
from bot.repair.ingredients import Hints, diff_hints
from bot.repair.localise import Suspect
from bot.repair.source import Source, applied, composed


def _suspects(text: str) -> list[Suspect]:
    lines = range(1, text.count("\n") + 1)
    return [Suspect("a.py", n, 1.0, 1.0, 1.0, False, False) for n in lines]


def _mended(text: str, hints: Hints | None = None) -> set[str]:
    templates = Templates({"a.py": text}, _suspects(text), hints or Hints())
    return {applied(text, candidate.edits) for candidate in templates.proposals()}


ROWS = [
    ("if a <= b:\n    pass\n", "if a < b:\n    pass\n"),
    ("x = (a) < (b)\n", "x = (a) >= (b)\n"),
    ("x = a - b\n", "x = b - a\n"),
    ("x = a + b * c\n", "x = (a + b) * c\n"),
    ("x = a and b and c\n", "x = a and c\n"),
    ("x = a or b\n", "x = a and b\n"),
    ("x += 1\n", "x -= 1\n"),
    ("x = range(n)\n", "x = range(n + 1)\n"),
    ("x = rows[i]\n", "x = rows[i - 1]\n"),
    ("x = rows[1:]\n", "x = rows[:]\n"),
    ("x = 0.5\n", "x = 2.0\n"),
    ("x = sorted(a)\n", "x = sorted(a, reverse=True)\n"),
    ("x = min(a, b)\n", "x = max(a, b)\n"),
    ("x = f(a, b)\n", "x = f(b, a)\n"),
    ("x = a.lower()\n", "x = a.swapcase()\n"),
    ("x = a - b\n", "x = abs(a - b)\n"),
    ("x = a == b\n", "x = set(a) == set(b)\n"),
    ("x = len(a)\n", "x = a\n"),
    ("x = (a, b)\n", "x = (b, a)\n"),
    ("x = ['a', 'b']\n", "x = ['a']\n"),
    ("x = 'hi {name}'\n", "x = f'hi {name}'\n"),
    ("def f(text):\n    return g('text')\n", "def f(text):\n    return g(text)\n"),
    ("def f(a):\n    a += 1\n    g(a)\n", "def f(a):\n    g(a)\n"),
    ("def f(a):\n    g(a)\n    a += 1\n", "def f(a):\n    a += 1\n    g(a)\n"),
    (
        "def f(a):\n    for b in a:\n        h(b)\n        g(a)\n",
        "def f(a):\n    for b in a:\n        h(b)\n    g(a)\n",
    ),
    ("def f(a):\n    g(a)\n", "def f(a):\n    return g(a)\n"),
    ("x = a and b\n", "x = a and not b\n"),
    ("x = [a for a in rows]\n", "x = [a for a in rows if a is not None]\n"),
    (
        "if a < b:\n    f()\nif a == b:\n    g()\n",
        "if a < b:\n    f()\nelif a == b:\n    g()\n",
    ),
    (
        "if a < b:\n    f()\nelif a == b:\n    g()\n",
        "if a < b:\n    f()\nif a == b:\n    g()\n",
    ),
    ("def f(a, b):\n    return a < b\n", "def f(a, b):\n    return a < b or a\n"),
    ("def f(best, n):\n    best = n\n", "def f(best, n):\n    best = max(best, n)\n"),
    ("x = [1, 2]\ny = 3\n", "x = [1, 2, 3]\ny = 3\n"),
    ("x = 60 * n\n", "x = 3600 * n\n"),
    ("x = rows[1]\n", "x = rows['1']\n"),
    ("def f(rows):\n    best = 0\n", "def f(rows):\n    best = rows[0]\n"),
    ("x = f'{n:.1f}'\n", "x = f'{n:.2f}'\n"),
    ("x = re.match(r'\\d+', t)\n", "x = re.match(r'\\d+$', t)\n"),
    ("x = re.match(r'\\d+', t)\n", "x = re.match(r'\\d*', t)\n"),
    ("x = order\ny = order.total\n", "x = order.total\ny = order.total\n"),
    ("x = order.total\n", "x = order\n"),
    ("x = text.strip\n", "x = text.strip()\n"),
    ("x = f(low=1)\ny = g(high=2)\n", "x = f(high=1)\ny = g(high=2)\n"),
    (
        "def f(self, limit):\n    self.limit = 1\n    return limit\n",
        "def f(self, limit):\n    self.limit = 1\n    return self.limit\n",
    ),
    (
        "import math\nx = math.floor(a)\ny = b\n",
        "import math\nx = math.floor(a)\ny = math.ceil(b)\n",
    ),
    (
        "def f(rows):\n    for row in rows:\n        g(row)\n",
        (
            "def f(rows):\n    for row in rows:\n        if not row:\n            continue\n"
            "        g(row)\n"
        ),
    ),
    (
        "def f(a):\n    g(a)\n",
        "def f(a):\n    if a is not None:\n        g(a)\n",
    ),
    (
        "def f(a):\n    g(a)\n\ndef h():\n    raise ValueError(1)\n",
        (
            "def f(a):\n    if not a:\n        raise ValueError(1)\n    g(a)\n\n"
            "def h():\n    raise ValueError(1)\n"
        ),
    ),
    (
        "def f(a):\n    return g(a)\n",
        "def f(a):\n    if not a:\n        return None\n    return g(a)\n",
    ),
]


@pytest.mark.parametrize(("bug", "mended"), ROWS, ids=[mended for _, mended in ROWS])
def test_a_bug_of_this_kind_is_mended_by_one_edit(bug: str, mended: str) -> None:
    assert mended in _mended(bug)


def test_a_handler_takes_the_exception_of_the_traceback() -> None:
    text = "try:\n    f()\nexcept OSError:\n    pass\n"

    assert text.replace("OSError", "(OSError, KeyError)") in _mended(
        text, Hints(exceptions=("KeyError",))
    )


def test_what_the_pull_request_took_away_is_an_ingredient() -> None:
    text = "def f(price):\n    return round(price, 1)\n"

    assert "def f(price):\n    return tax(price)\n" in _mended(
        text, diff_hints(["    return tax(price)"])
    )


def test_offsets_count_characters_behind_other_scripts() -> None:
    text = "name = 'größe'; x = a < b\n"

    assert "name = 'größe'; x = a <= b\n" in _mended(text)


def test_a_file_that_does_not_parse_has_no_candidates() -> None:
    assert _mended("def f(:\n") == set()


def test_what_is_likely_comes_first() -> None:
    text = "def f(a, b):\n    while a < b:\n        a = g(a)\n    return a\n"
    priors = [c.prior for c in Templates({"a.py": text}, _suspects(text)).proposals()]

    assert priors[0] == max(priors)
    assert len(priors) > 300


def test_no_template_looks_at_a_line_that_no_failing_test_reaches() -> None:
    text = "x = a < b\ny = a < b\n"
    suspect = Suspect("a.py", 2, 1.0, 1.0, 1.0, False, False)

    lines = {c.line for c in Templates({"a.py": text}, [suspect]).proposals()}

    assert lines == {2}


def test_a_default_value_is_as_suspicious_as_its_function_nearly() -> None:
    text = "def f(a, step=1):\n    return a + step\n"
    suspect = Suspect("a.py", 2, 1.0, 1.0, 1.0, False, False)

    texts = {applied(text, c.edits) for c in Templates({"a.py": text}, [suspect]).proposals()}

    assert text.replace("step=1", "step=2") in texts


@given(st.data())
def test_an_edit_on_top_of_another_is_the_same_as_one_after_the_other(data: st.DataObject) -> None:
    text = data.draw(st.text("abc\n", min_size=2, max_size=12))
    first: list[SpanEdit] = []
    position = 0
    for _ in range(data.draw(st.integers(1, 2))):
        start = data.draw(st.integers(position, len(text)))
        end = data.draw(st.integers(start, len(text)))
        if first and start <= first[-1].end:
            break
        first.append(SpanEdit("a", start, end, data.draw(st.text("xyz", max_size=4))))
        position = end
    between = applied(text, first)
    begin = data.draw(st.integers(0, len(between)))
    stop = data.draw(st.integers(begin, len(between)))
    then = SpanEdit("a", begin, stop, data.draw(st.text("pq", max_size=3)))

    assert applied(text, composed(text, first, then)) == applied(between, [then])


def test_a_source_knows_its_functions_and_blocks() -> None:
    source = Source("a.py", "def f():\n    a = 1\n    b = 2\n")
    function = source.tree.body[0]
    statement = next(iter(source.block(source.tree.body[0])))

    assert statement is function
