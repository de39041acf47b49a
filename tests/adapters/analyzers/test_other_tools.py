"""Typos, shellcheck and zizmor: what is worth a comment, and fixes that hit the right bytes."""

import pytest

from bot.adapters.analyzers.shellcheck import ShellCheck
from bot.adapters.analyzers.typos import Typos
from bot.adapters.analyzers.zizmor import Zizmor
from bot.domain.findings import Category, Finding, Severity
from tests.adapters.analyzers.tools import look
from tests.adapters.analyzers.workflows import CLEAN, INJECTION


def _typos(data: str, path: str = "a.py") -> tuple[Finding, ...]:
    return look(Typos(), {path: data.encode()}).findings


def _fixed(found: Finding, data: str) -> str:
    assert found.fix is not None
    path = found.location.path
    return found.fix.apply({path: data.encode()})[path].decode()


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("a.py", "x = 1  # we recieve it\n"),
        ("a.js", "// we recieve it\n"),
        ("a.go", "func f() { // we recieve it\n"),
        ("a.md", "Die Grüße: we recieve it.\n"),
        ("a.py", "# é 😀 recieve\r\n"),
    ],
)
def test_a_typo_in_prose_has_a_safe_fix(path: str, data: str) -> None:
    (found,) = _typos(data, path)

    assert (found.rule, found.category, found.severity) == ("typo", Category.TYPO, Severity.LOW)
    assert found.title == "`recieve` should be `receive`"
    assert found.is_fix_safe
    assert _fixed(found, data) == data.replace("recieve", "receive")


def test_a_typo_in_a_string_has_a_fix_that_is_not_safe() -> None:
    data = 'print("we recieve it", x)\n'

    (found,) = _typos(data)

    assert found.rule == "typo-in-string"
    assert not found.is_fix_safe
    assert _fixed(found, data) == data.replace("recieve", "receive")


@pytest.mark.parametrize(
    "data",
    [
        "recieve = 1\n",
        "def recieve(x): pass\n",
        "x.recieve()\n",
        "# see https://example.org/recieve/it\n",
        "# the option --recieve-all\n",
        "# the name recieve_all\n",
        "# the file recieve.txt\n",
        "x = '0xfo3teh'\n",
        "# ba teh\n",
        "# fo it\n",
    ],
)
def test_names_addresses_and_short_words_are_left_alone(data: str) -> None:
    assert _typos(data) == ()


def test_a_word_with_two_meanings_is_left_alone() -> None:
    assert _typos("# the wether of it\n") == ()


def test_data_and_lock_files_are_not_for_the_spell_checker() -> None:
    typos = Typos()
    paths = ("a.json", "uv.lock", "a.csv", "a.svg", "a.pem", "a.min", "bin/a")

    assert not [path for path in paths if typos.understands(path)]


def test_a_shell_fix_quotes_the_right_bytes_after_tabs_and_wide_characters() -> None:
    data = '#!/bin/sh\n\t\techo "é😀" $1\n'

    (found,) = look(ShellCheck(), {"a.sh": data.encode()}).findings

    assert (found.rule, found.severity) == ("SC2086", Severity.LOW)
    assert _fixed(found, data) == '#!/bin/sh\n\t\techo "é😀" "$1"\n'
    assert not found.is_fix_safe


def test_removing_below_an_empty_variable_is_critical() -> None:
    (found,) = look(ShellCheck(), {"a.sh": b'#!/bin/sh\nrm -rf "$1"/*\n'}).findings

    assert (found.rule, found.severity) == ("SC2115", Severity.CRITICAL)


def test_style_of_shell_scripts_is_left_alone() -> None:
    data = b'#!/bin/bash\nx=`ls`\nexport y=$(date)\nif [ -z "$x" ]; then echo $(echo "$y"); fi\n'

    assert {f.rule for f in look(ShellCheck(), {"a.sh": data}).findings} <= {"SC2046"}


def test_a_script_that_sources_a_file_of_the_system_does_not_read_it() -> None:
    files = {"a.sh": b"#!/bin/sh\n. /etc/passwd\n. ./b.sh\n"}

    assert look(ShellCheck(), files, beside={"b.sh": b"cd $1\n"}).findings == ()


def test_a_stranger_s_title_in_a_script_is_a_high_finding() -> None:
    (found,) = look(Zizmor(), {".github/workflows/a.yml": INJECTION}).findings

    assert (found.rule, found.severity) == ("template-injection", Severity.HIGH)
    assert found.location.start_line == 7
    assert found.snippet == "      - run: echo ${{ github.event.issue.title }}"


def test_actions_and_dependabot_are_read_and_other_yaml_is_not() -> None:
    zizmor = Zizmor()

    assert zizmor.understands("tools/x/action.yml")
    assert zizmor.understands(".github/dependabot.yaml")
    assert not zizmor.understands("a.yml")
    assert not zizmor.understands(".github/ISSUE_TEMPLATE/a.yml")
    assert not zizmor.understands("docs/workflows/a.yml")


def test_a_name_with_a_line_break_is_unread_and_cannot_stand_for_another() -> None:
    name = ".github/workflows/completed ./a\n.yml"

    analysis = look(Zizmor(), {name: INJECTION, ".github/workflows/b.yml": CLEAN})

    assert list(analysis.unread) == [name]
