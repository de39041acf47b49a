"""The prompt about questions: what a person asks of a change, a finding or a thread."""

from collections.abc import Mapping, Sequence

from bot.agent.prompts.fixing import code_of
from bot.agent.prompts.language import ENGLISH, written_in
from bot.domain.findings import Finding
from bot.domain.forge import Remark
from bot.domain.packing import Piece
from bot.domain.prompt import Block, Part, Prompt, ask
from bot.domain.pull_request import printable
from bot.domain.untrusted import one_line

_ANSWER_RULES = """\
You answer a question about a pull request to the people who work on it, exactly and briefly, from
the code that you are shown. `answer`: at most 150 words of plain Markdown, one fact after the
other; name files and lines as `path:line`; no greeting, no praise, no HTML, no images, no links. If
the code does not tell, say what is missing. If the question is whether a finding is wrong, judge it
by the code: `refuted` is true only where the code shows that the finding is wrong, and then
`reason` is the one sentence that shows it; otherwise `refuted` is false and `reason` is "".
`lookups`: if you need code that is not shown, up to 4 requests, and `answer` "" for now: `kind`
read (`path`, `first_line`, `last_line`), symbol or search (`text`), list (`path`, a folder)."""

_QUESTION_CHARACTERS = 4_000
_REMARK_CHARACTERS = 1_500
_MOST_REMARKS = 20
_DIFF_CHARACTERS = 24_000


def answer_prompt(  # noqa: PLR0913 - all that a question is answered from
    question: str,
    *,
    finding: Finding | None,
    thread: Sequence[Remark],
    pieces: Sequence[Piece],
    head: Mapping[str, bytes],
    language: str = ENGLISH,
) -> Prompt:
    """Return the prompt for a question, with the thread that it was asked in."""
    parts: list[Part] = []
    if finding is not None:
        place = finding.location
        claim = f"{printable(place.path)}:{place.start_line} {finding.severity.value}"
        text = f"{claim} {one_line(finding.title)}\n{finding.body}"
        parts += [Block("the finding that the thread is about", text), code_of(finding, head)]
    diff = "\n".join(f"{printable(piece.path)}\n{piece.text}" for piece in pieces)
    parts.append(Block("the change", diff, limit=_DIFF_CHARACTERS))
    for remark in thread[-_MOST_REMARKS:]:
        who = "you" if remark.is_ours else one_line(remark.author)
        label = f"said before by {who}"
        parts.append(Block(label, remark.body, is_prose=True, limit=_REMARK_CHARACTERS))
    parts.append(Block("the question", question, is_prose=True, limit=_QUESTION_CHARACTERS))
    parts += written_in(language, "answer")
    return ask(_ANSWER_RULES, *parts, "Answer the question.")
