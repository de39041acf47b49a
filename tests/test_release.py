"""What a release is made of: built, installed elsewhere, and the rules of its workflow."""

import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot import __version__

ROOT = Path(__file__).parent.parent
WORKFLOW = ROOT / ".github" / "workflows" / "release.yml"
PACKED = ("bot", "docs", "docker", "compose.yaml", "pyproject.toml", "Dockerfile", "Makefile")
LOOSE = ("*.md", "LICENSE", "requirements*.lock", ".gitignore")


@dataclass(frozen=True)
class Built:
    """The files of a release, and an environment with the wheel alone on the locked packages."""

    wheel: Path
    sdist: Path
    programs: Path


def _run(*argv: str | Path, cwd: Path = ROOT) -> str:
    done = subprocess.run(argv, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("release")
    source, dist = folder / "source", folder / "dist"
    source.mkdir()
    for name in (*PACKED, *(p.name for pattern in LOOSE for p in ROOT.glob(pattern))):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
        copy(ROOT / name, source / name)
    _run(sys.executable, "-m", "build", "--no-isolation", "--outdir", dist, source)
    (wheel,), (sdist,) = dist.glob("*.whl"), dist.glob("*.tar.gz")
    venv.create(folder / "clean", symlinks=True)
    programs = folder / "clean" / "bin"
    pip = (
        sys.executable,
        "-m",
        "pip",
        "--disable-pip-version-check",
        "--python",
        programs / "python",
    )
    _run(*pip, "install", "--quiet", "--no-index", "--no-deps", wheel)
    (site,) = (folder / "clean").glob("lib/python*/site-packages")
    locked = next(Path(p) for p in sys.path if p.endswith("site-packages"))
    # Our own package is left out: it is what has to come from the wheel.
    (site / "locked.pth").write_text(f"{_without_ours(locked, folder / 'locked')}\n")
    return Built(wheel, sdist, programs)


def _without_ours(locked: Path, folder: Path) -> Path:
    """Return a folder of links to the packages of this environment, ours left out."""
    folder.mkdir()
    for entry in locked.iterdir():
        if not entry.name.startswith(("_pullwright", "pullwright")) and entry.suffix != ".pth":
            (folder / entry.name).symlink_to(entry)
    return folder


def test_the_wheel_alone_has_everything_that_runs(built: Built, tmp_path: Path) -> None:
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    where = "import bot, bot.web.setup, bot.adapters.html_report as r; r._environment(); "
    code = f"{where}print(bot.__file__)"

    said = _run(built.programs / "pullwright", "--version", cwd=tmp_path)
    place = subprocess.run(
        [built.programs / "python", "-c", code],
        env=environment, cwd=tmp_path, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip

    assert said == f"pullwright {__version__}\n"
    assert Path(place.strip()).is_relative_to(built.programs.parent)


def test_no_file_of_ours_is_left_out_of_the_wheel(built: Built) -> None:
    with zipfile.ZipFile(built.wheel) as wheel:
        packed = set(wheel.namelist())
    ours = {
        p.relative_to(ROOT).as_posix()
        for p in (ROOT / "bot").rglob("*")
        if p.is_file() and "__pycache__" not in p.parts
    }

    assert ours - packed == set()


def test_the_sdist_has_what_the_images_are_built_from(built: Built) -> None:
    with tarfile.open(built.sdist) as sdist:
        packed = {name.partition("/")[2] for name in sdist.getnames()}

    assert {"Dockerfile", "compose.yaml", "docker/app.lock", "docker/build_images.sh"} <= packed


def test_the_version_is_the_same_wherever_it_stands() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    assert project["version"] == __version__
    assert f"pullwright:{__version__}" in (ROOT / "compose.yaml").read_text()


def _notes(version: str, folder: Path, changelog: str) -> "subprocess.CompletedProcess[str]":
    for name in ("bot/__init__.py", "docker/release_notes.sh"):
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    (folder / "CHANGELOG.md").write_text(changelog)
    return subprocess.run(
        ["sh", "docker/release_notes.sh", version],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_notes_of_a_release_are_its_section_of_the_changelog(tmp_path: Path) -> None:
    changelog = (
        f"# Changelog\n\n## Unreleased\n\n- new\n\n## {__version__} (today)\n\n- this\n\n## 0.0\n"
    )

    done = _notes(f"v{__version__}", tmp_path, changelog)

    assert (done.returncode, done.stdout) == (0, f"## {__version__} (today)\n\n- this\n")


@pytest.mark.parametrize(
    ("version", "said"),
    [("v9.9.9", "the tag says 9.9.9"), (f"v{__version__}", "CHANGELOG.md has no section")],
)
def test_a_tag_without_its_version_or_its_notes_is_no_release(
    tmp_path: Path, version: str, said: str
) -> None:
    done = _notes(version, tmp_path, "# Changelog\n\n## Unreleased\n")

    assert done.returncode == 1
    assert said in done.stderr


def _jobs() -> Mapping[str, Mapping[str, Any]]:
    jobs: Mapping[str, Mapping[str, Any]] = yaml.safe_load(WORKFLOW.read_text())["jobs"]
    return jobs


def test_the_release_takes_nothing_from_a_cache() -> None:
    steps = [step for job in _jobs().values() for step in job["steps"]]

    assert not [s for s in steps if "cache" in s.get("uses", "") or "cache" in s.get("with", {})]
    assert all("--no-cache-dir" in line for line in _pip_lines(steps))


def _pip_lines(steps: list[Mapping[str, Any]]) -> list[str]:
    text = "\n".join(step.get("run", "") for step in steps)
    fetching = [
        line for line in text.splitlines() if "pip install" in line and "--no-index" not in line
    ]
    assert len(fetching) == 2
    return fetching


def test_the_release_installs_wheels_by_hash_and_needs_no_compiler() -> None:
    steps = [step for job in _jobs().values() for step in job["steps"]]

    for line in _pip_lines(steps):
        assert "--only-binary=:all: --require-hashes" in line


def test_every_action_is_pinned_and_nothing_has_a_password() -> None:
    text = WORKFLOW.read_text()
    document = yaml.safe_load(text)

    uses = re.findall(r"uses: (\S+)", text)
    assert uses
    assert all(re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40}", one) for one in uses)
    assert "secrets." not in text
    assert document["permissions"] == {}


def test_only_jobs_of_a_protected_environment_prove_who_they_are() -> None:
    trusted = {n for n, job in _jobs().items() if "id-token" in job["permissions"]}

    assert trusted == {"pypi", "images"}
    assert all(_jobs()[name]["environment"] for name in trusted)


@pytest.mark.parametrize("lock", ["requirements.lock", "docker/app.lock", "docker/release.lock"])
def test_everything_that_is_locked_is_locked_by_hash(lock: str) -> None:
    text = (ROOT / lock).read_text()
    packages = re.findall(
        r"^([a-z0-9._-]+)==(?:.*\\\n(?:\s+--hash=sha256:[0-9a-f]{64}.*\n)+)", text, re.MULTILINE
    )

    assert packages == re.findall(r"^([a-z0-9._-]+)==", text, re.MULTILINE)


def test_an_install_of_the_app_stays_at_eighty_packages() -> None:
    ours = 1
    assert (ROOT / "docker/app.lock").read_text().count("==") + ours <= 80
