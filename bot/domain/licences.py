"""Which licence a repository's own file is, by its text: a few well-known ones, or none.

A short licence has to be word for word itself, because one sentence more makes it another one. A
long one is known by its beginning, its end and its length. What is not known for sure is unknown.
"""

import re
from collections.abc import Mapping

LICENCE_PATHS = (
    "LICENSE", "LICENSE.md", "LICENSE.txt", "LICENCE", "LICENCE.md", "LICENCE.txt", "COPYING",
    "COPYING.md", "COPYING.txt", "UNLICENSE", "LICENSE-APACHE", "LICENSE-MIT", "license",
    "license.md", "license.txt",
)  # fmt: skip
"""Where the file may be; two of them may be of two licences, of which one may choose."""

_AS_IS = """the software is provided "as is", without warranty of any kind, express or implied,
including but not limited to the warranties of merchantability, fitness for a particular purpose and
noninfringement. in no event shall the authors or copyright holders be liable for any claim, damages
or other liability, whether in an action of contract, tort or otherwise, arising from, out of or in
connection with the software or the use or other dealings in the software."""
_HOLDERS = " or copyright holders"
_MIT = f"""permission is hereby granted, free of charge, to any person obtaining a copy of this
software and associated documentation files (the "software"), to deal in the software without
restriction, including without limitation the rights to use, copy, modify, merge, publish,
distribute, sublicense, and/or sell copies of the software, and to permit persons to whom the
software is furnished to do so, subject to the following conditions: the above copyright notice and
this permission notice shall be included in all copies or substantial portions of the software.
{_AS_IS}"""
_ISC_GRANT = """permission to use, copy, modify, and/or distribute this software for any purpose
with or without fee is hereby granted"""
_ISC_END = """the software is provided "as is" and the author disclaims all warranties with regard
to this software including all implied warranties of merchantability and fitness. in no event shall
the author be liable for any special, direct, indirect, or consequential damages or any damages
whatsoever resulting from loss of use, data or profits, whether in an action of contract, negligence
or other tortious action, arising out of or in connection with the use or performance of this
software."""
_ISC = f"""{_ISC_GRANT}, provided that the above copyright notice and this permission notice appear
in all copies. {_ISC_END}"""
_BSD_1_2 = """redistribution and use in source and binary forms, with or without modification, are
permitted provided that the following conditions are met: redistributions of source code must retain
the above copyright notice, this list of conditions and the following disclaimer. redistributions in
binary form must reproduce the above copyright notice, this list of conditions and the following
disclaimer in the documentation and/or other materials provided with the distribution."""
_BSD_3 = """neither the name of NAME nor the names of its contributors may be used to endorse or
promote products derived from this software without specific prior written permission."""
_BSD_END = """this software is provided by NAME "as is" and any express or implied warranties,
including, but not limited to, the implied warranties of merchantability and fitness for a
particular purpose are disclaimed. in no event shall NAME be liable for any direct, indirect,
incidental, special, exemplary, or consequential damages (including, but not limited to, procurement
of substitute goods or services; loss of use, data, or profits; or business interruption) however
caused and on any theory of liability, whether in contract, strict liability, or tort (including
negligence or otherwise) arising in any way out of the use of this software, even if advised of the
possibility of such damage."""
_UNLICENSE = f"""this is free and unencumbered software released into the public domain. anyone is
free to copy, modify, publish, use, compile, sell, or distribute this software, either in source
code form or as a compiled binary, for any purpose, commercial or non-commercial, and by any means.
in jurisdictions that recognize copyright laws, the author or authors of this software dedicate any
and all copyright interest in the software to the public domain. we make this dedication for the
benefit of the public at large and to the detriment of our heirs and successors. we intend this
dedication to be an overt act of relinquishment in perpetuity of all present and future rights to
this software under copyright law. {_AS_IS.replace(_HOLDERS, "")}"""

_WORD = re.compile(r"[a-z]+")
_MOST_NAME_WORDS = 12


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def _pattern(text: str) -> re.Pattern[str]:
    """Return what the words of a licence look like, with any few words for NAME."""
    few = rf"(?:[a-z]+ ){{1,{_MOST_NAME_WORDS}}}?"
    rows = (few if word == "NAME" else f"{word.lower()} " for word in re.findall("[A-Za-z]+", text))
    # Old copies of the ISC licence have no "and/or", and mean the same.
    return re.compile("".join(rows).replace("modify and or ", "modify and (?:or )?"))


_SHORT: Mapping[str, re.Pattern[str]] = {
    "MIT": _pattern(_MIT),
    "ISC": _pattern(_ISC),
    "0BSD": _pattern(f"{_ISC_GRANT}. {_ISC_END}"),
    "BSD-2-Clause": _pattern(f"{_BSD_1_2} {_BSD_END}"),
    "BSD-3-Clause": _pattern(f"{_BSD_1_2} {_BSD_3} {_BSD_END}"),
    "Unlicense": _pattern(_UNLICENSE),
}
_LONG: Mapping[str, tuple[str, str, int, int]] = {
    "Apache-2.0": (
        "apache license version january http www apache org licenses",
        "accepting any such warranty or additional liability", 1_100, 1_800,
    ),
    "MPL-2.0": ("mozilla public license version", "exhibit b", 2_200, 2_700),
    "GPL-2.0": ("gnu general public license version june", "end of terms", 2_300, 3_200),
    "GPL-3.0": (
        "gnu general public license version june copyright c free software foundation inc https",
        "end of terms and conditions", 5_000, 6_000,
    ),
    "AGPL-3.0": ("gnu affero general public license version", "end of terms", 5_000, 6_000),
    "CC0-1.0": ("creative commons legal code cc", "affirmer understands", 900, 1_200),
}  # fmt: skip
"""How each begins, what it ends with, and between how many words it has."""

KNOWN = (*_SHORT, *_LONG)
"""All ids that can be told by a text."""


def licence_of(text: str) -> str | None:
    """Return the SPDX id of a licence's text, or None for one that is not known for sure.

    The text of the GNU licences does not say whether a later version will do, so neither do we.
    """
    words = " ".join(_words(_body(text))) + " "
    whole = " ".join(_words(text))
    for name, pattern in _SHORT.items():
        if pattern.fullmatch(words):
            return name
    count = whole.count(" ") + 1
    for name, (start, end, least, most) in _LONG.items():
        if whole.startswith(start) and end in whole and least <= count <= most:
            return name
    return None


def licences_of(files: Mapping[str, bytes]) -> frozenset[str]:
    """Return the licences that a repository offers; none where one of its files is not known.

    A file that is not known may take back what another one grants.
    """
    texts = [files[path].decode("utf-8", "replace") for path in LICENCE_PATHS if path in files]
    found = [licence_of(text) for text in texts]
    return frozenset(name for name in found if name) if None not in found else frozenset()


def _body(text: str) -> str:
    """Return a licence without its title, its copyright lines and where it may be read about."""
    lines = [line for line in text.replace("\r", "\n").split("\n") if not _FRAME.match(line)]
    return "\n".join(lines)


_FRAME = re.compile(
    r"^\W*(?:(?:the )?(?:mit|isc|bsd|0bsd|simplified bsd|new bsd|modified bsd|zero-clause bsd"
    r"|bsd zero clause|bsd [23]-clause)(?:\W+licen[cs]e\b.{0,40})?|\(?mit\)?"
    r"|(?:copyright\b.{0,20}(?:\d{4}|\(c\)|©)|\(c\)|©).{0,200}|all rights reserved\W*|<?https?://unlicense\.org/?>?"
    r"|.{0,40}please refer to <?https?://(?:www\.)?unlicense\.org/?>?)\W*$",
    re.IGNORECASE,
)
