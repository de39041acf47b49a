"""The numbers by which people name findings."""

from dataclasses import replace

from bot.domain.findings import Location, number
from tests.reviews import regression, unused_import


def test_what_came_of_another_finding_takes_no_number_from_any_other() -> None:
    red, lint = regression(), unused_import()
    other = replace(red, location=Location("z.py", 9, 9), snippet="return rows[1]")

    before = number([lint, red])
    after = number([lint, other, red], later=[other.fingerprint])

    assert [f.id for f in before] == ["F1", "F2"]
    assert [(f.id, f.rule) for f in after] == [
        ("F1", red.rule),
        ("F3", red.rule),
        ("F2", lint.rule),
    ]
