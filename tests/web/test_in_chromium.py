"""The dashboard in a real Chromium: every page, both colour schemes, the keyboard, and live."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from bot.domain.event_log import PolicyStatus
from bot.domain.jobs import JobStatus
from bot.domain.verdict import Conclusion
from tests.web.chromium import Tab, open_chromium, open_tab
from tests.web.past import DEAD_JOB, DONE, LIVE, LIVE_JOB, VERSION, finish, step
from tests.web.server import TODAY
from tests.web.test_dashboard import INSTALLED, PATHS
from tests.web.visitor import TOKEN, House, house


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def shown() -> Iterator[House]:
    with house() as ours:
        yield ours


@pytest.fixture
def tab(browser: Browser, shown: House) -> Iterator[Tab]:
    with open_tab(browser, _url(shown)) as tab:
        yield tab
        assert tab.trouble == []


def _url(ours: House) -> str:
    return f"http://{ours.site.host}:{ours.site.port}"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_and_the_console_no_error(
    browser: Browser, shown: House, scheme: str
) -> None:
    found: list[str] = []
    with open_tab(browser, _url(shown), color_scheme=scheme) as tab:
        for path in INSTALLED:
            tab.open(path)
            found += tab.violations()

    assert found == []
    assert tab.trouble == []


def test_an_empty_installation_is_as_accessible(browser: Browser) -> None:
    found: list[str] = []
    with house(is_empty=True) as ours, open_tab(browser, _url(ours)) as tab:
        for path in PATHS:
            tab.open(path)
            found += tab.violations()

    assert found == []
    assert tab.trouble == []


def test_a_chart_is_drawn_and_its_figures_stay_as_a_table(tab: Tab) -> None:
    for path in ("/", "/acceptance", "/cost"):
        tab.open(path)
        plot = tab.page.locator("figure .plot")

        expect(plot).to_have_attribute("role", "img")
        assert tab.page.evaluate(_IS_DRAWN)
        tab.page.locator("figure summary").click()
        expect(tab.page.locator("figure .grid")).to_be_visible()


_IS_DRAWN = """() => {
  const canvas = document.querySelector("figure canvas");
  const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return data.some((value) => value !== 0);
}"""


def test_the_keyboard_reaches_the_content_and_opens_the_why(tab: Tab) -> None:
    tab.open(f"/runs/{DONE}")
    keyboard = tab.page.keyboard

    keyboard.press("Tab")
    expect(tab.page.locator(".skip")).to_be_focused()
    keyboard.press("Enter")
    keyboard.press("Tab")
    while tab.page.evaluate("document.activeElement.tagName") != "SUMMARY":
        keyboard.press("Tab")
    keyboard.press("Enter")

    expect(tab.page.locator(".steps details").first).to_have_attribute("open", "")


def test_somebody_signs_in_and_tries_a_dead_letter_again(browser: Browser) -> None:
    with house(token=TOKEN) as ours, open_tab(browser, _url(ours)) as tab:
        tab.open("/queue")
        assert tab.violations() == []
        tab.page.get_by_label("Admin token").fill(TOKEN)
        tab.page.get_by_role("button", name="Sign in").click()
        tab.page.get_by_role("link", name="Queue").click()
        tab.page.get_by_role("button", name=f"Retry {DEAD_JOB}").click()
        expect(tab.page.locator(".pill")).to_have_text("queued")

        assert ours.jobs.statuses[DEAD_JOB] is JobStatus.QUEUED
        tab.page.get_by_role("button", name="Sign out").click()
        expect(tab.page.get_by_label("Admin token")).to_be_visible()
        assert tab.trouble == []


def test_somebody_rolls_a_policy_back(browser: Browser) -> None:
    with house() as ours, open_tab(browser, _url(ours)) as tab:
        tab.open("/policy")
        tab.page.get_by_role("button", name=f"Roll back version {VERSION[:12]}").click()
        expect(tab.page.locator(".pill.rolled-back")).to_have_count(1)

        assert ours.ledger.policies.all()[0].status is PolicyStatus.PROMOTED
        assert tab.trouble == []


def test_a_run_under_way_is_followed_to_its_end(browser: Browser) -> None:
    with house() as ours, open_tab(browser, _url(ours)) as tab:
        tab.open(f"/runs/{LIVE}")
        expect(tab.page.locator(".steps > li")).to_have_count(1)

        step(ours.ledger, LIVE, 2, "finish")
        expect(tab.page.locator(".steps > li")).to_have_count(2)
        finish(ours.ledger, LIVE, TODAY, Conclusion.SUCCESS)
        ours.jobs.statuses[LIVE_JOB] = JobStatus.DONE

        expect(tab.page.get_by_role("status")).to_contain_text("success")
        expect(tab.page.locator("#live")).not_to_have_attribute("data-progress", "x")
        assert tab.trouble == []


def test_without_scripts_a_run_under_way_reloads_itself(browser: Browser, shown: House) -> None:
    with open_tab(browser, _url(shown), java_script_enabled=False) as tab:
        tab.open(f"/runs/{LIVE}")
        with tab.page.expect_navigation(timeout=60_000):
            pass

        expect(tab.page.locator(".steps > li")).to_have_count(1)


def test_a_narrow_screen_scrolls_tables_and_not_the_page(browser: Browser, shown: House) -> None:
    with open_tab(browser, _url(shown), viewport={"width": 360, "height": 700}) as tab:
        for path in INSTALLED:
            tab.open(path)
            overflow = "document.documentElement.scrollWidth - innerWidth"
            assert tab.page.evaluate(overflow) <= 0, path
