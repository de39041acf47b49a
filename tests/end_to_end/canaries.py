"""The oracle of every hostile case: no secret goes out, nobody else is met, the App lives on.

Canaries stand where an attacker looks for secrets: in the environment of our processes and in the
files of their user, who also has a git configuration that would run programs.
"""

import base64
from collections.abc import Iterator
from pathlib import Path

from tests.end_to_end.app import App
from tests.end_to_end.witness import seen
from tests.github_simulator import PullRequest, Repo

PEM_WORDS = "CANARYpemMIIEpAIBAAKCAQEA7canary0canary1canary2canary3canary4"
PEM = f"-----BEGIN RSA PRIVATE KEY-----\n{PEM_WORDS}\n-----END RSA PRIVATE KEY-----\n"
ENVIRONMENT = {
    "GITHUB_TOKEN": "ghs_CANARYenvironment00000000000000000000",
    "OPENAI_API_KEY": "csk-CANARY-environment-key",
    "DEPLOY_KEY": PEM,
}
DISK_TOKEN, DISK_KEY = "ghs_CANARYdisk000000000000000000000000000", "csk-CANARY-disk-key"
CANARIES = ("CANARY", PEM_WORDS, *list(ENVIRONMENT.values())[:2], DISK_TOKEN, DISK_KEY)
OURS = ("127.0.0.1", "localhost", "0.0.0.0")  # noqa: S104 the web server looks its address up
ON_IMPORT = (["file", "-b"],)
"""What libraries of ours ask when they are imported: about the interpreter's own file."""
MARK = "ran-on-the-host"

GIT_CONFIG = """\
[filter "lfs"]
\tsmudge = touch {mark}
\tclean = touch {mark}
\tprocess = touch {mark}
\trequired = true
[core]
\tfsmonitor = touch {mark}
\taskPass = touch {mark}
[credential]
\thelper = "!touch {mark}; echo password={token}"
[url "http://192.0.2.1/"]
\tinsteadOf = http://127.0.0.1
"""


def plant(folder: Path) -> None:
    """Put canaries where the user of our processes would have secrets."""
    mark = folder / MARK
    (folder / ".netrc").write_text(f"machine 127.0.0.1 login x password {DISK_TOKEN}\n")
    (folder / ".git-credentials").write_text(f"http://x:{DISK_TOKEN}@127.0.0.1\n")
    (folder / ".gitconfig").write_text(GIT_CONFIG.format(mark=mark, token=DISK_TOKEN))
    (folder / "id.pem").write_text(PEM)
    (folder / "model.key").write_text(f"{DISK_KEY}\n")


def assert_harmless(app: App) -> None:
    """Hold the oracle against everything that has happened so far."""
    assert [p.args for p in app.processes if p.poll() is not None] == []
    assert not (app.folder / MARK).exists()
    _assert_nothing_leaked(app)
    _assert_nobody_else_was_met(app)


def assert_reviewed(app: App, repo: Repo, good: PullRequest) -> None:
    """Wait for the review of a harmless pull request with one mistake in it."""
    wait_for_check(app, repo, good)
    (check,) = [run for run in repo.check_runs if run.head_sha == good.head_sha]
    assert check.conclusion == "neutral"
    assert len(good.review_comments) == 1


def wait_for_check(app: App, repo: Repo, pr: PullRequest) -> None:
    """Wait until the head has a finished check."""

    def is_done() -> bool:
        runs = [run for run in repo.check_runs if run.head_sha == pr.head_sha]
        return bool(runs) and all(run.conclusion for run in runs)

    app.until(is_done, f"a finished check on {pr.head_sha}")


def secrets_of(app: App) -> Iterator[str]:
    """Yield everything that must not go out, in the forms in which it could."""
    ours = app.github.apps[0]
    key = [row for row in ours.private_key_pem.splitlines() if len(row) > 40]
    tokens = [token.value for token in ours.minted]
    for secret in (*CANARIES, ours.webhook_secret, *key, *tokens):
        data = secret.encode()
        yield from _pieces(secret)
        yield secret[::-1]
        yield data.hex()
        for shift in range(3):
            # The first and the last characters of a base64 text depend on its neighbours.
            inner = base64.b64encode(b"x" * shift + data)[4:-4].decode()
            if len(inner) >= 12:
                yield from _pieces(inner)


def _pieces(secret: str, length: int = 24) -> Iterator[str]:
    """Yield a secret in pieces, because a sentence that is cut still holds the most of it."""
    yield secret
    # The head of a JSON web token is the same in all of them, and no secret.
    tail = secret.rpartition(".")[2]
    yield from (tail[n : n + length] for n in range(0, len(tail) - length, length))


def _assert_nothing_leaked(app: App) -> None:
    outgoing = "\n".join(
        f"{one.method} {one.path} {dict(one.query)} {dict(one.headers)} "
        f"{one.body.decode('utf-8', 'replace')} {one.json}"
        for one in app.github.log
    )
    said = "\n".join(file.read_text(errors="replace") for file in app.folder.glob("*.log"))
    for secret in secrets_of(app):
        assert secret not in outgoing
        assert secret not in said


def _assert_nobody_else_was_met(app: App) -> None:
    host = app.github.url.removeprefix("http://")
    assert {one.headers.get("host") for one in app.github.log} <= {host}
    for row in seen(app.folder / "witness"):
        if "met" in row:
            assert row["met"] in OURS, row
            continue
        if row["ran"][:2] in ON_IMPORT:
            continue
        argv, environment = " ".join(row["ran"]), row["environment"]
        # A program without an environment of its own gets ours, secrets and all.
        assert environment is not None, argv
        assert not [word for word in row["ran"] if "://" in word and host not in word], argv
        for secret in secrets_of(app):
            assert secret not in argv
            if secret not in _authorised(app, environment):
                assert secret not in str(environment), argv


def _authorised(app: App, environment: dict[str, str]) -> str:
    """Return what one child may know: a fetching git has the token in its own environment."""
    value = environment.get("GIT_CONFIG_VALUE_0", "")
    is_ours = environment.get("GIT_CONFIG_KEY_0", "").startswith(f"http.{app.github.url}/")
    return value if is_ours and value.startswith("Authorization: Basic ") else ""
