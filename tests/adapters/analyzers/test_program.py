"""An analyzer that could not look must say so; it must never look like one that found nothing."""

from collections.abc import Mapping

import pytest

from bot.adapters.analyzers.catalog import NAMES, analyzers
from bot.adapters.analyzers.program import Program, batches, readable
from bot.domain.evidence import StopReason
from bot.domain.ports import Analyzer, SourceFile
from bot.errors import AnalyzerFailed, Refused
from tests.fakes.sandbox import Answer, FakeSandbox

_FILES = {"a.py": b"x = 1\n", "a.sh": b"echo\n", ".github/workflows/a.yml": b"on: push\n"}
ON_ALL = pytest.mark.parametrize("analyzer", analyzers(), ids=lambda a: a.name)


def _look(analyzer: Analyzer, answer: Answer) -> None:
    def script(argv: tuple[str, ...], files: Mapping[str, bytes]) -> Answer:
        return answer

    sandbox = FakeSandbox(script)
    files = {path: data for path, data in _FILES.items() if analyzer.understands(path)}
    sandbox.put(SourceFile(path, data) for path, data in files.items())
    analyzer.analyze(sandbox, files)


@ON_ALL
@pytest.mark.parametrize(
    "answer",
    [
        Answer(exit_code=127),
        Answer(exit_code=126),
        Answer(exit_code=101, stderr=b"thread 'main' panicked\n"),
        Answer(exit_code=-11),
        Answer(seconds=10_000),
        Answer(stop=StopReason.OUT_OF_MEMORY),
        Answer(stop=StopReason.KILLED),
        Answer(stdout=b"{"),
        Answer(stdout=b"not json at all\n"),
        Answer(stdout=b'["\xff"]\n'),
        Answer(stdout=b'{"other": "shape"}\n'),
        Answer(stdout=b"[" * 100_000),
        Answer(stdout=b"x" * (33 << 20)),
    ],
    ids=lambda answer: f"{answer.exit_code}-{answer.stop}-{answer.stdout[:9]!r}",
)
def test_a_broken_program_is_a_failure_that_names_it(analyzer: Analyzer, answer: Answer) -> None:
    with pytest.raises(AnalyzerFailed, match=analyzer.name) as failure:
        _look(analyzer, answer)

    assert "\n" not in str(failure.value)
    assert len(str(failure.value)) < 400


def test_a_missing_program_says_that_it_is_not_installed() -> None:
    with pytest.raises(AnalyzerFailed, match="ruff is not installed in the sandbox"):
        _look(analyzers()[0], Answer(exit_code=127))


def _breaks_on(*culprits: str) -> FakeSandbox:
    def script(argv: tuple[str, ...], files: Mapping[str, bytes]) -> Answer:
        is_hit = any(f"./{culprit}" in argv for culprit in culprits)
        return Answer(exit_code=101 if is_hit else 0, stderr=b"panicked at 7\n")

    return FakeSandbox(script)


def test_one_file_that_breaks_a_tool_does_not_hide_the_others() -> None:
    paths = [f"{i}.py" for i in range(900)]
    sandbox = _breaks_on("17.py", "801.py")

    runs = Program("tool", ()).run(sandbox, paths)

    reason = "tool failed with exit code 101: panicked at 7"
    assert runs.unread == {"17.py": reason, "801.py": reason}
    looked_at = {word for argv in sandbox.runs for word in argv if word.startswith("./")}
    assert len(looked_at) == 900
    assert len(sandbox.runs) < 45


def test_a_tool_that_breaks_on_everything_is_given_up_soon() -> None:
    paths = [f"{i}.py" for i in range(900)]
    sandbox = _breaks_on(*paths)

    with pytest.raises(AnalyzerFailed, match="tool failed with exit code 101"):
        Program("tool", ()).run(sandbox, paths)

    assert len(sandbox.runs) == 25


def test_three_thousand_files_go_into_few_command_lines() -> None:
    paths = [f"some/folder/of/the/project/file_{i}.py" for i in range(3_000)]

    lists = list(batches(paths))

    assert [path for one in lists for path in one] == paths
    assert len(lists) == 3


def test_long_names_make_more_command_lines() -> None:
    lists = list(batches(["n" * 4_000] * 200))

    assert all(sum(map(len, one)) <= 256 << 10 for one in lists)
    assert sum(map(len, lists)) == 200


def test_every_path_is_passed_as_a_path_and_never_as_an_option() -> None:
    sandbox = FakeSandbox()

    Program("tool", ("--flag", "--")).run(sandbox, ["-rf", "--fix", "a"])

    assert sandbox.runs == [("tool", "--flag", "--", "./-rf", "./--fix", "./a")]


def test_names_and_texts_that_a_tool_cannot_take_are_left_out_with_the_reason() -> None:
    files = {"a\udcff.py": b"", "{out}/a.py": b"", "b.py": b"\xff", "c.py": b""}

    taken, unread = readable(files, name="tool")

    assert list(taken) == ["c.py"]
    assert sorted(unread) == ["a\udcff.py", "b.py", "{out}/a.py"]
    assert all(reason.startswith("tool cannot") for reason in unread.values())


def test_a_disabled_analyzer_is_left_out() -> None:
    assert [a.name for a in analyzers(disabled=["typos"])] == [n for n in NAMES if n != "typos"]


def test_only_the_enabled_analyzers_run_where_some_are_named() -> None:
    assert [a.name for a in analyzers(["typos"], enabled=["typos", "ruff"])] == ["ruff"]


def test_an_unknown_analyzer_is_refused_with_the_names_that_there_are() -> None:
    with pytest.raises(Refused, match="there is no analyzer ruf; there are: ruff, ast-grep"):
        analyzers(["ruf"])


def test_a_spell_checker_has_not_seen_code() -> None:
    assert [a.name for a in analyzers() if not a.is_language_aware] == ["typos"]
