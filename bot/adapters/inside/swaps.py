"""Puts a candidate into the running program: only what changed is compiled and swapped.

A function is swapped by its code, so that every name that is bound to it sees the change. What
cannot be swapped so that nothing remembers the old state (class bodies, decorators, a module's own
statements) is `Cold`: it is tried in a process that imports the changed file.
"""

from __future__ import annotations
import __future__

import ast
import bisect
import gc
import io
import tokenize
import types
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from bot.adapters.inside.guarding import Caught

if TYPE_CHECKING:
    from collections.abc import Iterator


class Cold(Exception):
    """The candidate cannot be swapped into a program that has imported the old file."""


class Edit(NamedTuple):
    """A span of one file and what replaces it."""

    path: str
    start: int
    end: int
    text: str


class Site(NamedTuple):
    """An outermost function: what is compiled and swapped as one."""

    node: Any
    outer: tuple[str, ...]
    """Names of the classes around it."""
    line: int
    """Its first line, decorators included."""
    first: int
    last: int
    """Offsets of its whole lines."""
    body: int
    """Offset of its first statement."""


def decoded(data: bytes) -> str:
    """Return a file's text with all its characters: offsets count a byte order mark."""
    encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    return data.decode("utf-8" if encoding == "utf-8-sig" else encoding)


def encoded(text: str, like: bytes) -> bytes:
    """Return the bytes of an edited text in its file's encoding."""
    encoding, _ = tokenize.detect_encoding(io.BytesIO(like).readline)
    return text.encode("utf-8" if encoding == "utf-8-sig" else encoding)


def edited(text: str, edits: list[Edit]) -> str:
    """Return a text with edits, which do not overlap."""
    for edit in sorted(edits, key=lambda e: (e.start, e.end), reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


class Source:
    """One file as it is, and the live functions that came from it."""

    def __init__(self, root: Path, path: str) -> None:
        self.file = str(root / path)
        self.text = decoded(Path(self.file).read_bytes())
        self.functions: dict[tuple[int, str], list[Any]] = {}
        self._sites: list[Site] = []
        self._firsts: list[int] = []
        self._flags = 0
        self._shells: dict[int, list[Any]] = {}
        # A byte order mark, or lines that end as on old machines, would shift the positions.
        if path.endswith(".py") and self.text[:1] != "\ufeff" and not _has_bare_returns(self.text):
            self._parse()

    @property
    def all(self) -> list[Site]:
        """Every outermost function of the file."""
        return self._sites

    def site(self, edit: Edit) -> Site:
        """Return the function that the edit is in; raises Cold where there is none."""
        place = bisect.bisect_right(self._firsts, edit.start) - 1
        if place >= 0 and edit.end <= self._sites[place].last:
            return self._sites[place]
        raise Cold(f"{self.file}: the edit is not inside one function")

    def compiled(self, site: Site, edits: list[Edit]) -> tuple[Any, Any]:
        """Return a site's new code, and its new node where the signature may have changed.

        Raises SyntaxError, or Cold where the edit changes more than one function.
        """
        if all(edit.start >= site.body for edit in edits):
            code = self._quickly(site, edits)
            if code is not None:
                return code, None
        depth, segment = len(site.outer), self._segment(site, edits, site.first, site.line)
        mode = ast.PyCF_ONLY_AST | self._flags
        tree = compile(segment, self.file, "exec", mode, dont_inherit=True)
        is_indented = not depth and segment.lstrip("\n")[:4] == "if 1"
        node = _only(tree, depth + is_indented)
        if type(node) is not type(site.node) or node.name != site.node.name:
            raise Cold(f"{self.file}: the edit leaves its function")
        has_signature = any(edit.start < site.body for edit in edits)
        if has_signature and _decorators(node) != _decorators(site.node):
            raise Cold(f"{self.file}: the decorators change")
        node.decorator_list = []
        code = compile(tree, self.file, "exec", self._flags, dont_inherit=True)
        for name in (*site.outer, node.name):
            code = _inner(code, name)
        return code, node if has_signature else None

    def swap(self, site: Site, code: Any, node: Any) -> list[Any]:
        """Give every live function of the site its new code; return what restores them."""
        live = self.functions.get((site.line, site.node.name), [])
        if not live:
            raise Cold(f"{self.file}:{site.line} has no live function")
        undo: list[Any] = []
        for old in {id(function.__code__): function.__code__ for function in live}.values():
            for before, after in _pairs(old, code):
                for function in self.functions.get(_key(before), ()):
                    if function.__code__ is before:
                        undo.append(_restorer(function))
                        function.__code__ = after
        for function in live if node is not None else ():
            self._default(function, node)
        return undo

    def _quickly(self, site: Site, edits: list[Edit]) -> Any:
        """Return a site's new code where nothing but the function's body changed, or None."""
        base = self._starts[site.node.lineno - 1]  # its decorators stay above
        if base > site.body:
            return None
        shell, code = _opened(self._whole(site, edits, base), site)
        if site.first not in self._shells:
            self._shells[site.first] = _opened(self._whole(site, [], base), site)[0]
        return code if shell and shell == self._shells[site.first] else None

    def _whole(self, site: Site, edits: list[Edit], base: int) -> Any:
        text = self._segment(site, edits, base, site.node.lineno)
        return compile(text, self.file, "exec", self._flags, dont_inherit=True)

    def _parse(self) -> None:
        tree = ast.parse(self.text)
        self._starts = _line_starts(self.text)
        self._sites = sorted(self._find_sites(tree.body, ()), key=lambda site: site.first)
        self._firsts = [site.first for site in self._sites]
        for node in tree.body:
            if isinstance(node, ast.ImportFrom) and node.module == "__future__":
                for alias in node.names:
                    flag: int = getattr(__future__, alias.name).compiler_flag
                    self._flags |= flag

    def _find_sites(self, body: list[Any], outer: tuple[str, ...]) -> Iterator[Site]:
        for node in body:
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                line = min([node.lineno, *(d.lineno for d in node.decorator_list)])
                first, last = self._starts[line - 1], self._starts[node.end_lineno or 0]
                yield Site(node, outer, line, first, last, self._offset(node.body[0]))
            elif isinstance(node, ast.ClassDef):
                yield from self._find_sites(node.body, (*outer, node.name))
            elif isinstance(node, (ast.If, ast.Try)):
                yield from self._find_sites(node.body, outer)
                yield from self._find_sites(node.orelse, outer)

    def _offset(self, node: Any) -> int:
        start: int = self._starts[node.lineno - 1]
        line = self.text[start : self._starts[node.lineno]]
        column: int = node.col_offset
        return start + len(line.encode()[:column].decode())

    def _segment(self, site: Site, edits: list[Edit], base: int, line: int) -> str:
        """Return the edited lines of a site below its classes, at their old line numbers."""
        moved = [e._replace(start=e.start - base, end=e.end - base) for e in edits]
        segment = edited(self.text[base : site.last], moved)
        heads = [f"class {name}:" for name in site.outer]
        if not heads and segment[:1] in (" ", "\t"):
            heads = ["if 1:"]
        if len(heads) >= line:
            raise Cold(f"{self.file}: no room above line {line}")
        above = "\n" * (line - 1 - len(heads))
        return above + "".join(f"{' ' * n}{h}\n" for n, h in enumerate(heads)) + segment

    def _default(self, function: Any, node: Any) -> None:
        """Give a function the defaults of its changed signature."""
        node.returns = None
        scope = dict(function.__globals__)
        with Caught() as caught:
            tree = ast.Module([node], type_ignores=[])
            exec(compile(tree, self.file, "exec", self._flags, dont_inherit=True), scope)  # noqa: S102
        if caught.error is not None:
            raise Cold(f"{self.file}: {caught.error!r}")
        function.__defaults__ = scope[node.name].__defaults__
        function.__kwdefaults__ = scope[node.name].__kwdefaults__


class Sources:
    """The files that candidates edit."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._sources: dict[str, Source] = {}

    def load(self, paths: set[str]) -> None:
        """Read files, and find the live functions of all of them at once."""
        for path in paths - set(self._sources):
            with Caught():  # what cannot be read or parsed cannot be swapped
                self._sources[path] = Source(self._root, path)
        files = {source.file: source for source in self._sources.values()}
        for source in self._sources.values():
            source.functions.clear()
        for thing in gc.get_objects():
            if type(thing) is types.FunctionType and thing.__code__.co_filename in files:
                functions = files[thing.__code__.co_filename].functions
                functions.setdefault(_key(thing.__code__), []).append(thing)

    def of(self, path: str) -> Source | None:
        """Return a file, or None where it cannot be read as Python."""
        return self._sources.get(path)

    def sites(self, edits: list[Edit]) -> list[tuple[Source, Site, list[Edit]]]:
        """Return the functions that edits are in; raises Cold where one is in none."""
        groups: dict[tuple[str, int], tuple[Source, Site, list[Edit]]] = {}
        for edit in edits:
            source = self._sources.get(edit.path)
            if source is None:
                raise Cold(f"{edit.path} is not a file of Python that can be read")
            site = source.site(edit)
            groups.setdefault((edit.path, site.first), (source, site, []))[2].append(edit)
        return list(groups.values())

    def apply(self, edits: list[Edit]) -> list[Any]:
        """Swap a candidate in and return what undoes it; raises Cold or SyntaxError."""
        sites = self.sites(edits)
        parts = [(source, site, source.compiled(site, group)) for source, site, group in sites]
        undo: list[Any] = []
        for source, site, (code, node) in parts:
            try:
                undo += source.swap(site, code, node)
            except ValueError as error:  # the closure's variables differ
                restore(undo)
                raise Cold(str(error)) from error
        return undo


def restore(undo: list[Any]) -> None:
    """Undo what `apply` did."""
    for step in reversed(undo):
        step()


def _restorer(function: Any) -> Any:
    old = (function.__code__, function.__defaults__, function.__kwdefaults__)

    def step() -> None:
        function.__code__, function.__defaults__, function.__kwdefaults__ = old

    return step


def _pairs(old: Any, new: Any) -> Iterator[tuple[Any, Any]]:
    """Yield matching codes of two versions: themselves, and the nested ones by order of name."""
    yield old, new
    befores = [c for c in old.co_consts if isinstance(c, types.CodeType)]
    afters = [c for c in new.co_consts if isinstance(c, types.CodeType)]
    for name in {code.co_name for code in befores}:
        one = [code for code in befores if code.co_name == name]
        two = [code for code in afters if code.co_name == name]
        if len(one) == len(two):
            for before, after in zip(one, two):
                yield from _pairs(before, after)


def _decorators(node: Any) -> list[str]:
    return [ast.dump(decorator) for decorator in node.decorator_list]


def _inner(code: Any, name: str) -> Any:
    for const in code.co_consts:
        if isinstance(const, types.CodeType) and const.co_name == name:
            return const
    raise Cold(f"no code for {name}")


def _opened(code: Any, site: Site) -> tuple[list[Any], Any]:
    """Return what is around a function's code, and the code; nothing where it is not alone."""
    shell: list[Any] = []
    for name in (*site.outer, site.node.name):
        inner = [const for const in code.co_consts if isinstance(const, types.CodeType)]
        if len(inner) != 1 or inner[0].co_name != name:
            return [], None
        rest = [(type(const), const) for const in code.co_consts if const is not inner[0]]
        shell.append((code.co_code, code.co_names, rest))
        code = inner[0]
    return shell, code


def _only(tree: Any, depth: int) -> Any:
    """Return the one statement at a depth at which each level holds one."""
    node = tree
    for _ in range(depth + 1):
        body: Any = getattr(node, "body", ())
        if len(body) != 1:
            raise Cold("the edit leaves its function")
        node = body[0]
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        raise Cold("the edit leaves its function")
    return node


def _key(code: Any) -> tuple[int, str]:
    line: int = code.co_firstlineno
    name: str = code.co_name
    return line, name


def _has_bare_returns(text: str) -> bool:
    return "\r" in text.replace("\r\n", "") or "\f" in text


def _line_starts(text: str) -> list[int]:
    starts = [0]
    for line in text.split("\n")[:-1]:
        starts.append(starts[-1] + len(line) + 1)
    return [*starts, len(text)]
