from pathlib import Path

import pytest

from bot.errors import Refused
from bot.settings import CEREBRAS_URL, load_model_settings

KEY = "csk-0123456789abcdef"


def test_without_a_key_there_is_no_model() -> None:
    settings = load_model_settings({})

    assert (settings.is_on, settings.base_url, settings.model) == (False, CEREBRAS_URL, "auto")


def test_the_key_may_stand_in_a_file_and_is_not_shown(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text(f"{KEY}\n")
    settings = load_model_settings({"CEREBRAS_API_KEY_FILE": str(path)})

    assert settings.api_key == KEY
    assert settings.is_on
    assert KEY not in repr(settings)


@pytest.mark.parametrize("key", ["csk-\nHost: evil", "csk-é", "csk 1"])
def test_a_key_that_would_break_a_header_is_refused(key: str) -> None:
    with pytest.raises(Refused, match="CEREBRAS_API_KEY holds characters") as caught:
        load_model_settings({"CEREBRAS_API_KEY": key})

    assert key not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "https://llm.example/v1",
        "https://llm.example/v1/",
        "https://llm.example/",
        " https://llm.example ",
    ],
)
def test_the_base_url_is_the_host_root_with_or_without_v1(url: str) -> None:
    settings = load_model_settings({"CEREBRAS_BASE_URL": url})

    assert settings.base_url == "https://llm.example"
    assert settings.is_on, "a server of one's own may want no key"


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("http://127.0.0.1:8000/v1", KEY),
        ("http://[::1]:8000", KEY),
        ("http://gpu-box:11434", ""),
        ("https://llm.example/prefix/v1", KEY),
    ],
)
def test_a_server_of_ones_own_is_taken(url: str, key: str) -> None:
    settings = load_model_settings({"CEREBRAS_BASE_URL": url, "CEREBRAS_API_KEY": key})

    assert settings.base_url == url.removesuffix("/v1")


@pytest.mark.parametrize(
    "url",
    [
        "http://gpu-box:11434",
        "https://user:hunter2@llm.example",
        "https://llm.example?key=hunter2",
        "llm.example",
        "file:///etc/passwd",
        "https://[",
    ],
)
def test_a_key_is_never_sent_in_clear_or_to_a_stranger(url: str) -> None:
    with pytest.raises(Refused, match="CEREBRAS_BASE_URL") as caught:
        load_model_settings({"CEREBRAS_BASE_URL": url, "CEREBRAS_API_KEY": KEY})

    assert "hunter2" not in str(caught.value)


def test_the_operator_may_set_the_model_and_its_price() -> None:
    settings = load_model_settings(
        {
            "PULLWRIGHT_MODEL": "Qwen/Qwen3-32B",
            "PULLWRIGHT_MODEL_PRICES": "Qwen/Qwen3-32B=0/0, gpt-oss-120b = 0.35/0.75,",
        }
    )

    assert settings.model == "Qwen/Qwen3-32B"
    assert settings.prices == {"Qwen/Qwen3-32B": (0.0, 0.0), "gpt-oss-120b": (0.35, 0.75)}


@pytest.mark.parametrize("prices", ["gpt-oss-120b", "=1/2", "x=1", "x=1/-2", "x=nan/1", "x=1e9/1"])
def test_a_price_that_is_none_is_refused(prices: str) -> None:
    with pytest.raises(Refused, match="PULLWRIGHT_MODEL_PRICES has"):
        load_model_settings({"PULLWRIGHT_MODEL_PRICES": prices})
