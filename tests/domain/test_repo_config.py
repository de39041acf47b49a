"""What a repository may set, who wins, and how a mistake is told."""

import time

import jsonschema
import pytest

from bot.domain.effective_config import BUILT_IN, ConfigRefused, Layer, effective, known_keys
from bot.domain.findings import Severity
from bot.domain.repo_config import RepoConfig, schema
from bot.domain.verdict import FailOn


def refusal(values: dict[str, object]) -> str:
    with pytest.raises(ConfigRefused) as caught:
        effective([Layer("repo", values)])
    return str(caught.value)


def test_there_are_at_most_forty_keys() -> None:
    assert len(known_keys()) <= 40


def test_nothing_fails_a_check_by_default() -> None:
    assert effective().config == RepoConfig()
    assert effective().config.fail_on == ()


def test_a_later_layer_wins_key_by_key() -> None:
    org = Layer("org", {"max_comments": 3, "tests": {"command": "a", "timeout_s": 5}})
    repo = Layer("repo", {"tests": {"command": "b"}, "fail_on": ["high"]})
    line = Layer("command line", {"budget": {"steps": 4}})

    found = effective([org, repo, line])

    assert (found.config.max_comments, found.config.tests.timeout_s) == (3, 5)
    assert (found.config.tests.command, found.config.fail_on) == ("b", (FailOn.HIGH,))
    assert found.config.budget.steps == 4


def test_every_key_says_who_decided_it() -> None:
    org = Layer("org", {"max_comments": 3, "tests": {"timeout_s": 5}})
    repo = Layer(".pullwright.yml@1234", {"tests": {"timeout_s": 6, "command": "é"}})

    rows = {key: (value, origin) for key, value, origin in effective([org, repo]).rows()}

    assert tuple(rows) == known_keys()
    assert rows["max_comments"] == ("3", "org")
    assert rows["tests.timeout_s"] == ("6", ".pullwright.yml@1234")
    assert rows["tests.command"] == ('"é"', ".pullwright.yml@1234")
    assert rows["severity_threshold"] == ('"low"', BUILT_IN)


def test_a_list_replaces_the_list_below_it() -> None:
    layers = [Layer("org", {"path_filters": ["a", "b"]}), Layer("repo", {"path_filters": ["c"]})]

    assert effective(layers).config.path_filters == ("c",)


def test_a_bad_value_is_an_error_even_where_it_is_overruled() -> None:
    layers = [Layer("org", {"max_comments": 99}), Layer("repo", {"max_comments": 3})]

    with pytest.raises(ConfigRefused, match="org: max_comments is 99"):
        effective(layers)


@pytest.mark.parametrize(
    ("values", "key", "nearest"),
    [
        ({"max_coments": 1}, "max_coments", "max_comments"),
        ({"test": {"command": "x"}}, "test", "tests"),
        ({"tests": {"cmd": "x"}}, "tests.cmd", "tests.command"),
        ({"fix": {"max_file": 1}}, "fix.max_file", "fix.max_files"),
        ({"timeout_s": 1}, "timeout_s", "tests.timeout_s"),
        ({"budget": {"dollars_usd": 1}}, "budget.dollars_usd", "budget.usd"),
        ({"severity": "low"}, "severity", "severity_threshold"),
    ],
)
def test_an_unknown_key_is_named_with_the_nearest_known_one(
    values: dict[str, object], key: str, nearest: str
) -> None:
    assert refusal(values) == f"repo: unknown key {key}, the nearest known one is {nearest}"


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"max_comments": 21}, "max_comments is 21, should be less than or equal to 20"),
        ({"max_comments": "3"}, 'max_comments is "3", should be a valid integer'),
        ({"max_comments": True}, "max_comments is true, should be a valid integer"),
        ({"auto_review": {"drafts": "yes"}}, 'auto_review.drafts is "yes", should be a valid bool'),
        ({"severity_threshold": "bad"}, "severity_threshold is \"bad\", should be 'critical', "),
        ({"fail_on": ["low"]}, "fail_on[0] is \"low\", should be 'partial', 'high' or 'critical'"),
        ({"fail_on": "high"}, 'fail_on is "high", should be a list'),
        ({"tests": None}, "tests is null, should hold keys and values"),
        ({"tests": {"timeout_s": 0}}, "tests.timeout_s is 0, should be greater than or equal to 1"),
        ({"path_instructions": [{"path": "x"}]}, "path_instructions[0].instructions is missing"),
        ({"path_filters": ["a", "!"]}, 'path_filters[1] is "!", should name a path'),
        ({"guidance": ["a/../../x"]}, 'guidance[0] is "a/../../x", should be a path inside'),
        ({"fix": {"max_files": 11}}, "fix.max_files is 11, should be less than or equal to 10"),
    ],
)
def test_a_wrong_value_is_told_with_what_is_allowed(values: dict[str, object], told: str) -> None:
    assert told in refusal(values)


@pytest.mark.parametrize(
    "values",
    [
        {"llm": {"api_base": "https://evil.example"}},
        {"api_base": "https://evil.example"},
        {"model": "https://evil.example/v1"},
        {"proxy": "http://evil.example"},
        {"webhook": "http://evil.example"},
        {"env": {"CEREBRAS_API_KEY": "x"}},
        {"sandbox_image": "evil/image"},
        {"tests": {"image": "evil/image:latest"}},
        {"tests": {"image_profile": "evil/image:latest"}},
        {"tests": {"env": {"LD_PRELOAD": "x"}}},
        {"tests": {"network": True}},
        {"guidance": ["https://evil.example/AGENTS.md"]},
        {"guidance": ["/etc/passwd"]},
        {"trigger": "/agent\n"},
        {"trigger": "the"},
    ],
)
def test_addresses_images_secrets_and_the_host_are_not_for_a_repository(
    values: dict[str, object],
) -> None:
    assert refusal(values).startswith("repo: ")


def test_control_characters_of_a_bad_file_do_not_reach_the_terminal() -> None:
    assert "\x1b" not in refusal({"a\x1b[31m": 1, "language": "\x1b[31m"})


def test_thousands_of_mistakes_are_told_in_a_few_words_and_quickly() -> None:
    values: dict[str, object] = {"x" * 900 + str(n): "y" * 900 for n in range(4000)}
    start = time.process_time()

    assert len(refusal(values)) < 2500
    assert time.process_time() - start < 1


def test_the_schema_accepts_what_is_accepted_and_refuses_what_is_not() -> None:
    validator = jsonschema.Draft202012Validator(schema())
    jsonschema.Draft202012Validator.check_schema(schema())

    assert validator.is_valid({"tests": {"command": "make"}, "fail_on": ["high"]})
    assert not validator.is_valid({"tests": {"comand": "make"}})
    assert not validator.is_valid({"max_comments": 21})


def test_the_schema_explains_keys_to_an_editor() -> None:
    assert "The mildest finding that is shown." in str(schema())


def test_the_configuration_is_a_value() -> None:
    assert hash(RepoConfig()) == hash(effective().config)
    assert RepoConfig().severity_threshold is Severity.LOW


def test_every_key_of_the_product_page_exists() -> None:
    page = (
        "auto_review.enabled auto_review.drafts auto_review.incremental auto_review.base_branches"
        " auto_review.ignore_title_keywords auto_review.labels path_filters path_instructions"
        " language severity_threshold max_comments fail_on trigger analyzers.enable"
        " analyzers.disable analyzers.use_repo_config tests.command tests.setup"
        " tests.image_profile tests.timeout_s fix.mode fix.protected_paths fix.max_files"
        " fix.max_lines budget.steps budget.seconds budget.tokens budget.usd learning.mode"
        " learning.export learning.keep_runs guidance"
    )

    assert known_keys() == tuple(page.split())
