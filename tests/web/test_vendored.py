"""What we ship of others is what they published, and stands with its licence."""

import hashlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UPLOT, AXE = ROOT / "bot" / "web" / "static" / "uplot", ROOT / "tests" / "web" / "axe"
PUBLISHED = {
    UPLOT / "uPlot.iife.min.js": "19c8d4c6ad88929a79f4ae49d6f7161566dfd0ba3d15cc495e974f787eb78f1f",
    UPLOT / "uPlot.min.css": "df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04",
    AXE / "axe.min.js": "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c",
}
"""SHA-256 of the files in uplot 1.6.32 and axe-core 4.14.1 of npm."""


@pytest.mark.parametrize("file", PUBLISHED, ids=lambda file: file.name)
def test_a_file_of_others_is_as_they_published_it(file: Path) -> None:
    assert hashlib.sha256(file.read_bytes()).hexdigest() == PUBLISHED[file]


def test_their_licences_stand_next_to_them() -> None:
    assert "MIT" in (UPLOT / "LICENSE").read_text()
    assert "Mozilla Public License" in (AXE / "LICENSE").read_text()


def test_only_the_chart_library_is_shipped() -> None:
    vendored = {path.name for path in UPLOT.iterdir()}

    assert vendored == {"uPlot.iife.min.js", "uPlot.min.css", "LICENSE"}
