"""Who sent a delivery: HMAC-SHA256 over the raw bytes, and no other proof (rule R1)."""

import hashlib
import hmac
import re
import tempfile
from dataclasses import dataclass
from typing import IO

from bot.errors import Refused, TooLarge

MAX_BODY_BYTES = 25 << 20
"""GitHub sends nothing larger."""
MIN_SECRET_BYTES = 16

_CHUNK_BYTES = 1 << 16
_IN_MEMORY_BYTES = 1 << 20
_HEADER = re.compile(r"sha256=([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Secret:
    """The webhook secret; raises Refused for one that could be guessed."""

    value: str

    def __post_init__(self) -> None:
        length = len(self.value.encode())
        if length < MIN_SECRET_BYTES:
            raise Refused(
                f"PULLWRIGHT_WEBHOOK_SECRET has {length} bytes: deliveries are only taken when "
                f"they are signed with a secret of at least {MIN_SECRET_BYTES}"
            )

    def __repr__(self) -> str:
        return "Secret(...)"


def claimed_digest(header: str | None) -> str | None:
    """Return the digest of an `X-Hub-Signature-256` in its exact form, or None for any other."""
    match = _HEADER.fullmatch(header or "")
    return match[1] if match else None


def read_signed(stream: IO[bytes], *, secret: Secret, digest: str) -> bytes | None:
    """Return the body where its signature is right, or None where it is not.

    The signature is computed while the bytes come in; a body that is not signed never stands in
    memory as a whole. Raises TooLarge as soon as the cap is passed.
    """
    mac = hmac.new(secret.value.encode(), digestmod=hashlib.sha256)
    size = 0
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES) as body:
        while chunk := stream.read(_CHUNK_BYTES):
            size += len(chunk)
            if size > MAX_BODY_BYTES:
                raise TooLarge(f"the body is larger than {MAX_BODY_BYTES} bytes")
            mac.update(chunk)
            body.write(chunk)
        if not hmac.compare_digest(mac.hexdigest().encode(), digest.encode()):
            return None
        body.seek(0)
        return body.read()
