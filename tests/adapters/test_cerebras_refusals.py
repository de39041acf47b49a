"""Settings that are wrong: each sentence says who must change which."""

import pytest

from bot.adapters.cerebras_client import CerebrasClient, Server
from bot.adapters.cerebras_model import CerebrasModel
from bot.adapters.model_transport import Route
from bot.domain.model import Price
from bot.domain.model_choice import PriceList, Wanted
from bot.domain.prompt import ask
from bot.errors import ModelRefused, PromptTooLong
from tests.adapters.model_contract import ENOUGH, GOOD, QUESTION, Note
from tests.adapters.models import connected
from tests.fakes.model import seal
from tests.model_server.api import Api
from tests.model_server.replies import Fault, in_turn, status
from tests.model_server.server import ModelServer, serving

KEY = "csk-0123456789abcdef0123"


def refusal(server: ModelServer, *, key: str | None = KEY, model: str = "gpt-oss-120b") -> str:
    with (
        connected(server, key=key, wanted=Wanted(model)) as asked,
        pytest.raises(ModelRefused) as caught,
    ):
        asked.complete(QUESTION, Note, timeout_s=60)
    assert len(server.received) == 1, "what the operator must change is not tried again"
    return str(caught.value).replace(server.url.removeprefix("http://"), "HOST")


def test_a_key_that_is_refused_is_the_operators_to_change() -> None:
    server = ModelServer(api=Api(key="csk-another"))

    said = refusal(server)
    assert said == "HOST refuses the key: set CEREBRAS_API_KEY to a valid one"


def test_a_server_that_wants_a_key_says_so() -> None:
    assert refusal(ModelServer(api=Api(key=KEY)), key=None) == (
        "HOST wants a key: set CEREBRAS_API_KEY"
    )


def test_a_key_without_access_to_the_model_is_told_from_a_wrong_one() -> None:
    assert refusal(ModelServer(api=Api(forbidden=("gpt-oss-120b",)))) == (
        "the key may not use gpt-oss-120b at HOST: allow it there, or change PULLWRIGHT_MODEL"
    )


def test_a_retired_model_is_named() -> None:
    assert refusal(ModelServer(), model="llama3.1-8b") == (
        "HOST does not serve llama3.1-8b, to this key or any more: "
        "set PULLWRIGHT_MODEL to auto, or to one that it serves"
    )


REDIRECT = Fault(status=307, headers={"Location": "https://evil.example/v1"})
REDIRECTED = "HOST answers 307, a redirect, and nothing was sent on"
ODD = status(400, "temperature\x1b[31m is\u202e wrong")


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (status(402), "HOST wants to be paid first: see to the account of the key"),
        (REDIRECT, f"{REDIRECTED}: set CEREBRAS_BASE_URL to where the API is"),
        (status(404), "HOST answers 404: set CEREBRAS_BASE_URL to the host root of an API"),
        (ODD, "HOST refuses the request: temperature is\\u202e wrong"),
    ],
)
def test_what_must_be_changed_is_said(fault: Fault, said: str) -> None:
    assert refusal(ModelServer(in_turn(fault))) == said


def test_no_sentence_repeats_the_key() -> None:
    server = ModelServer(in_turn(status(400, f"bad key {KEY} for you")))

    assert refusal(server) == "HOST refuses the request: bad key [redacted] for you"
    assert KEY not in repr(Server(server.url, KEY))


def test_a_prompt_over_the_context_is_told_from_a_bad_one() -> None:
    server = ModelServer(api=Api(context_tokens=9000))
    with connected(server) as model, pytest.raises(PromptTooLong, match="too long for qwen"):
        model.complete(ask("Rules.", "word " * 2000), Note, timeout_s=60)


def test_auto_takes_what_is_served_and_says_so() -> None:
    with connected(ModelServer(in_turn(GOOD))) as model:
        done = model.complete(QUESTION, Note, timeout_s=60)
        card = model.card()

    assert done.model == card.id == "qwen-3.8-27b"
    assert card.reason == "auto, of 2 served"
    assert card.price == Price(0.99, 1.49)


def test_auto_asks_once() -> None:
    server = ModelServer(in_turn(GOOD))
    with connected(server) as model:
        for _ in range(3):
            model.complete(QUESTION, Note, timeout_s=60)

    assert len(server.received) == 4


def test_a_list_that_fails_is_asked_for_again() -> None:
    server = ModelServer(in_turn(GOOD), list_script=in_turn(status(503), GOOD))
    with connected(server) as model:
        assert model.card().id == "qwen-3.8-27b"


def test_the_operators_price_counts() -> None:
    prices = PriceList({"gpt-oss-120b": Price(100.0, 200.0)})
    server = ModelServer(in_turn(GOOD))
    with connected(server, wanted=Wanted("gpt-oss-120b", prices)) as model:
        spending = model.complete(QUESTION, Note, timeout_s=60).spending

    used = spending.usage
    expected = (used.prompt_tokens * 100.0 + used.completion_tokens * 200.0) / 1e6
    assert spending.usd == pytest.approx(expected)


@pytest.mark.parametrize("field", ["prediction", "prompt_cache_key", "response_format"])
def test_a_server_that_lacks_a_field_is_asked_without_it(field: str) -> None:
    server = ModelServer(in_turn(GOOD), api=Api(unknown_fields=(field,)))
    prompt = ask("Rules.", "Look.").with_hints(cache_key="review", predicted='{"title": "x"}')
    with connected(server) as model:
        first = model.complete(prompt, Note, timeout_s=60)
        model.complete(prompt, Note, timeout_s=60)

    assert first.tries == 1
    assert [field in chat.body for chat in server.chats] == [False, False]
    if field == "response_format":
        assert '"additionalProperties": false' in server.chats[0].rules


def test_hints_reach_a_server_that_takes_them() -> None:
    server = ModelServer(in_turn(GOOD))
    prompt = ask("Rules.", "Look.").with_hints(cache_key="review", predicted='{"title": "x"}')
    with connected(server) as model:
        model.complete(prompt, Note, timeout_s=60)

    assert server.chats[0].body["prompt_cache_key"] == "review"
    assert server.chats[0].body["prediction"] == {"type": "content", "content": '{"title": "x"}'}


def test_nothing_but_the_settings_decides_where_and_as_whom(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    trap = ModelServer(in_turn(GOOD))
    server = ModelServer(in_turn(GOOD))
    with serving(trap), connected(server, key=None) as model:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "CEREBRAS_BASE_URL"):
            monkeypatch.setenv(name, trap.url)
        monkeypatch.setenv("CEREBRAS_API_KEY", KEY)
        monkeypatch.setenv("CEREBRAS_CUSTOM_HEADERS", f"Authorization: Bearer {KEY}\nX-Spy: {KEY}")
        client = CerebrasClient(Server(server.url))
        again = CerebrasModel(client, seal(), ENOUGH)
        again.complete(QUESTION, Note, timeout_s=60)
        client.close()
        del model

    assert trap.received == []
    assert KEY.encode() not in server.bytes_received()
    assert b"x-stainless" not in server.bytes_received().lower()
    assert b"authorization" not in server.bytes_received().lower()


def test_no_connection_is_opened_before_it_is_needed() -> None:
    server = ModelServer(in_turn(GOOD))
    with connected(server):
        pass

    assert server.received == []


def test_a_worker_may_warm_up() -> None:
    server = ModelServer(in_turn(GOOD))
    with serving(server):
        CerebrasClient(Server(server.url, is_long_lived=True)).close()

    assert b"GET /v1/tcp_warming" in server.bytes_received()


def test_the_operators_proxy_is_used() -> None:
    proxy = ModelServer(in_turn(GOOD))
    with serving(proxy):
        route = Route(proxy=proxy.url.replace("//", "//user:pass@"))
        client = CerebrasClient(Server("http://model.invalid", route=route))
        with pytest.raises(ModelRefused, match=r"model\.invalid answers 404"):
            client.served(timeout_s=30)
        client.close()

    assert proxy.received[0].startswith(b"GET http://model.invalid/v1/models")
    assert b"proxy-authorization: Basic dXNlcjpwYXNz" in proxy.received[0]
