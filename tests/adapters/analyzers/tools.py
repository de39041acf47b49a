"""A sandbox of ordinary processes for the analyzers, which run no code of a repository."""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager

from bot.adapters.process_sandbox import ProcessSandboxes
from bot.domain.ports import Analysis, Analyzer, Purpose, Sandbox, SourceFile


@contextmanager
def tools_sandbox() -> Iterator[Sandbox]:
    with closing(ProcessSandboxes(reason="a test").open(Purpose.TOOLS)) as sandbox:
        yield sandbox


def look(
    analyzer: Analyzer, files: Mapping[str, bytes], *, beside: Mapping[str, bytes] | None = None
) -> Analysis:
    """Analyze files; those in `beside` are in the tree and are not given to the analyzer."""
    every = {**(beside or {}), **files}
    with tools_sandbox() as sandbox:
        sandbox.put(SourceFile(path, data) for path, data in every.items())
        return analyzer.analyze(sandbox, files)
