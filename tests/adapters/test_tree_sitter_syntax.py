"""What parses, what does not, and what nobody can tell; and which symbol is around a line."""

import time

import pytest

from bot.adapters.tree_sitter_syntax import MAX_BYTES, TreeSitterSyntax

WHOLE = {
    "a.py": b"def f(x):\n    return x\n",
    "a.pyi": b"def f(x: int) -> int: ...\n",
    "a.js": b"const f = async (x) => x?.y ?? 1;\n",
    "a.jsx": b"const f = () => <div a={1}>x</div>;\n",
    "a.mjs": b"import x from 'y'; export default x;\n",
    "a.ts": b"const f = <T,>(x: T): T => x;\nenum E { A }\n",
    "a.tsx": b"const f = (p: { a: string }) => <div>{p.a}</div>;\n",
    "a.go": b"package p\n\nfunc F[T any](x T) T { return x }\n",
    "a.json": b'{"a": [1, 2.5, null, true]}\n',
    "a.yml": b"a: [1, *b]\nb: &b 2\n",
    "a.yaml": b"a: 1\n---\nb: 2\n",
    "a.toml": b"[a]\nb = 1\n",
}
BROKEN = {
    "a.py": b"def f(x:\n    return x\n",
    "a.js": b"const f = (x => x;\n",
    "a.jsx": b"const f = () => <div>x</div;\n",
    "a.ts": b"const f: = 1;\n",
    "a.tsx": b"const f = <div;\n",
    "a.go": b"package p\nfunc F( { }\n",
    "a.json": b'{"a": 1,}\n',
    "a.yml": b"a: [1\nb: 2\n",
    "a.toml": b"a = \n",
}


@pytest.fixture
def syntax() -> TreeSitterSyntax:
    return TreeSitterSyntax()


@pytest.mark.parametrize("path", WHOLE)
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_whole_files_parse_with_either_line_end(
    syntax: TreeSitterSyntax, path: str, end: bytes
) -> None:
    assert syntax.parses(path, WHOLE[path].replace(b"\n", end)) is True


@pytest.mark.parametrize("path", sorted(set(WHOLE) - {"a.toml"}))
def test_a_byte_order_mark_breaks_nothing(syntax: TreeSitterSyntax, path: str) -> None:
    assert syntax.parses(path, b"\xef\xbb\xbf" + WHOLE[path]) is True


@pytest.mark.parametrize("path", sorted(set(WHOLE) - {"a.json"}))
def test_an_empty_file_parses_where_the_language_says_so(
    syntax: TreeSitterSyntax, path: str
) -> None:
    assert syntax.parses(path, b"") is True


@pytest.mark.parametrize("path", BROKEN)
def test_broken_files_do_not_parse(syntax: TreeSitterSyntax, path: str) -> None:
    assert syntax.parses(path, BROKEN[path]) is False


@pytest.mark.parametrize("path", ["a.rb", "README.md", "Makefile", "py", ".py/x", "a.jsonc"])
def test_nobody_can_tell_for_other_languages(syntax: TreeSitterSyntax, path: str) -> None:
    assert syntax.parses(path, b"def f(:\n") is None


@pytest.mark.parametrize("path", ["tsconfig.json", "x/tsconfig.base.json", ".vscode/settings.json"])
def test_json_that_may_hold_comments_is_left_alone(syntax: TreeSitterSyntax, path: str) -> None:
    assert syntax.parses(path, b"// mine\n{}\n") is None


def test_python_2_code_does_not_parse(syntax: TreeSitterSyntax) -> None:
    assert syntax.parses("a.py", b'print "hello"\n') is False


def test_an_invalid_escape_only_warns(syntax: TreeSitterSyntax) -> None:
    assert syntax.parses("a.py", b'x = "\\d"\n') is True


def test_the_upper_case_suffix_is_the_same_language(syntax: TreeSitterSyntax) -> None:
    assert syntax.parses("A.PY", BROKEN["a.py"]) is False


@pytest.mark.parametrize("path", ["a.py", "a.json", "a.yml", "a.toml"])
@pytest.mark.parametrize("data", [b"x = '\xff'\n", b"a: '\xff'\n", b'"\xff"\n', b"x\0\n"])
def test_bytes_that_are_no_text_do_not_parse(
    syntax: TreeSitterSyntax, path: str, data: bytes
) -> None:
    assert syntax.parses(path, data) is False


def test_python_in_a_declared_encoding_parses(syntax: TreeSitterSyntax) -> None:
    assert syntax.parses("a.py", b"# coding: latin-1\nx = '\xff'\n") is True
    assert syntax.parses("a.py", b"# coding: no-such\nx = 1\n") is False


@pytest.mark.parametrize(
    ("path", "unit", "closing"),
    [
        ("a.py", b"-", b"1"),
        ("a.py", b"1+", b"1"),
        ("a.py", b"(", b""),
        ("a.py", b"a.", b"a"),
        ("a.js", b"[", b""),
        ("a.ts", b"{", b""),
        ("a.go", b"(", b""),
        ("a.json", b"[", b""),
        ("a.yml", b"[", b""),
        ("a.yml", b"- ", b""),
        ("a.toml", b"a = [", b""),
        ("a.toml", b"a.", b"a = 1"),
    ],
)
def test_huge_nesting_is_answered_and_never_slow(
    syntax: TreeSitterSyntax, path: str, unit: bytes, closing: bytes
) -> None:
    data = (unit * 30_000 + closing)[-MAX_BYTES:]
    start = time.process_time()

    # The deep Python below is valid: whether it is too deep is for the interpreter to say.
    assert syntax.parses(path, data) is not True or closing
    assert syntax.enclosing_symbol(path, data, 1) == ""
    assert time.process_time() - start < 2


def test_a_yaml_bomb_is_only_read(syntax: TreeSitterSyntax) -> None:
    rows = [b"a0: &a0 [x]"]
    rows += [b"a%d: &a%d [%s]" % (n, n, b",".join([b"*a%d" % (n - 1)] * 9)) for n in range(1, 30)]

    assert syntax.parses("a.yml", b"\n".join(rows)) is True


@pytest.mark.parametrize("path", WHOLE)
def test_a_file_over_the_limit_is_not_looked_at(syntax: TreeSitterSyntax, path: str) -> None:
    data = b" " * (MAX_BYTES + 1)

    assert syntax.parses(path, data) is None
    assert syntax.enclosing_symbol(path, data, 1) == ""


PYTHON = b"""\
import os

@decorated
class A:
    x = 1

    async def m(self):
        def inner():
            return 1
        return inner

if os:
    def f():
        pass
"""
JAVASCRIPT = b"""\
class A {
  m(x) {
    return x;
  }
  s = () => {
    f();
  };
}
export const g = async () => {
  1;
};
const o = {
  h() {
  },
  "k z": function () {
  },
};
module.exports.z = function () {
  1;
};
describe("x", () => {
  1;
});
"""
Z = ["module.exports.z"] * 3
TYPESCRIPT = b"""\
namespace N {
  abstract class B<T> {
    private m(x: T): void {
    }
    p = (): void => {
    };
  }
}
interface I {
  a: string;
}
"""
GO = b"""\
package p

func (s *S[T]) M(x int) {
}

func F() {
    g := func() {
    }
}

type S struct {
    a int
}
"""


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize(
    ("path", "data", "symbols"),
    [
        ("a.py", PYTHON, "||A|A|A|A|A.m|A.m.inner|A.m.inner|A.m|||f|f"),
        ("a.js", JAVASCRIPT, f"A|A.m|A.m|A.m|A.s|A.s|A.s|A|g|g|g||h|h|k z|k z||{'|'.join(Z)}|||"),
        ("a.ts", TYPESCRIPT, "N|N.B|N.B.m|N.B.m|N.B.p|N.B.p|N.B|N|I|I|I|"),
        ("a.go", GO, "||S.M|S.M||F|F|F|F||S|S|S|"),
    ],
)
def test_every_line_has_the_symbol_around_it(
    syntax: TreeSitterSyntax, path: str, data: bytes, symbols: str, end: bytes
) -> None:
    wanted = symbols.split("|")
    data = data.replace(b"\n", end)

    found = [syntax.enclosing_symbol(path, data, line) for line in range(1, len(wanted) + 1)]

    assert found == wanted


@pytest.mark.parametrize("line", [0, -1, 10**9])
@pytest.mark.parametrize("path", WHOLE)
def test_a_line_outside_the_file_has_no_symbol(
    syntax: TreeSitterSyntax, path: str, line: int
) -> None:
    assert syntax.enclosing_symbol(path, WHOLE[path], line) == ""


def test_the_symbol_survives_an_error_elsewhere_in_javascript(syntax: TreeSitterSyntax) -> None:
    data = b"function f() {\n  1;\n}\nconst = ;\n"

    assert syntax.enclosing_symbol("a.js", data, 2) == "f"


def test_broken_python_has_no_symbols(syntax: TreeSitterSyntax) -> None:
    assert syntax.enclosing_symbol("a.py", b"def f():\n  1\nx = (\n", 2) == ""
