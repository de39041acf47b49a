"""Process sandboxes for tests that run real test frameworks."""

import os
import sys
from pathlib import Path

from bot.adapters.process_sandbox import ProcessSandbox, ProcessSetup
from bot.domain.ports import SandboxFacts

HOME = Path("~").expanduser()


def process_sandbox(
    parent: Path, *, python: str = sys.executable, path: str = os.defpath
) -> ProcessSandbox:
    rust = {"RUSTUP_HOME": str(HOME / ".rustup"), "CARGO_HOME": str(HOME / ".cargo")}
    return ProcessSandbox(
        ProcessSetup(
            python=Path(python),
            path=path,
            facts=SandboxFacts("process", "process", "a test asked for it"),
            variables=rust,
            parent=parent,
        )
    )
