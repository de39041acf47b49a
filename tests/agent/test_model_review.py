"""The tools that ask a model: what they send, what they believe, and what a bad reply changes."""

from collections.abc import Sequence

import pytest

from bot.agent.review import Episode
from bot.domain.findings import Severity
from bot.domain.model_findings import (
    ChunkReply,
    CritiqueReply,
    Judgement,
    Lookup,
    ReportedFinding,
)
from bot.domain.verdict import Conclusion
from bot.errors import BudgetSpent, ModelFailed, ReplyUnusable
from tests.agent.model_toys import ToyModel, model_tools
from tests.agent.toys import Bench

BASE = {
    "shop/cart.py": b"def total(prices):\n    return sum(prices)\n",
    "shop/till.py": b"from shop.cart import total\n\n\ndef pay(due):\n    return total(due)\n",
    "notes.md": b"Hello\n",
}
HEAD = {"shop/cart.py": b"def total(prices):\n    return sum(prices) / len(prices)\n"}


def _said(snippet: str = "return sum(prices) / len(prices)", **more: object) -> ReportedFinding:
    values: dict[str, object] = {
        "path": "shop/cart.py",
        "line": 2,
        "symbol": "total",
        "snippet": snippet,
        "severity": "high",
        "category": "bug",
        "title": "total divides by the number of prices",
        "body": "total([1, 2]) is 1.5, and pay expects 3.",
        "confidence": 0.9,
    }
    return ReportedFinding.model_validate(values | more)


def _reply(
    *found: ReportedFinding, facts: Sequence[str] = (), lookups: Sequence[Lookup] = ()
) -> ChunkReply:
    return ChunkReply(findings=found, facts=tuple(facts), lookups=tuple(lookups))


def _judged(verdict: str, index: int = 0) -> CritiqueReply:
    judgement = {"index": index, "verdict": verdict, "reason": "it is."}
    return CritiqueReply(judgements=(Judgement.model_validate(judgement),))


def _model(reply: ChunkReply | Exception, critique: CritiqueReply | Exception) -> ToyModel:
    return ToyModel({"ChunkReply": lambda _: reply, "CritiqueReply": lambda _: critique})


def _run(
    model: ToyModel,
    head: dict[str, bytes] | None = None,
    *,
    chunk_bytes: int = 24_000,
) -> Episode:
    bench = Bench(
        BASE,
        head or HEAD,
        more_tools=lambda workspace: model_tools(model, workspace, chunk_bytes=chunk_bytes),
    )
    return bench.review()


def test_a_finding_stands_where_the_quoted_code_is_whatever_number_came_with_it() -> None:
    episode = _run(_model(_reply(_said(line=77)), _judged("keep")))

    (finding,) = episode.review.findings
    assert (finding.location.start_line, finding.location.end_line) == (2, 2)
    assert (finding.source, finding.severity) == ("review", Severity.HIGH)


def test_the_model_is_shown_the_diff_its_callers_and_what_tools_found() -> None:
    model = _model(_reply(), _judged("keep"))

    _run(model)

    (_, text), *_ = model.prompts
    assert "   2 +    return sum(prices) / len(prices)" in text
    assert "     -    return sum(prices)" in text
    assert "calls total" in text
    assert "return total(due)" in text


def test_hunks_that_the_model_read_are_seen() -> None:
    verdict = _run(_model(_reply(), _judged("keep"))).review.verdict

    assert verdict.conclusion is Conclusion.SUCCESS
    assert (verdict.coverage.hunks_seen, verdict.coverage.hunks_total) == (1, 1)


def test_finding_nothing_is_a_good_review() -> None:
    assert _run(_model(_reply(), _judged("keep"))).review.findings == ()


def test_what_the_second_look_refutes_is_gone() -> None:
    assert _run(_model(_reply(_said()), _judged("drop"))).review.findings == ()


def test_what_the_second_look_weakens_is_milder() -> None:
    (finding,) = _run(_model(_reply(_said()), _judged("weaken"))).review.findings

    assert finding.severity is Severity.MEDIUM
    assert finding.confidence == pytest.approx(0.54)


def test_a_finding_that_the_second_look_forgot_is_not_called_severe() -> None:
    (finding,) = _run(_model(_reply(_said()), CritiqueReply(judgements=()))).review.findings

    assert finding.severity is Severity.MEDIUM
    assert finding.confidence == pytest.approx(0.45)


def test_a_quotation_that_is_nowhere_gets_no_place_next_to_the_code() -> None:
    (finding,) = _run(_model(_reply(_said("eval(prices)")), _judged("keep"))).review.findings

    assert not finding.is_located


@pytest.mark.parametrize("path", ["../../etc/passwd", "shop/till.py", ".git/config", "none.py"])
def test_a_finding_about_a_file_that_was_not_changed_is_dropped(path: str) -> None:
    assert _run(_model(_reply(_said(path=path)), _judged("keep"))).review.findings == ()


def test_a_reply_that_is_no_reply_leaves_the_review_as_it_is_without_a_model() -> None:
    without = Bench(BASE, HEAD).review().review

    with_model = _run(_model(ReplyUnusable("the reply is no JSON"), _judged("keep"))).review

    assert with_model.verdict.conclusion is without.verdict.conclusion
    assert with_model.verdict.coverage == without.verdict.coverage
    assert with_model.findings == without.findings
    (note,) = set(with_model.notes) - set(without.notes)
    assert "the model was of no use" in note
    assert "no JSON" in note


def test_a_spent_budget_is_a_limit_of_the_run() -> None:
    spent = BudgetSpent("the model's budget of 10 tokens: 10 are used")

    verdict = _run(_model(spent, _judged("keep"))).review.verdict

    assert any("budget of 10 tokens" in limit for limit in verdict.limits)


def test_a_model_that_fails_at_the_second_look_leaves_weaker_findings_and_says_so() -> None:
    review = _run(_model(_reply(_said()), ModelFailed("it is down"))).review

    assert review.findings[0].severity is Severity.MEDIUM
    assert any("no second look" in note for note in review.notes)


def test_what_was_spent_is_in_the_verdict() -> None:
    cost = _run(_model(_reply(_said()), _judged("keep"))).review.verdict.cost

    assert (cost.prompt_tokens, cost.completion_tokens, cost.usd) == (200, 20, 0.02)


def test_a_large_change_is_read_in_parts_and_then_as_a_whole() -> None:
    head = {f"shop/m{i}.py": b"".join(b"x%d = %d\n" % (n, n) for n in range(40)) for i in range(4)}
    seen: list[str] = []

    def answer(text: str) -> ChunkReply:
        seen.append(text)
        return _reply(facts=[f"part {len(seen)} renames total"])

    model = ToyModel({"ChunkReply": answer})
    verdict = _run(model, head, chunk_bytes=800).review.verdict

    assert len(seen) > 4
    assert "part 1 renames total" in seen[-1]
    assert verdict.coverage.is_whole


def test_a_finding_that_spans_parts_is_found_by_the_last_look() -> None:
    head = {**HEAD, **{f"m{i}.py": b"y = 1\n" * 60 for i in range(3)}}

    def answer(text: str) -> ChunkReply:
        is_last = "read in parts" in text
        return _reply(_said()) if is_last else _reply(facts=["total is a mean now"])

    model = ToyModel({"ChunkReply": answer, "CritiqueReply": lambda _: _judged("keep")})

    assert [f.location.path for f in _run(model, head, chunk_bytes=500).review.findings] == [
        "shop/cart.py"
    ]


def test_the_same_finding_from_two_parts_is_one() -> None:
    model = _model(_reply(_said(), _said(title="a mean, not a sum")), _judged("keep"))

    assert len(_run(model).review.findings) == 1


def _lookup(kind: str, **more: object) -> Lookup:
    values: dict[str, object] = {
        "kind": kind, "path": "", "first_line": 1, "last_line": 9, "text": "",
    }  # fmt: skip
    return Lookup.model_validate(values | more)


@pytest.mark.parametrize(
    ("lookup", "answer"),
    [
        (_lookup("read", path="shop/till.py", first_line=4, last_line=5), "   4 def pay(due):"),
        (_lookup("read", path="../../etc/passwd"), "there is no such text file"),
        (_lookup("read", path=".git/config"), "there is no such text file"),
        (_lookup("symbol", text="pay"), "def pay(due):"),
        (_lookup("search", text="total"), "from shop.cart import total"),
        (_lookup("search", text="nowhere_at_all"), "nothing of that name"),
        (_lookup("list", path="shop"), "cart.py\ntill.py"),
        (_lookup("list", path="/etc"), "there is no such folder"),
    ],
)
def test_what_the_model_looks_up_comes_from_the_head_and_nowhere_else(
    lookup: Lookup, answer: str
) -> None:
    texts: list[str] = []

    def reply(text: str) -> ChunkReply:
        texts.append(text)
        return _reply(lookups=[lookup]) if len(texts) == 1 else _reply()

    _run(ToyModel({"ChunkReply": reply}))

    assert len(texts) == 2
    assert answer in texts[1]


def test_a_model_that_asks_the_same_again_and_again_gets_no_third_answer() -> None:
    lookup = _lookup("list", path="shop")
    model = _model(_reply(_said(), lookups=[lookup]), _judged("keep"))

    review = _run(model).review

    assert [name for name, _ in model.prompts] == ["ChunkReply", "ChunkReply", "CritiqueReply"]
    assert len(review.findings) == 1


def test_tools_and_tests_run_before_the_model_is_asked() -> None:
    bench = Bench(
        {**BASE, "a.tests": b"t1 shop/cart.py sum\n"},
        {**HEAD, "a.toy": b"BUG\n"},
        more_tools=lambda workspace: model_tools(_model(_reply(), _judged("keep")), workspace),
    )

    bench.review()

    order = bench.heard.started
    assert order.index("review") > max(order.index("lint"), order.index("test"))


def test_a_claim_that_the_tree_contradicts_is_dropped_and_counted() -> None:
    false = _said(title="the import fails", body="The file `shop/till.py` does not exist.")

    review = _run(_model(_reply(false), _judged("keep"))).review

    assert review.findings == ()
    assert any(note.startswith("1 finding of the model was left out") for note in review.notes)


def test_a_claim_about_a_version_is_held_against_the_manifests_of_the_head() -> None:
    said = [
        _said(title=f"x lacks mean at x=={version}", category=category)
        for version, category in (("1.0", "bug"), ("2.0", "security"))
    ]
    head = {**HEAD, "requirements.txt": b"x==2.0\n"}
    model = _model(_reply(*said), CritiqueReply(judgements=()))

    (finding,) = _run(model, head).review.findings

    assert finding.title == "x lacks mean at x==2.0"
