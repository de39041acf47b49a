import subprocess
import sys
from pathlib import Path

import pytest

from bot.demo import DemoRepository, build_demo
from bot.errors import Refused
from tests.situations import run_git


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> DemoRepository:
    return build_demo(tmp_path_factory.mktemp("demo") / "shop")


def red_tests(demo: DemoRepository, revision: str) -> list[str]:
    """Check a revision out, run its tests, and name those that fail."""
    folder = demo.path.parent / revision.replace("/", "-")
    run_git(demo.path, "worktree", "add", "--quiet", "--detach", str(folder), revision)
    command = [sys.executable, "-m", "pytest", "-q", "-rf", "-p", "no:cacheprovider", "--tb=no"]
    done = subprocess.run(
        [*command, "-W", "ignore"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert "passed" in done.stdout
    return [line.split()[1] for line in done.stdout.splitlines() if line.startswith("FAILED")]


def test_the_demo_is_the_same_repository_on_every_machine(demo: DemoRepository) -> None:
    assert demo.base_sha == "a1a0f5e5410013f5dbc2809dbab207e5dde577d5"
    assert demo.head_sha == "2a097714869af4de9f184fe7b062a972318d9355"


def test_the_demo_starts_with_the_feature_checked_out_and_clean(demo: DemoRepository) -> None:
    assert run_git(demo.path, "symbolic-ref", "--short", "HEAD") == demo.head_ref
    assert run_git(demo.path, "status", "--porcelain") == ""


def test_main_moved_on_after_the_branch_was_cut(demo: DemoRepository) -> None:
    merge_base = run_git(demo.path, "merge-base", demo.base_ref, demo.head_ref)

    assert merge_base not in (demo.base_sha, demo.head_sha)


def test_all_tests_are_green_before_the_change_and_one_is_red_after(demo: DemoRepository) -> None:
    assert red_tests(demo, demo.base_ref) == []
    assert red_tests(demo, demo.head_ref) == [
        "tests/test_discounts.py::test_a_discount_starts_at_its_minimum"
    ]


def test_one_hunk_of_several_in_its_file_breaks_the_test(demo: DemoRepository) -> None:
    diff = run_git(demo.path, "diff", f"{demo.base_ref}...{demo.head_ref}", "--", "src", "web")

    in_discounts = diff.partition("b/src/shop/discounts.py")[2].partition("diff --git")[0]
    assert in_discounts.count("\n@@") == 2
    assert diff.count("\n@@") >= 6


def test_the_unused_import_has_a_fix_that_ruff_calls_safe(demo: DemoRepository) -> None:
    ruff = [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", "--select=F,B"]
    done = subprocess.run(
        [*ruff, "--output-format=concise", "src", "tests"],
        cwd=demo.path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert "cart.py:3:8: F401 [*] `logging` imported but unused" in done.stdout
    assert "Found 1 error." in done.stdout


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep")

    with pytest.raises(Refused, match="not empty"):
        build_demo(tmp_path)

    assert [entry.name for entry in tmp_path.iterdir()] == ["mine.txt"]
