"""A real Chromium, Debian's package, driven by Playwright: headless, and silent on the network."""

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

AXE = Path(__file__).parent / "axe" / "axe.min.js"
PROGRAMS = ("chromium", "chromium-browser")
_SILENT = (
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-default-apps", "--no-first-run", "--no-default-browser-check",
    "--disable-domain-reliability", "--disable-features=OptimizationHints,Translate",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--disable-dev-shm-usage",
)  # fmt: skip
_TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
_WAIT_MS = 60_000


@contextmanager
def open_chromium() -> Iterator[Browser]:
    """Yield a browser; where there is none the test is skipped and says so, unless it must run."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        reason = "there is no Chromium here: install Debian's chromium package"
        if os.environ.get("PULLWRIGHT_REQUIRE_BROWSER") == "1":
            pytest.fail(f"PULLWRIGHT_REQUIRE_BROWSER is set, and {reason}")
        pytest.skip(reason)
    # Root has no user namespace to lock the renderer into; only our own pages are loaded.
    sandbox = () if os.getuid() else ("--no-sandbox",)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, headless=True, args=[*_SILENT, *sandbox], timeout=_WAIT_MS
        )
        # A machine that does other things at the same time may be slow.
        expect.set_options(timeout=_WAIT_MS)
        yield browser
        browser.close()


@dataclass
class Tab:
    """One page, and everything that went wrong on it."""

    page: Page
    url: str
    trouble: list[str] = field(default_factory=list)
    """Console errors, exceptions, refusals of the policy, requests to others."""

    def open(self, path: str) -> None:
        """Load a page of the site and let its scripts run."""
        self.page.goto(f"{self.url}{path}", wait_until="load")

    def violations(self) -> Sequence[str]:
        """Return what axe finds serious or critical on the page as it is."""
        # Through the debugger, because the page's policy would not load it.
        self.page.evaluate(AXE.read_text("utf-8"))
        found = self.page.evaluate(
            "tags => axe.run(document, {runOnly: tags}).then(r => r.violations)", list(_TAGS)
        )
        return [
            f"{self.page.url} {rule['id']}: {node['html']} ({node['failureSummary']})"
            for rule in cast("list[dict[str, Any]]", found)
            if rule["impact"] in ("serious", "critical")
            for node in rule["nodes"]
        ]


@contextmanager
def open_tab(browser: Browser, url: str, **options: Any) -> Iterator[Tab]:
    """Yield a page in a browser of its own: no cookie of another test."""
    context: BrowserContext = browser.new_context(**options)
    context.set_default_timeout(_WAIT_MS)
    tab = Tab(context.new_page(), url)
    page, trouble = tab.page, tab.trouble
    page.on("console", lambda m: trouble.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("request", lambda r: None if r.url.startswith(url) else trouble.append(r.url))
    yield tab
    context.close()
