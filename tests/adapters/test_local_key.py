"""The key of names is made once, is nobody else's, and is not mistaken for another file."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bot.adapters.local_key import local_key
from bot.errors import Refused


def test_a_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "state" / "export.key"

    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: local_key(file), range(32)))

    (key,) = keys
    assert len(key) == 32
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["export.key"]


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    local_key(file := tmp_path / "export.key")
    file.chmod(0o640)

    with pytest.raises(Refused, match=r"others can read the key .* \(mode 0640\)"):
        local_key(file)


@pytest.mark.parametrize("text", ["", "secret\n", "0" * 63, "0" * 200])
def test_another_file_is_no_key(tmp_path: Path, text: str) -> None:
    (file := tmp_path / "export.key").write_text(text)
    file.chmod(0o600)

    with pytest.raises(Refused, match="is not the key that was made"):
        local_key(file)


def test_a_link_and_a_folder_are_refused(tmp_path: Path) -> None:
    local_key(tmp_path / "real.key")
    (tmp_path / "link").symlink_to(tmp_path / "real.key")

    for name in ("link", "."):
        with pytest.raises(Refused, match="key"):
            local_key(tmp_path / name)
    (tmp_path / "file").touch()
    with pytest.raises(Refused, match="cannot use the key"):
        local_key(tmp_path / "file" / "export.key")
