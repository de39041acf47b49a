"""The commands of a start on GitHub: `init` writes the workflows, `action` is the step in them."""

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Annotated

import typer

from bot.adapters.starter_files import start
from bot.domain.starter import NOTHING_TO_DO, PIN, kept_words, next_steps, starter_files
from bot.errors import Refused

if TYPE_CHECKING:
    from bot.adapters.doctor_check import Check


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(init)
    app.command()(action)


def init(
    repo: Annotated[
        Path, typer.Option("--repo", "-C", help="The root of your repository.")
    ] = Path(),
    has_forks: Annotated[
        bool,
        typer.Option("--forks", help="Also the pair that reviews pull requests from forks."),
    ] = False,
    ref: Annotated[str, typer.Option(help="The commit of Pullwright that runs.")] = PIN,
) -> None:
    """Write workflows and a configuration into a repository; no file is overwritten."""
    done = start(repo, starter_files(has_forks=has_forks, pin=ref))
    for path in done.written:
        typer.echo(f"wrote {path}")
    for path in done.kept:
        typer.echo(kept_words(path))
    if not done.written:
        typer.echo(NOTHING_TO_DO)
        return
    typer.echo("next:")
    for number, step in enumerate(next_steps(has_forks=has_forks), 1):
        typer.echo(f"  {number}. {step}")


def action() -> None:
    """Do the step of a workflow, inside a job of GitHub Actions.

    Needs `pip install 'pullwright[action]'`.
    """
    action_module().main()


def action_checks() -> "Iterator[Check]":
    """Yield what `doctor` says of the Action's token: that there is none, or everything."""
    from bot.action_settings import load_token_settings
    from bot.adapters.doctor_check import Check
    from bot.settings import environment

    try:
        given = load_token_settings(environment())
        if given is None:
            detail = "none to look at; set GITHUB_TOKEN and GITHUB_REPOSITORY, or run it in a job"
            yield Check("action token", False, detail, is_needed=False)
            return
        action_module()
    except Refused as error:
        yield Check("action token", False, str(error))
        return
    from bot.action_wiring import examine_action

    yield from examine_action(given)


def action_module() -> ModuleType:
    """Return the Action; raises Refused where its packages are not installed."""
    try:
        from bot import action as module
    except ModuleNotFoundError as error:
        raise Refused(f"{error.name} is missing: pip install 'pullwright[action]'") from error
    return module
