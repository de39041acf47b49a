"""What a command prints and writes: picks the reports, and hears the progress."""

import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from rich.console import Console

from bot.adapters.html_report import render_html
from bot.adapters.json_report import render_json
from bot.adapters.sarif_report import render_sarif
from bot.adapters.terminal_report import Progress, QuietProgress, print_explanation, print_review
from bot.domain import mending
from bot.domain.review import Decision, FixOutcome, ProgressListener, Review
from bot.domain.untrusted import one_line
from bot.errors import Refused


class PlainProgress:
    """A line on standard error for each step, for a log that somebody may be watching."""

    def __init__(self) -> None:
        self._last = ""

    def step_started(self, tool: str) -> None:
        """Wait for what comes back."""

    def step_finished(self, decision: Decision) -> None:
        seconds, said = f"{decision.seconds:.1f} s", one_line(decision.observation, limit=2000)
        sys.stderr.write(f"{decision.tool}: {said} ({seconds})\n")
        sys.stderr.flush()

    def searched(self, tried: int, plausible: int) -> None:
        """Say how far a search is; its steps grow, so that these are few lines."""
        said = mending.searching(tried, plausible)
        if said != self._last:
            self._last = said
            sys.stderr.write(f"repair: {said}\n")
            sys.stderr.flush()


@dataclass(frozen=True)
class Output:
    """What the person asked to see."""

    is_json: bool = False
    sarif: Path | None = None
    html: Path | None = None
    is_explained: bool = False
    is_quiet: bool = False
    is_colour_off: bool = False

    def listener(self) -> ProgressListener:
        """Return who hears of each step: a live line on a terminal, else a plain line each."""
        return self._heard

    def searched(self, tried: int, plausible: int) -> None:
        """Say how far a search for a repair is."""
        self._heard.searched(tried, plausible)

    @cached_property
    def _heard(self) -> Progress | PlainProgress | QuietProgress:
        console = self._console(is_stderr=True)
        if self.is_quiet:
            return QuietProgress()
        return Progress(console) if console.is_terminal else PlainProgress()

    def show(self, told: Review | FixOutcome) -> None:
        """Print the result and write the files that were asked for."""
        review = told.review if isinstance(told, FixOutcome) else told
        if self.is_json:
            sys.stdout.write(json_text(told))
        else:
            print_review(self._console(), told)
        if self.is_explained:
            print_explanation(self._console(is_stderr=self.is_json), review)
        for path, text in ((self.sarif, render_sarif), (self.html, render_html)):
            if path is not None:
                write(path, text(review))

    def write_html(self, told: Review | FixOutcome) -> None:
        """Write the HTML report alone."""
        if self.html is not None:
            write(self.html, render_html(told.review if isinstance(told, FixOutcome) else told))

    def say(self, text: str) -> None:
        """Print a line as it is."""
        self._console().print(text, markup=False, soft_wrap=True)

    def warn(self, text: str) -> None:
        """Say on standard error what did not work beside the command itself."""
        sys.stderr.write(f"pullwright: {one_line(text)}\n")

    def _console(self, *, is_stderr: bool = False) -> Console:
        if self.is_colour_off:
            return Console(stderr=is_stderr, color_system=None, highlight=False)
        return Console(stderr=is_stderr, highlight=False)


def json_text(told: Review | FixOutcome) -> str:
    """Return the JSON document of a review or a fix, with a line end."""
    return render_json(told)


def write(path: Path, text: str) -> None:
    """Write a report; raises Refused naming the file when that fails."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8", "surrogateescape"))
    except OSError as error:
        raise Refused(f"cannot write {path}: {error.strerror}") from error
