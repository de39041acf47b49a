"""One step in this process, up to where it would ask GitHub anything."""

import importlib.metadata
import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from bot.action import Step
from bot.errors import Refused

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "requirements-action.lock"
SOURCE = {
    "repository": {"id": 1, "full_name": "octo/shop"},
    "sender": {"id": 2, "login": "ada"},
}


def _environment(folder: Path, document: object, event: str = "pull_request") -> dict[str, str]:
    (folder / "event.json").write_text(
        document if isinstance(document, str) else json.dumps(document)
    )
    return {
        "GITHUB_EVENT_PATH": str(folder / "event.json"),
        "GITHUB_EVENT_NAME": event,
        "GITHUB_REPOSITORY": "octo/shop",
        "GITHUB_OUTPUT": str(folder / "output"),
        "GITHUB_STEP_SUMMARY": str(folder / "summary"),
        "RUNNER_TEMP": str(folder),
        "PULLWRIGHT_INPUT_GITHUB_TOKEN": "ghs_" + "0" * 36,
    }


def _refused(folder: Path, env: Mapping[str, str]) -> str:
    """Run the step to its refusal, and return what stands in the job summary."""
    step = Step(env)
    with pytest.raises(Refused):
        step.run()
    assert len(step.lines) == 1
    assert step.lines[0].startswith("::error title=Pullwright::")
    assert "conclusion<<" in (folder / "output").read_text()
    return (folder / "summary").read_text()


@pytest.mark.parametrize(
    ("event", "document", "words"),
    [
        ("pull_request", "[]", "is not an object"),
        ("pull_request", '{"action": "opened"}', "cannot be read"),
        ("pull_request", "[" * 100_000, "is not an event"),
        ("pull_request", "\x00", "is not an event"),
        ("workflow_run", "{}", "the event of workflow\\_run cannot be read"),
        ("workflow_run", "[]", "is not an object"),
        ("pull_request_target", "{}", "pull\\_request\\_target hands the secrets"),
        (
            "issue_comment",
            json.dumps(
                {
                    "repository": {"id": 9, "full_name": "octo/other"},
                    "sender": SOURCE["sender"],
                    "action": "created",
                    "issue": {"number": 1, "pull_request": {}},
                    "comment": {"id": 5, "body": "/agent help"},
                }
            ),
            "is of octo/other, and this job is of octo/shop",
        ),
    ],
)
def test_an_event_file_that_is_none_is_refused(
    tmp_path: Path, event: str, document: str, words: str
) -> None:
    told = _refused(tmp_path, _environment(tmp_path, document, event))

    assert words.replace("\\_", "_") in told.replace("\\", "")


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("GITHUB_TOKEN", "", "there is no token"),
        ("COMMAND", "paint", "command is paint, which is not one of: auto, review, fix, test"),
        ("SANDBOX_IMAGE", "python:3.12", "which is not pinned: name it as NAME"),
        ("DRY_RUN", "perhaps", "dry_run is perhaps, which is not true or false"),
        ("LLM_API_KEY", "two words", "the input llm_api_key holds characters"),
        ("LLM_BASE_URL", "ftp://example.com", "the input llm_base_url is not"),
        ("TIMEOUT_MINUTES", "0", "which is not a number of minutes from 1 to 240"),
        ("MAX_COST_USD", "a lot", "which is not an amount such as 0.50"),
        ("CONFIG_FILE", "../etc/passwd", "which is not a path inside the repository"),
        ("ALLOWED_BOTS", "all of them!", "which is not a login such as"),
        ("LEDGER", "folder/", "which is not the path of a file on the runner"),
    ],
)
def test_an_input_that_cannot_be_used_is_named_with_its_value(
    tmp_path: Path, name: str, value: str, words: str
) -> None:
    env = _environment(tmp_path, SOURCE) | {f"PULLWRIGHT_INPUT_{name}": value}

    told = _refused(tmp_path, env)

    assert words in told.replace("\\", "").replace("`", "")


def test_outside_of_a_runner_it_says_which_variable_is_missing(tmp_path: Path) -> None:
    env = _environment(tmp_path, SOURCE)
    del env["GITHUB_EVENT_PATH"]

    with pytest.raises(Refused, match="GITHUB_EVENT_PATH is not set: this command runs inside"):
        Step(env).run()


def test_the_process_sandbox_is_refused_on_a_runner(tmp_path: Path) -> None:
    env = _environment(tmp_path, SOURCE) | {"PULLWRIGHT_SANDBOX": "process"}

    assert "use docker or none" in _refused(tmp_path, env)


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("GITHUB_OUTPUT", "event.json/output"),
        ("GITHUB_STEP_SUMMARY", "event.json/summary"),
        ("GITHUB_STEP_SUMMARY", "s" * 300),
        ("RUNNER_TEMP", "event.json"),
    ],
)
def test_a_place_that_cannot_be_written_is_said_next_to_the_step(
    tmp_path: Path, name: str, path: str
) -> None:
    env = _environment(tmp_path, SOURCE, "watch") | {name: str(tmp_path / path)}
    step = Step(env)

    with pytest.raises(Refused, match="cannot write"):
        step.run()

    assert [line.partition("write")[0] for line in step.lines] == [
        "::error title=Pullwright::cannot "
    ]


def test_outputs_that_cannot_be_written_do_not_cost_the_job_summary(tmp_path: Path) -> None:
    broken = {"GITHUB_OUTPUT": str(tmp_path / "event.json" / "output")}
    step = Step(_environment(tmp_path, SOURCE, "watch") | broken)

    with pytest.raises(Refused, match="cannot write"):
        step.run()

    assert step.is_told
    assert "the event watch asks for nothing" in (tmp_path / "summary").read_text()


def test_both_places_that_cannot_be_written_are_named(tmp_path: Path) -> None:
    names = ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")
    broken = {name: str(tmp_path / "event.json" / name) for name in names}
    step = Step(_environment(tmp_path, "[]") | broken)

    with pytest.raises(Refused, match="is not an object"):
        step.run()

    assert len(step.lines) == 3
    assert [name for name, line in zip(names, step.lines[1:], strict=True) if name in line] == [
        *names
    ]


def test_a_job_summary_that_is_full_is_left_alone_and_said(tmp_path: Path) -> None:
    (tmp_path / "summary").write_bytes(b"x" * ((1 << 20) - 50))
    step = Step(_environment(tmp_path, SOURCE, "watch"))

    with pytest.raises(Refused, match="1,048,526 bytes of another step fill the job summary"):
        step.run()

    assert (tmp_path / "summary").stat().st_size == (1 << 20) - 50
    assert "conclusion<<" in (tmp_path / "output").read_text()


@pytest.mark.parametrize(
    ("event", "more", "words"),
    [
        ("watch", {}, "the event watch asks for nothing"),
        ("push", {"ref": "refs/heads/main", "after": "0" * 40}, "the event push asks for nothing"),
        (
            "issue_comment",
            {
                "action": "created",
                "issue": {"number": 1},
                "comment": {"id": 5, "body": "/agent fix"},
            },
            "the comment is on an issue, not on a pull request",
        ),
        (
            "issue_comment",
            {
                "action": "created",
                "issue": {"number": 1, "pull_request": {}},
                "comment": {"id": 5, "body": "/agent fix"},
                "sender": {"id": 3, "login": "evil[bot]"},
            },
            "is a program, and allowed_bots does not name it",
        ),
    ],
)
def test_an_event_that_asks_for_nothing_ends_well_and_says_why(
    tmp_path: Path, event: str, more: dict[str, object], words: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        Step(_environment(tmp_path, SOURCE | more, event)).run()

    assert ended.value.code == 0
    assert words in (tmp_path / "summary").read_text().replace("\\", "")


def test_the_token_stands_in_no_output(tmp_path: Path) -> None:
    token = "ghs_" + "0" * 36
    env = _environment(tmp_path, SOURCE) | {"PULLWRIGHT_INPUT_CONFIG_FILE": f"/{token}"}

    told = _refused(tmp_path, env)

    assert token not in told + (tmp_path / "output").read_text()


def test_the_action_needs_no_package_that_its_lock_does_not_have() -> None:
    # Modules that DBOS and Flask would bring along.
    program = (
        "import sys, bot.action, bot.action_work\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )

    loaded = {name for name in done.stdout.split() if not name.startswith("_")}
    names = importlib.metadata.packages_distributions()
    locked = set(re.findall(r"^([a-z0-9.-]+)==", LOCK.read_text(), re.MULTILINE))
    needed = {dist.lower().replace("_", "-") for name in loaded for dist in names.get(name, ())}
    assert {name for name in needed if name not in locked} <= {"pullwright"}


def test_the_action_installs_few_packages() -> None:
    locked = re.findall(r"^([a-z0-9.-]+)==", LOCK.read_text(), re.MULTILINE)

    assert len(locked) <= 52
