"""The tables as the newest migration leaves them.

A table has the columns that are searched; the rest of a record is JSON, because it may hold text
that no database takes, such as NUL.
"""

import sqlalchemy as sa

_tables = sa.MetaData()

migrations = sa.Table(
    "ledger_migrations", _tables, sa.Column("version", sa.Integer, primary_key=True)
)
runs = sa.Table(
    "ledger_runs",
    _tables,
    sa.Column("run_id", sa.Text, primary_key=True),
    sa.Column("repo_id", sa.BigInteger, nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("head_sha", sa.Text, nullable=False),
    sa.Column("merge_base_sha", sa.Text, nullable=False),
    sa.Column("started_at", sa.Text, nullable=False),
    sa.Column("ended_at", sa.Text),
    sa.Column("conclusion", sa.Text),
    sa.Column("record", sa.Text, nullable=False),
    sa.Column("ending", sa.Text),
    sa.Column("seconds", sa.Double),
    sa.Column("prompt_tokens", sa.BigInteger),
    sa.Column("completion_tokens", sa.BigInteger),
    sa.Column("usd", sa.Double),
)
steps = sa.Table(
    "ledger_steps",
    _tables,
    sa.Column("run_id", sa.Text, sa.ForeignKey(runs.c.run_id), primary_key=True),
    sa.Column("step_index", sa.Integer, primary_key=True),
    sa.Column("tool", sa.Text, nullable=False),
    sa.Column("seconds", sa.Double, nullable=False),
    sa.Column("observation", sa.Text, nullable=False),
    sa.Column("decision", sa.Text, nullable=False),
)
pulls = sa.Table(
    "ledger_pulls",
    _tables,
    sa.Column("repo_id", sa.BigInteger, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("mode", sa.Text, nullable=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Column("head_sequence", sa.BigInteger, nullable=False),
    sa.Column("head_sha", sa.Text),
)
findings = sa.Table(
    "ledger_findings",
    _tables,
    sa.Column("repo_id", sa.BigInteger, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("finding_id", sa.Text, primary_key=True),
    sa.Column("fingerprint", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("record", sa.Text, nullable=False),
    sa.Column("rule", sa.Text),
)
publications = sa.Table(
    "ledger_publications",
    _tables,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("repo_id", sa.BigInteger, nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("record", sa.Text, nullable=False),
)
silences = sa.Table(
    "ledger_silences",
    _tables,
    sa.Column("repo_id", sa.BigInteger, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("ordinal", sa.BigInteger, primary_key=True),
    sa.Column("record", sa.Text, nullable=False),
)
suggestions = sa.Table(
    "ledger_suggestions",
    _tables,
    sa.Column("suggestion_id", sa.Text, primary_key=True),
    sa.Column("repo_id", sa.BigInteger, nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("ordinal", sa.BigInteger, nullable=False),
    sa.Column("record", sa.Text, nullable=False),
    sa.Column("finding_id", sa.Text),
    sa.Column("source", sa.Text),
)
deliveries = sa.Table(
    "ledger_deliveries",
    _tables,
    sa.Column("guid", sa.Text, primary_key=True),
    sa.Column("received_at", sa.Text, nullable=False),
    sa.Column("record", sa.Text, nullable=False),
)
notes = sa.Table(
    "ledger_notes",
    _tables,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("record", sa.Text, nullable=False),
)
events = sa.Table(
    "ledger_events",
    _tables,
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("event_id", sa.Text, nullable=False, unique=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("repo_id", sa.BigInteger, nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("suggestion", sa.Text),
    sa.Column("decision", sa.Text),
    sa.Column("occurred_at", sa.Text, nullable=False),
    sa.Column("record", sa.Text, nullable=False),
    sa.Column("outcome", sa.Text),
    sa.Column("rule", sa.Text),
    sa.Column("tool", sa.Text),
)
policies = sa.Table(
    "ledger_policies",
    _tables,
    sa.Column("version", sa.Text, primary_key=True),
    sa.Column("ordinal", sa.BigInteger, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("log_seq", sa.BigInteger, nullable=False),
    sa.Column("record", sa.Text, nullable=False),
)

TABLES = tuple(_tables.sorted_tables)
