"""With what no App starts (rule R27), and what `doctor` says of it."""

from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.adapters.database_check import examine_database
from bot.adapters.sql_ledger import open_ledger
from bot.adapters.unsafe_setup import (
    docker_is_not_open,
    gitpython_is_new,
    key_is_private,
    runc_is_new,
)


@pytest.mark.parametrize(
    ("said", "is_good"),
    [
        ("1.1.5+ds1-1+deb12u1", True),
        ("1.1.4+ds1-1+deb12u1", False),
        ("v1.1.5-0-gf19387a6", False),
        ("v1.1.12-0-g51d5e94", True),
        ("1.1.7-0ubuntu1~22.04.2", True),
        ("v1.2.0", True),
        ("51d5e94601ceffbbd85688df1c928ecccbfa4685", True),
    ],
)
def test_a_runc_that_containers_get_out_of_is_told(said: str, is_good: bool) -> None:
    check = runc_is_new({"RuncCommit": {"ID": said}})

    assert check.is_good is is_good
    assert is_good or check.detail.endswith("a container can break out of it; update runc")


@pytest.mark.parametrize("facts", [{}, {"RuncCommit": None}, {"RuncCommit": {"ID": ""}}])
def test_an_engine_without_runc_is_no_failure(facts: dict[str, object]) -> None:
    assert runc_is_new(facts).is_good


@pytest.mark.parametrize(
    ("host", "has_tls", "is_good"),
    [
        (None, False, True),
        ("unix:///run/user/1000/docker.sock", False, True),
        ("ssh://builder", False, True),
        ("tcp://10.0.0.1:2376", True, True),
        ("tcp://10.0.0.1:2375", False, False),
        ("tcp://127.0.0.1:2375", False, False),
        ("http://10.0.0.1:2375", False, False),
    ],
)
def test_an_engine_that_is_open_to_its_network_is_told(
    host: str | None, has_tls: bool, is_good: bool
) -> None:
    assert docker_is_not_open(host, has_tls=has_tls).is_good is is_good


@pytest.mark.parametrize(
    ("mode", "is_good", "is_needed"),
    [(0o600, True, True), (0o400, True, True), (0o640, False, False), (0o604, False, True)],
)
def test_only_the_owner_may_read_the_key(
    tmp_path: Path, mode: int, is_good: bool, is_needed: bool
) -> None:
    key = tmp_path / "the key.pem"
    key.write_text("")
    key.chmod(mode)

    check = key_is_private(key)

    assert (check.is_good, check.is_needed) == (is_good, is_needed)
    assert is_good or check.paste == (f"chmod 600 '{key}'",)


def test_a_key_that_is_not_there_says_where_to_get_one(tmp_path: Path) -> None:
    assert "make a new one on the App's page" in key_is_private(tmp_path / "key.pem").detail


def test_the_gitpython_of_the_lock_is_new_enough() -> None:
    assert gitpython_is_new().is_good


def test_a_database_of_a_newer_version_is_told_and_left_alone(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/pullwright.db"
    with closing(open_ledger(url)):
        pass
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO ledger_migrations VALUES (99)")
    engine.dispose()

    check = examine_database(url)

    assert not check.is_good
    assert "has version 99 and this Pullwright knows" in check.detail
    assert "upgrade Pullwright, or restore a backup" in check.detail


def test_a_look_at_a_database_that_is_not_there_makes_none(tmp_path: Path) -> None:
    check = examine_database(f"sqlite:///{tmp_path}/new/pullwright.db")

    assert check.is_good
    assert not (tmp_path / "new").exists()


def test_a_postgres_database_of_ours_is_called_by_name_and_version(postgres_url: str) -> None:
    with closing(open_ledger(postgres_url)):
        pass

    check = examine_database(postgres_url)

    assert check.is_good
    assert ", version " in check.detail


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://db/x", "use sqlite or postgresql"),
        ("postgresql://nobody@127.0.0.1:1/x", "does not answer"),
        ("no url", "is not a database URL"),
    ],
)
def test_a_database_that_cannot_be_used_is_told(url: str, said: str) -> None:
    check = examine_database(url)

    assert not check.is_good
    assert said in check.detail
