"""Reviews for tests of the reports: one that has everything, and parts to vary."""

from dataclasses import replace

from bot.domain.diff import Diff, FileDiff, FileStatus, Hunk
from bot.domain.edits import Edit, Patch
from bot.domain.evidence import Counts, Outcome, Proof, TestReport
from bot.domain.findings import Category, Finding, FindingId, Location, Severity, Suggestion, number
from bot.domain.ports import SandboxFacts
from bot.domain.pull_request import PullRequest, Sha
from bot.domain.review import Decision, FixOutcome, PatchResult, Review
from bot.domain.verdict import Conclusion, Cost, Coverage, SkippedFile, Verdict

BASE, MERGE_BASE, HEAD = (Sha(digit * 40) for digit in "123")
IMAGE = "sha256:" + "12ab34cd56ef" + "0" * 52
TEST = "tests/test_cart.py::test_total"

CART = b"import os\n\n\ndef total(prices):\n    return sum(prices[1:])\n"
HUNK = Hunk(
    1,
    3,
    1,
    5,
    b"+import os\n+\n \n def total(prices):\n"
    b"-    return sum(prices)\n+    return sum(prices[1:])\n",
)


def proof(**changes: object) -> Proof:
    values: dict[str, object] = {
        "target": "F401",
        "is_applied": True,
        "is_parsed": True,
        "new_lint": (),
        "is_target_gone": True,
        "is_target_back": True,
        "before": Counts(failed=0, passed=214),
        "after": Counts(failed=0, passed=214),
        "reaching": 0,
        "quality": 0.9,
    }
    return Proof(**{**values, **changes})  # type: ignore[arg-type]  # a builder takes any field


def regression_proof(**changes: object) -> Proof:
    values: dict[str, object] = {
        "target": TEST,
        "before": Counts(failed=1, passed=213),
        "after": Counts(failed=0, passed=214),
        "fail_to_pass": (TEST,),
        "reaching": 9,
        "seconds": 3.2,
        "image": IMAGE,
    }
    return proof(**{**values, **changes})


def finding(**changes: object) -> Finding:
    values: dict[str, object] = {
        "rule": "F401",
        "severity": Severity.LOW,
        "category": Category.STYLE,
        "title": "`os` imported but unused",
        "body": "Every import runs at start and may fail.",
        "location": Location("src/shop/cart.py", 1, 1),
        "snippet": "import os\n",
        "source": "ruff",
        "confidence": 0.95,
    }
    return Finding(**{**values, **changes})  # type: ignore[arg-type]  # a builder takes any field


def unused_import(**changes: object) -> Finding:
    patch = Patch((Edit("src/shop/cart.py", 1, 1, "import os\n", ""),))
    return finding(suggestion=Suggestion(patch, "autofix", proof(**changes)))


def plain() -> Finding:
    place = Location("src/shop/cart.py", 4, 4)
    return finding(rule="E711", title="comparison to None", location=place, snippet="x == None\n")


def regression(**changes: object) -> Finding:
    edit = Edit(
        "src/shop/cart.py", 5, 5, "    return sum(prices[1:])\n", "    return sum(prices)\n"
    )
    return finding(
        rule="regression",
        severity=Severity.HIGH,
        category=Category.REGRESSION,
        title="test_total passed before this change and fails now",
        body=f"`{TEST}` fails with: assert 2 == 3\nThe cause is the hunk at src/shop/cart.py:5.",
        location=Location("src/shop/cart.py", 5, 5),
        snippet=edit.old_text,
        source="test",
        confidence=1.0,
        evidence=(TEST,),
        suggestion=Suggestion(Patch((edit,)), "bisect", regression_proof(**changes)),
    )


def verdict(
    conclusion: Conclusion = Conclusion.FINDINGS, *, seen: int = 12, limits: tuple[str, ...] = ()
) -> Verdict:
    skipped = (
        SkippedFile("docs/guide.md", "prose", is_exempt=True),
        SkippedFile("src/pay.zig", "no tool knows this language", is_exempt=False),
    )
    return Verdict(
        conclusion, Coverage(seen, 12, skipped), limits, ("lint", "test", "finish"), Cost(4.25)
    )


def suite(*, failed: bool) -> TestReport:
    outcomes = {f"tests/test_cart.py::test_{i}": Outcome.PASSED for i in range(4)}
    outcomes[TEST] = Outcome.FAILED if failed else Outcome.PASSED
    messages = {TEST: "E   assert 2 == 3\n"} if failed else {}
    command = ("python", "-m", "pytest")
    return TestReport(command, int(failed), outcomes, 1.5, messages=messages, image=IMAGE)


def reaching(*lines: int) -> Review:
    """Return a review of the changed `cart.py` whose tests run these lines of it."""
    reach = {"src/shop/cart.py": {line: frozenset({TEST}) for line in lines}}
    head = replace(suite(failed=True), reach=reach)
    return replace(review(), head_tests=head, contents={"src/shop/cart.py": CART})


def decision(step: int = 1, tool: str = "lint") -> Decision:
    shares = {"lint": {"unseen": 3.0, "seconds": -0.25}, "finish": {}}
    return Decision(
        step=step,
        tool=tool,
        eligible={"lint": True, "autofix": False, "finish": True},
        features={"lint": {"unseen": 1.0, "seconds": 0.625}, "finish": {}},
        utilities={name: sum(parts.values()) for name, parts in shares.items()},
        contributions=shares,
        propensities={"lint": 1.0, "finish": 0.0},
        policy_version="hand-1",
        seconds=0.8,
        observation="12 of 12 hunks read, 2 findings",
    )


def diff() -> Diff:
    modes = {"old_mode": "100644", "new_mode": "100644", "is_binary": False}
    path = "src/shop/cart.py"
    file = FileDiff(path, path, FileStatus.MODIFIED, hunks=(HUNK,), **modes)  # type: ignore[arg-type]  # modes mixes str and bool
    return Diff(MERGE_BASE, HEAD, (file,))


def review(**changes: object) -> Review:
    values: dict[str, object] = {
        "change": PullRequest(
            "shop", None, BASE, MERGE_BASE, HEAD, "feature/discounts", can_push=True
        ),
        "verdict": verdict(),
        "run_id": "run-1",
        "diff": diff(),
        "findings": number([regression(), unused_import(), plain()]),
        "decisions": (decision(), decision(2, "finish")),
        "base_tests": suite(failed=False),
        "head_tests": suite(failed=True),
        "sandboxes": (SandboxFacts("docker", IMAGE, "Docker Engine answers"),),
        "notes": ("the tests ran with the merge base's dependencies",),
        "contents": {"src/shop/cart.py": CART},
    }
    return Review(**{**values, **changes})  # type: ignore[arg-type]  # a builder takes any field


def _patch() -> PatchResult:
    text = review().patch_text(
        Suggestion(Patch((Edit("src/shop/cart.py", 1, 1, "import os\n", ""),)), "")
    )
    return PatchResult(1, text, "autofix", proof(), finding_id=FindingId("F2"), is_offered=True)


def fix_outcome(**changes: object) -> FixOutcome:
    values: dict[str, object] = {
        "review": review(),
        "patches": (_patch(),),
        "commit": Sha("4" * 40),
    }
    return FixOutcome(**{**values, **changes})  # type: ignore[arg-type]  # a builder takes any field
