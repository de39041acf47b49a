"""`review`: a model reads the hunks, the riskiest first; what it says is checked against the code.

Map, then merge: chunks are read side by side, and what they change for code elsewhere is put before
the model once more where there are several. The cost grows linearly with the diff. A model that
fails leaves the run as it would be without one, and one sentence that says so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.agent.lookups import ROUNDS, Lookups
from bot.agent.prompts.reviewing import Material, chunk_prompt, spanning_prompt
from bot.agent.side_by_side import side_by_side
from bot.agent.state import HunkKey, Observation, State
from bot.agent.surroundings import Surroundings
from bot.agent.trees import contents
from bot.domain import claims
from bot.domain.dependencies import dependency_files
from bot.domain.findings import Finding
from bot.domain.model import NOTHING, Completion, Model
from bot.domain.model_findings import SOURCE, ChunkReply, facts_of, finding_of
from bot.domain.model_words import claims_dropped, hunks_left_out, model_limit, without_model
from bot.domain.packing import Packed, Piece, pack, pieces
from bot.domain.ports import Outline, Workspace
from bot.domain.prompt import Prompt
from bot.domain.risk import risk_of
from bot.errors import BudgetSpent, ModelFailed
from bot.policy.features import Features, cost

CHUNK_BYTES = 24_000
"""Of listed diff in one prompt: what a model reads with care, and far below any context."""
MOST_CHUNKS = 64
_CONTEXT_SHARE = 0.45
"""Of a chunk's bytes, for code around it."""
_SECONDS_EXPECTED = 20.0


@dataclass(frozen=True)
class Reading:
    """What the tool reads with."""

    model: Model
    workspace: Workspace
    outline: Outline
    guidance: Mapping[str, str] = field(default_factory=dict)
    """The maintainers' files of the base, by path."""
    chunk_bytes: int = CHUNK_BYTES


class Review:
    """Reads everything that is not exempt, once per run."""

    name = SOURCE

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    def is_eligible(self, state: State) -> bool:
        return self.name not in state.tools_run and bool(_unread(state))

    def features(self, state: State) -> Features:  # noqa: ARG002 - the port's signature
        # What it would see is no reason to run it first: tools and tests are cheap, and what they
        # find is what it is asked not to repeat.
        return {"unread": 1.0, "seconds": cost(_SECONDS_EXPECTED)}

    def run(self, state: State) -> Observation:
        return _Review(self._reading, state).run()


@dataclass
class _Answered:
    """A chunk and what became of it."""

    pieces: tuple[Piece, ...]
    prompt: Prompt
    reply: ChunkReply | None = None
    error: ModelFailed | None = None
    is_cut_short: bool = False
    """It would have looked up more."""

    @property
    def is_read(self) -> bool:
        """The last reply was a report, and not only what had to be looked up first."""
        return self.reply is not None and self.error is None


class _Review:
    def __init__(self, reading: Reading, state: State) -> None:
        self._reading = reading
        self._state = state
        self._surroundings = Surroundings(reading.workspace, reading.outline)
        self._spending = NOTHING

    def run(self) -> Observation:
        packed = self._packed()
        answered = self._answered(packed)
        replies = [c.reply for c in answered if c.reply is not None and c.is_read]
        found = self._located(replies)
        spanning = self._spanning(replies, found) if len(packed.chunks) > 1 else ()
        found, dropped = claims.checked(_distinct((*found, *spanning)), self._tree())
        seen = _whole(packed, answered)
        errors = [chunk.error for chunk in answered if chunk.error is not None]
        limits, notes = _told(errors, packed)
        if dropped:
            notes = (*notes, claims_dropped(dropped))
        return Observation(
            f"{len(seen)} of {len(_unread(self._state))} hunks read by the model, "
            f"findings: {len(found)}",
            findings=self._kept(answered) + found,
            seen=seen,
            read=self._read(seen, answered),
            limits=limits,
            notes=notes,
            spending=self._spending,
        )

    def _tree(self) -> claims.Tree:
        state, workspace = self._state, self._reading.workspace
        return claims.Tree(
            state.head_paths,
            lambda: contents(
                workspace, state.change.head_sha, list(dependency_files(state.head_paths))
            ),
        )

    def _kept(self, answered: Sequence[_Answered]) -> tuple[Finding, ...]:
        """Return what others found, and what an earlier run of this tool found in other files."""
        again = {p.path for chunk in answered if chunk.is_read for p in chunk.pieces}
        return tuple(
            f for f in self._state.findings if f.source != SOURCE or f.location.path not in again
        )

    def _read(self, seen: frozenset[HunkKey], answered: Sequence[_Answered]) -> frozenset[str]:
        """Return the files of which it would say the same again: read whole, nothing missing."""
        wanted = _unread(self._state)
        missed = {path for path, _ in wanted - seen}
        missed |= {p.path for chunk in answered if chunk.is_cut_short for p in chunk.pieces}
        return frozenset(path for path, _ in wanted) - missed

    def _packed(self) -> Packed:
        state = self._state
        report = state.head_tests
        reach = report.reach if report is not None and report.is_evidence else {}
        found = pieces(
            state.diff,
            _unread(state),
            risk=lambda file, hunk: risk_of(file, hunk, reached=reach.get(file.path)),
            piece_bytes=self._reading.chunk_bytes,
        )
        return pack(found, chunk_bytes=self._reading.chunk_bytes, most_chunks=MOST_CHUNKS)

    def _answered(self, packed: Packed) -> list[_Answered]:
        """Ask about all chunks at once, and once more those that wanted to look something up."""
        answered = [_Answered(chunk, self._prompt(chunk)) for chunk in packed.chunks]
        lookups = [Lookups(self._reading.workspace, self._surroundings) for _ in answered]
        waiting = list(range(len(answered)))
        for turn in range(ROUNDS + 1):
            outcomes = side_by_side(lambda i: self._asked(answered[i].prompt), waiting)
            again: list[int] = []
            for i, outcome in zip(waiting, outcomes, strict=True):
                if isinstance(outcome, ModelFailed):
                    answered[i].error = outcome
                    continue
                self._spending += outcome.spending
                answered[i].reply = outcome.value
                blocks = lookups[i].answer(outcome.value.lookups)
                answered[i].is_cut_short = bool(blocks) and turn == ROUNDS
                if blocks and turn < ROUNDS:
                    last = "This was the last lookup: report now." if turn == ROUNDS - 1 else ""
                    answered[i].prompt = answered[i].prompt.follow(outcome.text, *blocks, last)
                    again.append(i)
            if not again:
                break
            waiting = again
        return answered

    def _asked(self, prompt: Prompt) -> Completion[ChunkReply] | ModelFailed:
        try:
            completion = self._reading.model.complete(
                prompt, ChunkReply, timeout_s=self._state.call_seconds
            )
        except ModelFailed as error:
            return error
        return completion

    def _prompt(self, chunk: Sequence[Piece]) -> Prompt:
        state = self._state
        paths = dict.fromkeys(piece.path for piece in chunk)
        size = sum(piece.size_bytes for piece in chunk)
        files = [state.diff.by_path[path] for path in paths]
        excerpts = self._surroundings.of(files, limit_bytes=int(size * _CONTEXT_SHARE))
        material = Material(
            title=state.change.title,
            guidance=self._reading.guidance,
            instructions=state.config.path_instructions,
            evidence=[f for f in state.findings if f.location.path in paths],
            excerpts=excerpts,
            settled=[f for f in state.settled if f.location.path in paths],
            language=state.config.language,
        )
        return chunk_prompt(chunk, material)

    def _located(self, replies: Sequence[ChunkReply]) -> tuple[Finding, ...]:
        reported = [said for reply in replies for said in reply.findings]
        found = (
            finding_of(
                said,
                diff=self._state.diff,
                head=self._state.head,
                symbol_at=self._surroundings.symbol_at,
            )
            for said in reported
        )
        return tuple(finding for finding in found if finding is not None)

    def _spanning(
        self, replies: Sequence[ChunkReply], found: Sequence[Finding]
    ) -> tuple[Finding, ...]:
        """Ask what comes from several parts together, where there are facts of several."""
        facts = [facts_of(reply) for reply in replies]
        if sum(bool(each) for each in facts) < 2:
            return ()
        flat = [fact for each in facts for fact in each]
        outcome = self._asked(spanning_prompt(flat, found, self._state.config.language))
        if isinstance(outcome, ModelFailed):
            return ()
        self._spending += outcome.spending
        return self._located([outcome.value])


def _unread(state: State) -> frozenset[HunkKey]:
    """Return the hunks of files that this tool has not read, in this run or in an earlier one."""
    done = state.read_by(SOURCE)
    return frozenset(key for key in state.hunks if key[0] not in done)


def _whole(packed: Packed, answered: Sequence[_Answered]) -> frozenset[HunkKey]:
    """Return the hunks all of whose parts the model has read."""
    unread = {p.key for chunk in answered if not chunk.is_read for p in chunk.pieces}
    return packed.whole - unread


def _distinct(found: Sequence[Finding]) -> tuple[Finding, ...]:
    """Leave out what was said twice of the same lines."""
    return tuple({(f.location, f.category): f for f in reversed(found)}.values())[::-1]


def _told(errors: Sequence[ModelFailed], packed: Packed) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return limits and notes: a spent budget is a limit of the run, a broken model is none."""
    spent = [error for error in errors if isinstance(error, BudgetSpent)]
    others = [error for error in errors if not isinstance(error, BudgetSpent)]
    limits = [model_limit(str(error)) for error in spent[:1]]
    if packed.left_out:
        limits.append(hunks_left_out(len({piece.key for piece in packed.left_out})))
    return tuple(limits), tuple(without_model(error) for error in others[:1])
