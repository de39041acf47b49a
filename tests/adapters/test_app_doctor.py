"""What `doctor` says of an App, against the simulated GitHub."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from bot.adapters.app_doctor import Suspect, examine_app
from bot.adapters.doctor_check import Check
from bot.adapters.github_access import GitHubHost
from bot.adapters.github_transport import ApiAddress
from bot.domain.app_manifest import PERMISSIONS, SUBSCRIPTIONS, AppKind
from tests.github_simulator import GitHub, simulator
from tests.web.server import Site, running

HELD = {p.name: p.level for p in PERMISSIONS[AppKind.FIX]}
EVENTS = tuple(s.name for s in SUBSCRIPTIONS)


@dataclass
class Patient:
    """An App that is right in all ways, until a test changes it."""

    github: GitHub
    suspect: Suspect
    site: Site

    def check(self, name: str) -> Check:
        """Return the one check of a name."""
        (found,) = [c for c in examine_app(self.suspect) if c.name == name]
        return found

    @property
    def ailments(self) -> list[str]:
        return [c.name for c in examine_app(self.suspect) if not c.is_good]


@pytest.fixture
def patient(tmp_path: Path) -> Iterator[Patient]:
    with simulator(tmp_path) as github, running() as site:
        app = github.app(permissions=HELD, events=EVENTS, webhook_secret=_secret())
        key = tmp_path / "key.pem"
        key.write_text(app.private_key_pem)
        key.chmod(0o600)
        github.webhook_url = f"http://{site.host}:{site.port}/webhook"
        suspect = Suspect(app.id, key, GitHubHost(ApiAddress(github.api_url)))
        yield Patient(github, suspect, site)


def _secret() -> str:
    return "It's a Secret to Everybody"


def test_an_app_that_is_right_is_called_right_and_nothing_is_written(patient: Patient) -> None:
    patient.github.repo("octo/shop")

    assert patient.ailments == []
    assert patient.github.writes == []
    assert patient.github.apps[0].minted == []
    assert "octo" in str([c.name for c in examine_app(patient.suspect)])


def test_an_app_that_reviews_only_is_right_too(patient: Patient) -> None:
    patient.github.apps[0].permissions["contents"] = "read"

    assert patient.check("permissions").detail == "reviews; it cannot push"
    assert patient.ailments == ["installations"]


def test_a_missing_permission_is_named_with_what_to_set_and_where(patient: Patient) -> None:
    del patient.github.apps[0].permissions["issues"]

    check = patient.check("permissions")

    assert not check.is_good
    assert check.detail.startswith(
        f"issues missing: set them at {patient.github.url}/settings/apps"
    )
    assert check.paste[0].startswith("Repository permissions > Issues: Read-only  # be told of")


def test_a_permission_that_nothing_needs_is_no_failure_and_named(patient: Patient) -> None:
    patient.github.apps[0].permissions["administration"] = "write"

    found = [c for c in examine_app(patient.suspect) if c.name == "permissions" and not c.is_good]

    assert [c.is_needed for c in found] == [False]
    assert "administration: write" in found[0].detail


def test_an_event_that_is_not_subscribed_to_is_named(patient: Patient) -> None:
    patient.github.apps[0].events = tuple(e for e in EVENTS if e != "merge_group")

    assert "not subscribed to merge_group" in patient.check("events").detail


def test_an_app_that_stands_nowhere_says_where_to_install_it(patient: Patient) -> None:
    check = patient.check("installations")

    assert not check.is_needed
    assert check.detail.endswith("/installations/new")


def test_an_owner_who_has_not_accepted_new_permissions_is_named(patient: Patient) -> None:
    patient.github.repo("octo/shop")
    patient.github.apps[0].installations[0].permissions["contents"] = "read"

    check = patient.check("installation on octo")

    assert "has not accepted contents: write" in check.detail


def test_a_suspended_installation_is_named(patient: Patient) -> None:
    patient.github.repo("octo/shop")
    patient.github.suspend(patient.github.apps[0].installations[0])

    assert "suspended" in patient.check("installation on octo").detail


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("secret", None, "has no secret"),
        ("content_type", "form", "has to be application/json"),
        ("insecure_ssl", "1", "SSL verification is off"),
        ("url", None, "has no address"),
        ("url", "https://bot.example.org/hook", "does not end in /webhook"),
    ],
)
def test_a_webhook_that_is_set_up_wrongly_says_what_to_set(
    patient: Patient, name: str, value: str | None, said: str
) -> None:
    patient.github.repo("octo/shop")
    patient.github.hook_changes[name] = value

    assert said in patient.check("webhook").detail


def test_a_delivery_that_arrived_is_the_proof(patient: Patient) -> None:
    patient.github.repo("octo/shop")

    assert patient.check("deliveries").detail.startswith("the last delivery (installation, ")


def test_a_secret_that_differs_is_told_by_the_answer_of_serve(patient: Patient) -> None:
    patient.github.apps[0].webhook_secret = "another"  # noqa: S105 - the operator's mistake
    patient.github.repo("octo/shop")

    assert "is not the secret of the App's page" in patient.check("deliveries").detail


@pytest.mark.parametrize(
    ("path", "said"), [("/nowhere/webhook", "that is not `pullwright serve`"), ("", "let GitHub")]
)
def test_an_address_that_github_cannot_use_is_told(patient: Patient, path: str, said: str) -> None:
    patient.github.webhook_url = f"http://{patient.site.host}:{patient.site.port}{path}"
    patient.github.webhooks.is_down = not path
    patient.github.repo("octo/shop")

    assert said in patient.check("deliveries").detail


def test_before_the_first_delivery_our_own_sign_of_life_is_looked_for(patient: Patient) -> None:
    up = patient.check("deliveries")
    patient.github.webhook_url = "http://127.0.0.1:1/webhook"
    down = patient.check("deliveries")
    patient.github.webhook_url = f"{patient.github.url}/webhook"
    other = patient.check("deliveries")
    patient.github.contract.violations.clear()  # the last one asked GitHub for a page of ours

    assert (up.is_good, down.is_good, other.is_good) == (True, False, False)
    assert "http://127.0.0.1:1/healthz does not answer from here" in down.detail
    assert "that is not `pullwright serve`" in other.detail


@pytest.mark.parametrize(("seconds", "said"), [(3600, "ahead of"), (-3600, "behind")])
def test_a_clock_that_is_wrong_says_by_how_much(patient: Patient, seconds: int, said: str) -> None:
    wrong = Suspect(
        patient.suspect.app_id,
        patient.suspect.key_file,
        patient.suspect.host,
        now=lambda: datetime.now(UTC) + timedelta(seconds=seconds),
    )

    check = next(examine_app(wrong))

    assert not check.is_good
    assert said in check.detail
    assert check.paste == ("timedatectl set-ntp true",)


def test_a_number_that_is_no_app_is_told(patient: Patient) -> None:
    other = Suspect(1, patient.suspect.key_file, patient.suspect.host)

    assert "GitHub knows no App 1: PULLWRIGHT_APP_ID" in list(examine_app(other))[-1].detail


def test_a_key_of_another_app_is_told(patient: Patient, tmp_path: Path) -> None:
    assert patient.suspect.key_file is not None
    patient.suspect.key_file.write_text(_other_key())

    assert "GitHub does not accept the key in" in patient.check("github").detail


@pytest.mark.parametrize("text", ["", "no key"])
def test_a_file_that_is_no_key_is_told(patient: Patient, text: str) -> None:
    assert patient.suspect.key_file is not None
    patient.suspect.key_file.write_text(text)

    assert "holds no private key that can be used" in patient.check("github").detail


def test_a_machine_that_only_serves_is_told_that_github_was_not_asked(patient: Patient) -> None:
    checks = list(examine_app(Suspect(patient.suspect.app_id, None, patient.suspect.host)))

    assert [c.name for c in checks] == ["clock", "key"]


def test_a_github_that_does_not_answer_is_told(tmp_path: Path, patient: Patient) -> None:
    nowhere = GitHubHost(ApiAddress("http://127.0.0.1:1/api/v3"))
    checks = list(examine_app(Suspect(1, patient.suspect.key_file, nowhere)))

    assert "is PULLWRIGHT_GITHUB_API_URL right" in checks[0].detail
    assert [c.name for c in checks if not c.is_good] == ["clock", "github"]
    # That nobody answered is no finding about a clock.
    assert [c.mark for c in checks if not c.is_good] == ["??? ", "??? "]
    assert all(c.detail.startswith("could not look: ") for c in checks if not c.is_good)


def _other_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = PrivateFormat.TraditionalOpenSSL
    return key.private_bytes(Encoding.PEM, form, NoEncryption()).decode()
