"""`pullwright setup` as a process, from an empty machine to an App that takes a delivery."""

import re
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from tests.end_to_end.app import AS_RUN, App, serve
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


def test_a_port_that_is_in_use_is_said_with_what_to_do(tmp_path: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            [sys.executable, "-c", AS_RUN, "setup", "--port", port],
            env=_empty_machine("https://api.github.com", tmp_path),
            capture_output=True,
            text=True,
            check=False,
        )

    assert done.returncode == 2
    assert "Address already in use" in done.stderr
    assert "name another with --port" in done.stderr


def test_without_an_app_serve_says_how_to_make_one(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", AS_RUN, "serve", "--port", "0"],
        env=_empty_machine("https://api.github.com", tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert "make an App with `pullwright setup`" in done.stderr
