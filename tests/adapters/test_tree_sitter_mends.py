"""Which edits are proposed for JavaScript and TypeScript."""

import pytest

from bot.adapters.tree_sitter_mends import TreeSitterMends
from bot.repair.localise import Suspect
from bot.repair.source import applied


def _mended(path: str, text: str, *lines: int) -> set[str]:
    ranked = [Suspect(path, n, 1.0, 0.0, 0.0, False, True) for n in lines or (1,)]
    found = TreeSitterMends({path: text}, ranked).proposals()
    return {applied(text, candidate.edits) for candidate in found}


@pytest.mark.parametrize(
    ("bug", "mended"),
    [
        ("if (a < b) f();\n", "if (a <= b) f();\n"),
        ("if (a && b) f();\n", "if (a || b) f();\n"),
        ("if (ok) f();\n", "if (!(ok)) f();\n"),
        ("if (!ok) f();\n", "if (ok) f();\n"),
        ("let x = rows[i];\n", "let x = rows[i - 1];\n"),
        ("let x = 1;\n", "let x = 0;\n"),
        ("let x = true;\n", "let x = false;\n"),
        ("f(a, b);\n", "f(b, a);\n"),
        ("f(a, b);\n", "f(a);\n"),
        ("x += 1;\n", "x -= 1;\n"),
    ],
)
@pytest.mark.parametrize("path", ["a.js", "a.ts", "a.tsx"])
def test_a_bug_of_this_kind_is_mended_by_one_edit(path: str, bug: str, mended: str) -> None:
    assert mended in _mended(path, bug)


def test_only_suspicious_lines_are_edited_and_offsets_count_characters() -> None:
    text = "let größe = 1;\nlet y = 'é' + 1;\n"

    assert _mended("a.js", text, 2) >= {"let größe = 1;\nlet y = 'é' - 1;\n"}
    assert all(mended.startswith("let größe = 1;\n") for mended in _mended("a.js", text, 2))


def test_a_file_of_another_language_has_no_candidates() -> None:
    assert _mended("a.go", "x := 1\n") == set()
