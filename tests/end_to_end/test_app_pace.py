"""The one end-to-end test at the real pace; the others are in a hurry."""

from pathlib import Path

from tests.end_to_end.app import AS_RUN, running_app
from tests.end_to_end.test_app import LINT_BUG, _repo, _reviewed


def test_writes_to_github_go_one_by_one_and_a_second_apart(tmp_path: Path) -> None:
    with running_app(tmp_path, sandbox="none", program=AS_RUN) as app:
        app.github.limits.min_write_gap_s = 1.0
        repo = _repo(app, "paced")
        pr = repo.open_pull_request(LINT_BUG, author="ada")
        _reviewed(app, repo, pr)

        assert len(app.github.writes) > 3
        assert app.github.limits.violations == []
