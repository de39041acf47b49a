"""Every rule of ours: what it finds, what it leaves alone, and that its fix ends the finding."""

import ast
import subprocess
from collections.abc import Mapping

import pytest
import tree_sitter_go
import tree_sitter_javascript
from tree_sitter import Language, Parser

from bot.adapters.analyzers.ast_grep import AstGrep, inline_rules, own_rules
from bot.adapters.analyzers.ruff import Ruff
from bot.domain.findings import Finding
from tests.adapters.analyzers import cases_go, cases_javascript, cases_python
from tests.adapters.analyzers.cases import Case
from tests.adapters.analyzers.tools import look

CASES = (*cases_python.CASES, *cases_javascript.CASES, *cases_go.CASES)
_ENDINGS = {"py": (".py",), "js": (".js", ".ts", ".tsx"), "go": (".go",)}
_GRAMMARS = {".go": tree_sitter_go.language, ".js": tree_sitter_javascript.language}
BY_RULE = pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule)

Found = Mapping[str, tuple[Finding, ...]]


def _paths(case: Case, kind: str, index: int) -> list[str]:
    endings = _ENDINGS[case.rule.partition("-")[0]]
    return [f"{case.rule}/{kind}{index}{ending}" for ending in endings]


def _snippets(case: Case) -> dict[str, bytes]:
    kinds = {"bad": case.bad, "good": case.good}
    return {
        path: text.encode()
        for kind, texts in kinds.items()
        for index, text in enumerate(texts)
        for path in _paths(case, kind, index)
    }


def _by_path(found: tuple[Finding, ...]) -> dict[str, tuple[Finding, ...]]:
    paths = {f.location.path for f in found}
    return {path: tuple(f for f in found if f.location.path == path) for path in paths}


@pytest.fixture(scope="module")
def found() -> Found:
    files = {path: data for case in CASES for path, data in _snippets(case).items()}
    return _by_path(look(AstGrep(), files).findings)


@BY_RULE
def test_the_rule_finds_every_bad_snippet_once(case: Case, found: Found) -> None:
    for index in range(len(case.bad)):
        for path in _paths(case, "bad", index):
            rules = [f.rule for f in found.get(path, ())]
            assert rules == [case.rule], path


@BY_RULE
def test_the_rule_leaves_every_good_snippet_alone(case: Case, found: Found) -> None:
    for index in range(len(case.good)):
        for path in _paths(case, "good", index):
            assert case.rule not in [f.rule for f in found.get(path, ())], path


def _parses(path: str, data: bytes) -> bool:
    if path.endswith(".py"):
        ast.parse(data)
        return True
    grammar = _GRAMMARS[path[path.rindex(".") :]]
    return not Parser(Language(grammar())).parse(data).root_node.has_error


def test_every_fix_parses_and_ends_its_finding(found: Found) -> None:
    files = {path: data for case in CASES for path, data in _snippets(case).items()}
    fixed = {
        path: finding.fix.apply(files)[path]
        for path, findings in found.items()
        for finding in findings
        if finding.fix is not None and not path.endswith((".ts", ".tsx"))
    }
    after = _by_path(look(AstGrep(), fixed).findings)

    assert len(fixed) > 15
    assert after == {}
    assert [path for path, data in fixed.items() if not _parses(path, data)] == []


def test_a_rule_that_has_a_fix_gives_one(found: Found) -> None:
    fixable = {rule.id for rule in own_rules().values() if rule.has_fix}
    given = {f.rule for findings in found.values() for f in findings if f.fix is not None}

    assert given == fixable


def test_every_rule_has_cases_and_every_case_a_rule() -> None:
    assert sorted(own_rules()) == sorted(case.rule for case in CASES)
    assert len({rule.languages for rule in own_rules().values()}) == 3


def test_ruff_does_not_already_report_what_our_rules_report() -> None:
    files = {
        path: data
        for case in cases_python.CASES
        for path, data in _snippets(case).items()
        if "/bad" in path
    }
    ours = {(f.location.path, f.location.start_line) for f in look(AstGrep(), files).findings}
    ruffs = {
        (f.location.path, f.location.start_line)
        for f in look(Ruff(), files).findings
        if f.rule not in {"F821", "F841", "F401"}
    }

    assert ours & ruffs == set()


def test_the_rules_fit_one_argument_of_a_command_line() -> None:
    limit_of_linux = 128 << 10

    assert len(inline_rules().encode()) < limit_of_linux // 2
    subprocess.run(["true", inline_rules()], check=True)


def test_every_rule_has_a_title_in_plain_words() -> None:
    for rule in own_rules().values():
        assert rule.title, rule.id
        assert not rule.title.endswith("."), rule.id
