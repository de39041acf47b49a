"""What a run without secrets hands to the one that may post: claims of a stranger, checked by form.

The first run is a pull request's own from a fork, whose author can change the workflow and so write
anything into it. So nothing of it is believed: its words are shown as any other's, its places are
looked up in our own diff, no patch and no proof of it is taken, and it never makes a success.
"""

from collections.abc import Container
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.domain.findings import Category, Severity
from bot.domain.untrusted import one_line
from bot.errors import Refused

MAX_BUNDLE_BYTES = 1 << 20
MAX_FINDINGS = 200
UNPRIVILEGED = (
    "found by a run without secrets, whose workflow the author of the fork can change: its patches "
    "and tests are not taken over"
)
"""A limit of every verdict that comes of a bundle, which keeps it from being a success."""

_Text = Annotated[str, Field(max_length=4_000)]
_Title = Annotated[str, Field(min_length=1, max_length=300)]
_Word = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[!-~]+$")]
_Path = Annotated[str, Field(min_length=1, max_length=4_096)]
_Line = Annotated[int, Field(ge=0, le=10_000_000)]
_Count = Annotated[int, Field(ge=0, le=1_000_000)]
_Hex = Annotated[str, Field(pattern=r"^[0-9a-f]{40}([0-9a-f]{24})?$")]


class _Part(BaseModel):
    # JSON has words where we have enums; all else has to be of its very type.
    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)


class BundledFinding(_Part):
    """One finding as it is claimed."""

    rule: _Word
    severity: Severity
    category: Category
    title: _Title
    body: _Text
    path: _Path
    start_line: _Line
    end_line: _Line
    side: Literal["LEFT", "RIGHT"]
    source: _Word
    confidence: Annotated[float, Field(ge=0, le=1)]


class BundledCoverage(_Part):
    """How much is claimed to have been looked at."""

    hunks_seen: _Count
    hunks_total: _Count


class BundledVerdict(_Part):
    """What is claimed to have been concluded."""

    coverage: BundledCoverage
    limits: Annotated[tuple[_Text, ...], Field(max_length=200)]
    tools: Annotated[tuple[_Word, ...], Field(max_length=50)]


class Bundle(_Part):
    """The results file of `review --json`, as far as it is read."""

    # Not `Literal[1]`, which true and 1.0 are equal to.
    version: Annotated[int, Field(ge=1, le=1)] = Field(alias="schema")
    head_sha: _Hex
    verdict: BundledVerdict
    findings: Annotated[tuple[BundledFinding, ...], Field(max_length=MAX_FINDINGS)]


def misplaced(bundle: Bundle, paths: Container[str]) -> str:
    """Return the limit that says what has no place in our own diff, or nothing."""
    count = sum(one.path not in paths for one in bundle.findings)
    if not count:
        return ""
    what = "1 finding is" if count == 1 else f"{count} findings are"
    return (
        f"{what} left out of {len(bundle.findings)} in the bundle: their paths are not in the diff "
        "of this pull request"
    )


def parse_bundle(data: bytes) -> Bundle:
    """Return what a bundle claims; raises Refused naming the first field that does not fit."""
    try:
        return Bundle.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise Refused(
            f"the bundle does not fit its schema: {one_line(where, limit=80)}: "
            f"{one_line(first['msg'], limit=120)}"
        ) from error
