"""What an organization sets for all of its repositories, in `pullwright.yml` of its `.github`."""

import base64
from dataclasses import dataclass
from typing import Protocol

ORG_REPO, ORG_FILE = ".github", "pullwright.yml"
MAX_BYTES = 32 * 1024
"""Less than a repository's own file may have: a step of a job remembers it."""


@dataclass(frozen=True, slots=True)
class OrgDefaults:
    """The file as a job saw it; empty where there is none."""

    origin: str = ""
    """For people: `octo/.github/pullwright.yml@3f2a...`."""
    encoded: str = ""
    """The bytes in base64."""
    problem: str = ""
    """Why it could not be read, one sentence; a file that is not there is no problem."""

    @property
    def data(self) -> bytes | None:
        """The bytes, or None where there is no file."""
        return base64.b64decode(self.encoded) if self.origin else None

    @property
    def notes(self) -> tuple[str, ...]:
        """What belongs to the provenance of a configuration."""
        return (f"organization defaults were not read: {self.problem}",) if self.problem else ()


class OrgDefaultsSource(Protocol):
    """The organization of one repository."""

    def read(self) -> OrgDefaults:
        """Return what the organization sets; raises Retryable where it may be read later."""
        ...
