"""Bad replies and bad servers: cases F05 and F06 of the security catalogue."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from bot.adapters.cerebras_client import CerebrasClient, Server
from bot.adapters.cerebras_model import CerebrasModel, Waiting
from bot.domain.model import Completion
from bot.domain.model_choice import Wanted
from bot.errors import ModelBusy, ModelFailed, ModelUnreachable, ReplyUnusable
from tests.adapters.model_contract import ENOUGH, GOOD, QUESTION, Note
from tests.adapters.models import AT_ONCE, connected
from tests.fakes.model import seal
from tests.model_server import replies
from tests.model_server.replies import Answer, Break, Fault, in_turn, status
from tests.model_server.server import ModelServer, RateLimit, serving

WHOLE = json.dumps({"choices": [{"message": {"content": GOOD.text}}]}).encode()

NO_REPLIES: dict[str, Answer] = {
    "a web page": replies.HTML,
    "nothing": replies.EMPTY,
    "garbage": replies.GARBAGE,
    "no choices": replies.NO_CHOICES,
    "10 MB": replies.HUGE,
    "a deep nest": replies.NESTED,
    "a cut body": Fault(Break.TRUNCATE, body=WHOLE),
    "a dropped connection": Fault(Break.DROP),
    "a list": replies.body(b"[]"),
    "another thing": replies.body(b'{"choices": [{"message": {"content": {"title": 1}}}]}'),
    "a count below zero": replies.body(
        b'{"choices": [], "usage": {"prompt_tokens": -5, "completion_tokens": 0}}'
    ),
    "500": status(500),
    "502 with a page": Fault(status=502, body=b"<html>Bad Gateway</html>"),
    "503 with a deep nest": Fault(status=503, body=b"[" * 100_000),
    "529": status(529),
}
BAD_CONTENTS: dict[str, Answer] = {
    "no JSON": replies.Reply("I would rather not."),
    "cut JSON": replies.TRUNCATED_REPLY,
    "deeply nested JSON": replies.NESTED_REPLY,
    "an empty reply": replies.Reply(""),
    "no content": replies.Reply(None),
    "a reply of another kind": replies.Reply('["title"]'),
    "a reply that the limit cut": replies.Reply(GOOD.text, finish_reason="length"),
    "a number for a string": replies.Reply('{"title": 1, "line": 2, "kind": "bug"}'),
    "a word that is none of the enum": replies.Reply('{"title": "t", "line": 2, "kind": "x"}'),
}


def asked(server: ModelServer, *, timeout_s: float = 60) -> Completion[Note]:
    with connected(server) as model:
        return model.complete(QUESTION, Note, timeout_s=timeout_s)


@pytest.mark.parametrize("fault", NO_REPLIES.values(), ids=NO_REPLIES)
def test_a_server_that_mends_itself_is_asked_again(fault: Answer) -> None:
    server = ModelServer(in_turn(fault, fault, GOOD))

    assert asked(server).tries == 3


@pytest.mark.parametrize("fault", NO_REPLIES.values(), ids=NO_REPLIES)
def test_a_broken_server_is_asked_three_times_and_no_more(fault: Answer) -> None:
    server = ModelServer(in_turn(fault))

    with pytest.raises((ReplyUnusable, ModelUnreachable)) as caught:
        asked(server)
    assert len(server.chats) == 3
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("reply", BAD_CONTENTS.values(), ids=BAD_CONTENTS)
def test_a_reply_that_does_not_fit_is_repaired_once(reply: Answer) -> None:
    assert asked(ModelServer(in_turn(reply, GOOD))).tries == 2

    server = ModelServer(in_turn(reply))
    with pytest.raises(ReplyUnusable, match="no usable reply in 2 tries"):
        asked(server)
    assert len(server.chats) == 2


def test_a_repair_counts_among_the_three_tries() -> None:
    server = ModelServer(in_turn(status(500), status(500), replies.Reply("no"), GOOD))

    with pytest.raises(ReplyUnusable, match="in 3 tries"):
        asked(server)
    assert len(server.chats) == 3


@pytest.mark.parametrize(
    "kind", [Break.HANG, Break.HANG_AFTER_HEADERS, Break.DRIP, Break.DRIP_HEADERS]
)
def test_no_silence_and_no_drip_outlasts_the_deadline(kind: Break) -> None:
    # A drip of one byte at a time would take minutes, and no single wait of it is long.
    server = ModelServer(in_turn(Fault(kind, body=WHOLE.ljust(20_000))))

    with pytest.raises(ModelUnreachable, match="did not answer within 1 s"):
        asked(server, timeout_s=1.0)
    assert len(server.chats) == 1


def test_work_that_may_have_been_done_is_paid_for_by_the_estimate() -> None:
    server = ModelServer(in_turn(Fault(Break.HANG)))
    with connected(server) as model:
        with pytest.raises(ModelUnreachable):
            model.complete(QUESTION, Note, timeout_s=0.5)
        spent = model.spent()

    assert spent.usage.is_estimated
    assert spent.usage.prompt_tokens == replies.tokens(server.chats[0].text)


@pytest.mark.parametrize("fault", [status(500), status(429, retry_after="0"), status(401)])
def test_a_refused_request_costs_nothing(fault: Answer) -> None:
    with connected(ModelServer(in_turn(fault))) as model:
        with pytest.raises(ModelFailed):
            model.complete(QUESTION, Note, timeout_s=60)

        assert model.spent().usage.tokens == 0


def test_a_server_that_counts_nothing_is_paid_by_the_estimate() -> None:
    server = ModelServer(in_turn(replies.Reply(GOOD.text, has_usage=False)))
    usage = asked(server).spending.usage

    assert usage.is_estimated
    assert usage.prompt_tokens == replies.tokens(server.chats[0].text)
    assert usage.completion_tokens == replies.tokens(GOOD.text or "")


def test_kept_tokens_are_counted() -> None:
    done = asked(ModelServer(in_turn(replies.Reply(GOOD.text, cached_tokens=7))))

    assert done.spending.usage.cached_tokens == 7


def test_reasoning_in_a_field_of_its_own_is_not_read() -> None:
    done = asked(ModelServer(in_turn(replies.Reply(GOOD.text, reasoning="<think>hm"))))

    assert (done.text, done.tries) == (GOOD.text, 1)


class Sleeps:
    def __init__(self) -> None:
        self.seconds: list[float] = []

    @property
    def waiting(self) -> Waiting:
        return Waiting(sleep=self.seconds.append)


@pytest.mark.parametrize(
    ("headers", "least", "most"),
    [
        ({"retry_after": "7"}, 6, 7),
        ({"retry_after": "2.5"}, 1.5, 2.5),
        ({"x_ratelimit_reset_tokens_minute": "9.25"}, 8, 9.25),
        ({}, 1, 2),
        ({"retry_after": "soon"}, 1, 2),
        ({"retry_after": "-5"}, 1, 2),
        ({"retry_after": "nan"}, 1, 2),
    ],
)
def test_a_busy_server_is_given_the_time_it_asks_for(
    headers: dict[str, str], least: float, most: float
) -> None:
    sleeps = Sleeps()
    server = ModelServer(in_turn(status(429, "slow down", **headers), GOOD))
    with connected(server, waiting=sleeps.waiting) as model:
        assert model.complete(QUESTION, Note, timeout_s=60).tries == 2

    assert len(sleeps.seconds) == 1
    assert least <= sleeps.seconds[0] <= most


def test_a_date_to_come_back_at_is_understood() -> None:
    sleeps = Sleeps()
    told = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    server = ModelServer(in_turn(status(429, retry_after=told), GOOD))
    with connected(server, waiting=sleeps.waiting) as model:
        model.complete(QUESTION, Note, timeout_s=60)

    assert 5 < sleeps.seconds[0] <= 30


def test_nobody_waits_longer_than_the_deadline() -> None:
    sleeps = Sleeps()
    server = ModelServer(in_turn(status(429, retry_after="3600")))
    with connected(server, waiting=sleeps.waiting) as model:
        with pytest.raises(ModelBusy, match="takes no more requests until") as caught:
            model.complete(QUESTION, Note, timeout_s=60)
        assert caught.value.retry_at is not None
        # The others do not ask either, until the server wants to be asked.
        with pytest.raises(ModelBusy):
            model.complete(QUESTION, Note, timeout_s=60)

    assert sleeps.seconds == []
    assert len(server.chats) == 1


def test_a_rate_limit_is_waited_out() -> None:
    server = ModelServer(in_turn(GOOD), rate=RateLimit(requests=1, window_s=0.5))
    with connected(server, waiting=Waiting()) as model:
        first, second = (model.complete(QUESTION, Note, timeout_s=60) for _ in range(2))

    assert (first.tries, second.tries) == (1, 2)


def test_a_server_that_is_down_is_named() -> None:
    with serving(ModelServer()) as server:
        pass
    client = CerebrasClient(Server(server.url))
    model = CerebrasModel(client, seal(), ENOUGH, wanted=Wanted("gpt-oss-120b"), waiting=AT_ONCE)

    with pytest.raises(ModelUnreachable, match=r"127\.0\.0\.1:\d+ cannot be reached, .*refused"):
        model.complete(QUESTION, Note, timeout_s=30)
    assert model.spent().usage.tokens == 0
