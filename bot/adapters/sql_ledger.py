"""The ledger in one SQL database, SQLite or PostgreSQL, the same code for both."""

from contextlib import ExitStack

from bot.adapters.sql_event_log import SqlEventLog, SqlPolicyVersions
from bot.adapters.sql_ledger_database import connect
from bot.adapters.sql_ledger_findings import SqlFindings
from bot.adapters.sql_ledger_forgetting import SqlForgetting
from bot.adapters.sql_ledger_migrations import migrate
from bot.adapters.sql_ledger_posts import SqlDeliveries, SqlNotes, SqlPublications, SqlSuggestions
from bot.adapters.sql_ledger_pulls import SqlPullRequests, SqlSilences
from bot.adapters.sql_ledger_runs import SqlReviewedHeads, SqlRuns
from bot.domain.pull_records import Ledger

WAIT_S = 30.0
"""How long a write waits for another one before it raises Retryable."""


def open_ledger(url: str, *, wait_s: float = WAIT_S) -> Ledger:
    """Return the ledger behind a URL (`sqlite:////folder/file.db` or `postgresql://...`), migrated.

    Raises Refused for a URL or a database that we cannot use, Retryable where it does not answer.
    """
    database = connect(url, wait_s=wait_s)
    with ExitStack() as unless_it_works:
        unless_it_works.callback(database.close)
        migrate(database)
        unless_it_works.pop_all()
    return Ledger(
        runs=SqlRuns(database),
        reviewed=SqlReviewedHeads(database),
        findings=SqlFindings(database),
        publications=SqlPublications(database),
        pulls=SqlPullRequests(database),
        silences=SqlSilences(database),
        suggestions=SqlSuggestions(database),
        deliveries=SqlDeliveries(database),
        notes=SqlNotes(database),
        events=SqlEventLog(database),
        policies=SqlPolicyVersions(database),
        forgetting=SqlForgetting(database),
        close=database.close,
    )
