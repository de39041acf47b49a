import re
from dataclasses import replace
from html.parser import HTMLParser
from importlib.resources import files

import pytest

from bot.adapters.html_report import render_html
from bot.domain.diff import Diff, FileDiff, FileStatus, Hunk, Side
from bot.domain.edits import Edit, Patch
from bot.domain.findings import Finding, Location, Suggestion, number
from bot.domain.review import Review
from bot.domain.suspicion import SuspectLine
from bot.domain.verdict import Conclusion, Coverage, SkippedFile
from tests.reviews import (
    CART,
    HEAD,
    MERGE_BASE,
    TEST,
    decision,
    finding,
    proof,
    reaching,
    regression,
    review,
    suite,
    unused_import,
    verdict,
)

HOSTILE = "</script><img src=x onerror=alert(1)>\u202e\x1b[31m{{ 7 * 7 }}'\"&\x00"


class Page(HTMLParser):
    """The elements and the text of a page, and what a browser would fetch or run."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    @property
    def tags(self) -> set[str]:
        return {tag for tag, _ in self.elements}

    @property
    def attributes(self) -> set[str]:
        return {name for _, attributes in self.elements for name in attributes}


def page_of(result: Review) -> Page:
    return Page(render_html(result))


def one_line_diff(path: str, body: bytes, lines: int) -> Diff:
    hunk = Hunk(0, 0, 1, lines, body)
    file = FileDiff(path, path, FileStatus.ADDED, "000000", "100644", False, (hunk,))
    return Diff(MERGE_BASE, HEAD, (file,))


def hostile_finding() -> Finding:
    patch = Patch((Edit(HOSTILE, 1, 1, "a\n", f"{HOSTILE}\n"),))
    return finding(
        rule=HOSTILE,
        title=HOSTILE,
        body=f"`{HOSTILE}`",
        source=HOSTILE,
        snippet=HOSTILE,
        location=Location(HOSTILE, 1, 1),
        suggestion=Suggestion(patch, HOSTILE, proof(target=HOSTILE, problem=HOSTILE)),
    )


def hostile_review() -> Review:
    tests = replace(suite(failed=True), messages={TEST: HOSTILE}, problem=HOSTILE)
    return review(
        findings=number([hostile_finding()]),
        contents={HOSTILE: b"a\n"},
        diff=one_line_diff(HOSTILE, f"+{HOSTILE}\n".encode(), 1),
        run_id=HOSTILE,
        notes=(HOSTILE,),
        head_tests=tests,
        decisions=(replace(decision(), observation=HOSTILE, policy_version=HOSTILE),),
        verdict=replace(
            verdict(limits=(HOSTILE,)),
            coverage=Coverage(0, 1, (SkippedFile(HOSTILE, HOSTILE, is_exempt=False),)),
        ),
    )


def test_the_page_tells_the_whole_review() -> None:
    text = page_of(review()).text

    assert "3 findings (1 high, 2 low): 12 of 12 hunks seen" in text
    assert "proved: F401 gone · suite 214 passed before and after" in text
    assert "return sum(prices[1:])" in text
    assert "unseen +3.00" in text
    assert "no tool knows this language" in text
    assert "1 failed of 5" in text


def test_the_page_asks_nothing_of_the_network_and_runs_nothing() -> None:
    page = page_of(review())

    assert not page.tags & {"script", "img", "link", "iframe", "object", "form", "base", "video"}
    assert not {name for name in page.attributes if name.startswith("on")}
    assert not page.attributes & {"style", "src", "action", "background"}
    links = [attributes["href"] for _, attributes in page.elements if "href" in attributes]
    assert all(link is not None and link.startswith("#") for link in links)
    assert not re.search(r"url\(|@import|https?:", render_html(review()))


def test_a_browser_would_refuse_any_other_style_or_script() -> None:
    html = render_html(review())

    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]+)"', html)
    assert policy.startswith("default-src &#39;none&#39;; style-src &#39;sha256-")


def test_what_a_pull_request_holds_never_becomes_markup() -> None:
    html = render_html(hostile_review())
    page = Page(html)

    assert "img" not in page.tags
    assert "script" not in page.tags
    assert "49" not in page.text.split("{{ 7 * 7 }}")[0]
    assert "{{ 7 * 7 }}" in page.text
    assert not set("\u202e\x1b\x00") & set(html)
    assert "\\u202e" in page.text


def test_the_page_stays_small_whatever_the_review_holds() -> None:
    body = b"".join(b"+" + b"\"'<&" * 250_000 + b"\n" for _ in range(4))
    path = "min.js"
    long = finding(location=Location(path, 1, 4), title="<" * 10**6, body='"' * 10**6)
    many = number([replace(long, rule=f"R{n}") for n in range(1000)])
    skipped = tuple(SkippedFile("<" * 255, "prose", is_exempt=True) for _ in range(3000))
    tests = replace(suite(failed=True), outcomes={}, messages={})
    huge = review(
        findings=many,
        diff=one_line_diff(path, body, 4),
        verdict=replace(verdict(), coverage=Coverage(0, 4, skipped), limits=("x" * 10**6,) * 900),
        notes=("'" * 10**6,) * 900,
        head_tests=tests,
    )

    html = render_html(huge)

    assert len(html) < 8_000_000
    assert "more characters" in html
    assert "900 more findings in the JSON and SARIF reports" in html


def test_an_excerpt_is_the_lines_around_the_finding_with_their_numbers() -> None:
    body = b"".join(b"+line %d\n" % n for n in range(1, 101))
    place = finding(location=Location("a.py", 50, 51))

    html = render_html(review(findings=number([place]), diff=one_line_diff("a.py", body, 100)))

    shown = re.findall(r'<td class="no">(\d+)</td>', html)
    assert shown == [str(n) for n in range(46, 56)]
    assert re.findall(r"<mark>(.*?)</mark>", html) == ["line 50", "line 51"]


def test_a_finding_on_a_removed_line_marks_the_removed_line() -> None:
    removed = finding(location=Location("src/shop/cart.py", 3, 3, Side.LEFT))

    html = render_html(review(findings=number([removed])))

    assert re.findall(r"<mark>(.*?)</mark>", html) == ["return sum(prices)"]


def test_a_finding_outside_the_diff_shows_its_own_lines() -> None:
    outside = finding(location=Location("other.py", 7, 8), snippet="first\nsecond\n")

    html = render_html(review(findings=number([outside]), diff=None))

    assert re.findall(r'<td class="no">(\d+)</td>', html) == ["7", "8"]


def test_added_and_removed_lines_differ_by_sign_and_not_by_colour_alone() -> None:
    html = render_html(review(findings=number([regression()])))

    assert re.search(r'class="del"><td class="sign">-</td><td class="line">    return sum', html)
    assert re.search(r'class="add"><td class="sign">\+</td><td class="line">    return sum', html)


def test_only_a_proved_patch_gets_the_tick() -> None:
    html = render_html(review(findings=number([unused_import(), unused_import(new_lint=None)])))

    assert html.count('class="receipt proved"') == 1
    assert html.count('class="receipt checked"') == 1


@pytest.mark.parametrize("conclusion", [c for c in Conclusion if c is not Conclusion.FINDINGS])
def test_a_page_without_findings_says_why_there_are_none(conclusion: Conclusion) -> None:
    empty = Review(review().change, verdict(conclusion, limits=("ruff is missing",)), "run-1")

    text = page_of(empty).text

    assert "What could not be looked at" in text
    assert "No tests ran in this review." in text
    assert ("No findings:" in text) is (conclusion is Conclusion.SUCCESS)


def test_the_page_can_be_read_with_a_keyboard_and_a_screen_reader() -> None:
    page = page_of(review())

    headers = [attributes for tag, attributes in page.elements if tag == "th"]
    assert all("scope" in attributes for attributes in headers)
    assert {"main", "nav", "header", "h1"} <= page.tags
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    labels = [a["aria-labelledby"] for _, a in page.elements if "aria-labelledby" in a]
    assert set(labels) <= set(ids)
    scrolling = [a for _, a in page.elements if (a.get("class") or "") in ("code", "scroll")]
    assert all(a.get("tabindex") == "0" for a in scrolling)


def _suspect(line: int, score: float) -> SuspectLine:
    return SuspectLine(
        "src/shop/cart.py",
        line,
        score,
        ochiai=score,
        dstar=score,
        is_in_traceback=line == 5,
        is_changed=True,
    )


def test_suspicion_is_a_strip_in_the_order_of_the_file_and_a_list_by_rank() -> None:
    suspects = (_suspect(5, 0.7), _suspect(4, 0.3), _suspect(1, 0.05))
    result = replace(review(), suspects=suspects, contents={"src/shop/cart.py": CART})

    page = page_of(result)

    strip = [a for tag, a in page.elements if tag == "li" and "heat" in (a.get("class") or "")]
    assert [a["title"] for a in strip] == [
        "line 1: low, 0.05", "line 4: raised, 0.30", "line 5: highest, 0.70",
    ]  # fmt: skip
    assert "return sum(prices[1:])" in page.text
    assert "highest, in the traceback, changed here" in page.text


def test_suspicion_is_read_out_in_words_and_differs_by_height_too() -> None:
    result = replace(review(), suspects=(_suspect(5, 0.7), _suspect(4, 0.3)))

    page = page_of(result)

    assert "line 5: highest" in page.text
    styles = files("bot.adapters").joinpath("templates/report.css").read_text("utf-8")
    assert len(set(re.findall(r"\.heat-[2-5] { padding-top: ([^;]+);", styles))) == 4


def test_the_page_says_which_changed_statements_no_test_reaches() -> None:
    assert "no test reaches src/shop/cart.py: 5" in page_of(reaching(4)).text


def test_a_page_without_red_tests_has_no_strip() -> None:
    assert "Where the failing tests point" not in page_of(review()).text


def test_ticks_that_do_not_pair_stay_ticks() -> None:
    odd = finding(title="one ` tick", body="`a` and `b`")

    html = render_html(review(findings=number([odd])))

    assert "one ` tick" in html
    assert "<code>a</code> and <code>b</code>" in html


def test_a_repair_that_is_not_the_only_one_says_so_beside_its_receipt() -> None:
    shown = regression()
    assert shown.suggestion is not None
    unsure = replace(shown.suggestion, is_ambiguous=True, distinguishing_input="total([])")
    page = page_of(review(findings=number([replace(shown, suggestion=unsure)])))

    receipt, _, rest = page.text.rpartition("proved: ")[2].partition("ambiguous")

    assert receipt.count("\n") <= 2
    assert rest.strip().startswith("another patch passes the same tests; an input for which they")


def test_a_change_to_tests_is_named_where_it_weakens_them() -> None:
    files = one_line_diff("tests/test_cart.py", b"+x\n", 1)
    own = replace(suite(failed=False), is_self_reported=True)

    text = page_of(review(diff=files, head_tests=own)).text

    assert "this change edits tests (tests/test_cart.py), so it decides itself what passes" in text
