"""The prompts about code that is written on request: `implement` and `cover`."""

from collections.abc import Mapping, Sequence

from bot.domain.ports import Symbol
from bot.domain.prompt import Block, Part, Prompt, ask
from bot.domain.pull_request import printable

_IMPLEMENT_RULES = """\
You write code for a request on a pull request, as its most careful maintainer would: the smallest
change that does it, in the style of the code around it, with tests. `edits`: `path`, `search`
(whole lines copied exactly from the file, enough of them to stand only once) and `replace`.
`new_files`: `path` and `text` of code files that are not there yet. `tests`: at least one new test
file, in a folder and with a name like the sample's; its tests fail without your code and pass with
it. Never edit an existing test, CI, lock files or configuration, never silence a check. `subject`:
imperative, under 60 characters; `explanation`: one or two sentences. Everything is tried: it must
parse, add no lint finding and break no test; what failed is told to you.
`lookups`: if you need code that is not shown, up to 4 requests, and everything else empty for now:
`kind` read (`path`, `first_line`, `last_line`), symbol or search (`text`), list (`path`)."""

_COVER_RULES = """\
You write one small test file for lines that no test reaches. Use the project's own framework and
imports, as in the sample. Each test checks a result that would be another one if the line were
wrong, not merely that it runs. No network, no sleep, no files outside a temporary folder, no mocks
of the code under test. `text`: the whole file, or "" where these lines cannot be tested so.
`explanation`: one sentence. The tests must pass on the code as it is, reach the lines, and fail on
small wrong versions of them."""

_FILE_CHARACTERS = 16_000
_SAMPLE_CHARACTERS = 3_000
_MOST_NAMES = 200


def implement_prompt(
    request: str, files: Mapping[str, str], *, names: Sequence[str], sample: tuple[str, str] | None
) -> Prompt:
    """Return the prompt for a request; `files` are shown whole, `names` only listed."""
    parts: list[Part] = [Block("the request", request, is_prose=True)]
    listed = "\n".join(printable(name) for name in names[:_MOST_NAMES])
    parts.append(Block("files of the repository", listed))
    parts += [
        Block(f"file {printable(path)}", text, limit=_FILE_CHARACTERS)
        for path, text in files.items()
    ]
    if sample is not None:
        path, text = sample
        parts.append(Block(f"sample: {printable(path)}", text, limit=_SAMPLE_CHARACTERS))
    return ask(_IMPLEMENT_RULES, *parts, "Write it.")


def cover_prompt(
    symbol: Symbol, lines: Sequence[str], *, path: str, bare: Sequence[int], sample: tuple[str, str]
) -> Prompt:
    """Return the prompt for tests of a symbol; `bare` are its lines that no test reaches."""
    shown = lines[symbol.first_line - 1 : symbol.last_line]
    code = "\n".join(f"{n:>4} {text}" for n, text in enumerate(shown, symbol.first_line))
    sample_path, sample_text = sample
    return ask(
        _COVER_RULES,
        Block(f"code of {symbol.name or 'the module'} in {printable(path)}", code),
        Block(f"sample: {printable(sample_path)}", sample_text, limit=_SAMPLE_CHARACTERS),
        f"No test reaches the lines {', '.join(map(str, bare))}. "
        f"Your file will stand beside {printable(sample_path)}. Write it.",
    )
