"""The weights that are stored with a version beside those of places, as one text of bytes.

The bytes are a line of JSON that says how long each part is, then the parts as they are.
"""

import json
from dataclasses import dataclass

from bot.policy.weights import WeightsUnreadable

_FORMAT = 1
_LONGEST_HEADER = 1 << 20
"""Of an older version, which kept weights of tools alone and named every repository there."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Weights by what they are of; empty for none, and then the hand weights serve."""

    tools: bytes = b""
    fixers: bytes = b""

    def blob(self) -> bytes:
        """Return the bytes to store."""
        header = {"kept": _FORMAT, "tools": len(self.tools), "fixers": len(self.fixers)}
        return json.dumps(header, separators=(",", ":")).encode() + b"\n" + self.tools + self.fixers


def read_kept(blob: bytes) -> Kept:
    """Return what `blob` wrote; raises WeightsUnreadable."""
    if not blob:
        return Kept()
    first, _, _ = blob[:_LONGEST_HEADER].partition(b"\n")
    try:
        header = json.loads(first)
        found, tools, fixers = header.get("kept"), header.get("tools"), header.get("fixers")
    except (ValueError, AttributeError, RecursionError) as error:
        raise WeightsUnreadable(f"what is stored with a version has no header ({error})") from error
    if found is None and "layout" in header:
        return Kept(tools=blob)  # as before there were other weights to keep
    rest = blob[len(first) + 1 :]
    is_whole = isinstance(tools, int) and isinstance(fixers, int) and tools >= 0 <= fixers
    if found != _FORMAT or not is_whole or len(rest) != tools + fixers:
        raise WeightsUnreadable(f"what is stored with a version is cut, or of format {found}")
    return Kept(rest[:tools], rest[tools:])
