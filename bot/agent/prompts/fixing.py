"""The prompts about code that is written: a test that shows a defect, and a patch that mends it."""

from collections.abc import Mapping, Sequence

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

WHOLE_FILE_CHARACTERS = 12_000
_LINES_AROUND = 60
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


def code_of(finding: Finding, head: Mapping[str, bytes]) -> Block:
    """Return the file of a finding, or the lines around it where the file is long."""
    path, place = finding.location.path, finding.location
    text = head.get(path, b"").decode("utf-8", "replace")
    if len(text) <= WHOLE_FILE_CHARACTERS:
        return Block(f"file {printable(path)}", text)
    lines = text.split("\n")
    first = max(1, place.start_line - _LINES_AROUND)
    shown = "\n".join(lines[first - 1 : place.end_line + _LINES_AROUND])
    return Block(f"file {printable(path)} from line {first}", shown)


def _claim(finding: Finding) -> Block:
    place = finding.location
    where = f"{printable(place.path)}:{place.start_line}"
    text = f"{where} {one_line(finding.title)}\n{finding.body}\n{finding.snippet[:1_500]}"
    return Block("the defect", text, is_prose=True)
