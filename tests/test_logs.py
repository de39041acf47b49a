import io
import json
import logging
import threading
from collections.abc import Callable, Iterator

import pytest

from bot import logs
from bot.adapters.log_subject import about
from bot.domain.identity import run_id_of
from bot.domain.jobs import JobId
from bot.domain.redaction import INSTEAD
from bot.settings import load_app_settings

SECRET = "It's a Secret to Everybody"  # noqa: S105 - of GitHub's documentation
TOKEN = "ghs_CANARY" + "0123456789" * 3
APP = {
    "PULLWRIGHT_APP_ID": "1",
    "PULLWRIGHT_WEBHOOK_SECRET": SECRET,
    "PULLWRIGHT_DATABASE_URL": "postgresql://bot:hunter2%40home@db/pullwright",
}
LOG = logging.getLogger("pullwright.test")

Logged = Callable[[str], io.StringIO]


@pytest.fixture
def logged() -> Iterator[Logged]:
    """Configure logging to a stream, and give the process its own back at the end."""
    root, hook = logging.getLogger(), threading.excepthook
    before = (root.handlers[:], root.level, logging.raiseExceptions)

    def configured(form: str) -> io.StringIO:
        stream = io.StringIO()
        logs.configure(load_app_settings(APP | {"PULLWRIGHT_LOG_FORMAT": form}), stream=stream)
        return stream

    yield configured
    root.handlers[:], level, logging.raiseExceptions = before
    root.setLevel(level)
    threading.excepthook = hook
    logging.captureWarnings(False)


def broken() -> None:
    raise ValueError(f"remote: {TOKEN[:20]}\n{TOKEN[20:]}")


def test_a_record_is_one_line_of_json(logged: Logged) -> None:
    stream = logged("json")

    LOG.info("job %s: %s", "j1", 'evil\n{"level": "info"}\x1b[2J\u202e')

    [line] = stream.getvalue().splitlines()
    assert line.isascii()
    assert line.isprintable()
    record = json.loads(line)
    assert (record["level"], record["logger"]) == ("info", "pullwright.test")
    assert record["message"] == 'job j1: evil\n{"level": "info"}\x1b[2J\u202e'


def test_nobody_forges_a_line_for_people(logged: Logged) -> None:
    stream = logged("console")

    LOG.warning("title: %s", "x\n12:00:00 error    pullwright: forged\x1b[2J")

    [line] = stream.getvalue().splitlines()
    assert "\\n12:00:00" in line
    assert line.isprintable()


@pytest.mark.parametrize("form", ["json", "console"])
def test_no_secret_is_logged_in_a_message_nor_in_an_exception(logged: Logged, form: str) -> None:
    stream = logged(form)

    try:
        broken()
    except ValueError:
        LOG.exception("deliveries are signed with %s, and %s", SECRET, "hunter2@home")

    text = stream.getvalue()
    assert text.count(INSTEAD) >= 3
    assert not any(s in text for s in (SECRET, "hunter2", "CANARY", TOKEN[20:]))
    assert "ValueError: remote:" in text
    assert "in broken" in text


def test_a_secret_from_the_message_into_the_traceback_is_found(logged: Logged) -> None:
    stream = logged("json")

    LOG.error("half of it: %s", SECRET[:9], exc_info=None, stack_info=False)
    record = LOG.makeRecord("x", logging.ERROR, "f", 1, SECRET[:9], (), None)
    record.stack_info = SECRET[9:]
    LOG.handle(record)

    assert "Everybody" not in stream.getvalue()


def test_a_thread_that_breaks_is_logged_like_all_else(logged: Logged) -> None:
    stream = logged("json")

    thread = threading.Thread(target=broken, name="on-stop")
    thread.start()
    thread.join()

    record = json.loads(stream.getvalue())
    assert record["message"] == "thread on-stop broke"
    assert "ValueError" in record["exception"]
    assert "CANARY" not in stream.getvalue()


def test_arguments_that_do_not_fit_are_shown_and_break_nothing(logged: Logged) -> None:
    stream = logged("json")

    LOG.info("%d jobs", "three")

    assert json.loads(stream.getvalue())["message"] == "%d jobs ('three',)"


def test_the_engine_and_the_server_log_in_our_form(logged: Logged) -> None:
    engine = logging.getLogger("dbos")
    # The engine does so where it starts first.
    engine.addHandler(logging.StreamHandler())
    engine.propagate = False
    stream = logged("json")

    engine.warning("recovered")
    logging.getLogger("waitress").error("no socket")
    logging.getLogger("waitress").info("serving")

    names = [json.loads(line)["logger"] for line in stream.getvalue().splitlines()]
    assert names == ["dbos", "waitress"]


def test_a_line_about_a_job_names_the_job_and_its_run(logged: Logged) -> None:
    stream = logged("json")

    with about(JobId("head:7:12")):
        LOG.info("within")
    LOG.info("after")

    within, after = (json.loads(line) for line in stream.getvalue().splitlines())
    assert (within["job"], within["run"]) == ("head:7:12", run_id_of(JobId("head:7:12")))
    assert {"job", "run"} & after.keys() == set()
