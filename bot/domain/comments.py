"""Every sentence that people read, in one voice: one fact, then what to do.

All of it is pure. What others wrote goes through `untrusted` before it stands in a sentence.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

from bot.domain.evidence import Counts, Grade, Proof
from bot.domain.findings import Finding, Severity
from bot.domain.ports import CommitMessage
from bot.domain.pull_request import Sha, printable
from bot.domain.quality import quality_words
from bot.domain.review import PatchResult
from bot.domain.untrusted import neutral, one_line
from bot.domain.verdict import Conclusion, Coverage, Verdict

_SUBJECT_LENGTH = 59
_WORKING = {
    "lint": "reading the change with the analyzers",
    "test": "running the tests at the merge base and at the head",
    "bisect": "looking for the hunk that broke the tests",
    "autofix": "taking the fixes of the analyzers",
    "repair": "searching for a repair",
    "verify": "trying the patches",
    "finish": "summing up",
}
_DIGEST_LENGTH = len("sha256:") + 12


def headline(verdict: Verdict, findings: Sequence[Finding]) -> str:
    """Return line one: what was concluded and how much was looked at.

    "Found nothing" and "could not look" are different sentences. `findings` are the open ones.
    """
    coverage = verdict.coverage
    match verdict.conclusion:
        case Conclusion.SUCCESS:
            return f"No findings: {_coverage(coverage)}"
        case Conclusion.FINDINGS:
            return f"{_tally(findings)}: {_coverage(coverage)}"
        case Conclusion.PARTIAL:
            return f"Partial, nothing found so far: {_coverage(coverage)}{_why(verdict)}"
        case Conclusion.NOT_REVIEWED:
            return f"Not reviewed: {_coverage(coverage)}{_why(verdict)}"
        case Conclusion.ERROR:
            return f"The run broke, this is no review: {_coverage(coverage)}{_why(verdict)}"


def receipt(proof: Proof | None) -> str:
    """Return the evidence for a patch in one line; it begins with the grade."""
    if proof is None:
        return f"{Grade.NOT_VERIFIED}: the patch was not tried"
    if proof.grade is Grade.NOT_VERIFIED:
        return f"{Grade.NOT_VERIFIED}: {', '.join(_faults(proof))}"
    parts = [*_achieved(proof), *_suite(proof), *quality_words(proof), *_where(proof)]
    if proof.grade is Grade.CHECKED:
        parts.append(f"missing: {', '.join(_missing(proof))}")
    return f"{proof.grade}: {' · '.join(parts)}"


def spoken_test(test_id: str) -> str:
    """Return the part of a test id that a person would say."""
    head, bracket, parameters = test_id.partition("[")
    return one_line(head.rpartition("::")[2] + bracket + parameters, limit=80)


def red_tests_title(is_regression: bool, tests: Sequence[str]) -> str:
    """Return the title of a finding about red tests."""
    subject, is_one = _tests(tests), len(tests) == 1
    if is_regression:
        return f"{subject} passed before this change and {'fails' if is_one else 'fail'} now"
    verbs = "fails and is" if is_one else "fail and are"
    return f"{subject} {verbs} part of this change"


def red_tests_body(tests: Sequence[str], messages: Mapping[str, str]) -> str:
    """Return which test fails and what it says, in at most two sentences."""
    first = tests[0]
    said = _telling_line(messages.get(first, ""))
    sentence = f"`{one_line(first)}` fails" + (f" with: {said}" if said else ".")
    more = len(tests) - 1
    if not more:
        return sentence
    return f"{sentence}\n{_count(more, 'more test')} {'fails' if more == 1 else 'fail'}."


def regression_located(body: str, places: Sequence[str]) -> str:
    """Return the body of a regression with the hunks that cause it."""
    if len(places) == 1:
        return f"{body}\nThe cause is the hunk at {places[0]}: taken back, the rest passes."
    where = ", ".join(places)
    return f"{body}\nThe cause is these hunks together, taken back the rest passes: {where}."


def lost_tests_title(tests: Sequence[str]) -> str:
    """Return the title of a finding about tests that are gone or skipped."""
    is_one = len(tests) == 1
    return f"{_tests(tests)} passed before this change and {'does' if is_one else 'do'} not run now"


def lost_tests_body(tests: Sequence[str]) -> str:
    """Return what is lost, and that nobody took it out of its file."""
    file = printable(tests[0].partition("::")[0])
    return f"Its file {file} is not part of this change: something else skips or deselects it."


def odd_encoding(path: str, encoding: str) -> str:
    """Say that a file is written so that no tool can see what Python would run."""
    return f"{printable(path)} declares the encoding {one_line(encoding)}, which can hide code"


def unsteady_tests(tests: Sequence[str]) -> str:
    """Say that tests which passed at the merge base do not give one answer at the head."""
    return f"no evidence at the head, red once and green once: {_tests(tests)}"


def tests_are_self_reported() -> str:
    """Say whose word the tests at head are, and what stands against it."""
    return "this change edits tests, so they ran once more as the merge base has them"


def fixes_left_out(count: int, *, most: int) -> str:
    """Say that some findings stay without a suggestion, and why."""
    return f"{count} more findings have a fix that was not tried: a run tries {most}, worst first"


def no_time_to_prove() -> str:
    """Say why a suggestion has no evidence."""
    return "the time of this run was used up before it was tried"


def not_bisected(tests: Sequence[str]) -> str:
    """Say that no hunk can be named."""
    return f"no hunk is named: {_tests(tests)} did not pass with the whole change taken back"


def tests_are_no_evidence(side: str, problem: str) -> str:
    """Say that a test run counts for nothing; `side` is `head` or `merge base`."""
    return f"the tests at the {side} prove nothing: {one_line(problem, limit=600)}"


def dependencies_changed(paths: Sequence[str]) -> str:
    """Say on which dependencies the tests ran."""
    names = ", ".join(printable(path) for path in paths)
    return f"the tests ran with the merge base's dependencies, although this change edits {names}"


def working(tool: str) -> str:
    """Say what a tool does while it runs; a tool without a sentence is named."""
    return _WORKING.get(tool, one_line(tool))


def left_out(patch: PatchResult) -> str:
    """Say why a patch is shown and is not part of the fix."""
    if patch.proof.grade is not Grade.PROVED:
        return f"left out: {patch.proof.grade}"
    return f"left out: a hunk of yours is only taken back by name, `fix {patch.finding_id} revert`"


def committed(sha: Sha) -> str:
    """Say that the fix is a commit, and how to look at it."""
    return f"committed {sha[:12]}: git show {sha[:12]}"


def nothing_proved(findings: Sequence[Finding]) -> str:
    """Say why patches exist and none was committed."""
    ids = ", ".join(finding.id for finding in findings)
    return (
        f"no patch is proved ({ids}), so nothing was committed: read the patch before you apply it"
    )


def reverts_by_name(findings: Sequence[Finding]) -> str:
    """Say that only the author's own work could be taken back, and how to ask for it."""
    ids = " ".join(finding.id for finding in findings)
    return (
        f"nothing was committed: the only proved patch takes your own hunk back ({ids}); "
        f"ask for that by name with `fix {ids} revert`"
    )


def fix_too_large(files: int, lines: int, *, max_files: int, max_lines: int) -> str:
    """Say that the fix is over the limits of the configuration."""
    size = f"{_count(files, 'file')} and {_count(lines, 'line')}"
    return (
        f"nothing was committed: the fix edits {size}, "
        f"the limits are {max_files} and {max_lines}; name fewer findings"
    )


def not_proved_together() -> str:
    """Say that patches which are proved one by one break something as a whole."""
    return "nothing was committed: the patches are proved one by one, but not together; name one"


def commit_message(
    findings: Sequence[Finding], *, command: Sequence[str], requester: str, run_id: str
) -> CommitMessage:
    """Return the message of a fix commit; `findings` are those it ends, each with its proof.

    `requester` is `Name <address>`, or empty where nobody is known.
    """
    lines = [f"{_place(f)}\n  {receipt(f.suggestion.proof)}" for f in findings if f.suggestion]
    tests = f"Tests: {' '.join(command)}" if command else "Tests: none were found"
    trailers = [("Co-authored-by", one_line(requester))] if requester else []
    trailers.append(("Pullwright-Run", run_id))
    trailers.extend(("Pullwright-Suggestion", finding.fingerprint) for finding in findings)
    return CommitMessage(
        subject=_subject(findings),
        body=neutral("\n".join([*lines, "", one_line(tests)])),
        trailers=tuple(trailers),
    )


def more_findings(number: int) -> str:
    """Say that the table ends before the findings do."""
    return (
        f"{_count(number, 'more finding')} not listed here: "
        "fix these first, or raise `severity_threshold`."
    )


def more_sections(number: int) -> str:
    """Say that details were left out for their size."""
    return f"{_count(number, 'more section')} left out: this comment has a limit in bytes."


def more_lines(number: int) -> str:
    """Say that a list was cut."""
    return f"and {number} more"


def no_comment_there(reason: str) -> str:
    """Say why a finding stands in the summary instead of next to the code."""
    return f"no comment next to the code: {reason}"


def also_at(places: Sequence[str], *, more: int) -> str:
    """List the other places of the same rule; `places` are Markdown of ours."""
    rest = f" and {more} more" if more else ""
    return f"Also at {', '.join(places)}{rest}."


def review_under_way() -> str:
    """Say that a review has begun."""
    return "The review is under way"


def comment_limit(max_comments: int) -> str:
    """Say that the configuration allows no more comments."""
    return f"`max_comments` is {max_comments}"


def _subject(findings: Sequence[Finding]) -> str:
    if len(findings) > 1:
        rules = ", ".join(dict.fromkeys(_meant(f) for f in findings))
        return _first_fitting(
            f"Fix {len(findings)} findings: {rules}", f"Fix {len(findings)} findings"
        )
    finding = findings[0]
    name = printable(finding.location.path.rpartition("/")[2])
    if finding.suggestion is not None and finding.suggestion.source == "bisect":
        return _first_fitting(f"Take back a hunk of {name}", f"Take back the hunk of {finding.id}")
    if finding.source == "test" and finding.evidence:
        return _first_fitting(
            f"Make {_tests(finding.evidence)} pass", f"Make {_meant(finding)} pass"
        )
    return _first_fitting(
        f"Fix {finding.rule} in {name}", f"Fix {finding.rule}", f"Fix {finding.id}"
    )


def _meant(finding: Finding) -> str:
    """Return the test that a finding is about, or its rule."""
    is_test = finding.source == "test" and finding.evidence
    return one_line(spoken_test(finding.evidence[0]), limit=40) if is_test else finding.rule


def _first_fitting(*subjects: str) -> str:
    safe = [neutral(one_line(subject)) for subject in subjects]
    return next((s for s in safe if len(s) <= _SUBJECT_LENGTH), safe[-1])


def _place(finding: Finding) -> str:
    where = f"{printable(finding.location.path)}:{finding.location.start_line}"
    return f"{finding.id} {finding.rule} {where}: {one_line(finding.title)}"


def _coverage(coverage: Coverage) -> str:
    if not coverage.hunks_total:
        return "no hunk that a tool is expected to read"
    return f"{coverage.hunks_seen} of {_count(coverage.hunks_total, 'hunk')} seen"


def _why(verdict: Verdict) -> str:
    return f"; {one_line(verdict.limits[0])}" if verdict.limits else ""


def _tally(findings: Sequence[Finding]) -> str:
    by_severity = Counter(finding.severity for finding in findings)
    parts = [f"{by_severity[s]} {s}" for s in Severity if by_severity[s]]
    return f"{_count(len(findings), 'finding')} ({', '.join(parts)})"


def _achieved(proof: Proof) -> list[str]:
    """Return what the patch does; where a test is the target, every check that led there."""
    if proof.target not in proof.fail_to_pass:
        return [f"{one_line(proof.target)} gone"]
    parts = ["applied", *(["parses"] if proof.is_parsed else [])]
    if proof.new_lint is not None:
        parts.append("0 new lint")
    ordered = [proof.target, *(t for t in proof.fail_to_pass if t != proof.target)]
    return [*parts, f"{_tests(ordered)} failed -> passed"]


def _suite(proof: Proof) -> list[str]:
    if proof.before is None or proof.after is None:
        return []
    return [f"suite {suite_counts(proof.before, proof.after)}{_reach(proof.reaching)}"]


def suite_counts(before: Counts, after: Counts) -> str:
    """Say what became of the suite."""
    total = after.failed + after.passed
    if before.failed != after.failed:
        return f"{before.failed} failed -> {after.failed} failed of {total}"
    if before.failed:
        return f"{before.failed} failed of {total} before and after"
    if before.passed != after.passed:
        return f"{before.passed} passed -> {after.passed} passed"
    return f"{after.passed} passed before and after"


def _reach(tests: int | None) -> str:
    if tests is None:
        return ""
    who = {0: "no test reaches", 1: "1 reaches"}.get(tests, f"{tests} reach")
    return f" ({who} this line)"


def _where(proof: Proof) -> list[str]:
    parts = [f"{proof.seconds:.1f} s"] if proof.seconds else []
    if proof.image == "process":
        return [*parts, "on this machine, without a container"]
    if len(proof.image) > _DIGEST_LENGTH:
        return [*parts, f"image {proof.image[:_DIGEST_LENGTH]}…"]
    return [*parts, f"image {proof.image}"] if proof.image else parts


def _missing(proof: Proof) -> list[str]:
    """Return what keeps a checked patch from being proved; never empty for one."""
    gaps = [
        (proof.is_parsed is None, "no parser knows this language"),
        (proof.new_lint is None, "a linter could not look"),
        (proof.is_self_reported, "the change decides what its own tests report"),
        (not proof.is_target_back, "the target was not seen again without the patch"),
        (
            proof.problem is None and (proof.before is None or proof.after is None),
            "no tests ran before and after",
        ),
        (None not in (proof.before, proof.after) and not proof.has_passed, "no test passes"),
    ]
    named = [sentence for is_missing, sentence in gaps if is_missing]
    return [*named, one_line(proof.problem)] if proof.problem else named


def _faults(proof: Proof) -> list[str]:
    """Return what is wrong with a patch that is not verified; never empty for one."""
    if proof.problem is not None and not proof.is_target_gone:
        return [one_line(proof.problem)]
    faults: list[str] = []
    if not proof.is_applied:
        faults.append("it does not apply to this head")
    if proof.is_parsed is False:
        faults.append("the file does not parse with it")
    if proof.new_lint:
        faults.append(f"it brings {', '.join(proof.new_lint)}")
    if proof.pass_to_fail:
        faults.append(f"it breaks {_tests(proof.pass_to_fail)}")
    if not proof.is_target_gone:
        faults.append(f"{one_line(proof.target)} is still there with it")
    return faults


def _telling_line(message: str) -> str:
    """Return the line of a failure that says most: pytest's first `E` line, else the first."""
    lines = [line for line in message.splitlines() if line.strip()]
    marked = [line[2:] for line in lines if line.startswith("E ")]
    return one_line((marked or lines or [""])[0])


def _tests(tests: Sequence[str]) -> str:
    more = len(tests) - 1
    return spoken_test(tests[0]) + (f" and {more} more" if more else "")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
