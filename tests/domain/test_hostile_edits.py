"""Patches that a model wrote: cases F09, F11 and F12, and what one click may ever apply."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.diff import Diff, FileDiff, FileStatus, Hunk
from bot.domain.edits import EditRefused, Patch, edits_between
from bot.domain.evidence import Counts, Grade
from bot.domain.findings import Suggestion
from bot.domain.gaming import refusal
from bot.domain.model_edits import MOST_EDITS, ProposedEdit, patch_of
from bot.domain.one_click import one_click
from bot.domain.publication import PublishContext, plan
from bot.domain.repo_config import RepoConfig
from bot.domain.review import Review
from bot.domain.written import refusal_of_new
from tests import reviews
from tests.domain.file_pairs import file_pairs
from tests.domain.test_publication import CHANGE, make

PATH = "src/app.go"

STEERING = (
    ".github/workflows/x.yml",
    ".github/pullwright.yml",
    ".github/actions/a/action.yml",
    ".pullwright.yml",
    "action.yaml",
    "docs/CODEOWNERS",
    ".gitmodules",
    ".gitattributes",
    ".husky/pre-commit",
    "Cargo.lock",
    "web/package-lock.json",
    "pnpm-lock.yaml",
    "go.sum",
    "requirements.txt",
)


@pytest.mark.parametrize("path", STEERING)
def test_no_model_writes_what_steers_the_forge_us_or_what_is_installed(path: str) -> None:
    edit = ProposedEdit(path=path, search="old", replace="new")

    assert refusal(patch_of([edit], {path: b"old\n"})) is not None
    assert refusal_of_new(path, is_there=False, is_test=False) is not None
    assert refusal_of_new(path, is_there=False, is_test=True) is not None


@pytest.mark.parametrize(
    "path", ["../x.py", "/etc/x.py", "a/../../x.py", ".git/hooks/x", "a\\b.py"]
)
def test_no_model_writes_out_of_the_tree(path: str) -> None:
    assert refusal_of_new(path, is_there=False, is_test=False) is not None
    with pytest.raises(EditRefused):
        patch_of([ProposedEdit(path=path, search="a", replace="b")], {"x.py": b"a\n"})


def test_a_patch_over_hundreds_of_files_is_none() -> None:
    files = {f"m{n}.py": b"old\n" for n in range(300)}
    edits = [ProposedEdit(path=path, search="old", replace="new") for path in files]

    with pytest.raises(EditRefused, match=f"the limit is {MOST_EDITS}"):
        patch_of(edits, files)


@st.composite
def _suggested(draw: st.DrawFn) -> tuple[bytes, Review]:
    """Return a review whose one finding has a patch and a proof of any grade."""
    before, after = draw(file_pairs())
    rows = before.count(b"\n") + (not before.endswith(b"\n") and bool(before))
    body = b"".join(b"+%s\n" % row for row in before.split(b"\n")[:rows])
    hunk = Hunk(0, 0, 1, rows, body)
    file = FileDiff(PATH, PATH, FileStatus.ADDED, "000000", "100644", False, (hunk,))
    none_or = st.sampled_from
    proof = replace(
        reviews.proof(),
        is_applied=draw(st.booleans()),
        is_parsed=draw(none_or((True, True, False))),
        new_lint=draw(none_or(((), (), ("E1",), None))),
        is_target_gone=draw(none_or((True, True, False))),
        is_target_back=draw(none_or((True, True, False))),
        before=draw(none_or((Counts(1, 3), Counts(0, 3), None))),
        pass_to_fail=draw(none_or(((), (), ("t",)))),
    )
    patch = Patch(edits_between(PATH, before, after))
    finding = reviews.finding(suggestion=Suggestion(patch, "rewrite", proof))
    place = replace(finding.location, path=PATH)
    diff = Diff(reviews.MERGE_BASE, reviews.HEAD, (file,))
    found = replace(finding, location=place)
    return after, make(found, diff=diff, contents={PATH: before}, change=CHANGE)


@settings(max_examples=300, deadline=None)
@given(_suggested())
def test_what_one_click_applies_parses_is_proved_and_is_the_patch_byte_for_byte(
    case: tuple[bytes, Review],
) -> None:
    after, review = case
    (finding,) = review.findings
    assert finding.suggestion is not None
    proof = finding.suggestion.proof
    assert proof is not None

    comments = plan(review, RepoConfig(), PublishContext()).comments
    block = one_click(finding, review.diff, review.contents)

    is_offered = any("```suggestion" in comment.body for comment in comments)
    assert is_offered <= (proof.grade is Grade.PROVED and proof.is_parsed is True)
    assert is_offered <= (block is not None)
    if block is not None:
        lines = review.contents[PATH].split(b"\n")
        text = block.text.encode("utf-8", "surrogateescape")
        head, tail = lines[: block.start_line - 1], lines[block.end_line :]
        assert b"".join(b"%s\n" % row for row in head) + text + b"\n".join(tail) == after
