"""The commands that play stored runs again."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from bot import replay_wiring
from bot.domain import replay_words as words
from bot.domain.untrusted import one_line
from bot.errors import Refused
from bot.forecast_report import forecast_json, forecast_lines
from bot.guard import Exit
from bot.output import Output
from bot.settings import load_settings


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(replay)
    app.command()(backtest)


def replay(
    run: Annotated[str | None, typer.Argument(help="The id of a run, or the file of one.")] = None,
    listed: Annotated[bool, typer.Option("--list", help="List the stored runs.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the JSON report of the replay.")
    ] = False,
    html: Annotated[Path | None, typer.Option(help="Also write an HTML report.")] = None,
) -> None:
    """Play a stored run again without a network: 0 equal, 1 it differs, 4 it cannot be played."""
    if listed:
        _list()
        return
    if run is None:
        raise Refused("name a run: `pullwright replay --list` shows those there are")
    settings = load_settings()
    try:
        bundle = replay_wiring.load_bundle(settings, run)
        played = replay_wiring.play(bundle)
    except Refused as error:
        sys.stderr.write(f"pullwright: {one_line(str(error), limit=500)}\n")
        raise typer.Exit(Exit.ERROR) from error
    output = Output(html=html, is_colour_off=settings.is_colour_off)
    if as_json:
        sys.stdout.write(played.report)
    if html is not None and played.outcome is not None:
        output.write_html(played.outcome)
    said = list(played.notes)
    if played.differences:
        told = words.differs(bundle.run_id, len(played.differences))
        said = [told, *played.differences, *replay_wiring.other_versions(bundle), *said]
    else:
        said = [words.equal(bundle.run_id), *said]
    for line in said:
        typer.echo(one_line(line, limit=600), err=as_json)
    raise typer.Exit(Exit.FINDINGS if played.differences else Exit.CLEAN)


def backtest(
    config: Annotated[Path, typer.Option(help="The configuration to try, as a file.")],
    last: Annotated[
        int | None, typer.Option(min=1, help="Only so many runs, the newest ones.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Say what a configuration would have changed in the stored runs, without asking anybody."""
    settings = load_settings()
    candidate = replay_wiring.load_candidate(config)
    found = list(replay_wiring.forecasts(settings, candidate, last=last))
    if not found:
        raise Refused(words.no_stored_runs())
    if as_json:
        sys.stdout.write(forecast_json(found))
        return
    for line in forecast_lines(found):
        typer.echo(line)


def _list() -> None:
    """Print a line for each stored run, the newest first."""
    found = tuple(replay_wiring.headers(load_settings()))
    if not found:
        sys.stderr.write(f"pullwright: {words.no_stored_runs()}\n")
    for run_id, header in found:
        if isinstance(header, str):
            typer.echo(f"{run_id:<16}  {one_line(header)}")
            continue
        when = header.at.strftime("%Y-%m-%d %H:%M:%S")
        row = f"{run_id:<16}  {when}  {header.event:<6}  {header.conclusion:<12}"
        typer.echo(f"{row}  {header.head_sha[:12]}  {one_line(header.repo)}")
