"""The manifest flow on a real server against the simulated GitHub, clicked through by hand."""

import json
import re
import socket
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.adapters.app_files import AppFiles
from bot.errors import Refused
from bot.settings import load_app_settings, load_setup_settings
from bot.setup_wiring import build_setup
from bot.web.serve import Address, open_server, url_of
from bot.web.setup import STATE_S, MadeApp, SetUp, create_setup_app
from bot.web.setup_server import serve_setup
from tests.github_simulator import Drop, GitHub, simulator
from tests.web.clicks import FORM, Browser
from tests.web.server import answering, site_of

TOKEN = "open sesame, please"  # noqa: S105 - it opens nothing


@dataclass
class Visit(Browser):
    """A person in front of the pages, with GitHub behind them."""

    github: GitHub
    state_dir: Path
    setup: SetUp

    @property
    def files(self) -> AppFiles:
        folder = self.state_dir / "app"
        return AppFiles(folder / "app.json", folder / "private-key.pem", folder / "webhook-secret")


@contextmanager
def visiting(folder: Path, **environment: str) -> Iterator[Visit]:
    """Serve the set-up in front of a GitHub without Apps."""
    with simulator(folder) as github:
        state_dir = folder / "state"
        env = {"PULLWRIGHT_STATE_DIR": str(state_dir), "PULLWRIGHT_GITHUB_API_URL": github.api_url}
        setup = build_setup(load_setup_settings(env | environment), "")
        server = open_server(create_setup_app(setup), Address(port=0))
        site = site_of(url_of(server))
        with answering(server):
            yield Visit(site, github, state_dir, setup)


@pytest.fixture
def visit(tmp_path: Path) -> Iterator[Visit]:
    with visiting(tmp_path) as visit:
        yield visit


def _never(code: str) -> MadeApp:
    pytest.fail(f"{code} was exchanged")


def test_the_page_says_what_each_permission_is_for_and_runs_no_script(visit: Visit) -> None:
    page = visit.get("/setup")
    text = page.body.decode()

    assert "Merge queues" in text
    assert "commit proved patches" in text
    assert 'value="review" checked' in text
    assert "<script" not in text
    assert "script-src" not in page.headers["Content-Security-Policy"]
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert f"form-action 'self' {visit.github.url}" in page.headers["Content-Security-Policy"]


@pytest.mark.parametrize(("kind", "contents"), [("review", "read"), ("fix", "write")])
def test_github_takes_both_manifests_and_the_app_works_with_what_was_stored(
    visit: Visit, kind: str, contents: str
) -> None:
    done = visit.get(visit.confirm(FORM | {"kind": kind}))

    (app,) = visit.github.apps
    settings = load_app_settings({"PULLWRIGHT_STATE_DIR": str(visit.state_dir)})
    assert done.status == 200
    assert app.permissions["contents"] == contents
    assert settings.app_id == app.id
    assert settings.webhook_secret == app.webhook_secret
    assert settings.private_key_file is not None
    assert settings.private_key_file.read_text() == app.private_key_pem


def test_the_secrets_are_for_their_owner_and_shown_nowhere(visit: Visit) -> None:
    done = visit.get(visit.confirm(FORM))

    (app,) = visit.github.apps
    modes = {stat.S_IMODE(file.stat().st_mode) for file in visit.files.all}
    assert modes == {0o600}
    assert app.webhook_secret not in done.body.decode()
    assert "PRIVATE KEY" not in done.body.decode()
    assert app.webhook_secret not in visit.files.record.read_text()


def test_once_there_is_an_app_the_pages_are_gone(visit: Visit) -> None:
    visit.get(visit.confirm(FORM))

    for reply in (visit.get("/setup"), visit.post("/setup", FORM), visit.get("/setup/created")):
        assert reply.status == 404
        assert b"An App is set up already" in reply.body
    with pytest.raises(Refused, match=r"App \d+ is set up already"):
        load_setup_settings({"PULLWRIGHT_STATE_DIR": str(visit.state_dir)})


def test_a_code_that_was_used_says_what_to_do(visit: Visit) -> None:
    back = visit.confirm(FORM)
    code = re.search(r"code=(\w+)", back)
    assert code is not None
    del visit.github.manifests[code[1]]

    reply = visit.get(back)

    assert reply.status == 400
    assert b"it was used before" in reply.body
    assert code[1].encode() not in reply.body
    assert not any(file.exists() for file in visit.files.all)


def test_a_code_of_an_hour_ago_is_refused_by_github(visit: Visit) -> None:
    back = visit.confirm(FORM)
    visit.github.clock.advance(minutes=61)

    assert b"older than an hour" in visit.get(back).body


def test_an_answer_that_was_lost_says_that_the_app_may_stand_on_github(visit: Visit) -> None:
    back = visit.confirm(FORM)
    visit.github.faults.add("POST", "/app-manifests/*", Drop(after=True))

    reply = visit.get(back)

    assert b"GitHub did not answer" in reply.body
    assert b"delete it there" in reply.body


@pytest.mark.parametrize("state", ["", "state=", "state=guessed"])
def test_nobody_plants_an_app_that_was_not_begun_here(visit: Visit, state: str) -> None:
    theirs = re.sub(r"&state=.*", f"&{state}", visit.confirm(FORM))

    reply = visit.get(theirs)

    assert reply.status == 400
    assert b"begin again" in reply.body
    assert not visit.files.record.exists()


def test_a_state_is_taken_once_and_only_for_an_hour() -> None:
    now = [0.0]
    setup = SetUp("https://github.com", _never, clock=lambda: now[0])
    once, late = setup.new_state(), setup.new_state()
    setup.take_state(once)
    now[0] += STATE_S + 1

    for word in (once, late):
        with pytest.raises(Refused, match="belongs to no set-up"):
            setup.take_state(word)


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "attacker.example"},
        {"Host": "127.0.0.1.attacker.example:8081"},
        {"X-Forwarded-For": "203.0.113.9"},
        {"Via": "1.1 proxy"},
    ],
)
def test_only_this_machine_may_set_up(visit: Visit, headers: dict[str, str]) -> None:
    reply = visit.get("/setup", **headers)

    assert reply.status == 403
    port = visit.site.port
    assert f"`ssh -N -L {port}:127.0.0.1:{port} HOST`".encode() in reply.body
    assert f"http://127.0.0.1:{port}/setup".encode() in reply.body


def test_a_proxy_that_leaves_no_mark_is_known_by_its_protocol(visit: Visit) -> None:
    reply = visit.site.raw(b"GET /setup HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")

    assert reply.status == 403


def test_the_admin_token_opens_the_page_from_elsewhere(tmp_path: Path) -> None:
    with visiting(tmp_path, PULLWRIGHT_ADMIN_TOKEN=TOKEN) as visit:
        there = {"Host": "bot.example.org", "X-Forwarded-Proto": "https"}
        wrong = visit.get("/setup", **there, Authorization="Bearer open")
        right = visit.get("/setup", **there, Authorization=f"Bearer {TOKEN}")
        basic = visit.get("/setup", **there, Authorization="Basic %%%")

    assert (wrong.status, right.status, basic.status) == (401, 200, 401)
    assert wrong.headers["Www-Authenticate"].startswith("Basic")


def test_what_is_wrong_in_the_form_is_said_and_harmless(visit: Visit) -> None:
    reply = visit.post("/setup", FORM | {"organization": "<script>alert(1)</script>"})

    assert reply.status == 400
    assert b"the organization is its short name" in reply.body
    assert b"<script" not in reply.body


def test_a_form_that_is_too_large_is_not_read(visit: Visit) -> None:
    assert visit.post("/setup", FORM | {"name": "a" * 20_000}).status == 413


def test_an_organization_gets_the_manifest_on_its_own_page(visit: Visit) -> None:
    visit.github.user("octo-org", kind="Organization")

    visit.get(visit.confirm(FORM | {"organization": "octo-org"}))

    assert visit.github.apps[0].owner.login == "octo-org"


def test_files_that_cannot_be_written_are_said_before_the_code_is_spent(visit: Visit) -> None:
    back = visit.confirm(FORM)
    visit.files.private_key.parent.mkdir(parents=True, exist_ok=True)
    visit.files.private_key.write_text("another App's")

    reply = visit.get(back)

    assert b"is there already: move it away" in reply.body
    assert visit.files.private_key.read_text() == "another App's"
    assert len(visit.github.manifests) == 1


def test_strangers_are_not_let_near_without_an_admin_token() -> None:
    setup = SetUp("https://github.com", _never)

    with pytest.raises(Refused, match="set PULLWRIGHT_ADMIN_TOKEN"):
        serve_setup(setup, Address("0.0.0.0", 0))  # noqa: S104 - it is refused


@pytest.mark.parametrize("url", ["foo", "ftp://bot.example.org", "https://", "http://example.org"])
def test_a_public_address_that_github_would_refuse_is_refused_at_the_start(
    tmp_path: Path, url: str
) -> None:
    settings = load_setup_settings({"PULLWRIGHT_STATE_DIR": str(tmp_path)})

    with pytest.raises(Refused, match="the public address is https://HOST"):
        build_setup(settings, url)


def test_the_root_leads_to_the_set_up(visit: Visit) -> None:
    reply = visit.get("/")

    assert (reply.status, reply.headers["Location"]) == (303, "/setup")


def test_a_port_that_is_in_use_is_said_with_what_to_do() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        address = Address(port=taken.getsockname()[1])

        with pytest.raises(Refused, match="name another with --port"):
            serve_setup(SetUp("https://github.com", _never), address)


def test_github_refuses_a_manifest_whose_event_has_no_permission(visit: Visit) -> None:
    target, sent = visit.hand_over(FORM)
    document = json.loads(sent)
    del document["default_permissions"]["issues"]

    answer = visit.post(target, {"manifest": json.dumps(document)})

    assert answer.status == 422
    assert b"not supported by permissions: issue_comment" in answer.body
