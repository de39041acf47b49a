"""A Python that has pytest and coverage, and no plugin of pytest: what projects under review use.

A machine's own may load any number of plugins, which take four times the CPU of a small suite.
"""

import sysconfig
import venv
from importlib.metadata import files
from pathlib import Path

PACKAGES = ("pytest", "pluggy", "iniconfig", "packaging", "pygments", "coverage")


def plain_python(folder: Path) -> Path:
    """Make it in a folder, of what is installed here, and return the folder of its programs."""
    venv.create(folder, symlinks=True, with_pip=False)
    (packages,) = folder.glob("lib/python3*/site-packages")
    ours = Path(sysconfig.get_path("purelib"))
    tops = {file.parts[0] for package in PACKAGES for file in files(package) or ()}
    for top in sorted(tops - {"..", "__pycache__"}):
        if not top.endswith(".pth"):
            (packages / top).symlink_to(ours / top)
    return folder / "bin"
