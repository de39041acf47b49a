"""A run that is recorded and played again: what is equal, and how a difference is said."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest

from bot.adapters.json_report import render_json
from bot.adapters.tree_sitter_outline import TreeSitterOutline
from bot.agent.earlier import NOTHING, Known, with_known
from bot.agent.loop import Loop, Recorder, Step, forgetful
from bot.agent.replay import bundle as bundles
from bot.agent.replay.bundle import Bundle, decode, encode
from bot.agent.replay.making import Ended, bundle_of
from bot.agent.replay.playing import Played, Player
from bot.agent.replay.recording import Recording
from bot.agent.review import Episode, run_episode, start
from bot.agent.tool import Tool
from bot.agent.tools.critique import Critique
from bot.agent.tools.finish import Finish
from bot.agent.tools.review import Reading, Review
from bot.domain.findings import Finding
from bot.domain.model import Model
from bot.domain.model_findings import ChunkReply, CritiqueReply, Judgement, Lookup, ReportedFinding
from bot.domain.ports import Workspace
from bot.domain.prompt_redaction import PromptRedactor
from bot.domain.pull_request import Sha
from bot.domain.record_json import dump, load
from bot.domain.repo_config import RepoConfig
from bot.errors import BudgetSpent, ModelBusy, ModelFailed, Refused, ReplyUnusable
from bot.policy.selection import HAND_WEIGHTS, Greedy
from tests.agent.model_toys import Answer, ToyModel
from tests.agent.toys import Heard, ToyClock
from tests.fakes.workspace import FakeWorkspace
from tests.situations import Tree

BASE: Tree = {"a.py": b"def one():\n    return 1\n", "far.py": b"from a import one\n\none()\n"}
HEAD: Tree = {"a.py": b"def one():\n    return 2\n", "b.py": b"def two():\n    return 3\n"}
KEEP = CritiqueReply(judgements=(Judgement(index=0, verdict="keep", reason="it is so"),))


def said(path: str, snippet: str) -> ChunkReply:
    found = ReportedFinding.model_validate(
        {
            "path": path,
            "line": 2,
            "symbol": "",
            "snippet": snippet,
            "severity": "medium",
            "category": "bug",
            "title": f"{path} is wrong",
            "body": "It was right.",
            "confidence": 0.9,
        }
    )
    return ChunkReply(findings=(found,), facts=(), lookups=())


def of_each_file(text: str) -> ChunkReply:
    return said("a.py", "return 2") if "diff of a.py" in text else said("b.py", "return 3")


@dataclass
class Studio:
    """Records a run and plays it; the tools of both are the same."""

    answers: dict[str, Answer] = field(
        default_factory=lambda: {"ChunkReply": of_each_file, "CritiqueReply": lambda _: KEEP}
    )
    head: Tree = field(default_factory=lambda: HEAD)
    secrets: tuple[str, ...] = ()
    weights: Mapping[str, float] = field(default_factory=lambda: HAND_WEIGHTS)
    guidance: dict[str, str] = field(default_factory=dict)
    record: Recorder = forgetful
    known: Known = NOTHING

    def bundle(self) -> Bundle:
        recording = Recording(PromptRedactor(self.secrets))
        episode = self.episode(recording)
        at = datetime(2026, 11, 26, tzinfo=UTC)
        ended = Ended(episode, episode.review, "review", at, "0.1.0", tools=())
        made = bundle_of(recording, ended, render_json)
        return decode(encode(made), name="it")

    def episode(self, recording: Recording | None = None) -> Episode:
        recording = recording or Recording(PromptRedactor(self.secrets))
        workspace = FakeWorkspace(BASE, self.head)
        model = recording.model(ToyModel(self.answers))
        loop = self._loop(self._tools(model, recording.workspace(workspace)))
        first = with_known(start(workspace, RepoConfig()), self.known)
        record = recording.listening(self.record)
        return run_episode(loop, first, run_id="0" * 16, record=record)

    def play(self, bundle: Bundle) -> Played:
        player = Player(bundle)
        tools = self._tools(player.model, player.workspace)
        return player.play(self._loop([player.around(tool) for tool in tools]), render_json)

    def _tools(self, model: Model, workspace: Workspace) -> list[Tool]:
        outline = TreeSitterOutline()
        reading = Reading(model, workspace, outline, guidance=self.guidance, chunk_bytes=60)
        return [Review(reading), Critique(model)]

    def _loop(self, tools: list[Tool]) -> Loop:
        return Loop([*tools, Finish()], Greedy(self.weights), ToyClock(), Heard())


def test_a_recorded_run_plays_equal() -> None:
    bundle = Studio().bundle()

    played = Studio().play(bundle)

    assert played.differences == ()
    assert played.report == bundle.report
    assert "a.py is wrong" in played.report
    assert played.notes == ("3 steps ran again, 0 were played back from the record",)


def test_a_run_that_went_on_from_an_earlier_one_plays_equal() -> None:
    found = load(Finding, dump(Studio().episode().review.findings[0]))
    known = Known(
        since=Sha("e" * 40),
        carried=frozenset({"a.py"}),
        read=frozenset({("review", "a.py"), ("critique", "a.py")}),
        findings=(replace(found, title="it was wrong before"),),
        settled=(replace(found, title="somebody refuted this"),),
    )
    bundle = Studio(known=known).bundle()

    played = Studio().play(bundle)

    assert played.differences == ()
    assert "it was wrong before" in played.report
    assert "a.py is wrong" not in played.report
    assert bundle.known == known


def test_two_records_of_one_run_are_equal_whichever_chunk_came_back_first() -> None:
    def first_after(waiting: str) -> Bundle:
        other_is_back = threading.Event()

        def answer(text: str) -> ChunkReply:
            if f"diff of {waiting}" in text:
                assert other_is_back.wait(60)
            else:
                other_is_back.set()
            return of_each_file(text)

        return Studio({"ChunkReply": answer, "CritiqueReply": lambda _: KEEP}).bundle()

    one, other = first_after("a.py"), first_after("b.py")

    assert len(one.calls) == 3
    assert dump(one) == dump(other)


@pytest.mark.parametrize(
    "error",
    [
        ReplyUnusable("it is no JSON"),
        BudgetSpent("the budget is spent"),
        ModelBusy("come back later"),
        ModelFailed("something else"),
    ],
)
def test_a_model_that_failed_fails_again(error: ModelFailed) -> None:
    studio = Studio({"ChunkReply": lambda _: error, "CritiqueReply": lambda _: KEEP})
    bundle = studio.bundle()

    played = studio.play(bundle)

    assert played.differences == ()
    assert {call.failed.kind for call in bundle.calls if call.failed} == {type(error).__name__}


def test_what_the_model_looked_up_is_there_again() -> None:
    wanted = Lookup(kind="read", path="far.py", first_line=1, last_line=9, text="")

    def answer(text: str) -> ChunkReply:
        if "diff of a.py" in text and "far.py from line 1" not in text:
            return ChunkReply(findings=(), facts=(), lookups=(wanted,))
        return of_each_file(text)

    studio = Studio({"ChunkReply": answer, "CritiqueReply": lambda _: KEEP})
    bundle = studio.bundle()

    assert len(bundle.calls) == 4
    assert studio.play(bundle).differences == ()


def test_a_prompt_that_is_built_otherwise_is_named_first() -> None:
    bundle = Studio().bundle()

    played = Studio(guidance={"AGENTS.md": "Be kind."}).play(bundle)

    assert played.differences[0].startswith("prompt 1 (review, ChunkReply, ")
    assert (
        "is another than recorded: the code or the configuration changed" in (played.differences[0])
    )


def test_another_policy_is_said_where_it_parts() -> None:
    bundle = Studio().bundle()

    played = Studio(weights={**HAND_WEIGHTS, "unread": -9.0}).play(bundle)

    assert played.outcome is None
    assert played.differences == (
        "step 1 was review and is finish now: the policy or the configuration changed",
    )


def test_another_result_is_shown_by_its_first_line() -> None:
    bundle = Studio().bundle()
    report = bundle.report.replace('"a.py is wrong"', '"a.py is right"')

    played = Studio().play(replace(bundle, report=report))

    (difference,) = played.differences
    assert '\'"title": "a.py is right",\' and is \'"title": "a.py is wrong",\' now' in difference


def test_steps_of_another_host_are_played_back() -> None:
    steps: dict[int, Step] = {}

    def first(index: int, work: object) -> Step:
        steps[index] = work()  # type: ignore[operator]
        return steps[index]

    Studio(record=first).bundle()
    resumed = Studio(record=lambda index, work: steps[index] if index == 1 else work())

    bundle = resumed.bundle()
    played = resumed.play(bundle)

    assert [step.is_heard for step in bundle.steps] == [False, True, True]
    assert played.differences == ()
    assert played.notes == ("2 steps ran again, 1 were played back from the record",)


def test_what_is_too_large_is_left_out_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundles, "MOST_FILE_BYTES", 80)

    bundle = Studio().bundle()
    played = Studio().play(bundle)

    assert bundle.left_out == ("left out: 1 files that were read, 25 bytes",)
    assert played.differences == ()
    assert played.notes[0] == bundle.left_out[0]


def test_a_change_that_is_too_large_is_not_played(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundles, "MOST_FILE_BYTES", 30)
    bundle = Studio().bundle()

    with pytest.raises(Refused, match="cannot be played again: the change itself is too large"):
        Player(bundle)


def test_a_key_of_many_lines_leaves_a_diff_that_still_fits_its_file() -> None:
    lines = "\n".join("MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7" for _ in range(5))
    pem = f"-----BEGIN PRIVATE KEY-----\n{lines}\n-----END PRIVATE KEY-----\n"
    known = "known-secret-value"
    head = {
        "b.py": f'A = 1\n"""{pem}"""\nB = "{known}"\n'.encode(),
        "a.py": HEAD["a.py"],
        ".pullwright.yml": b"max_comments: 3\n",
    }

    bundle = Studio(head=head, secrets=(known,)).bundle()
    played = Studio().play(bundle)

    kept = dump(bundle)
    assert "MIIEvQIBADANBgkqhkiG9w0BAQ" not in kept
    assert known not in kept
    (file,) = (f for f in bundle.trees[bundle.change.head_sha].files if f.path == "b.py")
    shown = "".join(line.text for line in bundle.diff.by_path["b.py"].hunks[0].lines)
    assert shown.encode() == file.data
    assert file.data.count(b"\n") == head["b.py"].count(b"\n")  # type: ignore[union-attr]
    assert played.differences == ()
    assert "no prompt is built again" in played.notes[0]
