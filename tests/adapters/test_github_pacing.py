from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.adapters.github_auth import AppIdentity
from bot.adapters.github_pacing import LocalTurns, Pacer
from bot.domain.forge import ForgeUnavailable
from bot.errors import Refused
from tests.adapters.github_jobs import FakeTime


def write(pacer: Pacer) -> None:
    with pacer.write():
        pass


def written_until_long_wait(pacer: Pacer, time: FakeTime, *, idle_s: float) -> tuple[int, float]:
    """Write until the wait is long; return how often it went, and how long the wait is."""
    count = 0
    try:
        while count < 1_000:
            write(pacer)
            count += 1
            time.seconds += idle_s
    except ForgeUnavailable as error:
        retry_at = error.retry_at or datetime.fromtimestamp(0, UTC)
        return count, retry_at.timestamp() - time.now()
    return count, 0.0


def test_there_is_a_second_between_two_writes() -> None:
    time = FakeTime()
    pacer = time.pacer()

    for _ in range(3):
        write(pacer)

    assert time.naps == [1.0, 1.0]


def test_a_write_after_a_pause_does_not_wait() -> None:
    time = FakeTime()
    pacer = time.pacer()

    write(pacer)
    time.seconds += 5
    write(pacer)

    assert time.naps == []


def test_no_hour_has_more_than_five_hundred_writes() -> None:
    time = FakeTime()

    count, wait_s = written_until_long_wait(time.pacer(), time, idle_s=2.0)

    assert count == 500
    assert wait_s == pytest.approx(3600 - 500 * 2.0, abs=5)


def test_refusals_without_a_time_wait_longer_each_time() -> None:
    time = FakeTime()
    pacer = time.pacer()
    waits = []
    for _ in range(3):
        pacer.hold(None)
        _, wait_s = written_until_long_wait(pacer, time, idle_s=0)
        waits.append(round(wait_s))
        time.seconds += wait_s

    assert waits == [60, 120, 240]


def test_reading_goes_on_between_writes() -> None:
    time = FakeTime()
    pacer = time.pacer()

    write(pacer)
    with pacer.read():
        pass

    assert time.naps == []


def test_a_key_that_everybody_can_read_is_refused(tmp_path: Path) -> None:
    key = tmp_path / "key.pem"
    key.write_text("secret")
    key.chmod(0o644)

    with pytest.raises(Refused, match="chmod 600"):
        AppIdentity("1", key).authorization()


@pytest.mark.parametrize("content", ["", "secret", "-----BEGIN RSA PRIVATE KEY-----\nx\n"])
def test_a_file_that_is_no_key_is_refused_and_not_shown(tmp_path: Path, content: str) -> None:
    key = tmp_path / "key.pem"
    key.write_text(content)
    key.chmod(0o600)

    with pytest.raises(Refused, match="no private key") as raised:
        AppIdentity("1", key).authorization()

    assert "secret" not in str(raised.value)


def test_a_key_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="cannot read"):
        AppIdentity("1", tmp_path / "none.pem").authorization()


def test_a_writer_goes_on_an_hour_after_the_clock_was_set_back_by_a_day() -> None:
    clock = [1_800_000_000.0]
    pacer = Pacer(LocalTurns(lambda: clock[0]), lambda _: None)
    with pacer.write():
        clock[0] += 1
    pacer.hold(3600)
    clock[0] -= 86_400
    with pytest.raises(ForgeUnavailable), pacer.write():
        pass
    clock[0] += 3601

    with pacer.write():
        pass
