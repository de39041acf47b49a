"""What a search for a repair meets in real suites: it mends, or says in words why it does not."""

import sys
from collections.abc import Mapping
from pathlib import Path

from bot import wiring
from bot.adapters.process_sandbox import ProcessSandboxes
from bot.agent.review import Episode
from bot.agent.tools.repair import Wish
from bot.domain.evidence import Grade
from bot.domain.repo_config import RepoConfig
from bot.repair.search import Budget
from tests.agent.toys import Heard
from tests.fakes.workspace import FakeWorkspace

PATH = str(Path(sys.executable).parent)
"""Of an interpreter that has pytest and coverage."""
TOTAL = "test_shop.py::test_total"
RIGHT = b"def total(prices):\n    return sum(prices)\n"
WRONG = b"def total(prices):\n    return sum(prices[1:])\n"
BASE = {
    "shop.py": RIGHT,
    "test_shop.py": (
        b"from shop import total\n\n\ndef test_total():\n    assert total([3, 4]) == 7\n"
    ),
}


def _run(base: Mapping[str, bytes], head: Mapping[str, bytes], *failing: str) -> Episode:
    workspace = FakeWorkspace(base, head)
    sandboxes = ProcessSandboxes(reason="a test", search_path=PATH)
    wish = Wish(Budget(60.0, candidates=2_000), frozenset(failing))
    return wiring.build_run(workspace, RepoConfig(), sandboxes, Heard(), repair=wish).review()


def test_a_bug_outside_the_change_is_mended_where_its_test_is_named() -> None:
    episode = _run({**BASE, "shop.py": WRONG}, {"other.py": b"X = 1\n"}, TOTAL)

    (finding,) = [f for f in episode.review.findings if f.source == "test"]
    assert finding.location.path == "shop.py"
    assert finding.suggestion is not None
    assert finding.suggestion.proof is not None
    assert finding.suggestion.proof.grade is Grade.PROVED
    assert finding.suggestion.proof.fail_to_pass == (TOTAL,)


def test_a_suite_that_cannot_be_imported_ends_in_words() -> None:
    episode = _run(BASE, {"shop.py": b"import nowhere_at_all\n\n\n" + RIGHT})

    assert [f.rule for f in episode.review.findings if f.source == "test"] == ["regression"]
    (note,) = [n for n in episode.review.all_notes if "no repair was searched for" in n]
    assert note.startswith("test_shop.py cannot be loaded (ModuleNotFoundError: No module named")


def test_a_test_that_wants_a_network_is_not_searched_for() -> None:
    network = b"\n\ndef test_net():\n    raise OSError('[Errno 101] Network is unreachable')\n"
    episode = _run(BASE, {"test_shop.py": BASE["test_shop.py"] + network})

    assert any("wants a network" in note for note in episode.review.all_notes)
