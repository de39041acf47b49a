import pytest

from bot.domain.model import Price
from bot.domain.model_choice import PRICES, PriceList, card, pick
from bot.errors import ModelRefused


@pytest.mark.parametrize(
    ("served", "picked"),
    [
        (["gpt-oss-120b", "qwen-3-32b", "qwen-3.8-27b"], "qwen-3-32b"),
        (["gpt-oss-120b", "qwen-3.8-27b"], "qwen-3.8-27b"),
        (["qwen-3.8-27b", "qwen-3.10-9b", "qwen-3.9-80b"], "qwen-3.10-9b"),
        (["qwen-3.8-27b", "qwen-3.8-80b"], "qwen-3.8-80b"),
        (["qwen-3-235b-a22b-instruct-2507", "gpt-oss-120b"], "gpt-oss-120b"),
        (["zai-glm-4.7", "gpt-oss-120b"], "gpt-oss-120b"),
    ],
)
def test_auto_takes_the_first_that_is_served(served: list[str], picked: str) -> None:
    assert pick(served, host="h") == picked


@pytest.mark.parametrize(
    ("served", "listed"), [(["llama\u202e-9", "b"], r"b, llama\\u202e-9"), ([], "nothing")]
)
def test_auto_names_what_there_is_when_it_knows_none(served: list[str], listed: str) -> None:
    with pytest.raises(ModelRefused, match=f"set PULLWRIGHT_MODEL to one that it has: {listed}$"):
        pick(served, host="h")


def test_a_model_without_a_price_counts_as_the_dearest_and_says_so() -> None:
    known = card("my-own", "named", PriceList({}))

    assert known.price == Price(
        max(p.prompt_usd for p in PRICES.values()), max(p.completion_usd for p in PRICES.values())
    )
    assert "price is not known" in known.reason


def test_the_operators_price_has_the_last_word() -> None:
    prices = PriceList({"gpt-oss-120b": Price(0.0, 0.0)})

    assert card("gpt-oss-120b", "named", prices).price == Price(0.0, 0.0)
    assert card("gpt-oss-120b", "named", prices).reason == "named"
