"""Somebody with a browser: keeps a cookie, and sends the forms that the pages have."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlencode

from bot.domain.policy_board import PolicyBoard
from bot.domain.pull_records import Ledger
from bot.web.dashboard import Records
from bot.web.serve import Address, Backend
from bot.web.stored_policies import StoredPolicies
from tests.fakes.board import fake_board
from tests.fakes.jobs import FakeJobs, FakeJobsAdmin
from tests.fakes.ledger import FakeDeliveries, fake_ledger
from tests.web.past import a_past
from tests.web.server import Reply, Site, running

TOKEN = "an admin token that nobody guesses"  # noqa: S105 - of this test alone


@dataclass
class Visitor:
    """One browser at one site."""

    site: Site
    cookie: str = ""
    form_token: str = ""
    seen: list[str] = field(default_factory=list)
    """Every page, in order."""

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Reply:
        """Load a page and keep what it gives."""
        return self._kept(self.site.request("GET", path, b"", self._sent(headers)))

    def post(
        self, path: str, form: Mapping[str, str], headers: Mapping[str, str] | None = None
    ) -> Reply:
        """Send a form with the token of the page before, unless the form has its own."""
        body = urlencode({"form_token": self.form_token, **form}).encode()
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._kept(
            self.site.request("POST", path, body, self._sent(kind | dict(headers or {})))
        )

    def text(self, path: str) -> str:
        """Return a page that has to be there."""
        reply = self.get(path)
        assert reply.status == 200, (path, reply.status, reply.body[:300])
        return reply.body.decode()

    def sign_in(self, token: str = TOKEN) -> Reply:
        """Fill the form."""
        self.get("/login")
        return self.post("/login", {"token": token})

    def _sent(self, headers: Mapping[str, str] | None) -> dict[str, str]:
        ours = {"Accept": "text/html", "Cookie": self.cookie} if self.cookie else {}
        return {**ours, **(headers or {})}

    def _kept(self, reply: Reply) -> Reply:
        if given := reply.headers.get("Set-Cookie"):
            self.cookie = given.partition(";")[0]
        if found := re.search(rb'name="form_token" value="(\w+)"', reply.body):
            self.form_token = found[1].decode()
        return reply


@dataclass
class House:
    """A site with a dashboard over fakes."""

    site: Site
    ledger: Ledger
    jobs: FakeJobs
    records: Records

    def visitor(self) -> Visitor:
        """Return a new browser."""
        return Visitor(self.site)


@contextmanager
def house(
    *,
    token: str | None = None,
    is_empty: bool = False,
    address: Address | None = None,
    policies: PolicyBoard | None = None,
) -> Iterator[House]:
    """Serve a dashboard until the block ends."""
    ledger, jobs = fake_ledger(), FakeJobs()
    if not is_empty:
        a_past(ledger, jobs)
    admin = FakeJobsAdmin(jobs)
    records = Records(
        fake_board(ledger), ledger, admin, jobs, policies or StoredPolicies(ledger.policies)
    )
    backend = Backend(jobs, FakeDeliveries(), records)
    with running(address, backend=backend, token=token) as site:
        yield House(site, ledger, jobs, records)
