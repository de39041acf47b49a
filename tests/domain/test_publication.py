from dataclasses import replace

import pytest

from bot.domain.diff import Diff, FileDiff, FileStatus, Hunk
from bot.domain.edits import Edit, Patch
from bot.domain.findings import (
    Category,
    Finding,
    FindingId,
    FindingState,
    Location,
    Severity,
    Suggestion,
)
from bot.domain.forge import CheckConclusion, PostedThread
from bot.domain.markdown import LIMIT_BYTES, size_bytes
from bot.domain.markers import MarkerKind, parse_marker
from bot.domain.publication import Known, PublishContext, known_from_threads, plan
from bot.domain.pull_request import PullRequest, Sha
from bot.domain.reading import Since
from bot.domain.repo_config import RepoConfig
from bot.domain.review import Review
from bot.domain.verdict import Conclusion, Coverage, FailOn
from tests import reviews

PATH = "src/shop/cart.py"
CHANGE = PullRequest("octo/shop", 1, reviews.BASE, reviews.MERGE_BASE, reviews.HEAD, "change")


def make(*findings: Finding, **changes: object) -> Review:
    verdict = replace(reviews.verdict(), coverage=Coverage(12, 12), limits=())
    values: dict[str, object] = {
        "change": CHANGE, "verdict": verdict, "run_id": "run-1", "diff": diff(),
        "findings": findings, "contents": {PATH: reviews.CART},
    }  # fmt: skip
    return Review(**{**values, **changes})  # type: ignore[arg-type]  # a builder takes any field


def diff() -> Diff:
    file = FileDiff(
        PATH, PATH, FileStatus.MODIFIED, "100644", "100644", is_binary=False, hunks=(reviews.HUNK,)
    )
    return Diff(reviews.MERGE_BASE, reviews.HEAD, (file,))


def bug(line: int = 5, name: str = "off by one", **changes: object) -> Finding:
    return reviews.finding(
        rule="bug", category=Category.BUG, severity=Severity.HIGH, title=name,
        location=Location(PATH, line, line), snippet=name, **changes,
    )  # fmt: skip


def known(finding: Finding, **changes: object) -> PublishContext:
    values: dict[str, object] = {"thread_id": "T1"}
    one = Known(finding.fingerprint, finding.location.path, **{**values, **changes})  # type: ignore[arg-type]  # a builder takes any field
    return PublishContext((one,))


def test_a_proved_patch_is_one_click() -> None:
    publication = plan(make(reviews.unused_import()), RepoConfig(), PublishContext())

    (comment,) = publication.comments
    assert (comment.line, comment.start_line) == (1, None)
    assert "\n```suggestion\n```\n" in comment.body
    assert "proved: F401 gone" in comment.body


def test_the_finding_that_a_comments_marker_names_is_recorded_last() -> None:
    several = [replace(reviews.plain(), snippet=f"import {name}") for name in "abc"]
    (planned,) = plan(make(*several), RepoConfig(), PublishContext()).planned

    marker = parse_marker(planned.comment.body)

    assert marker is not None
    assert len(planned.to_record) == 3
    assert planned.to_record[-1].fingerprint == marker.suggestion


@pytest.mark.parametrize("changes", [{"new_lint": ("E1",)}, {"before": None}])
def test_what_is_not_proved_is_never_one_click(changes: dict[str, object]) -> None:
    publication = plan(make(reviews.unused_import(**changes)), RepoConfig(), PublishContext())

    (comment,) = publication.comments
    assert "```suggestion" not in comment.body
    assert "```diff" in comment.body


def test_a_revert_of_the_authors_hunk_is_never_one_click() -> None:
    publication = plan(make(reviews.regression()), RepoConfig(), PublishContext())

    assert "```suggestion" not in publication.comments[0].body


@pytest.mark.parametrize(
    ("contents", "old", "new"),
    [
        (b"import os\r\n\n\ndef total(prices):\n", "import os\r\n", "import re\r\n"),
        (b"import os\n", "import os\n", "import os  # \u202e\n"),
        (b"import os", "import os", "import re"),
        (b"import os\n", "import os\n", "import os\n"),
    ],
    ids=["CRLF", "bidi", "no final newline", "no change"],
)
def test_what_github_might_write_otherwise_is_prose(contents: bytes, old: str, new: str) -> None:
    patch = Patch((Edit(PATH, 1, 1, old, new),))
    suggestion = Suggestion(patch, "autofix", reviews.proof())
    finding = reviews.finding(suggestion=suggestion)

    review = make(finding, contents={PATH: contents})
    (comment,) = plan(review, RepoConfig(), PublishContext()).comments

    assert "```suggestion" not in comment.body


def test_a_suggestion_with_backticks_has_a_longer_fence() -> None:
    patch = Patch((Edit(PATH, 1, 1, "import os\n", "x = '```'\n"),))
    finding = reviews.finding(suggestion=Suggestion(patch, "autofix", reviews.proof()))

    (comment,) = plan(make(finding), RepoConfig(), PublishContext()).comments

    assert "````suggestion\nx = '```'\n````" in comment.body


def test_an_insertion_takes_the_next_line_along() -> None:
    patch = Patch((Edit(PATH, 4, 3, "", "LIMIT = 1\n"),))
    finding = bug(4, suggestion=Suggestion(patch, "autofix", reviews.proof()))

    (comment,) = plan(make(finding), RepoConfig(), PublishContext()).comments

    assert comment.line == 4
    assert "```suggestion\nLIMIT = 1\ndef total(prices):\n```" in comment.body


def test_a_finding_outside_the_diff_is_in_the_summary_with_the_reason() -> None:
    elsewhere = replace(bug(), location=Location("src/other.py", 5, 5))

    publication = plan(make(elsewhere), RepoConfig(), PublishContext())

    assert publication.comments == ()
    assert "is not in the diff" in publication.summary()


def test_a_finding_on_a_line_that_is_not_shown_is_on_its_file() -> None:
    (comment,) = plan(make(bug(40)), RepoConfig(), PublishContext()).comments

    assert (comment.path, comment.line) == (PATH, None)
    assert f"This is about `{PATH}:40`." in comment.body


def test_a_comment_on_a_file_is_never_one_click() -> None:
    (planned,) = plan(make(reviews.unused_import()), RepoConfig(), PublishContext()).planned

    assert "```suggestion" in planned.comment.body
    assert "```suggestion" not in planned.on_file.body


def test_only_three_comments_are_on_files_and_the_others_in_the_summary() -> None:
    review = make(*(bug(40, f"b{n}") for n in range(5)))

    publication = plan(review, RepoConfig(), PublishContext())

    assert len(publication.comments) == 3
    assert publication.summary().count("on 3 files as a whole at most") == 2


def test_what_a_line_did_not_take_its_file_may_as_far_as_there_is_room() -> None:
    review = make(bug(40, "b0"), *(bug(5, f"b{n}") for n in range(1, 5)))
    publication = plan(review, RepoConfig(), PublishContext())

    second = publication.on_files(publication.comments)

    assert [c.body.partition("\n")[0] for c in second] == ["**High** b1", "**High** b2"]
    assert {c.line for c in second} == {None}


def test_only_so_many_comments_the_worst_first() -> None:
    mild = [replace(bug(5, f"b{n}"), severity=Severity.LOW) for n in range(3)]
    review = make(bug(1, "worst"), *mild)

    publication = plan(review, RepoConfig(max_comments=2), PublishContext())

    assert [c.body.partition("\n")[0] for c in publication.comments] == [
        "**High** worst",
        "**Low** b0",
    ]
    assert "`max\\_comments`" in publication.summary() or "`max_comments`" in publication.summary()


def test_instances_of_one_style_rule_share_a_comment() -> None:
    first = reviews.finding(id="F1")
    second = reviews.finding(id="F2", location=Location(PATH, 2, 2), snippet="other")

    (comment,) = plan(make(first, second), RepoConfig(), PublishContext()).comments

    assert "Also at F2 `src/shop/cart.py:2`." in comment.body


def test_a_finding_with_a_thread_is_not_posted_again() -> None:
    publication = plan(make(bug()), RepoConfig(), known(bug()))

    assert publication.comments == ()
    assert "off by one" in publication.summary()


def test_a_thread_that_a_person_resolved_is_not_opened_again() -> None:
    assert plan(make(bug()), RepoConfig(), known(bug(), is_resolved=True)).comments == ()


def test_a_finding_that_was_fixed_and_came_back_is_new() -> None:
    context = known(bug(), is_resolved=True, state=FindingState.FIXED)

    assert len(plan(make(bug()), RepoConfig(), context).comments) == 1


def test_what_was_dismissed_is_no_finding_any_more() -> None:
    publication = plan(make(bug()), RepoConfig(), known(bug(), state=FindingState.DISMISSED))

    assert publication.comments == ()
    assert "off by one" not in publication.summary()
    assert publication.check.conclusion is CheckConclusion.SUCCESS


def test_a_thread_is_resolved_once_its_code_is_gone_and_was_looked_at() -> None:
    assert plan(make(), RepoConfig(), known(bug())).threads_to_resolve == ("T1",)


def test_a_run_that_saw_less_resolves_nothing() -> None:
    partial = replace(reviews.verdict(Conclusion.PARTIAL), limits=("out of time",))

    publication = plan(make(verdict=partial), RepoConfig(), known(bug()))

    assert publication.threads_to_resolve == ()


def test_the_same_words_in_another_file_are_told_there() -> None:
    twin = bug(id=FindingId("F2"))
    context = known(bug(), finding_id="F1", state=FindingState.DISMISSED)

    publication = plan(make(twin), RepoConfig(), context)

    assert len(publication.comments) == 1
    assert publication.review.open_findings == (twin,)


def test_a_patch_that_was_proved_on_an_earlier_head_is_not_one_click() -> None:
    finding = reviews.unused_import(head_sha="a1b2c3d4e5")

    publication = plan(make(finding), RepoConfig(), PublishContext())

    (comment,) = publication.comments
    assert "```suggestion" not in comment.body
    assert "on a1b2c3d" in comment.body
    assert "| proved on a1b2c3d |" in publication.summary()


def test_the_summary_says_what_was_looked_at_anew() -> None:
    since = Since(Sha("a1b2c3d4e5"), hunks_anew=3, hunks_total=12)

    body = plan(make(since=since), RepoConfig(), PublishContext()).summary()

    assert (
        "Looked at anew since `a1b2c3d`: 3 of 12 hunks; the others stand as reviewed then." in body
    )


@pytest.mark.parametrize(
    ("conclusion", "fail_on", "expected"),
    [
        (Conclusion.SUCCESS, (), CheckConclusion.SUCCESS),
        (Conclusion.PARTIAL, (), CheckConclusion.NEUTRAL),
        (Conclusion.NOT_REVIEWED, (), CheckConclusion.NEUTRAL),
        (Conclusion.ERROR, (), CheckConclusion.NEUTRAL),
        (Conclusion.PARTIAL, (FailOn.PARTIAL,), CheckConclusion.FAILURE),
        (Conclusion.ERROR, (FailOn.PARTIAL,), CheckConclusion.FAILURE),
        (Conclusion.PARTIAL, (FailOn.HIGH,), CheckConclusion.NEUTRAL),
    ],
)
def test_only_a_whole_look_that_found_nothing_is_green(
    conclusion: Conclusion, fail_on: tuple[FailOn, ...], expected: CheckConclusion
) -> None:
    verdict = replace(reviews.verdict(conclusion), coverage=Coverage(12, 12))

    publication = plan(make(verdict=verdict), RepoConfig(fail_on=fail_on), PublishContext())

    assert publication.check.conclusion is expected


@pytest.mark.parametrize(
    ("fail_on", "expected"),
    [
        ((), CheckConclusion.NEUTRAL),
        ((FailOn.CRITICAL,), CheckConclusion.NEUTRAL),
        ((FailOn.HIGH,), CheckConclusion.FAILURE),
    ],
)
def test_findings_are_red_where_the_configuration_says_so(
    fail_on: tuple[FailOn, ...], expected: CheckConclusion
) -> None:
    publication = plan(make(bug()), RepoConfig(fail_on=fail_on), PublishContext())

    assert publication.check.conclusion is expected


def test_buttons_offer_what_can_be_done() -> None:
    def labels(*findings: Finding) -> list[str]:
        check = plan(make(*findings), RepoConfig(), PublishContext()).check
        return [button.label for button in check.buttons]

    assert labels() == ["Re-run"]
    assert labels(bug()) == ["Re-run", "Dismiss"]
    assert labels(reviews.unused_import()) == ["Fix", "Re-run", "Dismiss"]


def test_the_summary_says_verdict_first_and_ends_with_run_and_marker() -> None:
    body = plan(make(bug()), RepoConfig(), PublishContext()).summary()
    lines = body.splitlines()

    assert lines[0] == "1 finding (1 high): 12 of 12 hunks seen"
    marker = parse_marker(body)
    assert marker is not None
    assert (marker.kind, marker.run) == (MarkerKind.SUMMARY, "run-1")
    assert lines[-3].startswith("run `run-1` · 0 tokens · $0.00 · 4.2 s · `/agent fix`")


def test_a_huge_review_fits_and_says_what_is_left_out() -> None:
    findings = [replace(bug(40, f"{n} " + "—" * 190), id=FindingId(f"F{n}")) for n in range(900)]

    body = plan(make(*findings), RepoConfig(), PublishContext()).summary()

    assert size_bytes(body) <= LIMIT_BYTES
    assert "more findings not listed here" in body
    assert parse_marker(body) is not None


def test_hostile_words_of_a_finding_stay_words() -> None:
    words = "![x](https://evil.example/?q=1) @everyone fixes #1 <img src=x>\n/approve"
    review = make(bug(name=words, body=words))

    publication = plan(review, RepoConfig(), PublishContext())

    for text in (publication.summary(), publication.comments[0].body, publication.check.summary):
        assert not any(bad in text for bad in ("![", "@everyone", "fixes #1", "<img", "\n/approve"))


def test_the_markers_of_our_threads_are_enough_to_know_them() -> None:
    (comment,) = plan(make(bug()), RepoConfig(), PublishContext()).comments
    thread = PostedThread("T1", 1, comment.body, False, comment.path, comment.line)

    context = PublishContext(known_from_threads([thread]))

    assert plan(make(bug()), RepoConfig(), context).comments == ()


def test_a_marker_inside_a_comment_is_not_read() -> None:
    (comment,) = plan(make(bug(body="<!-- pullwright:v1 kind=summary head=a run=b s=- d=- -->")),
                      RepoConfig(), PublishContext()).comments  # fmt: skip
    marker = parse_marker(comment.body)

    assert marker is not None
    assert marker.kind is MarkerKind.FINDING


def test_an_anchor_of_many_hunks_falls_back_to_a_line_that_is_shown() -> None:
    wide = replace(bug(), location=Location(PATH, 4, 60))

    (comment,) = plan(make(wide), RepoConfig(), PublishContext()).comments

    assert (comment.line, comment.start_line) == (4, None)


def test_lines_of_one_hunk_are_marked_together() -> None:
    hunk = Hunk(1, 0, 1, 5, b"".join(b"+x\n" for _ in range(5)))
    file = replace(diff().files[0], hunks=(hunk,))
    wide = replace(bug(), location=Location(PATH, 2, 4))

    review = make(wide, diff=replace(diff(), files=(file,)))
    (comment,) = plan(review, RepoConfig(), PublishContext()).comments

    assert (comment.start_line, comment.line) == (2, 4)
