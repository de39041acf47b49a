"""An export is there whole or not at all, and never over something else."""

import json
from hashlib import sha256
from pathlib import Path

import pytest

from bot.adapters.export_folder import check_empty, write_folder
from bot.errors import Refused

FILES = {"kto.jsonl": b"{}\n", "README.md": b"card"}


def test_files_and_their_digests_are_for_their_owner_alone(tmp_path: Path) -> None:
    write_folder(folder := tmp_path / "deep" / "out", FILES)

    manifest = json.loads((folder / "manifest.json").read_text())["files"]
    assert manifest == {
        n: {"sha256": sha256(d).hexdigest(), "bytes": len(d)} for n, d in FILES.items()
    }
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {p.stat().st_mode & 0o777 for p in folder.iterdir()} == {0o600}
    assert [p.name for p in folder.parent.iterdir()] == ["out"]


def test_an_empty_folder_will_do_and_any_other_will_not(tmp_path: Path) -> None:
    (folder := tmp_path / "out").mkdir()
    write_folder(folder, FILES)

    with pytest.raises(Refused, match="is not empty"):
        check_empty(folder)
    with pytest.raises(Refused, match="is not empty"):
        write_folder(folder, {})
    assert (folder / "README.md").read_bytes() == b"card"


def test_where_nothing_can_be_written_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    for folder in (tmp_path / "file", tmp_path / "file" / "out"):
        with pytest.raises(Refused, match="cannot write"):
            write_folder(folder, FILES)
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(Refused, match="cannot write"):
        write_folder(tmp_path / "link", FILES)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "link"]
