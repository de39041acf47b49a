"""The Flask application: deliveries, health, and the dashboard where there is one."""

import json
from collections.abc import Callable

from flask import Flask, Response, request
from prometheus_client import CONTENT_TYPE_LATEST

from bot.domain.jobs import JobId, Jobs
from bot.domain.turns import Pacing
from bot.errors import PullwrightError
from bot.web.counts import Outcome
from bot.web.dashboard import Dashboard, add_dashboard
from bot.web.learning_pages import add_learning_pages
from bot.web.metrics import Monitored, exposition, metrics_page
from bot.web.queue_pages import add_queue_pages
from bot.web.run_pages import add_run_pages
from bot.web.webhook import Answer, Webhook

_SECTIONS = (add_run_pages, add_queue_pages, add_learning_pages)
_ANY_JOB = JobId("readyz")


def create_app(
    webhook: Webhook,
    dashboard: Dashboard | None = None,
    pacing: Callable[[], Pacing] | None = None,
) -> Flask:
    """Return the application; without a dashboard, the counters alone are there for everybody."""
    app = Flask("bot.web", static_folder=None)

    @app.post("/webhook")
    def take_delivery() -> Response:
        if request.mimetype != "application/json":
            webhook.counts.add(Outcome.MALFORMED)
            return Response(status=415)
        headers = {name.lower(): value for name, value in request.headers}
        return _response(webhook.receive(headers, request.stream))

    @app.get("/healthz")
    def say_alive() -> Response:
        return Response("alive\n", mimetype="text/plain")

    @app.get("/readyz")
    def say_ready() -> Response:
        if _is_ready(webhook.jobs):
            return Response("ready\n", mimetype="text/plain")
        return Response("the job queue does not answer\n", 503, mimetype="text/plain")

    if dashboard is None:
        _add_counters(app, webhook)
    else:
        monitored = Monitored(webhook.counts, dashboard.records, pacing)
        add_dashboard(app, dashboard, (*_SECTIONS, metrics_page(monitored)))
    return app


def _add_counters(app: Flask, webhook: Webhook) -> None:
    @app.get("/metrics")
    def show_counters() -> Response:
        monitored = Monitored(webhook.counts, records=None)
        return Response(exposition(monitored), content_type=CONTENT_TYPE_LATEST)


def _is_ready(jobs: Jobs) -> bool:
    try:
        jobs.status(_ANY_JOB)
    except PullwrightError:
        return False
    return True


def _response(answer: Answer) -> Response:
    body = "" if answer.body is None else json.dumps(answer.body)
    response = Response(body, answer.status, mimetype="application/json")
    if answer.retry_after_s is not None:
        response.headers["Retry-After"] = str(answer.retry_after_s)
    return response
