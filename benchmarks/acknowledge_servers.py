"""The two servers that `acknowledge` compares: ours, and the least that keeps its word.

python -m benchmarks.acknowledge_servers bare|ours FOLDER SECRET
"""

import hashlib
import hmac
import signal
import sqlite3
import sys
import threading
from functools import partial
from pathlib import Path

from flask import Flask, Response, request

from bot.adapters.dbos_jobs import DbosJobs
from bot.adapters.sql_ledger import open_ledger
from bot.settings import load_app_settings
from bot.web.serve import Address, Backend, open_server, serve, url_of


def bare(folder: Path, secret: str) -> None:
    """Serve a Flask application that checks the HMAC and makes one durable insert."""
    path = folder / "bare.db"
    app, local = Flask("bare"), threading.local()
    with sqlite3.connect(path) as first:
        first.execute("PRAGMA journal_mode=WAL")
        first.execute("CREATE TABLE deliveries (guid TEXT PRIMARY KEY, body BLOB)")

    @app.post("/webhook")
    def take() -> Response:
        body = request.get_data()
        digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(f"sha256={digest}", request.headers["X-Hub-Signature-256"]):
            return Response(status=401)
        if not hasattr(local, "database"):
            local.database = sqlite3.connect(path, timeout=30)
            local.database.execute("PRAGMA synchronous=FULL")
        with local.database:
            local.database.execute(
                "INSERT OR IGNORE INTO deliveries VALUES (?, ?)",
                (request.headers["X-GitHub-Delivery"], body),
            )
        return Response(status=202)

    server = open_server(app, Address(port=0))
    print(url_of(server), flush=True)
    server.run()


def ours(folder: Path, secret: str) -> None:
    """Serve our own, on the queue and the ledger that `serve` uses."""
    url = f"sqlite:///{folder / 'pullwright.db'}"
    settings = load_app_settings(
        {
            "PULLWRIGHT_APP_ID": "1",
            "PULLWRIGHT_WEBHOOK_SECRET": secret,
            "PULLWRIGHT_DATABASE_URL": url,
        }
    )
    backend = Backend(DbosJobs(url), open_ledger(url).deliveries)
    serve(settings, backend, address=Address(port=0), announce=partial(print, flush=True))


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    {"bare": bare, "ours": ours}[sys.argv[1]](Path(sys.argv[2]), sys.argv[3])
