import base64
import json
import re
import time
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.redaction import INSTEAD, Redactor

SECRET = "It's a Secret to Everybody/+=?"  # noqa: S105 - of GitHub's documentation
OLD_TOKEN = "ghs_" + "A1b2C3d4E5f6" * 3
JWT = ".".join(("eyJhbGciOiJSUzI1NiJ9", "eyJpc3MiOiIx_-" * 20, "c2lnbmF0dXJl-_" * 12))
NEW_TOKEN = f"ghs_1234567_{JWT}"
KEY = (
    "-----BEGIN RSA PRIVATE KEY-----\n"
    + "\n".join(["MIIEpAIBAAKCAQEA" * 4] * 12)
    + "\n-----END RSA PRIVATE KEY-----"
)
FORMS = {
    "plain": SECRET,
    "reversed": SECRET[::-1],
    "hex": SECRET.encode().hex(),
    "upper hex": SECRET.encode().hex().upper(),
    "URL": quote(SECRET, safe=""),
    "path": quote(SECRET),
    "form": quote_plus(SECRET),
    "lower URL": re.sub("%..", lambda m: m[0].lower(), quote(SECRET, safe="")),
    "base64": base64.b64encode(SECRET.encode()).decode(),
    "URL base64": base64.urlsafe_b64encode(SECRET.encode()).decode(),
    "base64 of more": base64.b64encode(f"x-access-token:{SECRET}:".encode()).decode(),
    "base64 of other more": base64.b64encode(f"ab{SECRET}".encode()).decode(),
    "JSON": json.dumps(SECRET),
    "repr": repr(SECRET),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_known_secret_is_taken_out_in_every_form(form: str) -> None:
    told = Redactor((SECRET,)).clean(f"before {form} after")

    assert INSTEAD in told
    assert told.startswith("before ")
    assert told.endswith(" after")
    assert len(told) < len("before  after") + len(INSTEAD) + 30


@pytest.mark.parametrize("between", ["\n", "\r\n", "\\n", "', '", '",\n  "', "\x00"], ids=ascii)
@pytest.mark.parametrize("form", [SECRET, FORMS["URL base64"], FORMS["hex"]])
def test_a_known_secret_that_is_cut_in_two_is_taken_out(form: str, between: str) -> None:
    cut = f"a chunk {form[:13]}{between}{form[13:]} and more"

    assert Redactor((SECRET,)).clean(cut) == f"a chunk {INSTEAD} and more"


@pytest.mark.parametrize(
    "token",
    [
        OLD_TOKEN,
        NEW_TOKEN,
        OLD_TOKEN.replace("ghs_", "ghp_"),
        "github_pat_11ABCDEFG0abcdefghij_KLMNOPQRST",
        "csk-CANARY123456",
        "ghs_CANARY12",
        JWT,
        KEY,
        KEY.replace("\n", "\\n"),
    ],
    ids=lambda token: token[:14],
)
def test_what_looks_like_a_secret_is_taken_out_though_nobody_knows_it(token: str) -> None:
    told = Redactor().clean(f"fatal: could not use {token}, sorry")

    assert told == f"fatal: could not use {INSTEAD}, sorry"


@pytest.mark.parametrize("token", [OLD_TOKEN, NEW_TOKEN, "csk-CANARY123456CANARY"])
@pytest.mark.parametrize("between", ["\n", "\\r\\n"], ids=ascii)
def test_a_token_on_two_lines_is_taken_out(token: str, between: str) -> None:
    for at in (2, 4, 12):
        told = Redactor().clean(f"it is {token[:at]}{between}{token[at:]} .")

        assert told == f"it is {INSTEAD} ."


def test_a_token_on_a_line_of_its_own_is_taken_out() -> None:
    assert (
        Redactor().clean(f"the answer was\n{JWT}\nsaid it") == f"the answer was\n{INSTEAD}\nsaid it"
    )


def test_a_key_whose_end_is_missing_is_taken_out_to_the_end() -> None:
    assert Redactor().clean(f"cat: {KEY[:200]}") == f"cat: {INSTEAD}"
    assert "MIIE" not in Redactor().clean(KEY[100:])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("https://ada:hunter2@db.example/x", f"https://{INSTEAD}@db.example/x"),
        ("Authorization: Bearer abcdefghijklmnop", f"Authorization: Bearer {INSTEAD}"),
    ],
)
def test_what_stands_where_secrets_stand_is_one(text: str, told: str) -> None:
    assert Redactor().clean(text) == told


@pytest.mark.parametrize(
    "text",
    [
        "delivery 0b989ba4-242f-11e5-81e1-c7b6966d2516 is job review:1:7:" + "a" * 40,
        "the database at postgresql://db.example:5432/pullwright does not answer",
        "sha256:" + "0123456789abcdef" * 4,
        "ghs_ is how a token begins",
        "",
    ],
)
def test_innocent_text_stays_as_it_is(text: str) -> None:
    assert Redactor((SECRET,)).clean(text) == text


def test_a_secret_that_is_a_word_takes_no_other_words_with_it() -> None:
    assert Redactor(("on",)).clean("one moment") == "one moment"


def test_no_secret_is_shown_by_the_redactor_itself() -> None:
    assert SECRET not in repr(Redactor((SECRET,)))


@given(before=st.text(), after=st.text(), secret=st.text(min_size=10).filter(str.isalnum))
def test_no_secret_is_left_whatever_stands_around_it(before: str, after: str, secret: str) -> None:
    assert secret not in Redactor((secret,)).clean(before + secret + after)


@pytest.mark.parametrize(
    "text",
    ["-----BEGIN A-----" * 20_000, "eyJ" * 100_000, "A" * 300_000, "://" + "a:" * 100_000],
    ids=["keys", "JWTs", "base64", "URLs"],
)
def test_hostile_text_takes_no_longer_than_other_text(text: str) -> None:
    began = time.process_time()
    Redactor((SECRET,)).clean(text)

    assert time.process_time() - began < 10
