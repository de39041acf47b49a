import base64
import json
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.prompt_redaction import PromptRedactor
from bot.domain.redaction import INSTEAD

UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""The machine may be busy with other things."""

SECRET = "s3cr3t/operator+key=42"  # noqa: S105 - of this test
LONG_TOKEN = "ghs_123456_eyJhbGciOi." + "aB3-_" * 80 + "." + "cD4" * 30
PEM = "-----BEGIN RSA PRIVATE KEY-----\n" + "MIIE" * 16 + "\n" + "Aa0+" * 9 + "\n"
PEM_END = "-----END RSA PRIVATE KEY-----"


def redacted(text: str) -> str:
    return PromptRedactor([SECRET]).redact(text).text


@pytest.mark.parametrize(
    "form",
    [
        SECRET,
        SECRET[::-1],
        SECRET.encode().hex(),
        SECRET.encode().hex().upper(),
        quote(SECRET, safe=""),
        quote(SECRET, safe="").lower(),
        quote(SECRET),
        json.dumps(SECRET),
        base64.b64encode(SECRET.encode()).decode(),
        base64.urlsafe_b64encode(SECRET.encode()).decode(),
    ],
)
def test_a_known_secret_goes_in_every_form(form: str) -> None:
    found = PromptRedactor([SECRET]).redact(f"key: {form}, and more")

    assert found.count == 1
    assert INSTEAD in found.text
    assert found.text.endswith(", and more")


@UNHURRIED
@given(
    secret=st.text("abcdefXYZ0189-_/+", min_size=8, max_size=80),
    before=st.binary(max_size=7),
    after=st.binary(max_size=7),
)
def test_base64_of_a_text_around_a_secret_gives_it_away_no_more(
    secret: str, before: bytes, after: bytes
) -> None:
    encoded = base64.b64encode(before + secret.encode() + after).decode()

    assert PromptRedactor([secret]).redact(encoded).count >= 1


@UNHURRIED
@given(
    parts=st.lists(st.text(max_size=30), min_size=1, max_size=5),
    secret=st.text("abcdefXYZ0189-_/+", min_size=8, max_size=40),
)
def test_no_secret_is_left_in_joined_text(parts: list[str], secret: str) -> None:
    found = PromptRedactor([secret]).redact(secret.join([*parts, ""]))

    assert secret not in found.text.replace(INSTEAD, "\x00")
    assert found.count >= 1


@pytest.mark.parametrize(
    "token",
    [
        "ghp_" + "a" * 36,
        "ghs_" + "A1" * 18,
        LONG_TOKEN,
        "github_pat_" + "11A" * 20,
        "csk-" + "f0" * 24,
        "AKIAIOSFODNN7EXAMPLE",
        "glpat-" + "x" * 20,
        "xoxb-1234567890-abcdef",
        PEM + PEM_END,
        PEM.replace("\n", "\n-") + "\n-" + PEM_END,
        PEM.replace("\n", "\\n") + PEM_END,
    ],
)
def test_a_key_that_nobody_told_us_goes_by_its_shape(token: str) -> None:
    found = PromptRedactor().redact(f"a = '{token}'\nb = 2\n")

    assert found.count == 1
    assert found.text == f"a = '{INSTEAD}{chr(10) * token.count(chr(10))}'\nb = 2\n"


def test_an_assigned_aws_secret_goes() -> None:
    assert "wJalr" not in redacted(
        "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    )


def test_a_lone_header_of_a_key_hides_no_code() -> None:
    code = "-----BEGIN PRIVATE KEY-----\nos.system('rm -rf /')\n"

    assert "os.system('rm -rf /')" in redacted(code)


def test_a_key_without_an_end_goes_too() -> None:
    assert "MIIE" not in redacted(PEM)


def test_lines_keep_their_numbers() -> None:
    text = f"one\n{PEM}{PEM_END}\nlast"

    assert redacted(text).count("\n") == text.count("\n")


@pytest.mark.parametrize(
    "text", ["", "csk-short", "ghp_", "AKIA", "task-force-" + "x" * 30, "café"]
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert PromptRedactor(["abc", "", SECRET]).redact(text).text == text


def test_a_secret_of_many_lines_goes_line_by_line() -> None:
    pem = "\n".join(["-----BEGIN X-----", "k" * 40, "l" * 40, "-----END X-----"])

    assert "l" * 40 not in PromptRedactor([pem]).redact("+" + "l" * 40 + "\n").text


@pytest.mark.parametrize(
    "hostile",
    [
        "-----BEGIN PRIVATE KEY-----\n" * 40_000,
        "-----BEGIN PRIVATE KEY-----" + "A" * 500_000,
        "-eyJ" * 200_000,
        "csk-" * 200_000,
        "aws_secret_access_key" * 40_000,
    ],
)
def test_hostile_text_takes_no_long_time(hostile: str) -> None:
    # Ends within the test's time limit only if the work grows with the text and no faster.
    assert len(redacted(hostile)) > 0


def test_a_redactor_shows_no_secret() -> None:
    assert SECRET not in repr(PromptRedactor([SECRET]))


def test_a_key_of_our_own_does_not_make_us_overlook_another_one() -> None:
    pems = [
        f"-----BEGIN RSA PRIVATE KEY-----\n{letter * 64}\n-----END RSA PRIVATE KEY-----\n"
        for letter in "AB"
    ]

    redacted = PromptRedactor(pems[:1]).redact(pems[1])

    assert "B" * 20 not in redacted.text
