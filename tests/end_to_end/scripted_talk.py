"""What the scripted model of these tests says: picked by the schema of the reply and the prompt."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.end_to_end.app import App, open_app, start_both
from tests.model_server.replies import Answer, Asked, Reply
from tests.model_server.server import ModelServer, serving

SUM = "def total(prices):\n    return sum(prices)\n"
MEAN = {"app.py": "def total(prices):\n    return sum(prices) / len(prices)\n"}
"""A change that the model has something to say of, and no tool has."""
TEST_PATH = "test_most.py"
TEST = "from app import most\n\n\ndef test_most():\n    assert most([1, 3, 2]) == 3\n"
WITH_MEAN = SUM + "\n\ndef mean(prices):\n    return total(prices) / len(prices)\n"
"""A change with a function that no test reaches."""
COVER_TEST = "from app import mean\n\n\ndef test_mean():\n    assert mean([1, 3]) == 2\n"
_FOUND = {
    "path": "app.py",
    "line": 2,
    "symbol": "total",
    "snippet": "    return sum(prices) / len(prices)",
    "severity": "high",
    "category": "bug",
    "title": "total divides by the number of prices",
    "body": "total([1, 2]) is 1.5.",
    "confidence": 0.9,
}


def answers(asked: Asked) -> Answer:
    """Answer as a careful colleague would who knows these changes."""
    fields = set(asked.schema.get("properties", {}))
    if "judgements" in fields:
        verdict = "drop" if "wrongly said" in asked.said else "keep"
        judged = {"index": 0, "verdict": verdict, "reason": "the code says so"}
        return _json(judgements=[judged])
    if "facts" in fields:
        title = "wrongly said" if "LENGTH" in asked.said else _FOUND["title"]
        is_mean = "+    return sum(prices) / len(prices)" in asked.said
        return _json(findings=[_FOUND | {"title": title}] if is_mean else [], facts=[], lookups=[])
    if "answer" in fields:
        is_refuted = "the mean is meant" in asked.said
        words = "It was said: HELLO." if "HELLO" in asked.said else "It divides."
        reason = "the name in the contract is mean" if is_refuted else ""
        return _json(answer=words, refuted=is_refuted, reason=reason, lookups=[])
    if "tests" in fields:
        return _json(**_implemented())
    if fields == {"text", "explanation"}:
        return _json(text=COVER_TEST, explanation="The mean of two prices is between them.")
    return _json(text="", expectation="", explanation="", edits=[])


def _implemented() -> dict[str, object]:
    line = "    return sum(prices)"
    most = f"{line}\n\n\ndef most(prices):\n    return max(prices)"
    return {
        "lookups": [],
        "edits": [{"path": "app.py", "search": line, "replace": most}],
        "new_files": [],
        "tests": [{"path": TEST_PATH, "text": TEST}],
        "subject": "Add most",
        "explanation": "most returns the highest price.",
    }


def _json(**fields: object) -> Reply:
    return Reply(json.dumps(fields))


@contextmanager
def app_with(folder: Path, model: ModelServer, *, sandbox: str, key: str = "") -> Iterator[App]:
    """Start the simulator, the model's server, `serve` and `worker`."""
    with ExitStack() as stack:
        stack.enter_context(serving(model))
        more = {"CEREBRAS_BASE_URL": model.url} | ({"CEREBRAS_API_KEY": key} if key else {})
        app = stack.enter_context(open_app(folder, sandbox=sandbox, more=more))
        start_both(app)
        yield app
