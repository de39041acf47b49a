"""What a monitor reads."""

import re
from collections.abc import Iterator

import pytest

from bot.domain.turns import Pacing
from bot.errors import Retryable
from bot.web.counts import Counts
from bot.web.metrics import Monitored, exposition
from tests.web.visitor import House, house

LINE = re.compile(r'pullwright_\w+(\{(\w+="[^"\n]*",?)+\})? -?[0-9.e+-]+')


@pytest.fixture(scope="module")
def shown() -> Iterator[House]:
    with house() as ours:
        yield ours


def _lines(shown: House) -> list[str]:
    return shown.visitor().text("/metrics").splitlines()


@pytest.mark.parametrize(
    "line",
    [
        'pullwright_jobs{status="failed"} 1.0',
        'pullwright_runs_total{conclusion="findings",kind="review"} 6.0',
        'pullwright_open_runs{kind="review"} 1.0',
        'pullwright_steps_total{tool="lint"} 2.0',
        'pullwright_step_seconds_total{tool="verify"} 4.5',
        "pullwright_run_seconds_total 850.0",
        'pullwright_model_tokens_total{direction="prompt"} 240000.0',
        'pullwright_findings{state="dismissed"} 1.0',
        'pullwright_suggestion_outcomes{outcome="applied"} 8.0',
        "pullwright_database_up 1.0",
    ],
)
def test_a_monitor_reads(shown: House, line: str) -> None:
    assert line in _lines(shown)


def test_every_line_is_a_sample_or_says_what_it_is(shown: House) -> None:
    samples = [line for line in _lines(shown) if not line.startswith("# ")]

    assert len(samples) > 40
    assert [line for line in samples if not LINE.fullmatch(line)] == []


def test_no_label_names_a_repository(shown: House) -> None:
    assert "octo" not in "\n".join(_lines(shown))


def test_how_long_the_forge_wants_to_be_left_alone_is_told(shown: House) -> None:
    monitored = Monitored(Counts(), None)
    assert b"rate_limit" not in exposition(monitored)

    with house() as ours:
        records = ours.records
        text = exposition(Monitored(Counts(), records, lambda: Pacing(30.0, 2, 17))).decode()

    assert "pullwright_rate_limit_wait_seconds 30.0\n" in text
    assert "pullwright_rate_limit_refusals 2.0\n" in text
    assert "pullwright_forge_writes_last_hour 17.0\n" in text


def test_a_database_that_does_not_answer_is_a_figure_too() -> None:
    def down() -> Pacing:
        raise Retryable("the database is away")

    with house() as ours:
        text = exposition(Monitored(Counts(), ours.records, down)).decode()

    assert "pullwright_database_up 0.0\n" in text
    assert 'pullwright_deliveries_total{outcome="accepted"} 0.0\n' in text
    assert "pullwright_jobs" not in text
