"""The Flask application: three addresses, and as little Flask as possible."""

import json

from flask import Flask, Response, request

from bot.domain.jobs import JobId, Jobs
from bot.errors import PullwrightError
from bot.web.counts import Outcome
from bot.web.webhook import Answer, Webhook

_ANY_JOB = JobId("readyz")


def create_app(webhook: Webhook) -> Flask:
    """Return the application."""
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

    @app.get("/setup")
    def say_set_up() -> Response:
        told = "an App is set up already: `pullwright doctor` checks it\n"
        return Response(told, 404, mimetype="text/plain")

    @app.get("/metrics")
    def show_counts() -> Response:
        return Response(webhook.counts.exposition(), mimetype="text/plain")

    return app


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
