"""Who may look at the dashboard, and who may change something there."""

from collections.abc import Iterator
from urllib.parse import quote

import pytest

from bot.domain.jobs import JobStatus
from bot.errors import Refused
from bot.web.door import SESSION_S, TRIES, TRIES_WINDOW_S, Door
from bot.web.serve import Address
from tests.web.past import DEAD_JOB, LIVE
from tests.web.server import opened
from tests.web.test_dashboard import INSTALLED
from tests.web.visitor import TOKEN, House, house


@pytest.fixture(scope="module")
def locked() -> Iterator[House]:
    with house(token=TOKEN) as ours:
        yield ours


@pytest.fixture(scope="module")
def local() -> Iterator[House]:
    with house() as ours:
        yield ours


@pytest.mark.parametrize("path", [*INSTALLED, f"/runs/{LIVE}/progress", "/metrics"])
def test_no_page_is_shown_to_who_has_not_signed_in(locked: House, path: str) -> None:
    reply = locked.visitor().get(path)

    assert (reply.status, reply.headers["Location"]) == (303, "/login")
    assert b"octo" not in reply.body


def test_the_token_opens_the_pages_until_somebody_signs_out(locked: House) -> None:
    visitor = locked.visitor()

    assert visitor.sign_in().headers["Location"] == "/"
    assert "octo/shop#12" in visitor.text("/")
    visitor.post("/logout", {})
    assert visitor.get("/").headers["Location"] == "/login"


def test_the_cookie_is_for_this_site_alone_and_for_no_script(locked: House) -> None:
    given = locked.visitor().sign_in().headers["Set-Cookie"]
    behind_tls = locked.visitor().get("/login", {"X-Forwarded-Proto": "https"})

    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(given.split("; "))
    assert "Secure" in behind_tls.headers["Set-Cookie"]
    assert TOKEN not in given


def test_a_wrong_token_opens_nothing(locked: House) -> None:
    visitor = locked.visitor()

    assert visitor.sign_in("an admin token that somebody guesses").status == 401
    assert visitor.get("/").headers["Location"] == "/login"


@pytest.mark.parametrize("change", ["kind", "time", "signature"])
def test_a_cookie_that_was_changed_opens_nothing(locked: House, change: str) -> None:
    visitor = locked.visitor()
    visitor.get("/login")
    name, _, value = visitor.cookie.partition("=")
    kind, nonce, until, mac = value.split(".")
    changed = {
        "kind": f"admin.{nonce}.{until}.{mac}",
        "time": f"{kind}.{nonce}.{int(until) + 1}.{mac}",
        "signature": f"admin.{nonce}.{until}.{'0' * 64}",
    }[change]

    visitor.cookie = f"{name}={changed}"

    assert visitor.get("/").headers["Location"] == "/login"


def test_a_session_ends() -> None:
    now = [1000.0]
    door = Door(TOKEN, host="127.0.0.1", now=lambda: now[0])
    session = door.admit(TOKEN)
    assert session is not None
    assert door.session(session.cookie).is_admin

    now[0] += SESSION_S + 1

    assert not door.session(session.cookie).is_admin


def test_a_session_outlives_a_restart_and_a_new_token_ends_it() -> None:
    session = Door(TOKEN, host="127.0.0.1").admit(TOKEN)
    assert session is not None

    assert Door(TOKEN, host="127.0.0.1").session(session.cookie).is_admin
    assert not Door(f"{TOKEN}!", host="127.0.0.1").session(session.cookie).is_admin


def test_who_guesses_has_to_wait() -> None:
    with house(token=TOKEN) as ours:
        replies = [ours.visitor().sign_in("guess " * 4).status for _ in range(TRIES + 1)]
        right = ours.visitor().sign_in()

    assert replies[-1] == 429
    assert (right.status, right.headers["Retry-After"]) == (429, "60")


def test_a_monitor_sends_the_token_as_a_bearer(locked: House) -> None:
    def read(token: str) -> int:
        return locked.visitor().get("/metrics", {"Authorization": f"Bearer {token}"}).status

    assert (read(TOKEN), read("wrong"), read("")) == (200, 401, 303)
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    assert locked.visitor().get("/", bearer).status == 303


def test_who_guesses_where_monitors_ask_has_to_wait_at_every_door() -> None:
    with house(token=TOKEN) as ours:

        def read(token: str) -> int:
            return ours.visitor().get("/metrics", {"Authorization": f"Bearer {token}"}).status

        guesses = [read(f"guess {n}") for n in range(TRIES + 1)]

        assert (guesses[0], guesses[-1]) == (401, 429)
        assert (read(TOKEN), ours.visitor().sign_in().status) == (429, 429)


def test_a_monitor_that_asks_in_a_siege_does_not_make_it_last() -> None:
    now = [1000.0]
    door = Door(TOKEN, host="127.0.0.1", now=lambda: now[0])
    for _ in range(TRIES):
        door.opens_to("a guess")
    assert not any(door.opens_to(TOKEN) for _ in range(TRIES))

    now[0] += TRIES_WINDOW_S

    assert door.opens_to(TOKEN)


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/queue/retry", {"job": DEAD_JOB}),
        ("/policy/rollback", {"version": "b" * 40}),
        ("/logout", {}),
        ("/login", {"token": TOKEN}),
    ],
)
@pytest.mark.parametrize("given", ["", "0" * 64, "\u00e9"])
def test_a_form_that_is_not_ours_changes_nothing(
    locked: House, path: str, form: dict[str, str], given: str
) -> None:
    visitor = locked.visitor()
    visitor.sign_in()

    reply = visitor.post(path, {**form, "form_token": given})

    assert reply.status == 403
    assert locked.jobs.statuses[DEAD_JOB] is JobStatus.FAILED
    assert "octo/shop#12" in visitor.text("/")


def test_a_form_of_another_session_or_another_site_changes_nothing(locked: House) -> None:
    visitor, other = locked.visitor(), locked.visitor()
    visitor.sign_in()
    other.sign_in()
    other.text("/queue")
    visitor.text("/queue")
    form = {"job": DEAD_JOB}

    assert visitor.post("/queue/retry", {**form, "form_token": other.form_token}).status == 403
    assert visitor.post("/queue/retry", form, {"Sec-Fetch-Site": "cross-site"}).status == 403
    assert locked.jobs.statuses[DEAD_JOB] is JobStatus.FAILED


@pytest.mark.parametrize("host", ["evil.example", "10.0.0.7:8080", "127.0.0.1.evil.example", "["])
def test_without_a_token_a_name_that_is_not_ours_sees_nothing(local: House, host: str) -> None:
    reply = local.visitor().get("/", {"Host": host})

    assert (reply.status, b"octo" in reply.body) == (403, False)
    assert f"open http://127.0.0.1:{local.site.port}, or".encode() in reply.body


@pytest.mark.parametrize("host", ["localhost:8080", "127.0.0.1", "[::1]:8080", "LOCALHOST"])
def test_without_a_token_this_machine_sees_everything(local: House, host: str) -> None:
    assert b"octo/shop#12" in local.visitor().get("/", {"Host": host}).body


def test_without_a_token_nobody_looks_through_a_proxy(local: House) -> None:
    site = local.site
    old = b"GET / HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n"

    assert local.visitor().get("/", {"X-Forwarded-For": "192.0.2.1"}).status == 403
    assert site.raw(old).status == 403


def test_without_a_token_there_is_no_dashboard_for_other_machines() -> None:
    with house(address=Address("0.0.0.0", 0)) as ours:  # noqa: S104 - the point of the test
        replies = [ours.visitor().get(path) for path in ("/", "/metrics", "/static/chart.js")]

        assert [reply.status for reply in replies] == [403] * 3
        assert b"set PULLWRIGHT_ADMIN_TOKEN" in replies[0].body
        assert ours.site.deliver(opened()).status == 202


def test_a_token_that_could_be_guessed_is_refused() -> None:
    with pytest.raises(Refused, match="PULLWRIGHT_ADMIN_TOKEN has 6 bytes"):
        Door("secret", host="127.0.0.1")


def test_every_answer_is_hardened(locked: House) -> None:
    visitor = locked.visitor()
    visitor.sign_in()
    for path in (*INSTALLED, "/runs/unknown", "/login", "/static/chart.js", "/metrics"):
        headers = visitor.get(quote(path)).headers
        policy = headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
        assert "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        cached = "public, max-age=3600" if path.startswith("/static") else "no-store"
        assert headers["Cache-Control"] == cached


def test_no_page_holds_a_script_or_a_style_of_its_own(local: House) -> None:
    for path in INSTALLED:
        text = local.visitor().text(path)
        assert "<style" not in text
        assert " style=" not in text
        assert "<script>" not in text
        assert " on" not in {part[:3] for part in text.split("<") if part.startswith(" on")}
