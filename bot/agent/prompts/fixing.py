"""The prompts about code that is written: a test that shows a defect, and a patch that mends it."""

from collections.abc import Mapping, Sequence

from bot.domain.evidence import TestReport
from bot.domain.findings import Finding
from bot.domain.prompt import Block, Part, Prompt, ask
from bot.domain.pull_request import printable
from bot.domain.untrusted import one_line

_REPRODUCE_RULES = """\
You check a claim about code by writing one small test file that fails because of the claimed defect
and would pass without it. Use the project's own framework and imports, as in the sample. Test what
the code promises (name, documentation, callers, its state before the change), not what you would
like. No network, no sleep, no files outside a temporary folder, no mocks of the code under test.
`text`: the whole test file, or "" where the claim cannot be shown by a test. `expectation`: one
sentence, what the code promises."""

_REWRITE_RULES = """\
You mend one defect with the smallest change that a maintainer would make. `edits`: each with
`path`, `search` (whole lines copied exactly from the file as shown, without numbers, enough of them
to stand only once in it) and `replace` (the same lines mended). Never edit tests, CI, lock files or
configuration, never silence a check, and change nothing else. `explanation`: one sentence. Where
you cannot mend it, `edits` is empty. The change is tried: it must apply, parse, add no lint
finding, turn the failing tests green and break none; what failed before is told to you."""

_REPAIR_RULES = """\
You propose to a search for the edit that makes failing tests pass; each proposal is run, so several
different ones are better than one that is sure. `fills`: up to twelve, each with `path`, `line`,
`old` (a constant, name, condition or expression as it stands on that line, only once in it) and
`new` (what is written there instead). `edits`: one small patch, each with `path`, `search` (whole
lines copied exactly from the file, enough of them to stand only once in it) and `replace`; empty
where the fills say it all. Never edit tests, CI, lock files or configuration, never silence a
check."""

WHOLE_FILE_CHARACTERS = 12_000
_LINES_AROUND = 60
_FILES_SHOWN = 3
_SAMPLE_CHARACTERS = 2_500
_FAILURE_CHARACTERS = 2_500


def reproduce_prompt(
    finding: Finding, head: Mapping[str, bytes], *, sample_path: str, sample: str
) -> Prompt:
    """Return the prompt for a test that shows a finding."""
    return ask(
        _REPRODUCE_RULES,
        _claim(finding),
        code_of(finding, head),
        Block(f"sample: {printable(sample_path)}", sample, limit=_SAMPLE_CHARACTERS),
        f"Your file will stand beside {printable(sample_path)}. Write it.",
    )


def rewrite_prompt(
    finding: Finding, head: Mapping[str, bytes], *, failure: str, failed: Sequence[str]
) -> Prompt:
    """Return the prompt for a patch; `failed` says what was tried before and what became of it."""
    parts: list[Part] = [_claim(finding), code_of(finding, head)]
    if failure:
        parts.append(Block("what the tests say", failure, limit=_FAILURE_CHARACTERS))
    for number, attempt in enumerate(failed, 1):
        parts.append(Block(f"attempt {number} and what became of it", attempt, limit=3_000))
    return ask(_REWRITE_RULES, *parts, f"Mend it in {printable(finding.location.path)}.")


def failure_of(finding: Finding, head_tests: TestReport | None) -> str:
    """Return how the tests of the head fail that have to pass."""
    if finding.reproduction is not None:
        return f"{finding.reproduction.text}\n\n{finding.reproduction.message}"
    said = [head_tests.messages.get(t, "") for t in finding.evidence] if head_tests else []
    return "\n\n".join(text for text in said if text)


def repair_prompt(
    finding: Finding,
    texts: Mapping[str, str],
    ranked: Sequence[tuple[str, int, float]],
    *,
    failure: str,
) -> Prompt:
    """Return the prompt for proposals; `ranked` are suspicious lines (path, line, score)."""
    parts: list[Part] = [_claim(finding)]
    for path in list(dict.fromkeys(path for path, _, _ in ranked))[:_FILES_SHOWN]:
        text = texts.get(path, "")
        first = next(line for name, line, _ in ranked if name == path)
        parts.append(_code(path, text, first, first))
    suspects = "\n".join(f"{printable(p)}:{n} {score:.2f}" for p, n, score in ranked[:12])
    parts.append(Block("suspicious lines, the worst first", suspects))
    if failure:
        parts.append(Block("what the tests say", failure, limit=_FAILURE_CHARACTERS))
    return ask(_REPAIR_RULES, *parts, "Propose.")


def code_of(finding: Finding, head: Mapping[str, bytes]) -> Block:
    """Return the file of a finding, or the lines around it where the file is long."""
    path, place = finding.location.path, finding.location
    text = head.get(path, b"").decode("utf-8", "replace")
    return _code(path, text, place.start_line, place.end_line)


def _code(path: str, text: str, start_line: int, end_line: int) -> Block:
    if len(text) <= WHOLE_FILE_CHARACTERS:
        return Block(f"file {printable(path)}", text)
    lines = text.split("\n")
    first = max(1, start_line - _LINES_AROUND)
    shown = "\n".join(lines[first - 1 : end_line + _LINES_AROUND])
    return Block(f"file {printable(path)} from line {first}", shown)


def _claim(finding: Finding) -> Block:
    place = finding.location
    where = f"{printable(place.path)}:{place.start_line}"
    text = f"{where} {one_line(finding.title)}\n{finding.body}\n{finding.snippet[:1_500]}"
    return Block("the defect", text, is_prose=True)
