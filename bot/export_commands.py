"""The commands that take feedback out: to train a model on it, or to forget it."""

import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Annotated

import typer

from bot.agent.export.gathering import Wishes
from bot.app_packages import app_packages
from bot.domain import export_card as words
from bot.domain import forgetting_words
from bot.domain.export import MIN_CONFIDENCE, RETENTION, Format
from bot.domain.forgetting import Target
from bot.domain.licences import KNOWN
from bot.domain.untrusted import one_line
from bot.errors import Refused
from bot.guard import Exit
from bot.settings import known_secrets, load_database_url, load_settings

# A company that manages its people's accounts has its name behind an underscore.
_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,38}(?:\[bot\])?")
_REPOSITORY = re.compile(r"[A-Za-z0-9_-]{1,39}/[A-Za-z0-9._-]{1,100}")


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(export)
    app.command()(forget)


def export(
    form: Annotated[Format, typer.Option("--format", help="What the records are for.")],
    into: Annotated[Path, typer.Option(help="A folder that is not there yet, or is empty.")],
    since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="No outcome before this day; 180 days ago."),
    ] = None,
    min_confidence: Annotated[
        float, typer.Option(min=0, max=1, help="No outcome that is less sure.")
    ] = MIN_CONFIDENCE,
    license_allow: Annotated[
        list[str] | None,
        typer.Option(help="An SPDX id, such as MIT; may be repeated, or hold several with commas."),
    ] = None,
    owner_agrees: Annotated[
        list[str] | None,
        typer.Option(
            help="OWNER/NAME whose owner agreed to this export, whatever its licence and size."
        ),
    ] = None,
) -> None:
    """Write what people decided about patches, to train a model on: 1 where there is nothing.

    Only of repositories that say `learning.export: true`. Needs `pip install 'pullwright[app]'`.
    """
    now = datetime.now(UTC)
    first = since.replace(tzinfo=UTC) if since is not None else now - RETENTION
    licences = _licences(license_allow or ())
    agreed = frozenset(_repository(name).casefold() for name in owner_agrees or ())
    wishes = Wishes(first, now, min_confidence, licences, agreed)
    wiring = export_wiring()
    wiring.check_empty(into)
    found = wiring.export(load_settings(), load_database_url(), known_secrets(), form, wishes)
    for line in words.unreadable(found):
        sys.stderr.write(f"pullwright: {line}\n")
    if not found.count:
        for line in words.nothing(found.left_out):
            sys.stderr.write(f"pullwright: {line}\n")
        raise typer.Exit(Exit.FINDINGS)
    day = first.date().isoformat()
    facts = words.CardFacts(form, day, min_confidence, tuple(sorted(licences)), len(agreed))
    wiring.write(into, found, facts)
    for line in words.told(found, one_line(str(into))):
        typer.echo(line)


def forget(
    repo: Annotated[str | None, typer.Option(help="OWNER/NAME of a repository to forget.")] = None,
    user: Annotated[
        list[str] | None,
        typer.Option(help="A person's login or number; given twice, with both, it finds most."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be removed, and remove nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Take a person or a repository out of everything that was learned from.

    Needs `pip install 'pullwright[app]'`.
    """
    target = _target(repo, user or ())
    with export_wiring().forgetting(load_settings(), load_database_url(), target) as work:
        for line in forgetting_words.plan(target, work.found):
            typer.echo(line)
        if dry_run:
            return
        if not yes and not _says_yes(forgetting_words.question(target)):
            sys.stderr.write("pullwright: nothing was forgotten\n")
            raise typer.Exit(Exit.STOPPED)
        for line in forgetting_words.done(target, work.forget()):
            typer.echo(line)


def _says_yes(question: str) -> bool:
    if not sys.stdin.isatty():
        raise Refused("nobody can be asked here, and this cannot be undone: add --yes")
    return typer.confirm(question)


def _target(repo: str | None, users: Sequence[str]) -> Target:
    """Return what is asked for; raises Refused for anything but one repository or one person."""
    if (repo is None) == (not users):
        raise Refused("name either --repo OWNER/NAME or --user LOGIN (or its number) to forget")
    if repo is not None:
        return Target(repo=_repository(repo))
    ids = {int(user) for user in users if _is_number(user)}
    logins = {user.removeprefix("@") for user in users if not _is_number(user)}
    for login in logins:
        if not _LOGIN.fullmatch(login):
            raise Refused(f"{one_line(login, limit=80)} is neither a login nor a number of one")
    if len(ids) > 1 or len(logins) > 1:
        raise Refused("one person at a time: a login, a number, or one of each")
    return Target(login=min(logins, default=""), person_id=min(ids, default=None))


def _is_number(user: str) -> bool:
    return user.isascii() and user.isdecimal() and len(user) < 19


def export_wiring() -> ModuleType:
    """Return what does it; raises Refused where the database's packages are not installed."""
    with app_packages():
        from bot import export_wiring as module
    return module


def _licences(given: Sequence[str]) -> frozenset[str]:
    """Return the ids; raises Refused for one that no text is ever known as."""
    known = {name.casefold(): name for name in KNOWN}
    found: set[str] = set()
    for name in (part.strip() for each in given for part in each.split(",")):
        # The text of a GNU licence does not say whether a later version will do.
        stem = name.casefold().removesuffix("-only").removesuffix("-or-later")
        if stem not in known:
            raise Refused(
                f"--license-allow {one_line(name, limit=40)} is not a licence that is known by its "
                f"text: {', '.join(KNOWN)}; for any other, ask its owner and use --owner-agrees"
            )
        found.add(known[stem])
    return frozenset(found)


def _repository(name: str) -> str:
    if not _REPOSITORY.fullmatch(name):
        raise Refused(f"{one_line(name, limit=80)} is not the OWNER/NAME of a repository")
    return name
