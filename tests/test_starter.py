"""What people paste or let `init` write: it is valid, short, least privileged and pinned."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from bot.adapters.starter_files import start
from bot.adapters.yaml_config import parse_config
from bot.domain.action_inputs import NAMES
from bot.domain.action_report import OUTPUTS
from bot.domain.effective_config import effective
from bot.domain.repo_config import CONFIG_PATHS
from bot.domain.starter import FOLDER, MAX_LINES, PIN, next_steps, starter_files
from bot.errors import Refused
from tests.end_to_end.command import command
from tests.end_to_end.runner import load_action

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = sorted((ROOT / "workflows").rglob("*.yml"))
BIN = Path(sys.executable).parent


def _run(*argv: str | Path) -> str:
    done = subprocess.run([str(a) for a in argv], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _repository(folder: Path) -> Path:
    _run("git", "init", "--quiet", folder)
    return folder


def _workflows(*, has_forks: bool) -> dict[str, str]:
    files = starter_files(has_forks=has_forks)
    return {Path(f.path).name: f.text for f in files if f.path.startswith(FOLDER)}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository after `init --forks`."""
    folder = _repository(tmp_path_factory.mktemp("started"))
    start(folder, starter_files(has_forks=True))
    return folder


def test_the_examples_are_what_init_writes() -> None:
    plain, forks = (_workflows(has_forks=has_forks) for has_forks in (False, True))

    shown = {str(p.relative_to(ROOT / "workflows")): p.read_text() for p in EXAMPLES}

    names = ("pullwright.yml", "pullwright-commands.yml", "pullwright-feedback.yml")
    pair = ("pullwright.yml", "pullwright-fork.yml", "pullwright-fork-publish.yml")
    assert shown == {n: plain[n] for n in names} | {f"forks/{n}": forks[n] for n in pair}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_an_example_is_short_says_its_permissions_and_pins_by_hash(example: Path) -> None:
    text = example.read_text()

    assert text.count("\n") <= MAX_LINES
    assert yaml.safe_load(text)["permissions"] == {}
    uses = re.findall(r"uses: (\S+)", text)
    assert uses
    assert [one for one in uses if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", one)] == []
    assert "pull_request_target" not in text


def test_github_and_the_auditor_take_the_action_and_all_that_init_writes(written: Path) -> None:
    workflows = sorted((written / FOLDER).iterdir())
    check = (BIN / "check-jsonschema", "--builtin-schema")

    _run(*check, "vendor.github-workflows", *workflows, *EXAMPLES)
    _run(*check, "vendor.github-actions", ROOT / "action.yml")
    audited = (*workflows, *EXAMPLES, ROOT / "action.yml")
    _run(BIN / "zizmor", "--offline", "--quiet", *audited)


def test_the_auditor_would_see_an_example_that_is_not_safe(tmp_path: Path) -> None:
    folder = _repository(tmp_path) / FOLDER
    folder.mkdir(parents=True)
    bad = EXAMPLES[0].read_text().replace("\n  pull_request:", "\n  pull_request_target:")
    bad = re.sub(r"on:.*?permissions", "on: pull_request_target\npermissions", bad, flags=re.DOTALL)
    (folder / "bad.yml").write_text(bad)

    done = subprocess.run(
        [str(BIN / "zizmor"), "--offline", "--quiet", str(tmp_path)],
        capture_output=True,
        check=False,
    )

    assert done.returncode != 0


def test_the_action_has_the_inputs_and_outputs_that_the_code_reads_and_writes() -> None:
    action = load_action()
    (step,) = action["runs"]["steps"]

    assert tuple(action["inputs"]) == NAMES
    assert tuple(action["outputs"]) == OUTPUTS
    assert step["env"] == {
        f"PULLWRIGHT_INPUT_{name.upper()}": f"${{{{ inputs.{name} }}}}" for name in NAMES
    }
    assert {o["value"] for o in action["outputs"].values()} == {
        f"${{{{ steps.pullwright.outputs.{name} }}}}" for name in OUTPUTS
    }


def test_the_script_of_the_step_is_one_that_the_auditor_of_scripts_takes() -> None:
    _run(BIN / "shellcheck", ROOT / "docker" / "action.sh")


def test_no_expression_is_pasted_into_a_script() -> None:
    scripts = [step["run"] for step in load_action()["runs"]["steps"]]

    assert [script for script in scripts if "${{" in script] == []


def test_what_is_pinned_is_a_commit_of_ours_with_the_inputs_of_today() -> None:
    found = subprocess.run(
        ["git", "show", f"{PIN}:action.yml"], cwd=ROOT, capture_output=True, check=False
    )

    if not (ROOT / ".git").exists():
        pytest.skip("this is no checkout, so there is no history to look into")
    assert found.returncode == 0, found.stderr
    pinned, now = (yaml.safe_load(t) for t in (found.stdout, (ROOT / "action.yml").read_text()))
    assert pinned["inputs"].keys() == now["inputs"].keys()
    assert pinned["outputs"].keys() == now["outputs"].keys()


def test_the_configuration_that_init_writes_is_valid_and_changes_nothing(written: Path) -> None:
    data = (written / CONFIG_PATHS[0]).read_bytes()
    assert effective([parse_config(data, origin="init")]).config == effective().config


def test_init_writes_what_is_not_there_and_says_what_to_do_next(tmp_path: Path) -> None:
    repo = _repository(tmp_path / "mine")
    kept = repo / FOLDER / "pullwright.yml"
    kept.parent.mkdir(parents=True)
    kept.write_text("mine\n")
    (repo / ".pullwright.yml").write_text("language: de\n")

    ended = command(tmp_path / "home")("init", "--forks", cwd=repo)

    assert ended.code == 0, ended.err
    assert kept.read_text() == "mine\n"
    assert not (repo / CONFIG_PATHS[0]).exists()
    assert "kept .github/workflows/pullwright.yml, which is there already" in ended.out
    assert "kept .pullwright.yml, which is there already" in ended.out
    assert "wrote .github/workflows/pullwright-fork-publish.yml" in ended.out
    assert next_steps(has_forks=True)[0] in ended.out


@pytest.mark.parametrize("name", ["pullwright.yml", "pullwright.yaml"])
def test_a_configuration_at_the_root_is_kept_and_said_to_belong_elsewhere(
    tmp_path: Path, name: str
) -> None:
    repo = _repository(tmp_path / "mine")
    (repo / name).write_text("language: de\n")

    ended = command(tmp_path / "home")("init", cwd=repo)

    assert f"kept {name}, which is there already; this repository's reviews read it" in ended.out
    assert not (repo / CONFIG_PATHS[0]).exists()


@pytest.mark.parametrize("name", [".github/pullwright.yaml", ".pullwright.yaml"])
def test_a_configuration_of_the_other_spelling_is_kept_and_said_not_to_be_read(
    tmp_path: Path, name: str
) -> None:
    repo = _repository(tmp_path / "mine")
    (repo / name).parent.mkdir(exist_ok=True)
    (repo / name).write_text("language: de\n")

    ended = command(tmp_path / "home")("init", cwd=repo)

    read = name.replace(".yaml", ".yml")
    assert f"kept {name}, which is there already; it is read once it is named {read}" in ended.out
    assert [path for path in CONFIG_PATHS if (repo / path).exists()] == []


def test_a_workflow_of_the_other_spelling_gets_no_second_one_beside_it(tmp_path: Path) -> None:
    repo = _repository(tmp_path)
    (repo / FOLDER).mkdir(parents=True)
    (repo / FOLDER / "pullwright.yaml").write_text("mine\n")

    done = start(repo, starter_files(has_forks=False))

    assert done.kept == (f"{FOLDER}/pullwright.yaml",)
    assert not (repo / FOLDER / "pullwright.yml").exists()


def test_init_again_says_that_nothing_is_to_do(tmp_path: Path) -> None:
    repo = _repository(tmp_path / "mine")
    init = command(tmp_path / "home")
    init("init", cwd=repo)

    ended = init("init", cwd=repo)

    assert ended.code == 0, ended.err
    assert ended.out.splitlines()[-1] == "nothing is to do: all files are there already"
    assert "commit the files" not in ended.out


def test_init_outside_of_a_repository_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="is not the root of a git repository"):
        start(tmp_path, starter_files(has_forks=False))

    assert list(tmp_path.iterdir()) == []


def test_init_does_not_write_through_a_link_that_leads_out(tmp_path: Path) -> None:
    repo = _repository(tmp_path / "mine")
    (tmp_path / "elsewhere").mkdir()
    (repo / ".github").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(Refused, match="outside of"):
        start(repo, starter_files(has_forks=False))

    assert list((tmp_path / "elsewhere").rglob("*.yml")) == []


def test_a_pin_that_is_no_commit_is_refused() -> None:
    with pytest.raises(Refused, match="main is no commit"):
        starter_files(has_forks=False, pin="main")
