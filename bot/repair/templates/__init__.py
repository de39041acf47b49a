"""The templates: general kinds of small edits, each for bugs that people really make."""

from bot.repair.templates import (
    calls,
    conditions,
    constants,
    guards,
    members,
    names,
    operators,
    statements,
    subscripts,
    texts,
)
from bot.repair.templates.draft import Template

ALL: tuple[Template, ...] = (
    *operators.TEMPLATES,
    *constants.TEMPLATES,
    *conditions.TEMPLATES,
    *names.TEMPLATES,
    *calls.TEMPLATES,
    *subscripts.TEMPLATES,
    *statements.TEMPLATES,
    *guards.TEMPLATES,
    *members.TEMPLATES,
    *texts.TEMPLATES,
)
