"""A review in the terminal: what was found with its receipt, and what each step was worth.

Nothing of the pull request is read as markup or reaches the terminal as a control sequence.
"""

import atexit
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

import rich.progress
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from bot.adapters.report_rows import Row, excerpt, patch_rows
from bot.domain import comments, evidence_words, fix_words, mending, suspicion
from bot.domain.evidence import Grade, Proof, TestReport
from bot.domain.findings import Finding, FindingState, Severity
from bot.domain.posts import reach_of
from bot.domain.pull_request import printable
from bot.domain.quality import LEGEND
from bot.domain.review import Decision, FixOutcome, PatchResult, Review
from bot.domain.untrusted import one_line, shown
from bot.domain.verdict import Conclusion, Coverage

PROGRAM = "pullwright"
"""What a person types first."""
_WIDTH = 110
_MAX_ROWS = 16
_MAX_BODY = 2000
_MAX_SKIPPED = 12
_INDENT = 4
_LONGEST = 2000
"""Of a sentence; it is wrapped and not cut."""
_CONCLUSIONS = {
    Conclusion.SUCCESS: "bold green",
    Conclusion.FINDINGS: "bold red",
    Conclusion.PARTIAL: "bold yellow",
    Conclusion.NOT_REVIEWED: "bold yellow",
    Conclusion.ERROR: "bold red",
}
_SEVERITIES = {
    Severity.CRITICAL: "bold red",
    Severity.HIGH: "bold red",
    Severity.MEDIUM: "bold yellow",
    Severity.LOW: "bold",
}
_GRADES = {Grade.PROVED: "green", Grade.CHECKED: "yellow", Grade.NOT_VERIFIED: "dim"}
_COLUMNS: tuple[tuple[str, Literal["left", "right"]], ...] = (
    ("", "left"),
    ("tool", "left"),
    ("utility", "right"),
    ("chance", "right"),
    ("sum of", "left"),
)
_SIGNS = {"+": "green", "-": "red", "@": "dim"}


def print_review(console: Console, told: Review | FixOutcome) -> None:
    """Print a review, or what a fix did about one."""
    if isinstance(told, FixOutcome):
        _print(console, _fix_lines(told))
        return
    _print(console, _review_lines(told))


def print_explanation(console: Console, review: Review) -> None:
    """Print each decision: the mask, and the contributions that sum to each tool's utility."""
    for decision in review.decisions:
        head = Text(f"\nstep {decision.step}: ", "dim")
        head.append(one_line(decision.tool), "bold")
        said = one_line(decision.observation, limit=_LONGEST)
        head.append(f"  {decision.seconds:.1f} s  {said}")
        _print(console, [head, _utilities(decision)])
    if review.suspects:
        _print(console, [Text("\nlines that the failing tests point at", "bold")])
        _print(console, [Text(line) for line in suspicion.spoken(review.suspects)])
    if review.decisions:
        _print(console, [Text(f"policy {one_line(review.decisions[-1].policy_version)}", "dim")])


class Progress:
    """One moving line on a terminal for the step that runs, one lasting line for each that ran."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bar: rich.progress.Progress | None = None
        # A run that ends by Ctrl-C or by a bug finishes no step, and would leave the cursor hidden.
        atexit.register(self._stop)

    def step_started(self, tool: str) -> None:
        """Show what runs now."""
        self._stop()
        self._bar = rich.progress.Progress(
            rich.progress.SpinnerColumn(),
            rich.progress.TextColumn("{task.description}", markup=False),
            rich.progress.BarColumn(bar_width=24),
            rich.progress.TimeElapsedColumn(),
            console=self._console,
            transient=True,
        )
        self._bar.add_task(comments.working(tool), total=None)
        self._bar.start()

    def searched(self, tried: int, plausible: int) -> None:
        """Show how far a search is."""
        if self._bar is not None:
            said = f"{comments.working('repair')}: {mending.searching(tried, plausible)}"
            self._bar.update(self._bar.task_ids[0], description=said)

    def step_finished(self, decision: Decision) -> None:
        """Show what came back."""
        self._stop()
        line = Text(f"{one_line(decision.tool):<8}{decision.seconds:6.1f} s  ", "dim")
        _print(self._console, [line.append(one_line(decision.observation, limit=_LONGEST))])

    def _stop(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None


class QuietProgress:
    """Hears and says nothing."""

    def step_started(self, tool: str) -> None:
        """Stay quiet."""

    def step_finished(self, decision: Decision) -> None:
        """Stay quiet."""

    def searched(self, tried: int, plausible: int) -> None:
        """Stay quiet."""


def _review_lines(review: Review) -> Iterator[RenderableType]:
    change = review.change
    yield Text(
        f"{printable(change.repo)}  {printable(change.head_ref)}  "
        f"{change.head_sha[:12]} on {change.merge_base_sha[:12]}",
        "dim",
    )
    yield _headline(review)
    for finding in review.findings:
        yield Text()
        yield from _finding(finding, review)
    yield Text()
    if any(f.source == "test" for f in review.open_findings):
        yield _fact("fix", mending.offer(review.change))
    if any(f.suggestion and _has_quality(f.suggestion.proof) for f in review.open_findings):
        yield _fact("quality", LEGEND)
    yield from _facts(review)


def _headline(review: Review) -> Text:
    style = _CONCLUSIONS[review.verdict.conclusion]
    return Text(comments.headline(review.verdict, review.open_findings), style)


def _finding(finding: Finding, review: Review) -> Iterator[RenderableType]:
    place = finding.location
    label = Text(f"{finding.id:<{_INDENT}}")
    title = Text(finding.severity, _SEVERITIES[finding.severity])
    title.append(f"  {one_line(finding.title)}", "bold")
    if finding.state is not FindingState.OPEN:
        title.append(f"  {finding.state}", "dim")
    yield _Inset(title, label)
    where = f"{printable(place.path)}:{place.start_line}  "
    yield _Inset(Text(where).append(f"{one_line(finding.source)} {one_line(finding.rule)}", "dim"))
    if finding.body:
        yield _Inset(Text(shown(finding.body[:_MAX_BODY])))
    if (suggestion := finding.suggestion) is None:
        yield from _rows(excerpt(finding, review.diff))
        return
    yield from _rows(patch_rows(review.patch_text(suggestion), is_whole=True))
    yield _Inset(_receipt(suggestion.proof))
    if doubt := evidence_words.doubt_of(suggestion):
        yield _Inset(Text(doubt, "yellow"))


def _has_quality(proof: Proof | None) -> bool:
    return proof is not None and "quality" in comments.receipt(proof)


def _receipt(proof: Proof | None) -> Text:
    grade = proof.grade if proof is not None else Grade.NOT_VERIFIED
    return Text(comments.receipt(proof), _GRADES[grade])


def _rows(rows: Iterable[Row], *, is_patch: bool = False) -> Iterator[RenderableType]:
    """Yield the lines of some code, the first ones alone on a terminal."""
    yield _Code(tuple(_code_line(row) for row in rows), is_patch)


def _code_line(row: Row) -> Text:
    sign = " " if row.sign == "@" else row.sign
    number = "" if row.new is None else f"{row.new:>5} "
    text = shown(row.text).expandtabs(4)
    return Text(f"{number}{sign} {text}", _SIGNS.get(row.sign, ""), no_wrap=True)


@dataclass(frozen=True, slots=True)
class _Code:
    """Lines of code: on a terminal few and short ones, elsewhere all of them and whole."""

    lines: tuple[Text, ...]
    is_patch: bool = False
    """Of a fix, which is read to be applied: all of its lines, and whole."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        is_whole = self.is_patch or not options.is_terminal
        shown_lines = self.lines if is_whole else self.lines[:_MAX_ROWS]
        for line in shown_lines:
            row = Text.assemble(" " * _INDENT, line, no_wrap=True, overflow="ignore")
            if not is_whole:
                row.truncate(options.max_width, overflow="ellipsis")
            row.rstrip()
            yield row
        if (more := len(self.lines) - len(shown_lines)) > 0:
            yield _Inset(Text(f"  {more} more lines in the JSON and HTML reports", "dim"))


@dataclass(frozen=True, slots=True)
class _Inset:
    """Text that hangs from a label, without the blanks to the right that rich's padding adds."""

    text: Text
    label: Text = field(default_factory=lambda: Text(" " * _INDENT))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        indent = self.label.cell_len
        lines = self.text.wrap(console, options.max_width - indent, overflow="fold")
        for index, line in enumerate(lines):
            row = Text.assemble(Text(" " * indent) if index else self.label, line)
            row.rstrip()
            yield row


def _facts(review: Review) -> Iterator[RenderableType]:
    """Yield what the verdict rests on: tests, sandbox, what was left out, and the cost."""
    verdict = review.verdict
    runs = (("merge base", review.base_tests), ("head", review.head_tests))
    if tests := [_counts(name, report) for name, report in runs if report is not None]:
        yield _fact("tests", ", ".join(tests))
    if reached := reach_of(review):
        yield _fact("reach", "; ".join(reached))
    for place in review.places:
        yield _fact("sandbox", place)
    for limit in verdict.limits:
        yield _fact("limit", limit, "yellow")
    for note in review.all_notes:
        yield _fact("note", note)
    yield from _skipped(verdict.coverage)
    if tokens := verdict.cost.prompt_tokens + verdict.cost.completion_tokens:
        yield _fact("model", f"{tokens:,} tokens, ${verdict.cost.usd:.2f}")
    yield _fact("run", f"{review.run_id}, {verdict.cost.seconds:.1f} s: {', '.join(verdict.tools)}")


def _counts(name: str, report: TestReport) -> str:
    if report.problem is not None:
        return f"{name}: {report.problem}"
    counts = report.counts
    return f"{name} {counts.failed} failed of {counts.failed + counts.passed}"


def _skipped(coverage: Coverage) -> Iterator[RenderableType]:
    unexpected_first = sorted(coverage.files_skipped, key=lambda file: file.is_exempt)
    for file in unexpected_first[:_MAX_SKIPPED]:
        style = "dim" if file.is_exempt else "yellow"
        yield _fact("not read", f"{printable(file.path)}: {file.reason}", style)
    if (more := len(unexpected_first) - _MAX_SKIPPED) > 0:
        yield _fact("not read", f"{more} more files, see the JSON and HTML reports", "dim")


def _fact(name: str, text: str, style: str = "") -> RenderableType:
    return _Inset(Text(one_line(text, limit=2000), style), Text(f"{name:<9}", "dim"))


def _fix_lines(outcome: FixOutcome) -> Iterator[RenderableType]:
    yield _headline(outcome.review)
    for patch in outcome.patches:
        yield Text()
        yield from _patch(patch, is_fixed=outcome.refused is None)
    yield Text()
    if any(_has_quality(patch.proof) for patch in outcome.patches):
        yield _fact("quality", LEGEND)
    for limit in outcome.review.verdict.limits:
        yield _fact("limit", limit, "yellow")
    for note in outcome.review.notes:
        yield _fact("note", note)
    if outcome.refused is not None:
        yield Text(one_line(outcome.refused, limit=2000), "yellow")
    yield from _ending(outcome)


def _ending(outcome: FixOutcome) -> Iterator[RenderableType]:
    """Yield what all patches do as one, where they are, and what is left."""
    if said := fix_words.together(outcome.together):
        yield Text(said)
    if outcome.commit is not None:
        yield Text(comments.committed(outcome.commit), "green")
    if outcome.refused is None and (left := fix_words.still_left(outcome.left, PROGRAM)):
        yield Text(left, "yellow")


def _patch(patch: PatchResult, *, is_fixed: bool) -> Iterator[RenderableType]:
    title = Text(f"patch from {one_line(patch.source)}", "bold")
    if is_fixed and not patch.is_offered:
        why = mending.left_undecided() if patch.is_ambiguous else comments.left_out(patch)
        title.append(f"  {why}", "dim")
    yield _Inset(title, Text(f"{patch.finding_id:<{_INDENT}}"))
    yield from _rows(patch_rows(patch.text, is_whole=True), is_patch=True)
    yield _Inset(_receipt(patch.proof))
    if patch.is_ambiguous:
        yield from _choice(patch)


def _choice(patch: PatchResult) -> Iterator[RenderableType]:
    """Show what a person chooses between, and how to take either."""
    yield _Inset(Text(evidence_words.doubted(patch.doubt, patch.distinguishing_input)))
    yield _Inset(Text(mending.how_to_take(patch), "dim"))
    if patch.rival_text:
        yield _Inset(Text(mending.the_other(patch)))
        yield from _rows(patch_rows(patch.rival_text, is_whole=True), is_patch=True)


def _utilities(decision: Decision) -> Table:
    """Return one row per tool, the best first; those that may not be picked come last."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name, justify in _COLUMNS:
        table.add_column(name, justify=justify)
    for tool, utility in sorted(decision.utilities.items(), key=lambda item: (-item[1], item[0])):
        shares = sorted(decision.contributions.get(tool, {}).items(), key=lambda s: -abs(s[1]))
        why = "  ".join(f"{v:+.2f} {one_line(name)}" for name, v in shares if round(v, 2))
        chance = f"{decision.propensities.get(tool, 0.0):.2f}"
        mark, style = ("*", "bold") if tool == decision.tool else ("", "")
        table.add_row(mark, one_line(tool), f"{utility:+.2f}", chance, why or "0", style=style)
    for tool in sorted(name for name, may in decision.eligible.items() if not may):
        table.add_row("", one_line(tool), "-", "-", "nothing to do", style="dim")
    return table


def _print(console: Console, lines: Iterable[RenderableType]) -> None:
    for line in lines:
        width = min(console.width, _WIDTH)
        console.print(line, width=width, highlight=False, markup=False, crop=False)
