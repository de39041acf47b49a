"""Runs the Python tests of the current folder; the entry that is sent into the sandbox.

Its arguments are the folder for results and the pieces of one JSON list: the ids of the only tests
to run, the files to trace, and pytest's arguments.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from bot.adapters.inside.tracing import Request, Tracer, optional
from bot.adapters.inside.with_pytest import run_pytest
from bot.adapters.inside.with_unittest import SKIPPED_FOLDERS, run_unittest

PROJECT_FILES = ("pyproject.toml", "setup.py", "setup.cfg")


def main(arguments: list[str]) -> int:
    """Run the tests and return pytest's exit code, or its like."""
    folder, *pieces = arguments
    request = Request(Path.cwd(), Path(folder), *json.loads("".join(pieces)))
    for name in ("junit.xml", "reach.json"):
        (request.results / name).unlink(missing_ok=True)
    root = request.root
    # Our imports are over before anything can be imported from the tree: a `json.py` in its root
    # is the project's business, and must not become ours or pytest's.
    roots = [str(root), *import_roots(root)]
    sys.path[:] = [path for path in sys.path if path not in roots]
    pytest = optional("pytest")
    tracer = Tracer(request)
    sys.path[:0] = roots
    os.environ["PYTHONPATH"] = os.pathsep.join(
        [*roots[_hides_modules(root) :], *filter(None, [os.environ.get("PYTHONPATH")])]
    )
    tracer.start()
    code = run_unittest(request, tracer) if pytest is None else run_pytest(pytest, request, tracer)
    tracer.write()
    return code


def import_roots(root: Path) -> list[str]:
    """Return the folders whose packages are the project's own, to go before installed copies.

    A virtualenv often holds an editable install that points into the user's checkout: without
    this, a src layout would be tested there and not in the tree at hand.
    """
    found = [root / "src"]
    for project in (path for level in ("*", "*/*") for path in sorted(root.glob(level))):
        is_ours = not any(
            part.startswith(".") or part in SKIPPED_FOLDERS
            for part in project.relative_to(root).parts
        )
        if is_ours and any((project / name).exists() for name in PROJECT_FILES):
            found += [project / "src", project]
    return [str(path) for path in found if path.is_dir()][:50]


def _hides_modules(root: Path) -> bool:
    """Tell whether the root would hide standard modules from processes that tests start."""
    files = {path.stem for path in root.glob("*.py")}
    packages = {path.parent.name for path in root.glob("*/__init__.py")}
    return bool((files | packages) & set(getattr(sys, "stdlib_module_names", ())))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
