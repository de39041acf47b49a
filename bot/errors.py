"""The error tree: who must act when something goes wrong.

PullwrightError
├── Refused            the person who asked must change something; nothing was done
│   └── TooLarge       a budget in entries, bytes or seconds was met before the work began
├── Retryable          the same job may succeed later; nothing was posted
├── AnalyzerFailed     an analyzer could not look; the review says so and goes on
├── ModelFailed        the model gave nothing; the review says so and goes on without it
│   ├── ModelRefused      (also Refused) the operator must change the key, the model or the URL
│   ├── ModelBusy         (also Retryable) too many requests; the same call may succeed later
│   ├── ModelUnreachable  (also Retryable) no server, or none that answers in time
│   ├── PromptTooLong     the prompt does not fit into the model's context
│   ├── ReplyUnusable     what came back is not what was asked for, and one repair did not help
│   └── BudgetSpent       the next call would go over the run's budget, so it was not made
└── SandboxUnavailable no place to run code in; the operator must act
    └── SandboxFailed  the sandbox broke while it was used; its results are not evidence

Anything else that is raised is a bug: logged whole, shown as one sentence and a run id. Only
`Stopped` is none: it is how a signal unwinds this process.
"""

from datetime import datetime


class PullwrightError(Exception):
    """Base of every error that a person is told about in one sentence."""


class Refused(PullwrightError):
    """What was asked cannot be done as asked; the message says what to change."""


class TooLarge(Refused):
    """The change or repository is over a budget, so it was not looked at."""


class Retryable(PullwrightError):
    """The same job may succeed later; nothing was posted."""

    def __init__(self, reason: str, *, retry_at: datetime | None = None) -> None:
        super().__init__(reason)
        self.retry_at = retry_at


class SandboxUnavailable(PullwrightError):
    """There is no sandbox of the kind that was asked for; the message says what to install."""


class AnalyzerFailed(PullwrightError):
    """An analyzer could not look: it crashed, timed out or wrote something unreadable."""


class ModelFailed(PullwrightError):
    """The model gave nothing that can be used; everything that needs no model goes on."""


class ModelRefused(ModelFailed, Refused):
    """The key, the model or the URL is wrong; the message says which setting to change."""


class ModelBusy(ModelFailed, Retryable):
    """The model's server takes no more requests for now."""


class ModelUnreachable(ModelFailed, Retryable):
    """The model's server is down, broken or silent."""


class PromptTooLong(ModelFailed):
    """The prompt does not fit into the model's context: send less of it at once."""


class ReplyUnusable(ModelFailed):
    """The model answered, but not with what was asked for."""


class BudgetSpent(ModelFailed):
    """The next call would go over the run's budget, so it was not made."""


class SandboxFailed(SandboxUnavailable):
    """The sandbox broke in use (lost volume, dead daemon): its results are not evidence."""


class Stopped(BaseException):
    """Somebody asked this process to end. No library may take it for an error of its own."""


class Interrupted(Stopped):
    """A person pressed Ctrl-C: what takes long may end with what it has, and the rest goes on."""
