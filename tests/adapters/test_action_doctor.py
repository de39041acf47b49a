"""What `doctor` says of a token of the Action, against the simulated GitHub."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest

from bot.action_settings import load_token_settings
from bot.adapters.action_doctor import examine_token
from bot.adapters.doctor_check import Check
from bot.adapters.github_access import GitHubHost
from bot.adapters.github_auth import PlainToken
from bot.adapters.github_transport import ApiAddress
from bot.errors import Refused
from bot.starter_commands import action_checks
from tests.end_to_end.runner import READS, WRITES, Runner, actions
from tests.github_simulator import Repo, Status

NAMES = ("action contents", "action pull-requests", "action checks")


@dataclass
class Office:
    """A repository, and tokens for it as a workflow's `permissions:` would make them."""

    runner: Runner
    repo: Repo

    def looked_at(self, grants: Mapping[str, str], repo: str = "octo/shop") -> list[Check]:
        token = PlainToken(self.runner.token(self.repo, grants))
        host = GitHubHost(ApiAddress(self.runner.github.api_url))
        return list(examine_token(host, token, repo))

    def levels(self, grants: Mapping[str, str]) -> list[tuple[str, str]]:
        first, *rest = self.looked_at(grants)
        assert first.is_good, first.detail
        assert tuple(check.name for check in rest) == NAMES
        return [(check.mark.strip(), check.detail.partition(":")[0]) for check in rest]


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with actions(tmp_path_factory.mktemp("office")) as runner:
        yield Office(runner, runner.github.repo("octo/shop", base={"a.py": "X = 1\n"}))


def test_what_a_token_may_is_told_and_nothing_is_written(office: Office) -> None:
    refs = dict(office.repo.store.refs)

    assert office.levels(WRITES) == [("ok", "write"), ("ok", "write"), ("ok", "write")]
    assert office.levels(READS) == [("ok", "read"), ("none", "read"), ("none", "read")]

    assert (office.repo.check_runs, office.repo.issues) == ([], {})
    assert office.repo.store.refs == refs


@pytest.mark.parametrize(
    ("grants", "levels"),
    [
        ({"contents": "read"}, [("ok", "read"), ("BAD", "none"), ("none", "none")]),
        ({"pull_requests": "write"}, [("BAD", "none"), ("ok", "write"), ("none", "none")]),
        (
            {"contents": "write", "pull_requests": "read", "checks": "write"},
            [("ok", "write"), ("none", "read"), ("ok", "write")],
        ),
    ],
)
def test_each_permission_is_looked_at_by_itself(
    office: Office, grants: Mapping[str, str], levels: list[tuple[str, str]]
) -> None:
    assert office.levels(grants) == levels


def test_what_is_missing_is_named_as_a_workflow_names_it(office: Office) -> None:
    found = {check.name: check for check in office.looked_at({"contents": "read"})}

    assert found["action pull-requests"].paste == ("pull-requests: write",)
    assert found["action checks"].paste == ("checks: write",)
    assert not found["action checks"].is_failure


def test_a_token_that_expired_or_is_none_is_told(office: Office) -> None:
    host = GitHubHost(ApiAddress(office.runner.github.api_url))

    (check,) = examine_token(host, PlainToken("ghs_" + "0" * 36), "octo/shop")

    assert (check.mark, check.detail) == (
        "BAD ",
        "GitHub does not accept the token: give one that has not expired",
    )


def test_a_repository_that_the_token_does_not_see_is_told(office: Office) -> None:
    (check,) = office.looked_at(WRITES, "octo/other")

    assert check.is_failure
    assert "GitHub does not show octo/other to it" in check.detail


def test_a_setting_that_answers_before_the_token_is_no_finding_about_the_token(
    office: Office,
) -> None:
    told = "GitHub Actions is not permitted to create or approve pull requests."
    office.runner.github.faults.add("POST", "/repos/octo/shop/pulls", Status(403, message=told))

    found = {check.name: check for check in office.looked_at(WRITES)}

    assert found["action pull-requests"].mark == "??? "
    assert not found["action pull-requests"].is_failure


def test_a_github_that_does_not_answer_is_no_finding_about_the_token() -> None:
    host = GitHubHost(ApiAddress("http://127.0.0.1:1/api/v3"))

    (check,) = examine_token(host, PlainToken("ghs_" + "0" * 36), "octo/shop")

    assert (check.mark, check.is_failure) == ("??? ", True)
    assert check.detail.startswith("could not look: no answer to GET /api/v3/repos/octo/shop")


def test_without_a_token_doctor_says_how_to_have_one_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("GITHUB_TOKEN", "PULLWRIGHT_INPUT_GITHUB_TOKEN", "GITHUB_REPOSITORY"):
        monkeypatch.delenv(name, raising=False)

    (check,) = action_checks()

    assert (check.mark, check.is_failure) == ("none", False)
    assert "set GITHUB_TOKEN and GITHUB_REPOSITORY" in check.detail


def test_doctor_looks_at_the_token_of_its_environment(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", office.runner.token(office.repo, WRITES))
    monkeypatch.setenv("GITHUB_REPOSITORY", "octo/shop")
    monkeypatch.setenv("GITHUB_API_URL", office.runner.github.api_url)

    assert [check.mark for check in action_checks()] == ["ok  "] * 4


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("GITHUB_REPOSITORY", "shop", "GITHUB_REPOSITORY=shop is not OWNER/NAME"),
        ("GITHUB_TOKEN", "two words", "GITHUB_TOKEN holds characters that no token has"),
    ],
)
def test_an_environment_that_cannot_be_used_is_named(name: str, value: str, said: str) -> None:
    env = {"GITHUB_REPOSITORY": "octo/shop", "GITHUB_TOKEN": "ghs_0"} | {name: value}

    with pytest.raises(Refused, match=said):
        load_token_settings(env)
