"""What is read from a repository's file, and what is refused before anything is built."""

import time

import pytest

from bot.adapters.yaml_config import MAX_BYTES, load_repo_config, parse_config
from bot.domain.effective_config import ConfigRefused, effective
from bot.domain.pull_request import Sha

SHA = Sha("1234567890abcdef" + "0" * 24)
GITHUB, ROOT = ".github/pullwright.yml", ".pullwright.yml"


def values(text: str) -> object:
    return parse_config(text.encode(), origin="x").values


def refusal(data: bytes) -> str:
    start = time.process_time()
    with pytest.raises(ConfigRefused) as caught:
        effective([parse_config(data, origin="x")])
    assert time.process_time() - start < 0.1
    return str(caught.value)


@pytest.mark.parametrize("path", [GITHUB, ROOT])
def test_either_file_is_read_and_named_with_its_commit(path: str) -> None:
    layer = load_repo_config({path: b"max_comments: 3\n", "README.md": b""}, sha=SHA)

    assert layer is not None
    assert (layer.origin, layer.values) == (f"{path}@1234567890ab", {"max_comments": 3})


def test_both_files_at_once_are_an_error() -> None:
    with pytest.raises(ConfigRefused, match="both exist, keep one"):
        load_repo_config({GITHUB: b"", ROOT: b""}, sha=SHA)


def test_a_repository_may_have_no_file() -> None:
    assert load_repo_config({"pullwright.yml": b"x: 1", ".pullwright.toml": b""}, sha=SHA) is None


@pytest.mark.parametrize("data", [b"", b"# nothing\n", b"---\n", b"\xef\xbb\xbf\n", b"{}", b"~"])
def test_an_empty_file_sets_nothing(data: bytes) -> None:
    assert parse_config(data, origin="x").values == {}


def test_words_are_read_as_yaml_1_2_reads_them() -> None:
    text = "a: off\nb: yes\nc: 010\nd: 1:30\ne: 2026-01-01\nf: '3'\ng: .5\nh: 1e3\ni: 0x1f"

    found = parse_config(text.encode(), origin="x").values

    assert list(found.values()) == ["off", "yes", 10, "1:30", "2026-01-01", "3", 0.5, "1e3", "0x1f"]


def test_lists_sections_and_blocks_are_read() -> None:
    text = (
        "a:\n  - 1\n  - true\n  - ~\nb: {c: [x, {d: -2}]}\ne: |\n  one\n  two\nf: >-\n  x\n  y\r\n"
    )

    assert values(text) == {
        "a": [1, True, None],
        "b": {"c": ["x", {"d": -2}]},
        "e": "one\ntwo\n",
        "f": "x y",
    }


def test_learning_can_be_turned_off_with_the_word_off() -> None:
    config = effective([parse_config(b"learning: {mode: off}", origin="x")]).config

    assert config.learning.mode == "off"


BILLION_LAUGHS = b"".join(
    b"a%d: &a%d [%s]\n" % (n, n, b",".join([b"*a%d" % (n - 1)] * 9 if n else [b"lol"] * 9))
    for n in range(12)
)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (BILLION_LAUGHS, "line 1: anchor or alias a0, write the value out"),
        (b"a: *b\n", "line 1: anchor or alias b"),
        (b"a: 1\n<<: {b: 2}\n", "unknown key <<"),
        (
            b"!!python/object/apply:os.system ['id']\n",
            "line 1: tag tag:yaml.org,2002:python/object",
        ),
        (b"a: !!python/name:os.system\n", "only plain values are read"),
        (b"a: !env SECRET\n", "line 1: tag !env"),
        (b"a: !!binary aGk=\n", "line 1: tag"),
        (b"a: 1\nb: 2\na: 3\n", "line 3: key a stands twice"),
        (b"tests:\n  setup: x\n  'setup': y\n", "line 3: key setup stands twice"),
        (b"true: 1\n", "line 1: a key is a truth value, keys are words"),
        (b"1: 1\n", "a key is a number"),
        (b"~: 1\n", "a key is a null"),
        (b"? [a, b]\n: 1\n", "a key is a list"),
        (b"? {a: b}\n: 1\n", "a key is a mapping"),
        (b"[1, 2]\n", "should hold keys and values, not one list"),
        (b"7\n", "not one number"),
        (b"hello\n", "not one text"),
        (b"a: 1\n---\nb: 2\n", "line 2: a second document begins"),
        (b"a: [1\nb: 2\n", "not YAML: line"),
        (b"a:\n\t- 1\n", "not YAML: line 2"),
        (b"a: \xff\n", "byte 3 is not UTF-8"),
        (b"a: \x1b[31m\n", "not YAML: "),
        (b"a: \0\n", "not YAML: "),
        (b"%YAML 9.9\n---\na: 1\n", "not YAML: "),
        (b"[" * 30_000, "nested more than 8 deep"),
        (b"{" * 30_000, "nested more than 8 deep"),
        (b"- " * 30_000, "nested more than 8 deep"),
        (b"? " * 30_000, "nested more than 8 deep"),
        (b"".join(b" " * n + b"a:\n" for n in range(300)), "nested more than 8 deep"),
        (b"a: [" + b"x," * 30_000 + b"]", "more than 5000 values"),
        (b"a: " + b"9" * 60_000, "unknown key a"),
        (b"max_comments: " + b"9" * 60_000, "max_comments is"),
        (b"max_comments: .inf", "should be a valid integer"),
        (b"budget: {usd: .nan}", "should be a valid number"),
        (b"a" * (MAX_BYTES + 1), "65537 bytes, at most 65536 are read"),
        (b"x = 1\n[a]\nb = 2\n" * 600_000, "at most 65536 are read"),
        (b"\xff\xfea\0:\0 \x001\0", "is not UTF-8"),
    ],
)
def test_what_is_not_plain_data_is_refused_in_a_tenth_of_a_second(data: bytes, told: str) -> None:
    message = refusal(data)

    assert told in message
    assert message.isprintable()
    assert len(message) < 400


def test_a_file_of_another_format_is_refused() -> None:
    assert refusal(b"[tests]\ncommand = 'x'\n").startswith("x: ")
