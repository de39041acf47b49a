"""The bundle of one run: all that is needed to play it again, as one value and as bytes.

The first line of the bytes is a header that a list can be made from; the rest is the bundle. No
secret is in it: those that were found were taken out, and counted.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from pydantic import ValidationError

from bot.agent.earlier import NOTHING, Known
from bot.agent.fix import Asked
from bot.agent.state import Observation
from bot.domain.diff import Diff
from bot.domain.evidence import Together
from bot.domain.model import ModelCard, Spending
from bot.domain.ports import SourceFile, TreeEntry
from bot.domain.pull_request import PullRequest, Sha
from bot.domain.record_json import dump, load
from bot.domain.repo_config import RepoConfig
from bot.domain.review import Decision
from bot.errors import Refused

FORMAT = 2
"""Of the bytes; a newer one is refused, because what it means is not known here."""
MOST_FILE_BYTES = 8 << 20
"""Of the contents of files; the changed ones come first."""
MOST_BYTES = 64 << 20
"""Of a whole bundle, not compressed."""


class BundleUnreadable(Refused):
    """A bundle is cut, changed, or of a version that is not known here."""


@dataclass(frozen=True, slots=True)
class CallFailed:
    """How a call of the model ended that gave no reply."""

    kind: str
    """The name of the error."""
    message: str


@dataclass(frozen=True, slots=True)
class CallTaken:
    """One call of the model, without the words of its prompt."""

    schema: str
    prompt: str
    """Digest of what was asked, as it may leave this process."""
    prompt_bytes: int
    spending: Spending
    seconds: float
    model: str = ""
    tries: int = 1
    text: str = ""
    """The reply as it came."""
    value: str = ""
    """The reply as it was understood, as JSON."""
    failed: CallFailed | None = None


@dataclass(frozen=True, slots=True)
class StepTaken:
    """One step: the choice, what came back, and what the model was asked for it."""

    decision: Decision
    observation: Observation
    calls: tuple[CallTaken, ...] = ()
    is_heard: bool = True
    """False where another host did the step: what it asked the model is not known."""


@dataclass(frozen=True, slots=True)
class TreeSeen:
    """What was read of one commit."""

    files: tuple[SourceFile, ...] = ()
    entries: tuple[TreeEntry, ...] = ()
    """The whole list of its files, where a tool asked for it."""


@dataclass(frozen=True, slots=True)
class FixTaken:
    """What was asked of a fix, and what answers it had from outside."""

    asked: Asked
    holds_together: bool | None = None
    """What the proof of all patches as one said, in bundles that have no more of it."""
    commit: Sha | None = None
    together: Together | None = None
    """What it said, where it was asked for."""

    @property
    def said(self) -> Together | None:
        """The answer about all patches as one, where there was one."""
        if self.together is None and self.holds_together is not None:
            return Together(self.holds_together)
        return self.together


@dataclass(frozen=True, slots=True)
class Versions:
    """What decides besides the change and the configuration."""

    pullwright: str
    policy: str
    prompts: str


@dataclass(frozen=True)
class Bundle:
    """One run."""

    run_id: str
    event: str
    """What the run was for: `review`, `fix`."""
    at: datetime
    versions: Versions
    change: PullRequest
    diff: Diff
    config: str
    """The effective configuration as JSON."""
    tools: tuple[str, ...]
    """Those of the loop."""
    trees: Mapping[str, TreeSeen]
    """By commit."""
    steps: tuple[StepTaken, ...]
    report: str
    """The result as JSON, byte for byte."""
    report_sha256: str
    conclusion: str
    read_elsewhere: tuple[str, ...] = ()
    """Changed files that analyzers understood which are not ours."""
    known: Known = NOTHING
    """What the run had from earlier ones when it began; nothing in bundles of format 1."""
    card: ModelCard | None = None
    fix: FixTaken | None = None
    redactions: int = 0
    """Secrets that were taken out of what is kept."""
    left_out: tuple[str, ...] = ()
    """What was too large to keep, one sentence each."""
    is_whole: bool = True
    """False where the change itself was too large to keep."""

    @property
    def repo_config(self) -> RepoConfig:
        """The effective configuration; raises BundleUnreadable where its keys are others now."""
        try:
            return RepoConfig.model_validate_json(self.config)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            key = ".".join(map(str, first["loc"]))
            raise BundleUnreadable(
                f"run {self.run_id} has a configuration that this version does not know: {key}"
            ) from error

    @property
    def calls(self) -> tuple[CallTaken, ...]:
        """All calls of the model, in order."""
        return tuple(call for step in self.steps for call in step.calls)


@dataclass(frozen=True, slots=True)
class Header:
    """The first line: what a list shows."""

    format: int
    run_id: str
    event: str
    at: datetime
    repo: str
    head_sha: str
    conclusion: str
    version: str
    sha256: str
    """Of the rest."""


def encode(bundle: Bundle) -> bytes:
    """Return the bundle as bytes; raises Refused where it is too large to keep."""
    body = dump(bundle).encode()
    if len(body) > MOST_BYTES:
        raise Refused(f"it takes {len(body):,} bytes, and {MOST_BYTES:,} are kept at most")
    header = Header(
        format=FORMAT,
        run_id=bundle.run_id,
        event=bundle.event,
        at=bundle.at,
        repo=bundle.change.repo,
        head_sha=bundle.change.head_sha,
        conclusion=bundle.conclusion,
        version=bundle.versions.pullwright,
        sha256=hashlib.sha256(body).hexdigest(),
    )
    return dump(header).encode() + b"\n" + body


def decode(data: bytes, *, name: str) -> Bundle:
    """Return the bundle; raises BundleUnreadable saying what is wrong with it."""
    first, _, body = data.partition(b"\n")
    header = decode_header(first, name=name)
    if hashlib.sha256(body).hexdigest() != header.sha256:
        raise BundleUnreadable(f"{name} was changed or cut after it was written: it proves nothing")
    bundle = load(Bundle, body.decode("ascii", "replace"))
    if hashlib.sha256(bundle.report.encode()).hexdigest() != bundle.report_sha256:
        raise BundleUnreadable(f"{name} has another result than the one that was written")
    return bundle


def decode_header(line: bytes, *, name: str) -> Header:
    """Return the header; raises BundleUnreadable, also for a newer format."""
    try:
        told = json.loads(line)
        found = told["format"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BundleUnreadable(f"{name} is not the bundle of a run") from error
    if not isinstance(found, int) or found > FORMAT:
        raise BundleUnreadable(
            f"{name} was written by a newer pullwright ({told.get('version')}, format {found}): "
            f"this one reads format {FORMAT}"
        )
    return load(Header, line.decode("ascii", "replace"))


def within(
    files: Iterable[tuple[Sha, SourceFile]],
) -> tuple[list[tuple[Sha, SourceFile]], list[SourceFile]]:
    """Part the files into those that are kept and those over the limit, in their order."""
    kept: list[tuple[Sha, SourceFile]] = []
    left: list[SourceFile] = []
    size = 0
    for sha, file in files:
        size += len(file.data)
        if size > MOST_FILE_BYTES:
            size -= len(file.data)
            left.append(file)
        else:
            kept.append((sha, file))
    return kept, left
