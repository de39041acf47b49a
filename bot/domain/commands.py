"""What people ask for in a comment or with a button: `/agent fix F1`."""

from dataclasses import dataclass
from enum import StrEnum

from bot.domain.findings import FindingId


class DismissReason(StrEnum):
    """Why a finding is not wanted."""

    WRONG = "wrong"
    STYLE = "style"
    NOISE = "noise"
    OUT_OF_SCOPE = "out-of-scope"
    ALREADY_DONE = "already-done"


class PolicyView(StrEnum):
    """What of the learned policy is asked for."""

    SHOW = "show"
    EXPLAIN = "explain"
    ROLLBACK = "rollback"


@dataclass(frozen=True, slots=True)
class Review:
    """`review [full]`: what is new since the last reviewed head, or everything."""

    is_full: bool = False


@dataclass(frozen=True, slots=True)
class Fix:
    """`fix [F1 F2 ... | all] [--pr] [revert]`: patch findings and failing tests."""

    ids: tuple[FindingId, ...] = ()
    """Empty for everything that is open."""
    is_stacked: bool = False
    """`--pr`: as a pull request of its own."""
    is_revert: bool = False
    """Take the author's own hunk back; only ever with ids."""


@dataclass(frozen=True, slots=True)
class Test:
    """`test`: run the tests at base and head."""


@dataclass(frozen=True, slots=True)
class Implement:
    """`implement REQUEST`: write code for it, with tests."""

    request: str


@dataclass(frozen=True, slots=True)
class Cover:
    """`cover`: write tests for changed lines that none reaches."""


@dataclass(frozen=True, slots=True)
class Ask:
    """`ask QUESTION`: answer from the diff and the code at head."""

    question: str


@dataclass(frozen=True, slots=True)
class Explain:
    """`explain F1`."""

    id: FindingId


@dataclass(frozen=True, slots=True)
class Dismiss:
    """`dismiss F1 [REASON]`: remembered until the enclosing code changes."""

    id: FindingId
    reason: DismissReason | None = None


@dataclass(frozen=True, slots=True)
class Reject:
    """`reject`: dismiss every open finding."""


@dataclass(frozen=True, slots=True)
class Undo:
    """`undo`: revert our commits."""


@dataclass(frozen=True, slots=True)
class Stop:
    """`stop`: end what is running."""


@dataclass(frozen=True, slots=True)
class Pause:
    """`pause`: no automatic reviews until `resume`."""


@dataclass(frozen=True, slots=True)
class Resume:
    """`resume`: automatic reviews again."""


@dataclass(frozen=True, slots=True)
class Ignore:
    """`ignore`: never by ourselves on this pull request."""


@dataclass(frozen=True, slots=True)
class Unmute:
    """`unmute RULE`: findings of a rule, or of a tool, next to the code again, for good."""

    word: str


@dataclass(frozen=True, slots=True)
class Status:
    """`status`: what is running."""


@dataclass(frozen=True, slots=True)
class Why:
    """`why`: why nothing happened."""


@dataclass(frozen=True, slots=True)
class ShowConfig:
    """`config`: the effective configuration and who decided it."""


@dataclass(frozen=True, slots=True)
class Policy:
    """`policy show|explain|rollback`."""

    view: PolicyView


@dataclass(frozen=True, slots=True)
class Help:
    """`help`: the table."""


Command = (
    Review
    | Fix
    | Test
    | Implement
    | Cover
    | Ask
    | Explain
    | Dismiss
    | Reject
    | Undo
    | Stop
    | Pause
    | Resume
    | Ignore
    | Unmute
    | Status
    | Why
    | ShowConfig
    | Policy
    | Help
)

IMMEDIATE = (Stop, Pause, Resume, Ignore, Unmute, Status, Why, ShowConfig, Policy, Help)
"""Commands that do not wait for what is running on their pull request."""
