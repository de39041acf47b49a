"""Writes docs/rules.md: `python -m bot.adapters.analyzers.rule_docs > docs/rules.md`."""

import sys
from collections.abc import Iterable

from bot.adapters.analyzers.ast_grep import own_rules
from bot.adapters.analyzers.rule_table import Rule, table
from bot.adapters.analyzers.typos import IN_PROSE, IN_STRING

_HEAD = """# Rules

What the analyzers report, and what each finding means. This page is made from the rules
themselves; a test fails when it is out of date.

- Only bugs and dangers are reported, no style. A finding counts only on lines that the change
  added or rewrote.
- The repository's own configuration of these tools is not read (`ruff.toml`, `sgconfig.yml`,
  `typos.toml`, `.shellcheckrc`, `zizmor.yml` and the like): a pull request could silence them with
  it. With `analyzers.use_repo_config: true` the ignore lists of these files count as they stand at
  the base: rules, paths and words to ignore, and nothing else of them.
- Comments that silence a tool (`# noqa`, `// ast-grep-ignore`, `# shellcheck disable=`,
  `# zizmor: ignore`) do not count: a pull request could write them.
- A fix is offered only after it was proved. "Safe" is the tool's own word for a fix that keeps
  the behaviour.
- In test files the security rules for code are silent.
- Files over 1 MiB, or with a line over 20,000 bytes, are not read, and the verdict says so.
- Text and names that are not UTF-8 are not read by any of the tools, and the verdict says so.
- Hidden text is found by ourselves in every file, whatever its language: `bidi-control`,
  `invisible-tags`, `zero-width`, and in prose `hidden-orders`. There is no fix, and it cannot be
  disabled.
- Any other tool: hand in its SARIF 2.1.0 file.
"""
_SECTIONS = (
    (
        "Our own rules (ast-grep)",
        "Bugs that ruff does not report, over Python, JavaScript, TypeScript and Go.",
    ),
    ("ruff", "The rules of ruff that find bugs; a syntax error is `invalid-syntax`."),
    (
        "shellcheck",
        "Everything of level `error`, and of the rest what is here. Its fixes are never safe.",
    ),
    (
        "zizmor",
        "Its own severity counts, but never above the one here; other audits keep their words.",
    ),
    (
        "typos",
        "Words with exactly one correction; names in code are left alone.",
    ),
)


def rules_page() -> str:
    """Return the page as Markdown."""
    groups: tuple[Iterable[Rule], ...] = (
        own_rules().values(),
        table("ruff", "Python").values(),
        table("shellcheck", "shell").values(),
        table("zizmor", "GitHub workflows").values(),
        (IN_PROSE, IN_STRING),
    )
    parts = (
        _section(name, about, rules) for (name, about), rules in zip(_SECTIONS, groups, strict=True)
    )
    return "\n".join((_HEAD, *parts))


def _section(name: str, about: str, rules: Iterable[Rule]) -> str:
    rows = "".join(_row(rule) for rule in rules)
    head = "| rule | language | what goes wrong | severity | fix |\n|---|---|---|---|---|\n"
    return f"## {name}\n\n{about}\n\n{head}{rows}"


def _row(rule: Rule) -> str:
    said = f"{rule.title}. {rule.harm}" if rule.title else rule.harm
    fix = "yes, safe" if rule.is_fix_safe else "yes" if rule.has_fix else "no"
    cells = (f"`{rule.id}`", rule.languages, said.replace("|", "\\|"), rule.severity, fix)
    return f"| {' | '.join(cells)} |\n"


if __name__ == "__main__":
    sys.stdout.write(rules_page())
