"""`pullwright setup` as a process, from an empty machine to an App that takes a delivery."""

import re
from pathlib import Path

from tests.end_to_end.app import App, open_app, serve
from tests.github_simulator import simulator
from tests.web.clicks import FORM, Browser
from tests.web.server import site_of


def _empty_machine(github_url: str, folder: Path) -> dict[str, str]:
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": str(folder),
        "PULLWRIGHT_STATE_DIR": str(folder / "state"),
        "PULLWRIGHT_SANDBOX": "none",
        "PULLWRIGHT_GITHUB_API_URL": github_url,
    }


def test_an_app_is_made_by_clicking_and_serve_needs_no_more_settings(tmp_path: Path) -> None:
    with simulator(tmp_path) as github:
        app = App(github, _empty_machine(github.api_url, tmp_path), tmp_path)
        try:
            setup = app.spawn("setup", "--port", "0", "--url", "https://bot.example.org")
            url = re.search(r"http://\S+(?=/setup)", app.said(setup, "open http"))
            assert url is not None
            browser = Browser(site_of(url[0]))
            assert b'value="https://bot.example.org"' in browser.get("/setup").body
            made = browser.get(browser.confirm(FORM))
            assert setup.wait(30) == 0

            serve(app)

            assert made.status == 200
            github.repo("octo/shop").open_pull_request({"a.py": "x = 1\n"}, author="ada")
            assert github.webhooks.all[-1].status_code == 202
            assert browser.get_from(github.webhook_url, "/setup").status == 404
        finally:
            app.end()


def test_doctor_looks_at_the_app_and_prints_what_to_type(tmp_path: Path) -> None:
    with open_app(tmp_path, sandbox="none") as app:
        (tmp_path / "key.pem").chmod(0o644)
        process = app.spawn("doctor")

        assert process.wait(120) == 4

    said = (tmp_path / "process-0.log").read_text()
    assert "ok   clock: " in said
    assert "BAD  key: everybody on this machine can read the App's key" in said
    assert f"         chmod 600 {tmp_path}/key.pem\n" in said
    assert "none model: " in said
