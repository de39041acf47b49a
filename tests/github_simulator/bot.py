"""A client without opinions: signs in as the App and sends what it is told."""

import time
from dataclasses import dataclass, field
from typing import Any

import jwt
import requests

from tests.github_simulator.apps import App
from tests.github_simulator.exchange import Json
from tests.github_simulator.world import GitHub


@dataclass(slots=True)
class Bot:
    """The App's side of the wire, for tests of the simulator and for tests that prepare state."""

    github: GitHub
    app: App
    token: str = ""
    session: requests.Session = field(default_factory=requests.Session)

    def assertion(self, **claims: Any) -> str:
        """Return a JSON web token of the App; claims may be bent."""
        now = int(time.time())
        whole = {"iat": now - 60, "exp": now + 540, "iss": str(self.app.id), **claims}
        return jwt.encode(whole, self.app.private_key_pem, algorithm="RS256")

    def sign_in(self, permissions: dict[str, str] | None = None, **narrow: Any) -> str:
        """Mint a token, use it from now on, and return it."""
        body = narrow | ({} if permissions is None else {"permissions": permissions})
        installation = self.app.installations[0].id
        path = f"/app/installations/{installation}/access_tokens"
        answer = self.send("POST", path, body, token=self.assertion())
        assert answer.status_code == 201, answer.text
        self.token = answer.json()["token"]
        return self.token

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> requests.Response:
        """Send one request; an empty token sends none."""
        credential = self.token if token is None else token
        sent = {"Authorization": f"Bearer {credential}"} if credential else {}
        url = path if path.startswith("http") else f"{self.github.api_url}{path}"
        return self.session.request(
            method, url, json=body, headers={**sent, **(headers or {})},
            allow_redirects=False, timeout=10,
        )  # fmt: skip

    def get(self, path: str, **headers: str) -> requests.Response:
        return self.send("GET", path, headers=headers)

    def post(self, path: str, body: Any = None) -> requests.Response:
        return self.send("POST", path, body)

    def patch(self, path: str, body: Any = None) -> requests.Response:
        return self.send("PATCH", path, body)

    def graphql(self, query: str, **variables: Any) -> Json:
        """Run a document and return the whole answer, errors included."""
        body = {"query": query, "variables": variables}
        answer = self.send("POST", self.github.graphql_url, body)
        content: Json = answer.json()
        return content
