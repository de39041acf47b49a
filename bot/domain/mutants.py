"""Small wrong versions of a line: a test that passes on all of them does not test the line.

Plain mutation operators (Jia and Harman, "An analysis and survey of the development of mutation
testing", IEEE TSE 2011): relational, arithmetic, logical and constant replacement, and a deleted
statement. They work on tokens, so that every language with C-like or Python-like operators has
them; whether a mutant parses is asked of a parser by the caller.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""(?P<skip>\#[^\n]*|//[^\n]*|/\*.*?\*/|[rbfu]{0,2}"(?:\\.|[^"\\])*"|[rbfu]{0,2}'(?:\\.|[^'\\])*'"""
    r"""|`(?:\\.|[^`\\])*`)"""
    r"""|(?P<number>(?<![\w.])\d+(?![\w.]))"""
    r"""|(?P<word>[A-Za-z_]\w*)"""
    r"""|(?P<operator>===|!==|==|!=|<=|>=|&&|\|\||<<|>>|->|=>|\*\*|//|:=|\+=|-=|\*=|/=|[-+*/%<>!])""",
    re.VERBOSE,
)
_OPERATORS: Mapping[str, tuple[str, ...]] = {
    "==": ("!=",),
    "!=": ("==",),
    "===": ("!==",),
    "!==": ("===",),
    "<": ("<=", ">="),
    "<=": ("<", ">"),
    ">": (">=", "<="),
    ">=": (">", "<"),
    "&&": ("||",),
    "||": ("&&",),
    "+": ("-",),
    "-": ("+",),
    "*": ("/",),
    "/": ("*",),
    "%": ("*",),
    "+=": ("-=",),
    "-=": ("+=",),
    "*=": ("/=",),
    "/=": ("*=",),
}
_WORDS: Mapping[str, tuple[str, ...]] = {
    "and": ("or",),
    "or": ("and",),
    "not": ("",),
    "True": ("False",),
    "False": ("True",),
    "true": ("false",),
    "false": ("true",),
    "min": ("max",),
    "max": ("min",),
    "any": ("all",),
    "all": ("any",),
    "break": ("continue",),
    "continue": ("break",),
}
_RETURN = re.compile(r"(?P<indent>\s*)return\b\s*(?P<value>[^;\n]+?)\s*;?\s*\Z")
_STATEMENT = re.compile(
    r"(?P<indent>\s*)(?!(?:if|elif|else|for|while|def|class|try|except|finally|with|return|raise"
    r"|import|from|func|function|switch|case|package|var|let|const|async|do)\b)[\w.\[\]\"']+\s*"
    r"(?:[-+*/%|&^]?=(?!=)|\()[^{]*\Z"
)


@dataclass(frozen=True, slots=True)
class Mutant:
    """A line with one small change that ought to make some test fail."""

    text: str
    """The whole line, with its ending."""
    what: str
    """`< became <=`, `the statement was deleted`."""


def mutants(line: str, *, nothing: str = "None") -> tuple[Mutant, ...]:
    """Return the mutants of a line in a fixed order; none for a line without anything to change.

    `nothing` is what the language returns for no value, and a statement that does nothing is `pass`
    where that is `None`, else an empty one.
    """
    body = line.rstrip("\r\n")
    end = line[len(body) :]
    found = [*_by_token(body), *_by_statement(body, nothing)]
    distinct = {m.text: m for m in reversed(found) if m.text.strip() != body.strip()}
    return tuple(Mutant(m.text + end, m.what) for m in reversed(distinct.values()))


def _by_token(body: str) -> Iterator[Mutant]:
    for token in _TOKEN.finditer(body):
        old = token[0]
        for new in _replacements(token.lastgroup or "", old):
            text = body[: token.start()] + new + body[token.end() :]
            yield Mutant(text, f"{old} became {new or 'nothing'}")


def _replacements(kind: str, old: str) -> tuple[str, ...]:
    match kind:
        case "number":
            return (str(int(old) + 1),)
        case "word":
            return _WORDS.get(old, ())
        case "operator":
            return _OPERATORS.get(old, ())
        case _:
            return ()


def _by_statement(body: str, nothing: str) -> Iterator[Mutant]:
    returned = _RETURN.fullmatch(body)
    if returned is not None and returned["value"] != nothing:
        yield Mutant(f"{returned['indent']}return {nothing}", f"it returned {nothing}")
    statement = _STATEMENT.fullmatch(body)
    if statement is not None:
        empty = "pass" if nothing == "None" else ";"
        yield Mutant(statement["indent"] + empty, "the statement was deleted")
