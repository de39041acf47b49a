import hashlib
import hmac
import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from bot.domain.jobs import JobKind
from bot.web.counts import Outcome
from tests.web.server import SECRET, Site, opened, sign


def test_a_signed_delivery_becomes_one_durable_job(site: Site) -> None:
    reply = site.deliver(opened())

    [job] = site.jobs.jobs.values()
    assert (reply.status, json.loads(reply.body)) == (202, {"accepted": 1})
    assert (job.kind, job.key, job.sequence, job.installation_id) == (JobKind.REVIEW, "1#7", 1, 5)
    assert job.id == f"review:1:7:{'a' * 40}:main"


def test_a_delivery_without_a_signature_is_refused_unread(site: Site) -> None:
    reply = site.deliver(b"no json at all", headers={"X-Hub-Signature-256": ""})

    assert (reply.status, reply.body) == (401, b"")
    assert site.jobs.jobs == {}


def test_the_signature_of_another_secret_is_refused(site: Site) -> None:
    body = opened()

    reply = site.deliver(body, headers={"X-Hub-Signature-256": sign(body, "another secret!!")})

    assert (reply.status, reply.body, site.jobs.jobs) == (401, b"", {})


def test_the_old_sha1_signature_counts_for_nothing(site: Site) -> None:
    body = opened()
    digest = hmac.new(SECRET.encode(), body, hashlib.sha1).hexdigest()
    old = {"X-Hub-Signature-256": "", "X-Hub-Signature": f"sha1={digest}"}

    assert site.deliver(body, headers=old).status == 401


@pytest.mark.parametrize(
    "form",
    [
        lambda s: s.upper().replace("SHA256", "sha256"),
        lambda s: s.removeprefix("sha256="),
        lambda s: f"{s}, {s}",
        lambda s: f"{s}0",
        lambda s: s.replace("=", "= "),
        lambda s: s.replace("sha256", "sha512"),
    ],
    ids=["upper case", "no prefix", "two at once", "too long", "a space", "another name"],
)
def test_only_the_exact_form_of_a_signature_counts(site: Site, form: object) -> None:
    body = opened()
    assert callable(form)

    reply = site.deliver(body, headers={"X-Hub-Signature-256": form(sign(body))})

    assert reply.status == 401


def test_two_signature_headers_are_one_too_many(site: Site) -> None:
    body = opened()
    head = f"POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
    head += "Content-Type: application/json\r\nX-GitHub-Event: pull_request\r\n"
    head += "X-GitHub-Delivery: g\r\n" + f"X-Hub-Signature-256: {sign(body)}\r\n" * 2

    assert site.raw(head.encode() + b"\r\n" + body).status == 401


def test_a_body_that_was_written_anew_is_not_what_was_signed(site: Site) -> None:
    body = opened()
    spaced = json.dumps(json.loads(body), indent=1).encode()

    assert site.deliver(spaced, headers={"X-Hub-Signature-256": sign(body)}).status == 401


def test_a_redelivery_is_acknowledged_and_does_nothing_more(site: Site) -> None:
    again = {"X-GitHub-Delivery": "same-guid"}

    replies = [site.deliver(opened(), headers=again) for _ in range(2)]

    assert [r.status for r in replies] == [202, 202]
    assert len(site.jobs.jobs) == 1
    assert site.count(Outcome.DUPLICATE) == 1


def test_twenty_copies_at_once_are_one_job(site: Site) -> None:
    barrier = threading.Barrier(20)

    def send(_: int) -> int:
        barrier.wait()
        return site.deliver(opened(), headers={"X-GitHub-Delivery": "same"}).status

    with ThreadPoolExecutor(20) as pool:
        statuses = list(pool.map(send, range(20)))

    assert statuses == [202] * 20
    assert (site.count(Outcome.ACCEPTED), len(site.jobs.jobs)) == (1, 1)


def test_the_same_event_under_a_new_guid_is_one_review(site: Site) -> None:
    for _ in range(2):
        site.deliver(opened())

    assert len(site.jobs.jobs) == 1


def test_json_nested_a_hundred_thousand_deep_is_malformed(site: Site) -> None:
    deep = b"[" * 100_000 + b"]" * 100_000

    assert site.deliver(deep).status == 400
    assert site.deliver(opened()).status == 202


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b"", b"\x00", b'{"a": ' + b"9" * 5000 + b"}"])
def test_what_is_no_json_is_malformed(site: Site, body: bytes) -> None:
    assert site.deliver(body).status == 400
    assert site.count(Outcome.MALFORMED) == 1


def test_of_two_actions_the_last_one_counts(site: Site) -> None:
    twice = opened().replace(b'"action": "opened"', b'"action": "assigned", "action": "opened"')

    assert json.loads(site.deliver(twice).body) == {"accepted": 1}
    unwanted = opened().replace(b'"action": "opened"', b'"action": "opened", "action": "assigned"')
    assert json.loads(site.deliver(unwanted).body)["accepted"] == 0


@pytest.mark.parametrize(
    ("event", "body"),
    [
        ("star", opened()),
        ("pull_request", opened(action="teleported")),
        ("pull_request", opened(action=None)),
        ("issue_comment", opened()),
        ("pull_request", b"[1]"),
    ],
    ids=["event", "action", "no action", "another shape", "a list"],
)
def test_what_we_do_not_know_is_acknowledged_and_counted(
    site: Site, event: str, body: bytes
) -> None:
    reply = site.deliver(body, event=event)

    assert (reply.status, json.loads(reply.body)["accepted"]) == (202, 0)
    assert site.count(Outcome.IGNORED) + site.count(Outcome.ALARMING) == 1
    assert site.jobs.jobs == {}


def test_a_delivery_from_no_installation_alarms(site: Site) -> None:
    assert site.deliver(opened(installation=None)).status == 202

    assert (site.count(Outcome.ALARMING), site.jobs.jobs) == (1, {})


def test_a_delivery_for_another_app_alarms(site: Site) -> None:
    other = {"X-GitHub-Hook-Installation-Target-ID": "4"}

    assert site.deliver(opened(), headers=other).status == 202
    assert (site.count(Outcome.ALARMING), site.jobs.jobs) == (1, {})


def test_a_queue_that_is_down_is_never_acknowledged(site: Site) -> None:
    site.jobs.is_down = True

    reply = site.deliver(opened())

    assert (reply.status, reply.headers["Retry-After"]) == (503, "10")
    assert site.request("GET", "/readyz").status == 503


def test_every_signed_delivery_is_on_record_also_what_asks_for_nothing(site: Site) -> None:
    site.deliver(opened(), headers={"X-GitHub-Delivery": "wanted"})
    site.deliver(opened(action="a b\n"), event="star", headers={"X-GitHub-Delivery": "ignored"})
    site.deliver(b"{", headers={"X-GitHub-Delivery": "malformed"})
    site.deliver(
        opened(), headers={"X-GitHub-Delivery": "forged", "X-Hub-Signature-256": sign(b"")}
    )

    records = site.inbox.by_guid
    assert [(r.guid, r.event, r.action, r.sequence) for r in records.values()] == [
        ("wanted", "pull_request", "opened", 1),
        ("ignored", "star", "without a name", 0),
    ]


@pytest.mark.parametrize("event", ["pull_request", "star"])
def test_a_delivery_that_cannot_be_recorded_is_never_acknowledged(site: Site, event: str) -> None:
    site.inbox.is_down = True

    assert site.deliver(opened(), event=event).status == 503
    assert site.jobs.jobs == {}


def test_a_known_delivery_whose_job_was_lost_to_a_crash_gets_it_in_its_old_place(
    site: Site,
) -> None:
    again = {"X-GitHub-Delivery": "lost"}
    site.jobs.is_down = True
    site.deliver(opened(), headers=again)
    site.jobs.is_down = False
    later = {"ref": "main"}, {"sha": "b" * 40}
    site.deliver(opened(pull_request={"number": 7, "base": later[0], "head": later[1]}))

    assert json.loads(site.deliver(opened(), headers=again).body) == {"accepted": 1}
    assert [job.sequence for job in site.jobs.jobs.values()] == [2, 1]


def test_what_was_refused_while_the_queue_was_down_is_taken_later(site: Site) -> None:
    again = {"X-GitHub-Delivery": "same-guid"}
    site.jobs.is_down = True
    site.deliver(opened(), headers=again)
    site.jobs.is_down = False

    assert json.loads(site.deliver(opened(), headers=again).body) == {"accepted": 1}


@pytest.mark.parametrize("missing", ["X-GitHub-Event", "X-GitHub-Delivery"])
def test_a_signed_body_without_the_headers_of_a_delivery_is_malformed(
    site: Site, missing: str
) -> None:
    assert site.deliver(opened(), headers={missing: ""}).status == 400
    assert site.deliver(opened(), headers={missing: "a\u00a0b"}).status == 400


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/webhook", 405),
        ("PUT", "/webhook", 405),
        ("POST", "/webhook/../admin", 404),
        ("POST", "/webhook/", 404),
        ("POST", "/WEBHOOK", 404),
        ("POST", "/", 404),
        ("GET", "/healthz", 200),
        ("GET", "/readyz", 200),
        ("GET", "/metrics", 200),
    ],
)
def test_there_are_four_addresses_and_nothing_else(
    site: Site, method: str, path: str, status: int
) -> None:
    headers = {"Content-Type": "application/json", "X-Hub-Signature-256": sign(b"{}")}

    assert site.request(method, path, b"{}", headers).status == status
    assert site.jobs.jobs == {}


@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded", "text/json", "multipart/form-data; boundary=x"]
)
def test_a_form_with_a_payload_in_it_is_not_read(site: Site, kind: str) -> None:
    body = b"payload=" + opened()

    assert site.deliver(body, headers={"Content-Type": kind}).status == 415


def test_the_counters_are_shown_to_a_monitor(site: Site) -> None:
    site.deliver(opened())

    text = site.request("GET", "/metrics").body.decode()

    assert 'pullwright_deliveries_total{outcome="accepted"} 1.0' in text.splitlines()


def test_no_answer_repeats_the_secret(site: Site) -> None:
    replies = [site.deliver(opened()), site.deliver(b"{"), site.request("GET", "/metrics")]

    assert not any(SECRET.encode() in r.body for r in replies)
