"""Calls that wait for somebody else, made side by side and answered in their order."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
U = TypeVar("U")

AT_ONCE = 8


def side_by_side(call: Callable[[T], U], subjects: Sequence[T]) -> list[U]:
    """Return the call's answer for each subject, in order; the first error is raised at the end."""
    if len(subjects) < 2:
        return [call(subject) for subject in subjects]
    with ThreadPoolExecutor(min(AT_ONCE, len(subjects)), thread_name_prefix="model") as pool:
        return list(pool.map(call, subjects))
