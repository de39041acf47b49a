"""What is said of where code ran, by the operator's choice."""

from pathlib import Path

from bot.domain.ports import Purpose
from bot.settings import load_settings
from bot.wiring import Place, open_sandboxes


def test_where_nothing_of_the_repository_runs_no_sandbox_claims_that_it_does(
    tmp_path: Path,
) -> None:
    settings = load_settings({"PULLWRIGHT_SANDBOX": "none", "PULLWRIGHT_STATE_DIR": str(tmp_path)})

    sandbox = open_sandboxes(settings, Place(str(tmp_path)), lambda _: False).open(Purpose.TOOLS)

    assert sandbox.facts.reason == (
        "for our analyzers alone, no code of the repository runs: PULLWRIGHT_SANDBOX is none"
    )
    sandbox.close()
