"""One shape for all rule cases: what must be found, and what must be left alone."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    rule: str
    bad: tuple[str, ...]
    """Each is found exactly once."""
    good: tuple[str, ...]
    """None is found by this rule."""


def python_function(body: str) -> str:
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    return f"def work(x, y, items):\n{lines}"


def go_function(body: str, *, imports: str = "", result: str = "") -> str:
    lines = "".join(f"\t{line}\n" for line in body.splitlines())
    return f"package main\n\n{imports}\n\nfunc work(x string) {result} {{\n{lines}}}\n"
