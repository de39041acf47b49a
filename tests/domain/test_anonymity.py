"""What leaves this machine names nobody, and code still reads as one text with its patch."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.anonymity import Namer, Scrubber, addresses

KEY = bytes(32)
SCRUBBER = Scrubber(
    Namer(KEY), "acme/shop", paths=("src/billing.py", "app.py", "run"), people=("ada", "Mary-Ann")
)


@pytest.mark.parametrize(
    "text",
    [
        "write to ada.l+x@mail.example.co.uk now",
        "see https://intra.acme.example/wiki?q=1#top.",
        'clone("git@github.com:acme/shop.git")',
        "Signed-off-by: Ada <ada@acme.example>",
        "www.acme.example, mailto:ada@acme.example",
        "github.com/acme/shop/pull/3",
        "postgres://ada:pw@db.acme.example/x",
        "# Co-authored-by: Mary-Ann <m@x.example>",
    ],
)
def test_no_address_stays_in_prose_or_code(text: str) -> None:
    for clean in (SCRUBBER.prose(text), SCRUBBER.code(text)):
        assert addresses(clean) == []
        for name in ("acme", "ada", "Mary-Ann", "Ada"):
            assert name not in clean


def test_a_mention_goes_and_a_decorator_stays() -> None:
    code = "@property\ndef f(self):  # @eve says so\n    return a @ b  # @param x\n"

    assert SCRUBBER.code(code) == (
        "@property\ndef f(self):  # [person] says so\n    return a @ b  # @param x\n"
    )
    assert SCRUBBER.prose("cc @eve/team and @ada") == "cc [person] and [person]"
    assert SCRUBBER.prose("cc @ada_acme, @ada@eve") == "cc [person], [person]"


def test_who_is_known_to_have_to_do_with_it_is_no_mention_anywhere() -> None:
    assert SCRUBBER.code('notify("@ada", "@adam")') == 'notify("[person]", "@adam")'
    assert SCRUBBER.code("@ada@ada acme/shop@ada") == "[person] [repo][person]"


def test_a_path_has_one_name_wherever_it_stands() -> None:
    name = SCRUBBER.path("src/billing.py")

    text = 'File "/ws/src/billing.py", line 3\n./src/billing.py:3 src/billing.py.'
    assert SCRUBBER.code(text) == f'File "/{name}", line 3\n{name}:3 {name}.'
    assert name.endswith(".py")
    assert "billing" not in name


def test_a_word_that_happens_to_be_a_file_stays() -> None:
    assert SCRUBBER.code("run(app.pyx, my/app.py)") == "run(app.pyx, my/app.py)"


def test_a_name_is_of_its_kind_and_of_the_key() -> None:
    assert Namer(KEY).name("repo", "5") == Namer(KEY).name("repo", "5")
    names = {
        Namer(KEY).name("repo", "5"),
        Namer(KEY).name("user", "5"),
        Namer(b"x").name("repo", "5"),
    }
    assert len(names) == 3
    assert repr(KEY) not in repr(Namer(KEY))


PIECES = st.sampled_from(
    [
        "a@b.cd", "https://x.example/y", "@ada", "# ", "//", "src/billing.py", "acme/shop", "x = 1",
        " ", "(", '"', "Signed-off-by: ", "git@host:a/b", "://", "www.", "mailto:",
        "github.com/a/b", "é", ".", "/", "-", "\t", "<", ">", "'", "[url]",
    ]
)  # fmt: skip
LINES = st.lists(PIECES, max_size=8).map("".join)


@given(st.lists(LINES, max_size=6))
def test_a_text_is_cleaned_line_by_line_and_once_is_enough(lines: list[str]) -> None:
    whole = SCRUBBER.code("\n".join(lines))

    assert whole == "\n".join(SCRUBBER.code(line) for line in lines)
    assert addresses(whole) == []
    assert SCRUBBER.code(whole) == whole
    assert addresses(SCRUBBER.prose("\n".join(lines))) == []


@pytest.mark.parametrize("piece", ["a", "a.", "@", "/a", "-"])
def test_a_hostile_text_is_no_work(piece: str) -> None:
    # A pattern that tries every place of it again would take minutes here.
    assert SCRUBBER.code(piece * 400_000) == piece * 400_000
