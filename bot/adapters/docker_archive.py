"""Files into a container as one tar stream, and one file out of it, member by member.

Nothing is ever extracted on the host: a tar that comes out of a sandbox is hostile.
"""

import io
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from bot.adapters.docker_engine import DockerEngine
from bot.adapters.docker_flags import USER_ID, WORKSPACE, DockerLimits
from bot.adapters.sandbox_io import checked_path
from bot.domain.ports import SourceFile
from bot.errors import Refused, SandboxFailed, TooLarge

_BLOCK = 512
_PAGE = 4096
# One date for all files: what is built twice is the same twice, and zip refuses years before 1980.
_DATE = 1_577_836_800
_GO_FOLDER = 0x8000_0000
_GO_TYPE_BITS = 0x8F28_0000
"""Directory, symlink, device, named pipe, socket, character device, irregular: Go's ModeType."""


def tree_tar(files: Iterable[SourceFile], *, nonce: str, limits: DockerLimits) -> Iterator[bytes]:
    """Yield a tar of a fresh workspace: `tree/` with the files, an empty `out/`, and `nonce`.

    The workspace itself stays root's, so that no command can replace these three. Raises TooLarge
    as soon as the files cannot fit.
    """
    # A link to nowhere: the engine tells a link's target in no time, and a file's data slowly.
    yield _link("nonce", nonce)
    yield _folder("out")
    yield _folder("tree")
    made: set[str] = set()
    pages = entries = 0
    for file in files:
        path = f"tree/{checked_path(file.path)}"
        for folder in _new_folders(path, made):
            entries += 1
            yield _folder(folder)
        entries += 1
        pages += -(-len(file.data) // _PAGE)
        _check_room(pages * _PAGE, entries, limits)
        yield from _file(path, file.data, is_executable=file.is_executable)
    yield bytes(2 * _BLOCK)


def read_file(
    engine: DockerEngine, container: str, folder: str, name: str, *, limit_bytes: int
) -> bytes | None:
    """Return a regular file below a folder of a container, None when it is not there.

    Raises Refused when it is something else or larger than the limit; nothing of it is read then.
    """
    # The engine follows links among the folders of a path, though never out of the container.
    for above in reversed(PurePosixPath(name).parents[:-1]):
        stat = engine.stat(container, f"{folder}/{above}")
        if stat is None or stat.mode & _GO_TYPE_BITS != _GO_FOLDER:
            return None
    with engine.download(container, f"{folder}/{name}") as found:
        if found is None:
            return None
        said, stream = found
        if said.mode & _GO_TYPE_BITS:
            raise Refused(f"{name} is not a regular file")
        if said.size_bytes > limit_bytes:
            raise Refused(f"{name} has {said.size_bytes} bytes, more than {limit_bytes}")
        return _only_file(stream, name, limit_bytes)


def read_nonce(engine: DockerEngine, container: str) -> str:
    """Return the nonce of the workspace that is there now, nothing where there is none."""
    stat = engine.stat(container, f"{WORKSPACE}/nonce")
    return PurePosixPath(stat.link_target).name if stat is not None else ""


def _only_file(stream: Iterator[bytes], name: str, limit_bytes: int) -> bytes:
    """Return the first member of a tar; the headers of a long name come before it."""
    try:
        with tarfile.open(fileobj=_Pipe(stream), mode="r|") as tar:
            member = tar.next()
            held = tar.extractfile(member) if member is not None and member.isreg() else None
            if member is None or held is None:
                raise Refused(f"{name} is not a regular file")
            if member.size > limit_bytes:
                raise Refused(f"{name} has {member.size} bytes, more than {limit_bytes}")
            data = held.read(member.size)
    except (tarfile.TarError, EOFError) as error:
        raise SandboxFailed(f"docker sent an unreadable archive: {error}") from error
    if len(data) < member.size:
        raise SandboxFailed(f"docker sent {len(data)} of {member.size} bytes of {name}")
    return data


class _Pipe(io.RawIOBase):
    """A stream of pieces as a file that can only be read forward."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        wanted = [self._rest]
        count = len(self._rest)
        while count < size and (piece := next(self._pieces, b"")):
            wanted.append(piece)
            count += len(piece)
        data = b"".join(wanted)
        self._rest = data[size:]
        return data[:size]


def _new_folders(path: str, made: set[str]) -> Iterator[str]:
    """Yield the folders above a path that were not yielded before, outermost first.

    The engine would make missing ones itself, but as root's.
    """
    parts = path.split("/")
    for depth in range(2, len(parts)):
        folder = "/".join(parts[:depth])
        if folder not in made:
            made.add(folder)
            yield folder


def _check_room(used_bytes: int, entries: int, limits: DockerLimits) -> None:
    if used_bytes > limits.workspace_bytes:
        raise TooLarge(
            f"the files need more than the {limits.workspace_bytes} bytes of the sandbox"
        )
    if entries > limits.workspace_files:
        raise TooLarge(f"more than {limits.workspace_files} files and folders for the sandbox")


def _link(name: str, target: str) -> bytes:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname, entry.mode = tarfile.SYMTYPE, target, 0o777
    return _packed(entry, owner=0)


def _folder(name: str) -> bytes:
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode = tarfile.DIRTYPE, 0o755
    return _packed(entry, owner=USER_ID)


def _file(name: str, data: bytes, *, is_executable: bool) -> Iterator[bytes]:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(data), 0o755 if is_executable else 0o644
    yield _packed(entry, owner=USER_ID)
    yield data
    yield bytes(-len(data) % _BLOCK)


def _packed(entry: tarfile.TarInfo, *, owner: int) -> bytes:
    entry.uid = entry.gid = owner
    entry.mtime = _DATE
    # GNU's format carries names of any length as the bytes they are; PAX wants UTF-8.
    return entry.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape")
