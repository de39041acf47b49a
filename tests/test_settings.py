from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.rounds import Schedule
from bot.errors import Refused
from bot.settings import LogFormat, known_secrets, load_app_settings, load_settings

APP = {"PULLWRIGHT_APP_ID": "42"}
SECRET = "It's a Secret to Everybody"  # noqa: S105 - of GitHub's documentation


def test_what_the_operator_leaves_out_has_a_default(tmp_path: Path) -> None:
    settings = load_app_settings(APP | {"PULLWRIGHT_STATE_DIR": str(tmp_path)})

    assert settings.app_id == 42
    assert settings.github_api_url == "https://api.github.com"
    assert settings.database_url == f"sqlite:///{tmp_path}/pullwright.db"
    assert (settings.private_key_file, settings.admin_token) == (None, None)
    assert settings.log_format is LogFormat.JSON


def test_a_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text(f"{SECRET}\n")

    settings = load_app_settings(
        APP | {"PULLWRIGHT_WEBHOOK_SECRET_FILE": str(path), "PULLWRIGHT_ADMIN_TOKEN": "open sesame"}
    )

    assert (settings.webhook_secret, settings.admin_token) == (SECRET, "open sesame")


@pytest.mark.parametrize(
    ("value", "is_paused"), [("", False), ("0", False), ("no", False), ("1", True), ("TRUE", True)]
)
def test_the_kill_switch_is_on_or_off(value: str, is_paused: bool) -> None:
    assert load_app_settings(APP | {"PULLWRIGHT_PAUSED": value}).is_paused is is_paused


def test_a_kill_switch_that_may_mean_either_is_refused() -> None:
    with pytest.raises(Refused, match="PULLWRIGHT_PAUSED=of is not 1 or 0"):
        load_app_settings(APP | {"PULLWRIGHT_PAUSED": "of"})


def test_the_log_knows_every_secret_of_the_settings() -> None:
    settings = load_app_settings(
        APP
        | {
            "PULLWRIGHT_WEBHOOK_SECRET": SECRET,
            "PULLWRIGHT_ADMIN_TOKEN": "open sesame",
            "PULLWRIGHT_DATABASE_URL": "postgresql://bot:hunter%402@db/pullwright",
        }
    )

    assert set(settings.secrets) == {SECRET, "open sesame", "hunter%402", "hunter@2"}


def test_all_secrets_are_known_without_an_app() -> None:
    variables = {
        "PULLWRIGHT_DATABASE_URL": "postgresql://us:hunter%402@db/x",
        "CEREBRAS_API_KEY": "csk-1",
        "PULLWRIGHT_ADMIN_TOKEN": "open sesame",
    }

    assert set(known_secrets(variables)) == {"hunter%402", "hunter@2", "csk-1", "open sesame"}


def test_no_secret_is_shown(tmp_path: Path) -> None:
    shown = repr(
        load_app_settings(
            APP
            | {
                "PULLWRIGHT_WEBHOOK_SECRET": SECRET,
                "PULLWRIGHT_ADMIN_TOKEN": "open sesame",
                "PULLWRIGHT_DATABASE_URL": "postgresql://bot:hunter2@db/pullwright",
            }
        )
    )

    assert not any(word in shown for word in (SECRET, "sesame", "hunter2"))


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://ghe.example.com/api/v3/", "https://ghe.example.com/api/v3"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_the_address_of_the_forge_may_be_another(url: str, kept: str) -> None:
    assert load_app_settings(APP | {"PULLWRIGHT_GITHUB_API_URL": url}).github_api_url == kept


@pytest.mark.parametrize(
    "url",
    [
        "http://ghe.example.com/api/v3",
        "http://127.0.0.1.example.com",
        "https://user:hunter2@ghe.example.com",
        "https://ghe.example.com?token=hunter2",
        "ftp://ghe.example.com",
        "ghe.example.com",
        "https://",
        "https://[",
        "https://ghe:port",
    ],
)
def test_tokens_are_sent_nowhere_in_clear(url: str) -> None:
    with pytest.raises(Refused, match="PULLWRIGHT_GITHUB_API_URL") as caught:
        load_app_settings(APP | {"PULLWRIGHT_GITHUB_API_URL": url})

    assert "hunter2" not in str(caught.value)


def test_an_app_id_that_is_missing_is_said_to_be_missing() -> None:
    with pytest.raises(Refused, match="PULLWRIGHT_APP_ID is not set"):
        load_app_settings({})


@pytest.mark.parametrize("app_id", ["0", "-1", "abc", "1.5", "\u0661", "9" * 30])
def test_the_app_id_is_a_number(app_id: str) -> None:
    with pytest.raises(Refused, match="PULLWRIGHT_APP_ID="):
        load_app_settings({"PULLWRIGHT_APP_ID": app_id})


def test_a_secret_in_two_places_is_a_mistake(tmp_path: Path) -> None:
    twice = {"PULLWRIGHT_WEBHOOK_SECRET": SECRET, "PULLWRIGHT_WEBHOOK_SECRET_FILE": "/secret"}

    with pytest.raises(Refused, match="are both set"):
        load_app_settings(APP | twice)


@pytest.mark.parametrize("content", [None, b"", b"\n", b"\xff\xfe"])
def test_a_file_without_a_secret_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "secret"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(Refused, match="PULLWRIGHT_ADMIN_TOKEN_FILE="):
        load_app_settings(APP | {"PULLWRIGHT_ADMIN_TOKEN_FILE": str(path)})


def test_a_log_format_that_is_none_is_refused() -> None:
    with pytest.raises(Refused, match="json, console"):
        load_app_settings(APP | {"PULLWRIGHT_LOG_FORMAT": "xml"})


def test_an_operator_chooses_how_often_one_looks_for_what_was_missed() -> None:
    chosen = load_app_settings(
        APP
        | {
            "PULLWRIGHT_MISSED_DELIVERIES_HOURS": "12",
            "PULLWRIGHT_MISSED_PULLS_HOURS": "2",
        }
    )

    assert chosen.schedule == Schedule(deliveries=timedelta(hours=12), pulls=timedelta(hours=2))
    assert load_app_settings(APP).schedule == Schedule()


@pytest.mark.parametrize("hours", ["0", "5", "48", "-1", "1.5", "often"])
def test_a_period_that_does_not_divide_a_day_is_refused(hours: str) -> None:
    with pytest.raises(Refused, match=f"PULLWRIGHT_MISSED_PULLS_HOURS={hours} is not one of: 1, 2"):
        load_app_settings(APP | {"PULLWRIGHT_MISSED_PULLS_HOURS": hours})


@pytest.mark.parametrize(("value", "days"), [(None, 30), ("0", 0), ("3650", 3650)])
def test_runs_are_kept_for_so_many_days(value: str | None, days: int) -> None:
    environ = {} if value is None else {"PULLWRIGHT_KEEP_RUNS_DAYS": value}

    assert load_settings(environ).keep_runs_days == days


@pytest.mark.parametrize("value", ["-1", "3651", "99999999999", "ten", "1.5", "\u0663"])
def test_a_number_of_days_that_is_none_is_refused(value: str) -> None:
    with pytest.raises(Refused, match="is not a number of days from 0 to 3650"):
        load_settings({"PULLWRIGHT_KEEP_RUNS_DAYS": value})


def test_a_database_url_that_is_none_is_refused_without_its_password() -> None:
    with pytest.raises(Refused, match="is not a database URL: give it sqlite") as caught:
        load_app_settings(APP | {"PULLWRIGHT_DATABASE_URL": "postgresql://us:hunter2@[db/x"})

    assert "hunter2" not in str(caught.value)
