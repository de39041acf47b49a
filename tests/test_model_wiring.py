import subprocess
import sys

import pytest

from bot.domain.prompt import ask
from bot.domain.repo_config import Budget
from bot.errors import BudgetSpent
from bot.model_wiring import examine_model, open_model
from bot.settings import load_model_settings
from tests.adapters.model_contract import GOOD, QUESTION, Note
from tests.model_server.api import Api
from tests.model_server.replies import HTML, in_turn
from tests.model_server.server import ModelServer, serving

KEY = "csk-0123456789abcdef0123456789abcdef"


def told(server: ModelServer, **more: str) -> tuple[bool, str]:
    """Return what doctor says with a model set, and whether it is good."""
    env = {"CEREBRAS_BASE_URL": f"{server.url}/v1", "CEREBRAS_API_KEY": KEY} | more
    checks = list(examine_model({}, load_model_settings(env)))
    assert [check.name for check in checks] == ["model"]
    host = server.url.removeprefix("http://")
    return checks[0].is_good, checks[0].detail.replace(host, "HOST")


def test_doctor_is_content_without_a_key() -> None:
    [check] = examine_model({}, load_model_settings({}))

    assert not check.is_needed
    assert check.detail == "CEREBRAS_API_KEY is not set; reviews work without it"


def test_doctor_says_which_model_auto_picks_and_what_it_costs() -> None:
    server = ModelServer()
    with serving(server):
        assert told(server) == (
            True,
            "qwen-3.8-27b at HOST (auto, of 2 served), $0.99 and $1.49 a million tokens",
        )
    assert server.chats == []


def test_doctor_says_that_the_key_is_refused() -> None:
    with serving(ModelServer(api=Api(key="csk-another"))) as server:
        is_good, detail = told(server)

    assert not is_good
    assert detail == (
        "HOST refuses the key: set CEREBRAS_API_KEY to a valid one; "
        "until then reviews go without it"
    )


def test_doctor_says_that_the_model_is_retired() -> None:
    with serving(ModelServer()) as server:
        is_good, detail = told(server, PULLWRIGHT_MODEL="llama3.1-8b")

    assert not is_good
    assert detail.startswith("HOST does not serve llama3.1-8b, to this key or any more: set")


def test_doctor_says_that_the_server_is_down() -> None:
    with serving(ModelServer()) as server:
        pass
    is_good, detail = told(server)

    assert not is_good
    assert detail.startswith("HOST cannot be reached, ")
    assert "is CEREBRAS_BASE_URL right, and is it up?" in detail


def test_doctor_says_that_the_url_is_somebody_elses() -> None:
    with serving(ModelServer(list_script=in_turn(HTML))) as server:
        is_good, detail = told(server)

    assert not is_good
    assert "a web page: is the base URL the API's?" in detail


def test_a_run_without_a_model_gets_none() -> None:
    with open_model(load_model_settings({}), Budget(), network={}) as model:
        assert model is None


def test_a_run_gets_a_model_that_keeps_its_secrets_and_its_budget() -> None:
    server = ModelServer(in_turn(GOOD))
    with serving(server):
        settings = load_model_settings({"CEREBRAS_BASE_URL": server.url, "CEREBRAS_API_KEY": KEY})
        with open_model(
            settings, Budget(tokens=9000), network={}, secrets=["webhook-secret"]
        ) as model:
            assert model is not None
            done = model.complete(ask("Rules.", f"{KEY} webhook-secret"), Note, timeout_s=60)
            with pytest.raises(BudgetSpent):
                model.complete(ask("Rules.", "word " * 4000), Note, timeout_s=60)

    assert done.redactions == 2
    assert "webhook-secret" not in server.chats[0].text


def test_every_run_has_a_boundary_of_its_own() -> None:
    server = ModelServer(in_turn(GOOD))
    with serving(server):
        settings = load_model_settings({"CEREBRAS_BASE_URL": server.url})
        for _ in range(2):
            with open_model(settings, Budget(), network={}) as model:
                assert model is not None
                model.complete(QUESTION, Note, timeout_s=60)
    first, second = (chat.rules for chat in server.chats)

    assert first != second


@pytest.mark.parametrize(
    ("no_proxy", "is_used"),
    [
        ("", True),
        ("example.org", True),
        ("invalid", False),
        (".model.invalid", False),
        ("*", False),
    ],
)
def test_the_operators_proxy_is_used_unless_the_host_is_exempt(
    no_proxy: str, is_used: bool
) -> None:
    proxy = ModelServer()
    with serving(proxy):
        settings = load_model_settings({"CEREBRAS_BASE_URL": "http://a.model.invalid"})
        list(examine_model({"http_proxy": proxy.url, "no_proxy": no_proxy}, settings))

    assert bool(proxy.received) is is_used


def test_the_command_line_starts_without_the_sdk() -> None:
    program = "import sys, bot.cli; print([m for m in ('cerebras', 'httpx') if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout == "[]\n"
