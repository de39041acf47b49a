import io
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import Refused
from bot.web.signature import Secret, claimed_digest, read_signed
from tests.web.server import SECRET, sign

VECTOR = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"


def test_the_example_of_githubs_documentation_verifies() -> None:
    body = io.BytesIO(b"Hello, World!")

    assert read_signed(body, secret=Secret(SECRET), digest=VECTOR) == b"Hello, World!"


@settings(deadline=None)
@given(st.binary(max_size=200), st.integers(min_value=0), st.integers(0, 7))
def test_a_single_flipped_bit_is_noticed(body: bytes, place: int, bit: int) -> None:
    digest = sign(body).removeprefix("sha256=")
    forged = bytearray(body or b"\0")
    forged[place % len(forged)] ^= 1 << bit

    assert read_signed(io.BytesIO(bytes(forged)), secret=Secret(SECRET), digest=digest) is None


@settings(deadline=None)
@given(st.text() | st.from_regex(r"sha256=[0-9a-f]{60,70}\n?", fullmatch=True))
def test_a_header_is_exact_or_nothing(header: str) -> None:
    is_exact = re.fullmatch(r"sha256=[0-9a-f]{64}", header) is not None

    assert (claimed_digest(header) is not None) is is_exact


@pytest.mark.parametrize("secret", ["", "short", "x" * 15])
def test_a_secret_that_could_be_guessed_is_refused(secret: str) -> None:
    with pytest.raises(Refused, match=f"has {len(secret)} bytes"):
        Secret(secret)


def test_a_secret_is_not_shown() -> None:
    assert SECRET not in repr(Secret(SECRET))
