"""Claims about files, versions and dates, which a model makes from memory and a tree can check.

Only clear patterns count, because a dropped defect is worse than an odd sentence: what is said
under a condition ("if `a.json` does not exist") is about a run and no claim about the tree. A claim
that the tree contradicts goes, and so does one of a kind that no tree can tell, such as which
version of a package is the latest.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from bot.domain.findings import Finding

_PATH = r"(?<![\w/.@~-])`?(?P<path>(?:[\w@.-]+/)*[\w@-][\w@.-]*\.[A-Za-z]\w{0,7})`?"
_HERE = r"(?:the|this) (?:repository|repo|project|tree|code ?base)"
_MISSING = re.compile(
    rf"{_PATH}\s+(?:file\s+)?(?:does not exist|doesn't exist|is missing|was never added"
    rf"|is not (?:present |included |there )?(?:in|part of) {_HERE})",
    re.IGNORECASE,
)
_THERE = re.compile(
    rf"{_PATH}\s+(?:file\s+)?(?:already )?(?:exists|is (?:already )?(?:present|there)) in {_HERE}",
    re.IGNORECASE,
)
_CONDITION = re.compile(
    r"\b(?:if|when|whenever|where|unless|whether|once|until|while|should|case|assum\w+|suppos\w+"
    r"|because|since|may|might|could|would|after|before)\b",
    re.IGNORECASE,
)
_NUMBER = r"\d+(?:\.\d+)+(?:[.-]?(?:a|b|rc|post|dev|alpha|beta)\.?\d*)?"
_PINNED = re.compile(
    r"`?(?P<name>[A-Za-z](?:[\w.-]*[A-Za-z0-9])?)`?\s*"
    r"(?:==|@|\bis (?:pinned|locked|fixed) (?:to|at)\b|\b(?:pinned|locked) (?:to|at)\b)\s*"
    rf"`?v?(?P<version>{_NUMBER})",
    re.IGNORECASE,
)
# Four numbers are an address.
_NAMED = (
    rf"(?:\bversion\s+|\brelease\s+|\b[A-Za-z][\w-]*\s+|==\s*|@)`?v?(?!(?:\d+\.){{3}}\d){_NUMBER}`?"
)
_YEAR = r"(?:19|20)\d\d"
_UNTOLD = (
    re.compile(
        rf"{_NAMED}(?: of `?[\w.@/-]+`?)? (?:does not exist|doesn't exist|was never released"
        r"|(?:is|has) not (?:yet )?(?:been )?(?:released|published|available)|is not yet out"
        r"|is outdated|is not a (?:valid|known|real|released) version)",
        re.IGNORECASE,
    ),
    re.compile(
        r"\b(?:latest|newest|most recent) (?:stable )?(?:version|release)\b[^.\n]{0,40}? is `?v?\d"
        rf"|\bv?{_NUMBER}`? is the (?:latest|newest|most recent)\b",
        re.IGNORECASE,
    ),
    re.compile(
        r"\b(?:released|published|deprecated|retired|end of life|end-of-life)\b[^.\n]{0,20}?"
        rf"\b(?:in|on|since|by) (?:[A-Z][a-z]+ )?{_YEAR}\b"
    ),
    re.compile(
        rf"\b{_YEAR}(?:-\d\d(?:-\d\d)?)?`? (?:is|lies) (?:still )?in the (?:future|past)\b"
        r"|\bcurrent (?:date|year) is\b"
        rf"|\bas of (?:my\b|(?:[A-Z][a-z]+ )?{_YEAR}\b)|\bknowledge cut-?off\b|\bmy training\b",
        re.IGNORECASE,
    ),
)
_SENTENCE = re.compile(r"(?<=[.!?;])\s+|\n+")


@dataclass(frozen=True, slots=True)
class Tree:
    """What claims are held against: the head."""

    paths: Collection[str]
    manifests: Callable[[], Mapping[str, bytes]]
    """Contents of the files that name dependencies; asked for only where a version is claimed."""


def checked(findings: Iterable[Finding], tree: Tree) -> tuple[tuple[Finding, ...], int]:
    """Return the findings whose claims stand or are of no such kind, and how many went."""
    found = tuple(findings)
    kept = tuple(f for f in found if not is_unfounded(f"{f.title}.\n{f.body}", tree))
    return kept, len(found) - len(kept)


def is_unfounded(text: str, tree: Tree) -> bool:
    """Tell whether a text claims what the tree contradicts, or what no tree can tell."""
    return any(
        _is_false_of_files(sentence, tree.paths)
        or any(pattern.search(sentence) for pattern in _UNTOLD)
        or _is_false_of_versions(sentence, tree)
        for sentence in _SENTENCE.split(text)
    )


def _is_false_of_files(sentence: str, paths: Collection[str]) -> bool:
    for pattern, is_there in ((_MISSING, True), (_THERE, False)):
        for found in pattern.finditer(sentence):
            is_claim = not _CONDITION.search(sentence, 0, found.start())
            if is_claim and _is_in(found["path"], paths) is is_there:
                return True
    return False


def _is_in(path: str, paths: Collection[str]) -> bool:
    """Tell whether the tree has a file of that name, wherever it is where only a name is given."""
    name = path.removeprefix("./")
    return name in paths or any(each.endswith(f"/{name}") for each in paths)


def _is_false_of_versions(sentence: str, tree: Tree) -> bool:
    claimed = [(found["name"], found["version"]) for found in _PINNED.finditer(sentence)]
    if not claimed:
        return False
    manifests = tree.manifests()
    named = ((set(_versions(name, manifests)), version) for name, version in claimed)
    # A package that no manifest names with a version may be installed in another way.
    return any(known and version not in known for known, version in named)


def _versions(name: str, manifests: Mapping[str, bytes]) -> Iterator[str]:
    """Yield the numbers that stand next to a name in the files that name dependencies."""
    spelling = re.sub(r"[-_.]+", "[-_.]+", name)
    beside = re.compile(
        rf"(?<![\w.-]){spelling}(?![\w-])[^\n]*?(?:\n[^\n]*?version[^\n]*?)?v?({_NUMBER})",
        re.IGNORECASE,
    )
    for data in manifests.values():
        text = data.decode("utf-8", "replace")
        for found in beside.finditer(text):
            line = found.group().splitlines()[-1] + text[found.end() :].partition("\n")[0]
            yield from re.findall(_NUMBER, line)
