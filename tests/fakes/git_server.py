"""A server of real git over http: `git http-backend` behind the standard library."""

import base64
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit

from tests.situations import ENVIRONMENT


@dataclass
class GitServer:
    """Serves every repository under a folder; remembers what it was asked."""

    root: Path
    url: str = ""
    credential: str | None = None
    """`user:password` that a request must carry."""
    failure: int | None = None
    """The status to answer everything with."""
    redirect: str | None = None
    requests: list[str] = field(default_factory=list)


@contextmanager
def serving(root: Path) -> Iterator[GitServer]:
    """Serve until the block ends."""
    state = GitServer(root)

    class Handler(_Handler):
        server_state = state

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        state.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield state
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    server_state: ClassVar[GitServer]

    def do_GET(self) -> None:
        state = self.server_state
        state.requests.append(f"{self.command} {self.path}")
        given = self.headers.get("Authorization", "").removeprefix("Basic ")
        if state.failure is not None:
            self.send_error(state.failure)
        elif state.redirect is not None:
            self.send_response(302)
            self.send_header("Location", state.redirect + self.path)
            self.end_headers()
        elif state.credential and base64.b64decode(given).decode() != state.credential:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
            self.end_headers()
        else:
            self._answer()

    do_POST = do_GET  # noqa: N815 the name that http.server looks for

    def _answer(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        done = subprocess.run(
            ["git", "http-backend"],
            env={
                **ENVIRONMENT,
                "GIT_PROJECT_ROOT": str(self.server_state.root),
                "GIT_HTTP_EXPORT_ALL": "1",
                "REQUEST_METHOD": self.command,
                "PATH_INFO": parts.path,
                "QUERY_STRING": parts.query,
                "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                "CONTENT_LENGTH": str(len(body)),
                "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            },
            input=body,
            capture_output=True,
            check=False,
        )
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        headers = dict(os.fsdecode(row).split(": ", 1) for row in head.splitlines())
        self.send_response(int(headers.pop("Status", "200").split()[0]))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 inherited name
        """Say nothing."""
