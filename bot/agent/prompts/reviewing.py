"""The prompts of a review: of one chunk, of what spans chunks, and of the second look."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.agent.prompts.language import ENGLISH, written_in
from bot.agent.surroundings import Excerpt
from bot.domain.findings import Finding
from bot.domain.packing import Piece
from bot.domain.path_filter import is_match
from bot.domain.prompt import Block, Part, Prompt, ask
from bot.domain.pull_request import printable
from bot.domain.repo_config import PathInstruction
from bot.domain.untrusted import one_line

_REVIEW_RULES = """\
You review a change of a code base like its most careful maintainer. Report only defects that the
change adds or uncovers and that a reader can check: wrong results, crashes, lost data, security
holes, races, broken callers, tests that test nothing. No praise, no summary, no style or naming, no
speculation, nothing that the listed tools or tests have said already. Finding nothing is a good and
frequent answer: then `findings` is empty.

In a diff, `+` lines are new, with their line number in the new file; `-` lines are gone.
For each finding: `path` and `line` as shown; `symbol`, the function or class it is in, or "";
`snippet`, one to six lines copied exactly from the code that is wrong, without numbers or marks;
`severity` critical, high, medium or low; `category` bug, security or test; `title`, at most 80
characters, what is wrong; `body`, at most three sentences: what fails and with which input, by the
code you cite; `confidence` from 0 to 1 that a maintainer agrees. At most 8, the worst first.

`facts`: at most 6 sentences on what this part changes for code elsewhere (a signature, a default, a
meaning, an invariant, a name removed); none where there is nothing.
`lookups`: if a finding hangs on code that is not shown, up to 4 requests to see it, and then
`findings` is empty for now: `kind` read (`path`, `first_line`, `last_line`), symbol or search
(`text`), list (`path`, a folder). Usually none."""

_SPANNING_RULES = """\
You review a change of a code base that was read in parts by different people. You get what each
part changes for code elsewhere, and what was found already. Report only defects that come from two
parts together, such as a caller that was not adapted; each with the part's `path`, a `snippet`
copied from the facts' code where one is given, and the fields as usual: `line` (0 if unknown),
`symbol`, `severity`, `category`, `title`, `body` of at most three sentences, `confidence`. Usually
there is none: then `findings` is empty. `facts` and `lookups` stay empty."""

_CRITIQUE_RULES = """\
You give findings of a code review a second look. For each, try to refute it from the code that is
shown: is the input possible, is it guarded elsewhere, is it what the code means, would a maintainer
act on it? Answer for every `index`: `verdict` keep (it stands), weaken (real, but less likely or
less severe than said) or drop (wrong, unreachable, opinion, or cannot be told from the code), and
`reason`, one sentence about the code. To drop all of them is fine."""

_EVIDENCE_BYTES = 1_500
_GUIDANCE_CHARACTERS = 1_200
_LINES_AROUND = 6


@dataclass(frozen=True, slots=True)
class Material:
    """What a chunk is read with."""

    title: str
    """Of the pull request."""
    guidance: Mapping[str, str]
    """The maintainers' files of the base, by path."""
    instructions: Sequence[PathInstruction]
    evidence: Sequence[Finding]
    """What tools and tests found in these files."""
    excerpts: Sequence[Excerpt]
    settled: Sequence[Finding] = ()
    """What people refuted or dismissed in these files before."""
    language: str = ENGLISH
    """Of the findings' sentences."""


def chunk_prompt(pieces: Sequence[Piece], material: Material) -> Prompt:
    """Return the prompt that shows these pieces of the diff."""
    paths = list(dict.fromkeys(piece.path for piece in pieces))
    return ask(
        _REVIEW_RULES,
        *_guidance(material, paths),
        Block("title of the pull request", one_line(material.title), is_prose=True),
        *_evidence(material.evidence),
        *_settled(material.settled),
        *_excerpts(material.excerpts),
        *_diffs(pieces),
        *written_in(material.language, "title", "body"),
        "Review these parts of the change.",
    )


def spanning_prompt(
    facts: Sequence[str], found: Sequence[Finding], language: str = ENGLISH
) -> Prompt:
    """Return the prompt about what spans the chunks."""
    return ask(
        _SPANNING_RULES,
        Block("what the parts change for code elsewhere", "\n".join(f"- {f}" for f in facts)),
        Block("found already", "\n".join(_line(finding) for finding in found) or "nothing"),
        *written_in(language, "title", "body"),
        "Report what comes from several parts together.",
    )


def critique_prompt(findings: Sequence[Finding], head: Mapping[str, bytes]) -> Prompt:
    """Return the prompt of the second look, each finding with the code around it."""
    parts: list[Part] = []
    for index, finding in enumerate(findings):
        place = finding.location
        claim = f"{finding.severity.value} {finding.title}\n{finding.body}"
        parts.append(Block(f"finding {index} in {printable(place.path)}", claim, is_prose=True))
        parts.append(Block(f"code of finding {index}", _code(finding, head)))
    return ask(_CRITIQUE_RULES, *parts, f"Judge the findings 0 to {len(findings) - 1}.")


def _guidance(material: Material, paths: Sequence[str]) -> Iterable[Part]:
    """Yield what the maintainers ask for; it comes from the base side, so it may be heeded."""
    for path, text in material.guidance.items():
        label = f"guidance of the maintainers in {path}: judge by its conventions"
        yield Block(label, text, limit=_GUIDANCE_CHARACTERS)
    for asked in material.instructions:
        if any(is_match(path, asked.path) for path in paths):
            yield f"For files like {asked.path} the maintainers ask: {asked.instructions}"


def _evidence(found: Sequence[Finding]) -> Iterable[Part]:
    if found:
        text = "\n".join(_line(finding) for finding in found)
        yield Block("what tools and tests found already", text, limit=_EVIDENCE_BYTES)


def _settled(found: Sequence[Finding]) -> Iterable[Part]:
    if found:
        text = "\n".join(_line(finding) for finding in found)
        label = "maintainers refuted or dismissed before: do not report these again"
        yield Block(label, text, limit=_EVIDENCE_BYTES)


def _excerpts(excerpts: Sequence[Excerpt]) -> Iterable[Part]:
    if excerpts:
        shown = (f"{printable(e.path)}:{e.first_line} ({e.why})\n{e.text}" for e in excerpts)
        yield Block("code elsewhere that has to do with the change", "\n\n".join(shown))


def _diffs(pieces: Sequence[Piece]) -> Iterable[Part]:
    texts: dict[str, list[str]] = {}
    for piece in pieces:
        texts.setdefault(piece.path, []).append(piece.text)
    for path, shown in texts.items():
        text = "...\n".join(shown)
        yield Block(f"diff of {printable(path)}", text, limit=len(text))


def _line(finding: Finding) -> str:
    place = finding.location
    where = f"{printable(place.path)}:{place.start_line}"
    return f"{finding.source} {finding.rule} {where} {one_line(finding.title)}"


def _code(finding: Finding, head: Mapping[str, bytes]) -> str:
    place = finding.location
    lines = head.get(place.path, b"").decode("utf-8", "replace").split("\n")
    first = max(1, place.start_line - _LINES_AROUND)
    shown = lines[first - 1 : place.end_line + _LINES_AROUND]
    return "\n".join(f"{number:>4} {text}" for number, text in enumerate(shown, first))
