"""What `doctor` says of the database; it makes none and changes none."""

from contextlib import closing

from bot.adapters.dbos_database import sqlite_file
from bot.adapters.doctor_check import Check
from bot.adapters.sql_ledger_database import connect
from bot.adapters.sql_ledger_migrations import versions
from bot.errors import Refused, Retryable

_NAME = "database"
_WAIT_S = 5.0


def examine_database(url: str) -> Check:
    """Look whether it answers, and whether it is of a version that we know."""
    try:
        file = sqlite_file(url) if url.startswith("sqlite") else None
        if file is not None and not file.exists():
            return Check(_NAME, True, f"{file} is made by the first start")
        database = connect(url, wait_s=_WAIT_S)
        with closing(database):
            has, known = versions(database)
    except (Refused, Retryable) as error:
        return Check(_NAME, False, str(error))
    if has > known:
        detail = f"{database.name} has version {has} and this Pullwright knows {known}"
        return Check(_NAME, False, f"{detail}: upgrade Pullwright, or restore a backup")
    is_new = f", {known - has} steps behind: the next start brings it up" if has < known else ""
    return Check(_NAME, True, f"{database.name}, version {has}{is_new}")
