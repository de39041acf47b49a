"""The pages say what is so: their links lead somewhere, and their tables are those of the code."""

import ast
import re
from pathlib import Path
from types import UnionType
from typing import get_args

import pytest

from bot.adapters.yaml_config import parse_config
from bot.domain import commands, comments
from bot.domain.command_parser import parse_command
from bot.domain.commands import DismissReason
from bot.domain.effective_config import effective
from bot.domain.evidence import Counts
from bot.domain.outcomes import WORTH
from bot.domain.permissions import Need, needed
from tests import reviews
from tests.pages import PAGES, ROOT, anchors, before, blocks, links, table, text_of

SECRETS = ("CEREBRAS_API_KEY", "PULLWRIGHT_WEBHOOK_SECRET", "PULLWRIGHT_ADMIN_TOKEN")
"""Variables that have a `_FILE` form."""
NOT_THE_OPERATORS = {
    "DOCKER_GID": "compose.yaml",
    "DOCKER_SOCKET": "compose.yaml",
    "PULLWRIGHT_IMAGE": "compose.yaml",
    "PULLWRIGHT_PUBLIC_URL": "compose.yaml",
    "PULLWRIGHT_BASE_IMAGE": "docker/build_images.sh",
    "PULLWRIGHT_CONTRACT_DATA": "bot/cli.py",
    "PULLWRIGHT_GOLDEN": "tests/agent/test_golden_prompts.py",
    "PULLWRIGHT_REQUIRE_BROWSER": "tests/web/chromium.py",
    "PULLWRIGHT_REQUIRE_DOCKER": "tests/conftest.py",
}
"""Variables of the build and of the tests, and where they are read."""
_VARIABLE = re.compile(r"\b(?:PULLWRIGHT|CEREBRAS|DOCKER)_[A-Z_]*[A-Z]\b")
_WHO = {Need.WRITE: "write", Need.WRITE_OR_AUTHOR: "write or author", Need.READ: "read"}


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_to_something(page: str) -> None:
    lost = []
    for link in links(page):
        target, _, anchor = link.partition("#")
        if "://" in link:
            continue
        file = (ROOT / page).parent / target if target else ROOT / page
        name = file.resolve().relative_to(ROOT).as_posix()
        is_page = name.endswith(".md")
        if not file.exists() or (anchor and is_page and anchor not in anchors(name)):
            lost.append(link)

    assert lost == []


def test_every_page_is_reached_from_the_readme() -> None:
    reached, waiting = set(), ["README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached or page not in PAGES:
            continue
        reached.add(page)
        folder = (ROOT / page).parent
        for link in links(page):
            file = link.partition("#")[0]
            if file and "://" not in link:
                waiting.append((folder / file).resolve().relative_to(ROOT).as_posix())

    assert set(PAGES) - reached == set()


def test_every_file_that_a_page_names_exists() -> None:
    path = re.compile(r"`((?:bot|tests|docs|benchmarks|docker)/[\w./-]+)(?:::\w+)?`")
    lost = {
        f"{page}: {name}"
        for page in PAGES
        for name in path.findall(text_of(page))
        if not (ROOT / name).exists()
    }

    assert lost == set()


def _operators_variables() -> set[str]:
    """Return the variables of the product that the settings read."""
    read = set(re.findall(r'"([A-Z][A-Z_]+)"', (ROOT / "bot/settings.py").read_text()))
    files = {f"{name}_FILE" for name in SECRETS}
    return {name for name in read if _VARIABLE.fullmatch(name)} - files


def test_every_variable_that_a_page_names_is_read() -> None:
    known = _operators_variables() | {f"{name}_FILE" for name in SECRETS} | set(NOT_THE_OPERATORS)
    named = {name for page in PAGES for name in _VARIABLE.findall(text_of(page))}

    assert named - known == set()


def test_every_variable_of_the_operator_is_on_the_page_of_the_configuration() -> None:
    page = text_of("docs/configuration.md")

    assert {name for name in _operators_variables() if f"`{name}`" not in page} == set()


def test_variables_of_the_build_and_of_the_tests_are_read_where_it_says() -> None:
    lost = {n for n, file in NOT_THE_OPERATORS.items() if n not in (ROOT / file).read_text()}

    assert lost == set()


def test_every_key_is_documented_with_its_default() -> None:
    rows = table("docs/configuration.md", "## Keys")[1:]

    told = {row[0].strip("`"): row[1].strip("`") for row in rows}

    assert told == {key: value for key, value, _ in effective([]).rows()}


def test_every_configuration_on_a_page_is_valid() -> None:
    found = [
        block
        for page in PAGES
        for block in blocks(page)
        if block.language == "yaml" and "pullwright.yml" in before(block)
    ]

    for block in found:
        effective([parse_config(block.text.encode(), origin=block.page)])
    assert {block.page for block in found} >= {"README.md", "docs/configuration.md"}


def _verbs() -> list[tuple[str, str]]:
    """Return the commands of the page, each with who may."""
    rows = table("docs/commands.md", "## The table")[1:]
    return [
        (verb, row[1])
        for row in rows
        for verb in re.findall(r"`([^`]+)`", row[0].replace("\\", ""))
    ]


def _typed(form: str) -> commands.Command:
    """Return what the form of a command means, its options left out."""
    words = re.sub(r"\[[^\]]*\]", "", form).split()
    command = parse_command(f"/agent {' '.join(words)}")
    assert command is not None
    return command


def test_the_table_has_every_command_with_who_may() -> None:
    told = {type(_typed(form)) for form, _ in _verbs()}
    union: UnionType = commands.Command

    assert told == set(get_args(union))
    assert [form for form, who in _verbs() if _WHO[needed(_typed(form))] != who] == []


def test_the_page_of_commands_has_every_reason_and_what_does_not_wait() -> None:
    page = text_of("docs/commands.md")
    words = re.findall(r"`([a-z]+)`", page.partition("do not wait")[0].rpartition("\n\n")[2])
    by_word = {form.split()[0]: type(_typed(form)) for form, _ in _verbs()}

    assert [reason for reason in DismissReason if f"`{reason}`" not in page] == []
    assert {by_word[word] for word in words} == set(commands.IMMEDIATE)


def test_the_table_of_outcomes_is_the_codes() -> None:
    rows = table("docs/learning.md", "## What becomes of a suggestion")[1:]

    told = [(row[0].strip("`"), float(row[2]), float(row[3])) for row in rows]

    assert told == [(o.value, w.reward, w.confidence) for o, w in WORTH.items()]


def _protocols(file: Path) -> set[str]:
    """Return the ports that a module defines."""
    return {
        node.name
        for node in ast.parse(file.read_text("utf-8")).body
        if isinstance(node, ast.ClassDef) and "Protocol" in {ast.unparse(b) for b in node.bases}
    }


def test_every_port_is_on_the_page_of_the_architecture_with_its_adapters() -> None:
    rows = table("docs/architecture.md", "## Ports")[1:]
    told = {(name, row[1].strip("`")) for row in rows for name in re.findall(r"`(\w+)`", row[0])}
    adapters = {name for row in rows for name in re.findall(r"`(\w+)/?`", row[2])}

    assert {name for name, file in told if name not in _protocols(ROOT / file)} == set()
    assert _protocols(ROOT / "bot/domain/ports.py") - {name for name, _ in told} == set()
    there = {path.stem for path in (ROOT / "bot/adapters").iterdir()}
    assert adapters - there == set()


def test_the_workflow_in_the_readme_is_the_one_to_paste() -> None:
    file = ROOT / "workflows/pullwright.yml"
    shown = [block.text for block in blocks("README.md") if "uses: pullwright/" in block.text]

    assert shown == ([file.read_text()] if file.exists() else [])
    assert all(text.count("\n") <= 20 for text in shown)


def test_the_receipt_in_the_readme_reads_as_receipts_do() -> None:
    counts = Counts(failed=1, passed=19)
    proof = reviews.proof(
        before=counts,
        after=counts,
        quality=0.56,
        quality_coverage=0.85,
        seconds=24.7,
        image="sha256:f0c7aa8ff10e" + "0" * 52,
    )

    assert comments.receipt(proof) in text_of("README.md")


def test_no_page_names_a_place_of_one_machine() -> None:
    assert [page for page in PAGES if re.search(r"/work/|/home/\w", text_of(page))] == []


def test_the_readme_is_about_two_screens() -> None:
    assert text_of("README.md").count("\n") < 150


def test_the_picture_is_light() -> None:
    assert (Path(ROOT) / "docs/comment.png").stat().st_size < 150_000
