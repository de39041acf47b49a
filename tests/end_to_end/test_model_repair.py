"""A model that reviews and mends, over real pytest and real analyzers: what it says is proved."""

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from bot import wiring
from bot.adapters.process_sandbox import ProcessSandboxes
from bot.agent.review import Episode
from bot.domain.evidence import Grade
from bot.domain.model_edits import ProposedEdit, RepairReply, RewriteReply, TestReply
from bot.domain.model_findings import ChunkReply, CritiqueReply, Judgement, ReportedFinding
from bot.domain.repo_config import RepoConfig
from bot.domain.verdict import Conclusion
from tests.agent.model_toys import Answer, ToyModel
from tests.agent.toys import Heard
from tests.end_to_end.command import Command
from tests.end_to_end.test_replay import run_id
from tests.fakes.workspace import FakeWorkspace
from tests.model_server.replies import Asked
from tests.model_server.replies import Reply as HttpReply
from tests.model_server.server import ModelServer, serving
from tests.situations import repository

"""Of an interpreter that has pytest and coverage."""
BASE = {
    "shop.py": b"def total(prices):\n    return sum(prices)\n",
    "test_shop.py": (
        b"from shop import total\n\n\ndef test_of_nothing():\n    assert total([]) == 0\n"
    ),
}
WRONG = b"def total(prices):\n    return sum(prices[1:])\n"
MENDED = "    return sum(prices)"
SHOWS_IT = "from shop import total\n\n\ndef test_one_price():\n    assert total([3]) == 3\n"
SHOWS_NOTHING = "from shop import total\n\n\ndef test_none():\n    assert total([]) == 0\n"


def _finding(_: str) -> ChunkReply:
    said = ReportedFinding.model_validate(
        {
            "path": "shop.py",
            "line": 2,
            "symbol": "total",
            "snippet": "return sum(prices[1:])",
            "severity": "high",
            "category": "bug",
            "title": "total leaves out the first price",
            "body": "total([3]) is 0.",
            "confidence": 0.8,
        }
    )
    return ChunkReply(findings=(said,), facts=(), lookups=())


def _keep(_: str) -> CritiqueReply:
    return CritiqueReply(judgements=(Judgement(index=0, verdict="keep", reason="it is so"),))


def _edit(path: str, search: str, replace: str) -> RewriteReply:
    return RewriteReply(
        edits=(ProposedEdit(path=path, search=search, replace=replace),), explanation="mended"
    )


def _run(
    test: str, rewrite: Callable[[str], RewriteReply], head: Mapping[str, bytes] | None = None
) -> tuple[Episode, ToyModel]:
    workspace = FakeWorkspace(BASE, head or {"shop.py": WRONG})
    answers: dict[str, Answer] = {
        "ChunkReply": _finding,
        "CritiqueReply": _keep,
        "TestReply": lambda _: TestReply(text=test, expectation="the sum of all prices"),
        "RewriteReply": rewrite,
    }
    model = ToyModel(answers)
    sandboxes = ProcessSandboxes(reason="a test", search_path=os.environ["PATH"])
    run = wiring.build_run(workspace, RepoConfig(), sandboxes, Heard(), model=model)
    return run.review(), model


def test_a_claim_that_a_test_shows_is_mended_with_proof() -> None:
    episode, _ = _run(SHOWS_IT, lambda _: _edit("shop.py", "    return sum(prices[1:])", MENDED))

    (finding,) = episode.review.findings
    assert finding.reproduction is not None
    assert finding.reproduction.passes_at_base
    assert finding.confidence == 1.0
    assert finding.body.endswith(
        "Reproduced: test_one_price fails at head and passes at the merge base."
    )
    assert finding.suggestion is not None
    assert finding.suggestion.source == "rewrite"
    proof = finding.suggestion.proof
    assert proof is not None
    assert proof.grade is Grade.PROVED
    assert proof.fail_to_pass == finding.reproduction.tests


def test_what_failed_is_told_in_the_next_round() -> None:
    def rewrite(text: str) -> RewriteReply:
        is_second = "attempt 1" in text
        new = MENDED if is_second else "    return 3"
        return _edit("shop.py", "    return sum(prices[1:])", new)

    episode, model = _run(SHOWS_IT, rewrite)

    asked = [text for name, text in model.prompts if name == "RewriteReply"]
    assert len(asked) == 2
    assert "test_of_nothing" in asked[1]
    (finding,) = episode.review.findings
    assert finding.suggestion is not None
    assert "return sum(prices)\n" in episode.review.patch_text(finding.suggestion)


BUG = "    return sum(prices[1:])"


@pytest.mark.parametrize(
    "edits",
    [
        (
            ("test_shop.py", "    assert total([]) == 0", "    assert True"),
            (".github/workflows/x.yml", "on: push", "on: pull_request_target"),
            ("../../etc/passwd", "root", "toor"),
        ),
        (
            ("shop.py", BUG, "    return 3  # noqa"),
            ("shop.py", "    return nothing", MENDED),
            ("shop.py", "", MENDED),
        ),
    ],
)
def test_a_patch_that_no_fix_may_make_is_never_offered(
    edits: tuple[tuple[str, str, str], ...],
) -> None:
    left = list(edits)

    episode, _ = _run(SHOWS_IT, lambda _: _edit(*left.pop(0)))

    (finding,) = episode.review.findings
    assert not left
    assert finding.suggestion is None


def test_a_claim_that_no_test_shows_is_weaker_and_gets_no_patch() -> None:
    episode, model = _run(SHOWS_NOTHING, lambda _: _edit("shop.py", "x", "y"))

    (finding,) = episode.review.findings
    assert finding.reproduction is None
    assert finding.confidence == pytest.approx(0.64)
    assert "RewriteReply" not in {name for name, _ in model.prompts}
    assert episode.review.verdict.conclusion is Conclusion.FINDINGS


def test_a_test_that_does_not_load_shows_nothing() -> None:
    episode, _ = _run("import nowhere_at_all\n", lambda _: _edit("shop.py", "x", "y"))

    assert episode.review.findings[0].reproduction is None


def test_a_regression_is_mended_better_than_by_taking_it_back() -> None:
    base_test = BASE["test_shop.py"] + b"\n\ndef test_two():\n    assert total([1, 2]) == 3\n"
    workspace = FakeWorkspace(
        {**BASE, "test_shop.py": base_test},
        {"shop.py": WRONG + b"\n\ndef mean(prices):\n    return total(prices) / len(prices)\n"},
    )
    answers: dict[str, Answer] = {
        "ChunkReply": lambda _: ChunkReply(findings=(), facts=(), lookups=()),
        "RewriteReply": lambda _: _edit("shop.py", "    return sum(prices[1:])", MENDED),
    }
    sandboxes = ProcessSandboxes(reason="a test", search_path=os.environ["PATH"])
    run = wiring.build_run(workspace, RepoConfig(), sandboxes, Heard(), model=ToyModel(answers))

    (finding,) = run.review().review.findings

    assert finding.suggestion is not None
    assert finding.suggestion.source == "rewrite"
    assert (
        b"mean"
        in finding.suggestion.patch.apply(
            {"shop.py": workspace.trees[workspace.change.head_sha]["shop.py"]}
        )["shop.py"]
    )


def test_a_fix_with_a_model_over_http_is_proved_committed_and_plays_again(
    pullwright: Command, tmp_path: Path
) -> None:
    repo = repository(tmp_path / "project", base=TOTALS, head={"shop.py": WRONG})
    with serving(ModelServer(_proposing)) as server:
        ended = pullwright("fix", "-q", "--json", cwd=repo.path, CEREBRAS_BASE_URL=server.url)

    told = json.loads(ended.out)
    (patch,) = [p for p in told["patches"] if p["source"] == "repair"]
    asked = [chat for chat in server.chats if "fills" in chat.schema.get("properties", {})]
    assert len(asked) == 1
    assert "+    return sum(prices)\n" in patch["patch"]
    assert patch["proof"]["fail_to_pass"]
    assert (told["commit"] is None) is patch["ambiguous"]

    again = pullwright("replay", run_id(pullwright))  # its server is gone

    assert again.code == 0, again.out + again.err


def _proposing(asked: Asked) -> HttpReply:
    """Propose the mend to the search, and say nothing of use otherwise."""
    if "fills" not in asked.schema.get("properties", {}):
        return HttpReply(ChunkReply(findings=(), facts=(), lookups=()).model_dump_json())
    edit = ProposedEdit(path="shop.py", search=BUG, replace=MENDED)
    return HttpReply(RepairReply(edits=(edit,), fills=()).model_dump_json())


TOTALS = {
    **BASE,
    "test_shop.py": BASE["test_shop.py"]
    + b"\n\ndef test_all():\n    assert total([1, 2, 4]) == 7\n    assert total([5]) == 5\n",
}
