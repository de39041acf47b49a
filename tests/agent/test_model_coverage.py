"""What a review by a model claims to have seen, over changes and models of any kind."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.agent.tools import review
from bot.domain.model_findings import ChunkReply
from bot.errors import ModelFailed
from tests.agent.model_toys import ToyModel, model_tools
from tests.agent.toys import Bench

_NOTHING = ChunkReply(findings=(), facts=(), lookups=())
_LINES = st.lists(st.integers(0, 9999).map("x = {}".format), min_size=1, max_size=60)
_HEADS = st.dictionaries(st.sampled_from([f"m{i}.py" for i in range(5)]), _LINES, min_size=1)


@settings(max_examples=40, deadline=None)
@given(_HEADS, st.sets(st.integers(0, 12)), st.integers(1, 8))
def test_what_counts_as_seen_was_shown_to_a_model_that_answered(
    head: dict[str, list[str]], failing: set[int], most_chunks: int
) -> None:
    shown: list[str] = []
    asked = iter(range(10_000))

    def answer(text: str) -> ChunkReply | Exception:
        if next(asked) in failing:
            return ModelFailed("it is down")
        shown.append(text)
        return _NOTHING

    model = ToyModel({"ChunkReply": answer})
    files = {path: "\n".join([*rows, ""]).encode() for path, rows in head.items()}
    bench = Bench({}, files, more_tools=lambda w: model_tools(model, w, chunk_bytes=200))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(review, "MOST_CHUNKS", most_chunks)
        episode = bench.review()

    state, told = episode.state, episode.review.verdict.coverage
    named = {file.path for file in told.files_skipped}
    everything = "\n".join(shown)
    for path, index in state.hunks:
        if (path, index) in state.seen:
            rows = state.diff.by_path[path].hunks[index].lines
            assert all(f"{r.new_number:>4} +{r.text}" in everything for r in rows)
        else:
            assert path in named
    assert told.hunks_seen == len(state.seen & state.hunks)
    assert len(shown) <= most_chunks


FIXED, FACTOR = 14_000, 3.5
"""Bytes that any review may send, and how many for each byte of the diff."""


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 60), st.integers(1, 6))
def test_what_is_sent_grows_with_the_change_and_no_faster(functions: int, files: int) -> None:
    code = "".join(
        f"def f{n}(a, b):\n    c = g{n}(a) + b\n    return c * {n}\n\n\n" for n in range(functions)
    )
    head = {f"m{i}.py": code.encode() for i in range(files)}
    model = ToyModel({"ChunkReply": lambda _: _NOTHING})
    chunk = 4_000
    Bench({}, head, more_tools=lambda w: model_tools(model, w, chunk_bytes=chunk)).review()

    sent = sum(len(text) for _, text in model.prompts)
    diff = sum(len(code) + 6 * code.count("\n") for _ in head)
    assert sent <= FIXED + FACTOR * diff
