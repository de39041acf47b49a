"""The page of rules says what the rules say."""

from pathlib import Path

from bot.adapters.analyzers.ast_grep import own_rules
from bot.adapters.analyzers.rule_docs import rules_page
from bot.adapters.analyzers.rule_table import table

_PAGE = Path(__file__).parents[3] / "docs" / "rules.md"
_TABLES = (("ruff", "Python"), ("shellcheck", "shell"), ("zizmor", "GitHub workflows"))


def test_the_page_is_up_to_date() -> None:
    hint = "run: python -m bot.adapters.analyzers.rule_docs > docs/rules.md"

    assert _PAGE.read_text("utf-8") == rules_page(), hint


def test_every_rule_says_what_goes_wrong_in_a_sentence() -> None:
    rules = [rule for name in _TABLES for rule in table(*name).values()]

    assert len(rules) > 150
    for rule in (*rules, *own_rules().values()):
        assert rule.harm.endswith("."), rule.id
        assert rule.harm.count(". ") <= 2, rule.id
        assert 0 < rule.confidence <= 1, rule.id
