"""What is installed beside us: the analyzers of the process sandbox come from there."""

import functools
from importlib.metadata import distributions


@functools.cache
def installed() -> tuple[str, ...]:
    """Return every distribution with its version, sorted; looked up once, as programs start."""
    found = ((d.metadata["Name"], d.version) for d in distributions())
    return tuple(sorted(f"{name}=={version}" for name, version in found))
