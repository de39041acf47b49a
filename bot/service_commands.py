"""The commands of the App: its service, its worker and its queue."""

from collections.abc import Iterator
from types import ModuleType
from typing import TYPE_CHECKING, Annotated

import typer

from bot.app_packages import app_packages
from bot.domain.jobs import JobStatus
from bot.errors import Refused
from bot.settings import has_app

if TYPE_CHECKING:
    from bot.adapters.doctor_check import Check

Slots = Annotated[int, typer.Option(min=1, max=64, help="How many jobs at once.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(serve)
    app.command()(worker)
    app.command()(setup)
    jobs = typer.Typer(help="Look into the queue of the App.", no_args_is_help=True)
    app.add_typer(jobs, name="jobs")
    jobs.command("list")(jobs_list)
    jobs.command("show")(jobs_show)
    jobs.command("retry")(jobs_retry)
    jobs.command("reconcile")(jobs_reconcile)


def serve(
    host: Annotated[str, typer.Option(help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Where to listen; 0 for any free port.")] = 8080,
    with_worker: Annotated[
        bool, typer.Option("--with-worker", help="Do the jobs too, in a process next to this one.")
    ] = False,
    slots: Slots = 2,
) -> None:
    """Take GitHub's deliveries in.

    Needs `pip install 'pullwright[app]'`.
    """
    if with_worker:
        app_commands().serve_and_work(host, port, slots)
    else:
        app_commands().serve(host, port)


def worker(
    slots: Slots = 2,
    lease: Annotated[
        float, typer.Option(min=5, max=3600, help="Seconds until a silent worker is dead.")
    ] = 45,
) -> None:
    """Do the jobs that deliveries ask for.

    Needs `pip install 'pullwright[app]'`.
    """
    app_commands().work(slots, lease)


def setup(
    host: Annotated[str, typer.Option(help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Where to listen; 0 for any free port.")] = 8081,
    url: Annotated[
        str, typer.Option(help="The public address of `serve`, such as https://HOST.")
    ] = "",
) -> None:
    """Make the GitHub App on a page of this machine, which shows what it may do.

    Needs `pip install 'pullwright[app]'`.
    """
    typer.echo(app_commands().setup(host, port, url))


def jobs_list(
    status: Annotated[
        list[JobStatus] | None, typer.Option(help="Only these; may be repeated.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many at the most.")] = 50,
) -> None:
    """List jobs, the newest first."""
    for line in app_commands().list_jobs(status or (), limit):
        typer.echo(line)


def jobs_show(job: Annotated[str, typer.Argument(help="The job's id.")]) -> None:
    """Show the steps of a job."""
    for line in app_commands().show_job(job):
        typer.echo(line)


def jobs_retry(job: Annotated[str, typer.Argument(help="The id of a failed job.")]) -> None:
    """Queue a failed job again, from its last finished step."""
    typer.echo(app_commands().retry_job(job))


def jobs_reconcile() -> None:
    """Look now for missed deliveries, pull requests and records; a worker does it."""
    for line in app_commands().reconcile():
        typer.echo(line)


def app_checks() -> "Iterator[Check]":
    """Yield what `doctor` says of the App: that there is none, or everything."""
    from bot.adapters.doctor_check import Check

    if not has_app():
        detail = "none; the command line needs none, and `pullwright setup` makes one"
        yield Check("app", False, detail, is_needed=False)
        return
    try:
        commands = app_commands()
    except Refused as error:
        yield Check("app", False, str(error))
        return
    yield from commands.examine()


def app_commands() -> ModuleType:
    """Return the App's commands; raises Refused where its packages are not installed."""
    with app_packages():
        from bot import app_commands as module
    return module
