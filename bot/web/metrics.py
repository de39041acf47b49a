"""What a monitor reads: figures of the whole installation, and those of this process.

Web and workers are separate processes, on several hosts perhaps. What they must agree on is counted
in the database that they share, so it is the same from every web process and survives a restart;
only deliveries are counted by the process that took them in.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from flask import Blueprint, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from bot.domain.board import OutcomesBy, RunsBy, total_cost
from bot.domain.findings import FindingState
from bot.domain.jobs import JobStatus
from bot.domain.shares import share_of_all
from bot.domain.turns import Pacing
from bot.errors import PullwrightError
from bot.web.counts import Counts
from bot.web.dashboard import Dashboard, Records
from bot.web.summaries import by_outcome

Values = Mapping[tuple[str, ...], float]
"""By the values of its labels."""

_EVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, eq=False)
class Monitored(Collector):
    """Reads all figures when it is asked."""

    counts: Counts
    records: Records | None
    pacing: Callable[[], Pacing] | None = None

    def collect(self) -> Iterator[Metric]:
        """Yield the figures; where the database does not answer, one says so."""
        yield _counter(
            "deliveries",
            "Webhook deliveries of this process, by how they ended.",
            ("outcome",),
            {(o.value,): n for o, n in self.counts.all().items()},
        )
        if self.records is None:
            return
        try:
            shared = [*_queue(self.records), *_runs(self.records), *_learned(self.records)]
            if self.pacing is not None:
                shared += _waits(self.pacing())
        except PullwrightError:
            shared = []
        up = GaugeMetricFamily("pullwright_database_up", "1 where the database answered.")
        up.add_metric((), float(bool(shared)))
        yield from (up, *shared)


def exposition(monitored: Monitored) -> bytes:
    """Return the figures in the text format of Prometheus."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(monitored)
    return generate_latest(registry)


def metrics_page(monitored: Monitored) -> Callable[[Blueprint, Dashboard], None]:
    """Return what adds the page."""

    def add(pages: Blueprint, _dashboard: Dashboard) -> None:
        @pages.get("/metrics")
        def show_metrics() -> Response:
            return Response(exposition(monitored), content_type=CONTENT_TYPE_LATEST)

    return add


def _queue(records: Records) -> Iterator[Metric]:
    counts = records.queue.counts()
    yield _gauge(
        "jobs",
        "Jobs in the database, by status; failed ones are dead letters.",
        ("status",),
        {(s.value,): counts.get(s, 0) for s in JobStatus},
    )


def _runs(records: Records) -> Iterator[Metric]:
    tallies, tools = (
        records.board.runs.tallies(RunsBy.KIND, since=_EVER),
        records.board.runs.tools(),
    )
    cost = total_cost(tally.cost for tally in tallies)
    yield _counter(
        "runs",
        "Runs that ended, by kind and conclusion.",
        ("kind", "conclusion"),
        {(t.name, t.conclusion.value): t.runs for t in tallies if t.conclusion is not None},
    )
    yield _gauge(
        "open_runs",
        "Runs that began and did not end, by kind; those of a host that died stay among them.",
        ("kind",),
        {(t.name,): t.runs for t in tallies if t.conclusion is None},
    )
    yield _counter(
        "steps", "Finished steps, by tool.", ("tool",), {(t.tool,): t.steps for t in tools}
    )
    yield _counter(
        "step_seconds",
        "Seconds that steps took, by tool.",
        ("tool",),
        {(t.tool,): t.seconds for t in tools},
    )
    yield _counter("run_seconds", "Seconds that runs took.", (), {(): cost.seconds})
    yield _counter(
        "model_tokens",
        "Tokens of the model, by direction.",
        ("direction",),
        {("prompt",): cost.prompt_tokens, ("completion",): cost.completion_tokens},
    )
    yield _counter("model_dollars", "What the model cost, in US dollars.", (), {(): cost.usd})


def _learned(records: Records) -> Iterator[Metric]:
    states = records.board.findings.states()
    tallies = records.board.findings.outcomes(OutcomesBy.ALL, since=_EVER)
    yield _gauge(
        "findings",
        "Findings, by state.",
        ("state",),
        {(s.value,): states.get(s, 0) for s in FindingState},
    )
    yield _gauge(
        "suggestion_outcomes",
        "Suggestions, by what became of them.",
        ("outcome",),
        {(o.value,): n for o, n in by_outcome(tallies)},
    )
    share = share_of_all(tallies)
    if share is not None:
        yield _gauge(
            "acceptance_ratio",
            "Suggestions that were taken over, of those judged.",
            (),
            {(): share.value},
        )


def _waits(pacing: Pacing) -> Iterator[Metric]:
    yield _gauge(
        "rate_limit_wait_seconds",
        "For how long the forge wants no request, at most.",
        (),
        {(): pacing.wait_s},
    )
    yield _gauge(
        "rate_limit_refusals",
        "Refusals in a row, of the worst installation.",
        (),
        {(): pacing.refusals},
    )
    yield _gauge(
        "forge_writes_last_hour",
        "Writes to the forge, of the busiest installation.",
        (),
        {(): pacing.writes},
    )


def _counter(name: str, about: str, labels: tuple[str, ...], values: Values) -> Metric:
    family = CounterMetricFamily(f"pullwright_{name}", about, labels=labels)
    for key, value in values.items():
        family.add_metric(key, value)
    return family


def _gauge(name: str, about: str, labels: tuple[str, ...], values: Values) -> Metric:
    family = GaugeMetricFamily(f"pullwright_{name}", about, labels=labels)
    for key, value in values.items():
        family.add_metric(key, value)
    return family
