"""A review that goes on from an earlier one says what a review of everything would say."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random

import pytest

from bot.adapters.process_sandbox import ProcessSandboxes
from bot.agent.earlier import Earlier, going_on, reading_of
from bot.agent.linting import Linter
from bot.agent.looking import look_of
from bot.agent.loop import Loop
from bot.agent.prove import Prover
from bot.agent.review import Episode, run_episode, start
from bot.agent.testing import Suite
from bot.agent.tools.autofix import Autofix
from bot.agent.tools.bisect import Bisect
from bot.agent.tools.finish import Finish
from bot.agent.tools.lint import Lint
from bot.agent.tools.test import Test
from bot.agent.tools.verify import Verify
from bot.domain.findings import Finding, FindingState
from bot.domain.identity import reconcile
from bot.domain.ledger import KnownFinding, PullKey
from bot.domain.ports import Workspace
from bot.domain.reading import Reading
from bot.domain.record_json import dump, load
from bot.domain.repo_config import RepoConfig
from bot.policy.selection import HAND_WEIGHTS, Greedy
from bot.wiring import build_run
from tests.agent.toys import Bench, Heard, ToyAnalyzer, ToyClock, ToyRunner, ToySyntax
from tests.domain.pushes import NOBODY
from tests.fakes.ledger import FakeFindings
from tests.fakes.sandbox import FakeSandboxes
from tests.pull_history import Edit, Files, PullHistory, disturb

PULL = PullKey(1, 1)
BASE = {"a.toy": b"one\n", "b.toy": b"one\n", "c.rs": b"one\n"}


def review(bench: Bench, earlier: Earlier | None = None) -> Episode:
    first = start(bench.workspace, bench.config)
    return run_episode(bench.loop, going_on(first, earlier) if earlier else first, run_id="run2")


def after(bench: Bench) -> Earlier:
    """Review everything, and return what the ledger knows of it."""
    made = review(bench)
    reading = load(Reading, dump(reading_of(made.state, "basis")))
    return Earlier(made.review.change.head_sha, reading.files)


def read(bench: Bench) -> set[str]:
    return {path for look in bench.analyzer.looks for path in look}


def test_a_file_that_is_the_same_is_not_read_again() -> None:
    earlier = after(Bench(BASE, {"a.toy": b"BUG 1\n", "b.toy": b"two\n"}))
    bench = Bench(BASE, {"a.toy": b"BUG 1\n", "b.toy": b"BUG 2\n"})

    made = review(bench, earlier)

    assert [f.snippet for f in made.review.findings] == ["BUG 1\n", "BUG 2\n"]
    assert made.review.verdict.coverage.hunks_seen == 2
    assert "a.toy" not in bench.analyzer.looks[0]
    assert made.review.since is not None
    assert (made.review.since.hunks_anew, made.review.since.hunks_total) == (1, 2)


def test_where_nothing_is_new_no_analyzer_looks_and_the_tests_still_run() -> None:
    head = {"a.toy": b"BUG 1\n", "t.tests": b"one a.toy BUG\n"}
    earlier = after(Bench(BASE, head))
    bench = Bench(BASE, head)

    made = review(bench, earlier)

    assert read(bench) == set()
    assert "test" in made.review.verdict.tools
    assert [f.snippet for f in made.review.findings] == ["BUG 1\n"]


def test_a_changed_base_side_is_looked_at_again() -> None:
    head = {"a.toy": b"BUG 1\nBUG 2\n"}
    earlier = after(Bench(BASE, head))
    bench = Bench({**BASE, "a.toy": b"BUG 1\n"}, head)

    made = review(bench, earlier)

    assert read(bench) == {"a.toy"}
    assert [f.snippet for f in made.review.findings] == ["BUG 2\n"]


def test_what_an_earlier_run_did_not_see_is_looked_at_again() -> None:
    head = {"c.rs": b"two\n", "a.toy": b"two\n"}
    earlier = after(Bench(BASE, head))

    made = review(Bench(BASE, head), earlier)

    assert {path for path, _ in made.state.carried} == {"a.toy"}
    assert made.review.verdict.coverage.hunks_seen == 1


def test_what_only_a_test_reached_is_not_carried() -> None:
    tests = {"t.tests": b"one c.rs two\n"}
    head = {"c.rs": b"two\n"}
    earlier = after(Bench({**BASE, **tests}, head))

    assert review(Bench({**BASE, **tests}, head), earlier).review.verdict.coverage.is_whole
    without = review(Bench(BASE, {**head, "a.toy": b"two\n"}), earlier)
    assert without.review.verdict.coverage.hunks_seen == 1


def test_a_run_whose_analyzer_broke_down_leaves_nothing_behind() -> None:
    bench = Bench(BASE, {"a.toy": b"BUG 1\n"}, analyzer=ToyAnalyzer(is_broken=True))

    assert after(bench).files == ()


def test_a_tool_that_did_not_read_a_file_reads_it_still() -> None:
    head = {"a.toy": b"BUG 1\n", "b.toy": b"BUG 2\n"}
    whole = after(Bench(BASE, head))
    earlier = replace(whole, files=[replace(f, by=("another",)) for f in whole.files])
    bench = Bench(BASE, head)

    made = review(bench, earlier)

    assert read(bench) == {"a.toy", "b.toy"}
    assert len({f.fingerprint for f in made.review.findings}) == 2


def test_a_suggestion_stands_with_the_head_that_it_was_proved_on() -> None:
    bench = Bench({**BASE, "t.tests": b"one b.toy one\n"}, {"a.toy": b"BUG 1\n"})
    earlier = after(bench)

    (finding,) = review(bench, earlier).review.findings

    assert finding.suggestion is not None
    assert finding.suggestion.proof is not None
    assert finding.suggestion.proof.head_sha == earlier.head_sha
    assert finding.fix is None


# The verdict is that of a full review, whatever people do to the branch.


@dataclass
class Line:
    """The reviews of one pull request, full ones or such that go on, with their ledger."""

    is_full: bool
    ledger: FakeFindings = field(default_factory=FakeFindings)
    earlier: Earlier | None = None
    carried: int = 0

    def review(self, workspace: Workspace, loop: Loop) -> Episode:
        first = start(workspace, RepoConfig())
        if self.earlier is not None and not self.is_full:
            first = going_on(first, self.earlier)
        made = run_episode(loop, first, run_id="run")
        self.carried += len(first.carried)
        kept = load(Reading, dump(reading_of(made.state, "basis")))
        self.earlier = Earlier(workspace.change.head_sha, kept.files)
        look = look_of(made, ToySyntax())
        told = self.ledger.revise(PULL, lambda known: reconcile(known, look))
        return replace(made, review=replace(made.review, findings=told.findings))

    def stumble(self, workspace: Workspace, loop: Loop) -> None:
        """Go on from a review in which an analyzer broke down and whose findings were lost."""
        line = Line(self.is_full, earlier=self.earlier)
        line.review(workspace, loop)
        self.earlier = line.earlier

    def dismiss(self, choice: int) -> None:
        standing = [k.id for k in self.known if k.state is FindingState.OPEN]
        if standing:
            self.ledger.dismiss(PULL, standing[choice % len(standing)], NOBODY)

    @property
    def known(self) -> tuple[KnownFinding, ...]:
        return self.ledger.known(PULL)


def plain(finding: Finding) -> Finding:
    return replace(finding, fix=None, suggestion=None)


MakeLoop = Callable[..., Loop]
"""Takes the change; with `is_broken`, an analyzer breaks down."""


def follow(pull: PullHistory, edit: Edit, random: Random, make: MakeLoop, pushes: int) -> int:
    """Review after each push in both ways, compare, and return how many hunks were carried."""
    full, going = Line(is_full=True), Line(is_full=False)
    for _ in range(pushes):
        if not pull.is_empty:
            with closing(pull.open()) as workspace:
                if random.random() < 0.3:
                    going.stumble(workspace, make(workspace, is_broken=True))
                whole = full.review(workspace, make(workspace)).review
                part = going.review(workspace, make(workspace)).review
            assert part.verdict.conclusion == whole.verdict.conclusion
            assert part.verdict.coverage == whole.verdict.coverage
            assert [plain(f) for f in part.findings] == [plain(f) for f in whole.findings]
            assert going.known == full.known
        if random.random() < 0.3:
            choice = random.randrange(100)
            full.dismiss(choice)
            going.dismiss(choice)
        disturb(pull, edit, random)
    return going.carried


def toy_edit(files: Files, random: Random) -> Files:
    path = random.choice([p for p in sorted(files) if not p.endswith(".tests")])
    rows = files[path].split(b"\n")
    at = random.randrange(len(rows))
    word = random.choice((b"BUG", b"fine", b"two"))
    rows[at : at + random.randrange(2)] = [word + b" %d" % random.randrange(50)]
    return {**files, path: b"\n".join(rows)}


def toy_files(random: Random) -> Files:
    names = ("a.toy", "b.toy", "lib/c.toy", "d.rs", "notes.md")
    made: Files = {n: b"".join(b"line %d\n" % i for i in range(30)) for n in names}
    made["t.tests"] = b"one d.rs line 3\ntwo a.toy line 7\n"
    for _ in range(3):
        made = toy_edit(made, random)
    return made


def toy_loop(workspace: Workspace, *, is_broken: bool = False) -> Loop:
    clock, syntax, sandboxes = ToyClock(), ToySyntax(), FakeSandboxes()
    linter = Linter(sandboxes, [ToyAnalyzer(is_broken=is_broken)], syntax)
    suite = Suite(workspace, sandboxes, ToyRunner())
    prover = Prover(linter, suite, syntax, clock)
    tools = (Lint(linter), Test(suite), Bisect(suite), Autofix(), Verify(prover), Finish())
    return Loop(tools, Greedy(HAND_WEIGHTS), clock, Heard())


@pytest.mark.parametrize("seed", range(8))
def test_going_on_says_what_a_full_review_says(seed: int, tmp_path: Path) -> None:
    random = Random(seed)
    main = toy_files(random)
    head = toy_edit(toy_edit(toy_edit(main, random), random), random)

    carried = follow(PullHistory(tmp_path, main, head), toy_edit, random, toy_loop, pushes=10)

    assert carried > 0


PYTHON = (
    b"import os", b"x = {}", b"def f(a=[]):", b"    return a is 'b'", b"", b"import json",
    b"y = f'{x}'", b"try:", b"    raise ValueError", b"except Exception as e:", b"    pass",
)  # fmt: skip
SHELL = (b". ./lib.sh", b"echo $name", b'rm -rf "$dir"/*', b"name=1", b"cd x", b"if [ $a == 1 ]; then echo; fi")  # fmt: skip  # noqa: E501


def real_edit(files: Files, random: Random) -> Files:
    path = random.choice(sorted(files))
    rows = files[path].split(b"\n")
    at = random.randrange(len(rows))
    rows[at : at + random.randrange(2)] = [random.choice(SHELL if ".sh" in path else PYTHON)]
    return {**files, path: b"\n".join(rows)}


def real_loop(workspace: Workspace, *, is_broken: bool = False) -> Loop:
    sandboxes = ProcessSandboxes(reason="a test", search_path="/usr/bin:/bin")
    tools = ["autofix" if is_broken else "lint"]
    return build_run(workspace, RepoConfig(), sandboxes, Heard(), tools=tools).loop


def test_a_script_is_read_again_with_those_that_it_sources(tmp_path: Path) -> None:
    main: Files = {"run.sh": b"#!/bin/sh\n", "lib.sh": b"#!/bin/sh\n"}
    run, safe = b"#!/bin/sh\n. ./lib.sh\nrm $name\n", b"#!/bin/sh\nname=1\n"
    pull = PullHistory(tmp_path, main, {"run.sh": run, "lib.sh": safe})
    line = Line(is_full=False)
    rules = []
    for lib in (safe, safe + b"name='a b'\n"):
        pull.push({"run.sh": run, "lib.sh": lib})
        with closing(pull.open()) as workspace:
            made = line.review(workspace, real_loop(workspace))
        rules.append([f.rule for f in made.review.findings])

    assert rules == [[], ["SC2086"]]


@pytest.mark.parametrize("seed", range(3))
def test_going_on_with_the_real_analyzers_says_what_a_full_review_says(
    seed: int, tmp_path: Path
) -> None:
    random = Random(seed)
    main: Files = {f"m{n}.py": b"\n".join(PYTHON) for n in range(3)}
    main |= {"run.sh": b"#!/bin/sh\n. ./lib.sh\necho $name\n", "lib.sh": b"name='a b'\n"}
    head = main
    for _ in range(6):
        head = real_edit(head, random)

    carried = follow(PullHistory(tmp_path, main, head), real_edit, random, real_loop, pushes=5)

    assert carried > 0
