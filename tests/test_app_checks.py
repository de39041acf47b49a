"""What `doctor` says where there is no App, and where its settings are wrong."""

from pathlib import Path

import pytest

from bot import worker
from bot.errors import Refused
from bot.service_commands import app_checks
from bot.settings import load_app_settings, load_settings


@pytest.fixture(autouse=True)
def _no_app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("APP_ID", "PRIVATE_KEY_FILE", "WEBHOOK_SECRET", "WEBHOOK_SECRET_FILE"):
        monkeypatch.delenv(f"PULLWRIGHT_{name}", raising=False)
    monkeypatch.setenv("PULLWRIGHT_STATE_DIR", str(tmp_path))


def test_no_app_is_no_failure_and_says_how_to_make_one() -> None:
    (check,) = app_checks()

    assert (check.is_good, check.is_needed) == (False, False)
    assert "`pullwright setup` makes one" in check.detail


def test_settings_that_are_wrong_are_a_check_and_no_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULLWRIGHT_APP_ID", "twelve")

    (check,) = app_checks()

    assert check.detail == "PULLWRIGHT_APP_ID=twelve is not the number on the App's page"


@pytest.mark.parametrize(("choice", "mark"), [("process", "BAD "), ("docker", "ok  ")])
def test_the_sandbox_with_which_no_worker_starts_is_told_beforehand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, choice: str, mark: str
) -> None:
    for name, value in {
        "APP_ID": "12",
        "WEBHOOK_SECRET": "It's a Secret to Everybody",
        "GITHUB_API_URL": "http://127.0.0.1:1/api/v3",
        "SANDBOX": choice,
    }.items():
        monkeypatch.setenv(f"PULLWRIGHT_{name}", value)

    found = {check.name: check for check in app_checks()}

    assert found["sandbox"].mark == mark
    if choice == "process":
        assert "PULLWRIGHT_SANDBOX=process is for your own checkout" in found["sandbox"].detail
        with pytest.raises(Refused, match="is for your own checkout"):
            worker.check(load_settings(), load_app_settings())


def test_a_stored_app_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    record = tmp_path / "app" / "app.json"
    record.parent.mkdir()
    record.write_text("{")

    (check,) = app_checks()

    assert f"{record} cannot be read: set PULLWRIGHT_APP_ID" in check.detail


def test_without_an_app_serve_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="make an App with `pullwright setup`"):
        load_app_settings({"PULLWRIGHT_STATE_DIR": str(tmp_path)})


def test_a_debug_server_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="FLASK_DEBUG is set"):
        load_app_settings({"PULLWRIGHT_STATE_DIR": str(tmp_path), "FLASK_DEBUG": "1"})
