"""The past of a repository on a server: what came before some commits, and which are gone."""

from pathlib import Path

import pytest

from bot.adapters.git_past import open_past
from bot.domain.aftermath import Stretch
from bot.domain.pull_request import Sha
from bot.errors import Refused
from tests.github_simulator import simulator


def test_commits_are_there_with_their_past_and_those_that_are_gone_are_left_out(
    tmp_path: Path,
) -> None:
    with simulator(tmp_path) as github:
        repo = github.repo("octo/shop", base={"a.py": "a = 1\n"}, install=False)
        base = Sha(repo.head())
        pr = repo.open_pull_request({"a.py": "a = 2\n"}, author="ada")
        first = Sha(pr.head_sha)
        pr.force_push({"a.py": "a = 3\n"})
        second, never = Sha(pr.head_sha), Sha("e" * 40)

        shas = [base, first, second, never]
        for _ in range(2):
            with open_past(repo.clone_url, shas, cache=tmp_path / "c", network={}) as past:
                assert [c.sha for c in past.commits(Stretch(base, (second,)))] == [second]
                assert past.file(first, "a.py") == b"a = 2\n"
                assert past.fix_patch(never) is None
                with pytest.raises(Refused):
                    past.file(never, "a.py")


def test_what_is_here_already_is_not_fetched_again(tmp_path: Path) -> None:
    with simulator(tmp_path) as github:
        repo = github.repo("octo/shop", base={"a.py": "a = 1\n"}, install=False)
        base = Sha(repo.head())
        requests = []
        for _ in range(2):
            with open_past(repo.clone_url, [base], cache=tmp_path / "c", network={}):
                requests.append(len(github.log))

        assert requests[0] == requests[1] > 0
