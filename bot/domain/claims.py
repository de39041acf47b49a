"""Claims about files, versions and dates, which a model makes from memory and a tree can check.

Only clear patterns count, because a dropped defect is worse than an odd sentence: what is said
under a condition ("if `a.json` does not exist") is about a run and no claim about the tree. A claim
that the tree contradicts goes, and so does one of a kind that no tree can tell, such as which
version of a package is the latest.
"""

import posixpath
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from bot.domain.untrusted import one_line

_PATH = r"`?(?P<path>(?:[\w@.-]+/)*[\w@-][\w@.-]*\.[A-Za-z]\w{0,7})`?"
_MISSING = re.compile(
    rf"{_PATH}\s+(?:file\s+)?(?:does not exist|doesn't exist|is missing|cannot be found"
    r"|is not (?:present |included |there )?(?:in|part of) (?:the|this) (?:repository|repo|project"
    r"|tree|code ?base))",
    re.IGNORECASE,
)
_THERE = re.compile(
    rf"{_PATH}\s+(?:file\s+)?(?:already )?(?:exists|is (?:already )?(?:present|there)) in "
    r"(?:the|this) (?:repository|repo|project|tree|code ?base)",
    re.IGNORECASE,
)
_CONDITION = re.compile(
    r"\b(?:if|when|whenever|where|unless|whether|once|until|while|should|case|assum\w+|suppos\w+"
    r"|because|may|might|could)\b",
    re.IGNORECASE,
)
"""Words before a claim in its sentence that make it one about a run."""

_VERSION = r"v?(?P<version>\d+(?:\.\d+)+(?:[.-]?(?:a|b|rc|post|dev|alpha|beta)\.?\d*)?)"
_PINNED = re.compile(
    r"(?:(?:pins?|pinned|locks?|locked|installs?|installed|requires?|depends on|uses?)\b"
    r"\s+(?:to\s+)?)?"
    rf"`?(?P<name>[A-Za-z][\w.-]*[A-Za-z0-9])`?\s*(?P<how>==|@|\bis (?:pinned|locked|fixed) (?:to|at)"
    rf"|\bpinned (?:to|at)|\blocked (?:to|at))\s*`?{_VERSION}",
    re.IGNORECASE,
)
_NUMBER = r"v?\d+(?:\.\d+)*"
_UNTOLD = re.compile(
    rf"\b(?:versions?|releases?)\s+`?{_NUMBER}`?(?:\s+of\s+`?[\w.@/-]+`?)?\s+(?:{{0}})"
    rf"|`?[A-Za-z][\w.-]*`?\s*(?:==|@)?\s*`?v?\d+(?:\.\d+)+`?\s+(?:{{0}})"
    rf"|\b(?:latest|newest|current|most recent)\s+(?:stable\s+)?(?:version|release)\b[^.\n]{{{{0,40}}}}?"
    rf"\bis\s+`?v?\d"
    r"|`?v?\d+(?:\.\d+)+`? is the (?:latest|newest|current|most recent)"
    r"|\b(?:released|published|deprecated|retired|end of life|end-of-life)\b[^.\n]{{0,20}}"
    r"\b(?:in|on|since|by)\s+(?:[A-Z][a-z]+ )?(?:19|20)\d\d\b"
    r"|\b(?:the )?(?:date|year|timestamp)?\s*`?\b(?:19|20)\d\d(?:-\d\d-\d\d)?`?\s+(?:is|lies) in"
    r" the (?:future|past)\b"
    r"|\b(?:the )?current (?:date|year) is\b"
    r"|\bas of (?:my|(?:[A-Z][a-z]+ )?20\d\d)\b|\bknowledge cut-?off\b|\bmy training\b".replace(
        "{0}", ""
    ),
    re.IGNORECASE,
)
