"""The commands about what was learned, and from what: learn, policy and feedback."""

from pathlib import Path
from types import ModuleType
from typing import Annotated

import typer

from bot.app_packages import app_packages

Version = Annotated[str, typer.Argument(help="A version, or the beginning of its name.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(learn)
    policy = typer.Typer(help="What was learned, who serves, and why.", no_args_is_help=True)
    app.add_typer(policy, name="policy")
    policy.command()(show)
    policy.command()(explain)
    policy.command()(gate)
    policy.command()(rollback)
    feedback = typer.Typer(help="What people made of suggestions.", no_args_is_help=True)
    app.add_typer(feedback, name="feedback")
    feedback.command("list")(list_feedback)
    feedback.command("sync")(sync_feedback)


def learn(
    from_seq: Annotated[int, typer.Option(min=0, help="Leave out the events up to this one.")] = 0,
    to_seq: Annotated[
        int | None, typer.Option(min=1, help="Leave out the events after this one.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Enters the version.")] = 0,
) -> None:
    """Learn from the App's log: the same log, configuration and seed give the same hash.

    Needs `pip install 'pullwright[app]'`.
    """
    for line in report().learned(from_seq, to_seq, seed):
        typer.echo(line)


def show(
    html: Annotated[
        Path | None, typer.Option(help="Also write plots: acceptance, regret, weights, J.")
    ] = None,
) -> None:
    """Show who serves, what each version earned with its interval, and the weights."""
    for line in report().shown(html):
        typer.echo(line)


def list_feedback(
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many at the most.")] = 50,
) -> None:
    """List what became of suggestions and what it is worth, the newest first."""
    for line in report().feedback(limit):
        typer.echo(line)


def sync_feedback() -> None:
    """Look now at what became of suggestions; a worker does it."""
    with app_packages():
        from bot import app_commands
    for line in app_commands.sync_feedback():
        typer.echo(line)


def explain(run: Annotated[str, typer.Argument(help="The id of a run.")]) -> None:
    """Show each choice of a run with the parts that sum to its utility."""
    for line in report().explained(run):
        typer.echo(line)


def gate() -> None:
    """Show every attempt at the gate, and what the next one waits for."""
    for line in report().gate():
        typer.echo(line)


def rollback(
    version: Version,
    reason: Annotated[str, typer.Option(help="Why; it is kept.")] = "asked for by the operator",
) -> None:
    """Take back the version that serves, everywhere; its parent decides again."""
    typer.echo(report().rolled_back(version, reason))


def report() -> ModuleType:
    """Return what answers; raises Refused where its packages are not installed."""
    with app_packages():
        from bot import policy_report
    return policy_report
