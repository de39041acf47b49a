"""What looks like a secret is found in a text that may leave, and code is not taken for one."""

import pytest

from bot.domain.secret_scan import SecretScan

SCAN = SecretScan(("correct-horse-battery",))


@pytest.mark.parametrize(
    "text",
    [
        "correct-horse-battery",
        "correct-\nhorse-battery",
        "Y29ycmVjdC1ob3JzZS1iYXR0ZXJ5",
        "ghs_" + "a" * 36,
        "AKIAABCDEFGHIJKLMNOP",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIEow==\n",
        "sk-" + "a" * 30,
        "AIza" + "b" * 35,
        'DB_PASSWORD = "tr0ub4dor&3"',
        "'api_key': 'abcdefgh12345678'",
        "postgres://shop:s3cret@db/x",
        "a [redacted] b",
    ],
)
def test_a_secret_is_found(text: str) -> None:
    assert SCAN.finds(["x = 1\n", f"before {text} after"])


@pytest.mark.parametrize(
    "text",
    [
        "password = input()",
        'password = os.environ["SHOP_PASSWORD"]',
        "secret = f'{prefix}{suffix}'",
        'raise ValueError("the password is too short")',
        "def token(self) -> str:",
        "sha256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'",
    ],
)
def test_code_about_secrets_is_none(text: str) -> None:
    assert not SCAN.finds([text])


def test_its_secrets_are_not_shown() -> None:
    assert "horse" not in repr(SCAN)
