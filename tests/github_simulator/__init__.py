"""A GitHub for tests: a real HTTP server over real git, as strict as GitHub is.

Start it, let people act, let the bot answer, look at the state and at the log of requests:

    with simulator(tmp_path) as github:
        app = github.app()  # has id, private_key_pem, webhook_secret
        repo = github.repo("octo/shop", base={"a.py": "x = 1\\n"})  # the App is installed on it
        github.webhook_url = "http://127.0.0.1:8080/webhook"  # signed deliveries, all recorded
        start_the_bot(api_url=github.api_url)  # REST; GraphQL and git are on the same host
        ada = repo.collaborator("ada", "write")
        pr = repo.open_pull_request({"a.py": "x = 2\\n"}, author="ada", fork=False, draft=False)
        pr.push({"a.py": "x = 3\\n"})  # also force_push, rebase, close, reopen, merge, mark_ready,
        # convert_to_draft, lock, retarget, edit_title, delete_fork
        ada.comment(pr, "/agent fix")  # also review, review_comment, reply, react, label, edit,
        # delete, resolve(thread), rerun(check_run)
        ada.press_button(repo.check_runs[-1], "fix")
        repo.merge_queue([pr])  # sends merge_group, returns the head that wants checks
        github.faults.add("POST", "/repos/*/reviews", Drop(after=True))  # more in faults.py
        github.clock.advance(minutes=61)  # tokens are old now, limits are whole again
        github.webhooks.is_queued = True  # then webhooks.deliver(); also is_down, losses, repeat
        github.webhooks.settle()  # wait for what the requests of the bot sent
        assert pr.review_comments[0].body and repo.check_runs[-1].conclusion == "success"
        assert [str(one) for one in github.writes] == ["POST /repos/octo/shop/check-runs -> 201"]

An act returns when its webhooks were answered; what the bot's own requests provoke is sent beside
them. Every exchange is checked against GitHub's OpenAPI where its file exists (`contract.py`), and
a violation fails the test when the block ends, unless `check_contract=False`. `github.limits` has
the rate limits; set `limits.min_write_gap_s = 1` and writes that come too fast are recorded.
"""

from tests.github_simulator.faults import (
    BadCredentials,
    Blank,
    Drop,
    Echo,
    ForeignLink,
    Html,
    Latency,
    Limited,
    Meanwhile,
    Redirect,
    Status,
    Strike,
)
from tests.github_simulator.pull_requests import PullRequest
from tests.github_simulator.repositories import Repo
from tests.github_simulator.reviews import DraftComment
from tests.github_simulator.start import simulator
from tests.github_simulator.world import GitHub

__all__ = [
    "BadCredentials",
    "Blank",
    "DraftComment",
    "Drop",
    "Echo",
    "ForeignLink",
    "GitHub",
    "Html",
    "Latency",
    "Limited",
    "Meanwhile",
    "PullRequest",
    "Redirect",
    "Repo",
    "Status",
    "Strike",
    "simulator",
]
