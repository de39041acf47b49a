"""What the pages tell people to type is typed here, in a repository made for it.

A command of a page either runs here, or is run by the test or the script that `ELSEWHERE` names, or
says on the page itself that it needs what a test has not (`tests.pages.NEEDS`).
"""

import re
import shlex
import sysconfig
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import typer.main
from typer.core import TyperGroup

from bot.cli import app
from tests.pages import PAGES, ROOT, Block, _commands, commands, text_of
from tests.toy_shop import Ground, build_ground, typed

ELSEWHERE: Mapping[str, tuple[str, str]] = {
    "make demo": (
        "tests/end_to_end/test_review_command.py",
        "def test_the_demo_works_in_a_folder_named_as_one_would",
    ),
    "pullwright demo": (
        "tests/end_to_end/test_review_command.py",
        "def test_the_demo_works_in_a_folder_named_as_one_would",
    ),
    "make test": (".ci/run", "make test"),
    "make check": (".ci/run", "make lint types imports"),
    "make images": ("tests/test_build_images.py", "build_images.sh"),
}
"""Commands that other programs run: which one, and the words in it that do."""
OF_A_FULL_DATABASE = re.compile(r"pullwright (export|forget|policy explain|policy rollback)\b")
"""Commands about what an App has kept; the one here has kept nothing, which they have to say."""
NEEDS_RED = re.compile(r"\brevert\b|--failing\b")
"""Commands about a test that the branch broke."""

TYPED = ("pullwright", "git")
"""Programs that are started here; another one is to be marked on its page, or run elsewhere."""
NOT_HERE = re.compile(r"pullwright (serve|worker|setup)\b|git (clone|fetch|pull|push)\b")
"""What runs until somebody ends it, and what reaches a network."""

RUN_HERE = sorted({t.command for t in commands() if not t.is_marked} - set(ELSEWHERE))


@pytest.fixture(scope="session")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Ground:
    programs = Path(sysconfig.get_path("scripts"))
    return build_ground(tmp_path_factory.mktemp("ground"), programs)


@pytest.mark.parametrize("line", RUN_HERE)
def test_what_the_pages_say_to_type_works(ground: Ground, tmp_path: Path, line: str) -> None:
    assert line.startswith(TYPED), "mark on the page what it needs, or name who runs it"
    assert not NOT_HERE.search(line), "mark on the page what it needs"
    shop = ground.copy(tmp_path, is_red=bool(NEEDS_RED.search(line)))

    ended = typed(line, shop, ground.environment)

    assert "Traceback" not in ended.stderr
    if OF_A_FULL_DATABASE.match(line):
        assert ended.returncode in {1, 2}, ended.stdout + ended.stderr
        assert ended.stderr.startswith("pullwright: no")
        return
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_there_is_something_to_type() -> None:
    assert len(RUN_HERE) > 15


def test_a_mark_counts_for_its_line_or_for_the_lines_below_it() -> None:
    lines = ("# needs GitHub", "a one", "b two  # why", "", "c three  # needs minutes", "d four")

    found = list(_commands(Block("page.md", 1, "sh", lines)))

    assert [(t.command, t.is_marked) for t in found] == [
        ("a one", True),
        ("b two", True),
        ("c three", True),
        ("d four", False),
    ]


def test_what_a_shell_reads_up_to_a_word_is_one_command() -> None:
    lines = ("cat >a <<END", "# text, needs GitHub", "END", "b two")

    found = list(_commands(Block("page.md", 1, "sh", lines)))

    assert [t.command for t in found] == ["cat >a <<END\n# text, needs GitHub\nEND", "b two"]
    assert not any(t.is_marked for t in found)


def test_what_is_run_elsewhere_is_run_there() -> None:
    lost = [
        command
        for command, (file, words) in ELSEWHERE.items()
        if words not in (ROOT / file).read_text("utf-8")
    ]

    assert lost == []


def _known() -> dict[tuple[str, ...], set[str]]:
    """Return the options of every command, by its words."""
    known: dict[tuple[str, ...], set[str]] = {}

    def walk(group: object, words: tuple[str, ...]) -> None:
        params = getattr(group, "params", [])
        options = {name for param in params for name in (*param.opts, *param.secondary_opts)}
        known[words] = options | {"--help"}
        if isinstance(group, TyperGroup):
            for name, inner in group.commands.items():
                walk(inner, (*words, name))

    walk(typer.main.get_command(app), ())
    return known


KNOWN = _known()
_CODE = re.compile(r"`(pullwright [a-z-][^`\n]*)`")


def _in_code() -> Iterator[tuple[str, str]]:
    """Yield every `pullwright ...` that stands in code, in blocks and in prose."""
    for page in PAGES:
        for line in _CODE.findall(text_of(page)):
            yield page, line
    for found in commands():
        match = re.search(r"(?:^|\s)(pullwright(?: .*)?)$", found.command)
        if match:
            yield found.page, match[1]


def _unknown(line: str) -> str | None:
    """Return the first word that is no command, or no option of its command."""
    words = shlex.split(re.sub(r"[\[\]]|\.\.\.", " ", line), posix=False)[1:]
    path: tuple[str, ...] = ()
    while words and (*path, words[0]) in KNOWN:
        path = (*path, words.pop(0))
    has_commands = any(
        len(known) == len(path) + 1 and known[: len(path)] == path for known in KNOWN
    )
    if has_commands and words and not words[0].startswith("-"):
        return words[0]
    options = KNOWN[path]
    return next(
        (w for w in words if w.startswith("-") and w.partition("=")[0] not in options), None
    )


def test_every_command_and_option_that_a_page_names_exists() -> None:
    unknown = {f"{page}: {line}": word for page, line in _in_code() if (word := _unknown(line))}

    assert unknown == {}


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("pullwright paint", "paint"),
        ("pullwright jobs paint", "paint"),
        ("pullwright review --paint", "--paint"),
        ("pullwright fix [F1 ...] --paint", "--paint"),
    ],
)
def test_a_command_that_is_not_there_is_noticed(line: str, word: str) -> None:
    assert _unknown(line) == word


def test_every_command_of_the_program_is_on_a_page() -> None:
    named = " ".join(line for _, line in _in_code())
    leaves = [
        path
        for path in KNOWN
        if path and not any(other[: len(path)] == path for other in KNOWN if len(other) > len(path))
    ]
    missing = [" ".join(path) for path in leaves if f"pullwright {' '.join(path)}" not in named]

    assert missing == []


def test_every_program_of_ours_that_a_page_names_exists() -> None:
    lost = set()
    for page in PAGES:
        for name in re.findall(r"python -m ((?:bot|benchmarks|tests)[\w.]*)", text_of(page)):
            if not (ROOT / (name.replace(".", "/") + ".py")).is_file():
                lost.add(f"{page}: {name}")
        for name in re.findall(r"python ((?:benchmarks|docs)/\w+\.py)", text_of(page)):
            if not (ROOT / name).is_file():
                lost.add(f"{page}: {name}")

    assert lost == set()
