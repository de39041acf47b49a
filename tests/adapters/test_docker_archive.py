"""What comes out of a sandbox as a tar is read member by member, whatever it claims to be."""

import contextlib
import io
import tarfile
from collections.abc import Iterator
from typing import cast

import pytest

from bot.adapters.docker_archive import read_file, tree_tar
from bot.adapters.docker_engine import DockerEngine, FileStat
from bot.adapters.docker_flags import DockerLimits
from bot.domain.ports import SourceFile
from bot.errors import Refused, SandboxFailed, TooLarge

LIMITS = DockerLimits(workspace_bytes=64 << 10, workspace_files=20)


class TarEngine:
    """An engine that sends any bytes for any path, and says what it likes of them."""

    def __init__(self, data: bytes, *, size_bytes: int = 10, mode: int = 0o644) -> None:
        self.data, self.stat = data, FileStat(size_bytes, mode, "")
        self.sent_bytes = 0

    @contextlib.contextmanager
    def download(self, container: str, path: str) -> Iterator[tuple[FileStat, Iterator[bytes]]]:
        yield self.stat, self._pieces()

    def _pieces(self) -> Iterator[bytes]:
        for start in range(0, len(self.data), 700):
            self.sent_bytes += 700
            yield self.data[start : start + 700]


def tar_of(name: str, data: bytes = b"", *, kind: bytes = tarfile.REGTYPE, size: int = -1) -> bytes:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = kind, "/etc/passwd"
    entry.size = len(data) if size < 0 else size
    return entry.tobuf(tarfile.PAX_FORMAT) + data + bytes(-len(data) % 512) + bytes(1024)


def read(engine: TarEngine, *, limit_bytes: int = 100) -> bytes | None:
    return read_file(
        cast("DockerEngine", engine), "holder", "/ws/out", "r", limit_bytes=limit_bytes
    )


def test_a_file_is_read_to_its_last_byte() -> None:
    assert read(TarEngine(tar_of("r", b"x" * 100))) == b"x" * 100


@pytest.mark.parametrize("name", ["../../etc/cron.d/x", "/etc/passwd", "other", "n" * 300])
def test_a_members_name_is_never_used(name: str) -> None:
    assert read(TarEngine(tar_of(name, b"data"))) == b"data"


@pytest.mark.parametrize(
    "kind",
    [
        tarfile.SYMTYPE,
        tarfile.LNKTYPE,
        tarfile.CHRTYPE,
        tarfile.BLKTYPE,
        tarfile.FIFOTYPE,
        tarfile.DIRTYPE,
    ],
)
def test_a_member_that_is_no_regular_file_is_refused(kind: bytes) -> None:
    with pytest.raises(Refused):
        read(TarEngine(tar_of("r", kind=kind)))


@pytest.mark.parametrize("mode", [1 << 31, 1 << 27, 1 << 26, 1 << 25, 1 << 24, 1 << 21])
def test_what_the_engine_calls_no_regular_file_is_not_even_read(mode: int) -> None:
    engine = TarEngine(tar_of("r", b"data"), mode=mode | 0o644)

    with pytest.raises(Refused):
        read(engine)

    assert engine.sent_bytes == 0


def test_a_file_that_is_declared_too_large_is_not_even_read() -> None:
    engine = TarEngine(tar_of("r", b"data"), size_bytes=1 << 40)

    with pytest.raises(Refused, match="1099511627776"):
        read(engine)

    assert engine.sent_bytes == 0


def test_a_file_that_is_larger_than_declared_is_refused_at_the_limit() -> None:
    engine = TarEngine(tar_of("r", bytes(1 << 20)))

    with pytest.raises(Refused):
        read(engine)

    assert engine.sent_bytes < 1 << 16


@pytest.mark.parametrize("data", [b"", b"\xff" * 1024, tar_of("r", size=1 << 20)[:512] + b"x"])
def test_an_archive_that_cannot_be_read_is_a_failure(data: bytes) -> None:
    with pytest.raises((SandboxFailed, Refused)):
        read(TarEngine(data), limit_bytes=1 << 21)


def test_a_tree_arrives_as_files_of_the_sandboxes_user_in_folders_of_its_own() -> None:
    files = [SourceFile("a/b/c.txt", b"1"), SourceFile("a/run.sh", b"2", is_executable=True)]

    data = b"".join(tree_tar(files, nonce="n" * 32, limits=LIMITS))

    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        found = {m.name: (m.uid, oct(m.mode)) for m in tar.getmembers()}
    assert found == {
        "nonce": (0, "0o777"),
        "out": (65534, "0o755"),
        "tree": (65534, "0o755"),
        "tree/a": (65534, "0o755"),
        "tree/a/b": (65534, "0o755"),
        "tree/a/b/c.txt": (65534, "0o644"),
        "tree/a/run.sh": (65534, "0o755"),
    }


def test_many_small_files_are_counted_in_pages_and_entries() -> None:
    with pytest.raises(TooLarge, match="bytes"):
        list(tree_tar((SourceFile(str(n), b"x") for n in range(17)), nonce="", limits=LIMITS))
    with pytest.raises(TooLarge, match="files"):
        list(tree_tar((SourceFile(f"{n}/x", b"") for n in range(11)), nonce="", limits=LIMITS))
