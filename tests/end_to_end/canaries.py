"""The oracle of every hostile case: no secret goes out, nobody else is met, the App lives on.

Canaries stand where an attacker looks for secrets: in the environment of our processes and in the
files of their user, who also has a git configuration that would run programs.
"""

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.end_to_end.app import App
from tests.end_to_end.witness import seen
from tests.github_simulator import PullRequest, Repo
from tests.github_simulator.exchange import LoggedRequest

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


@dataclass
class Oracle:
    """What must hold after every case. It looks at each request and each token once."""

    app: App
    _requests: int = 0
    _tokens: int = 0
    _rows: int = 0

    def hold(self) -> None:
        """Hold it against what has happened since the last time."""
        app = self.app
        assert [p.args for p in app.processes if p.poll() is not None] == []
        assert not (app.folder / MARK).exists()
        requests = app.github.log[self._requests :]
        rows = seen(app.folder / "witness")[self._rows :]
        self._requests += len(requests)
        self._rows += len(rows)
        secrets = self._secrets()
        self._hold_secrets(requests, secrets)
        host = app.github.url.removeprefix("http://")
        assert {one.headers.get("host") for one in requests} <= {host}
        for row in rows:
            self._hold_world(row, host, secrets)

    def _secrets(self) -> list[str]:
        """Return all fixed secrets and the tokens that are new, in every form."""
        ours = self.app.github.apps[0]
        key = [row for row in ours.private_key_pem.splitlines() if len(row) > 40]
        # The jobs of the last time may have been under way, so their tokens count once more.
        tokens = [token.value for token in ours.minted[max(0, self._tokens - 4) :]]
        self._tokens = len(ours.minted)
        fixed = (*CANARIES, ours.webhook_secret, *key)
        return [form for secret in (*fixed, *tokens) for form in forms(secret)]

    def _hold_secrets(self, requests: Sequence[LoggedRequest], secrets: Sequence[str]) -> None:
        outgoing = "\n".join(
            f"{one.method} {one.path} {dict(one.query)} {dict(one.headers)} "
            f"{one.body.decode('utf-8', 'replace')}"
            for one in requests
        )
        said = "\n".join(f.read_text(errors="replace") for f in self.app.folder.glob("*.log"))
        for secret in secrets:
            assert secret not in outgoing
            assert secret not in said

    def _hold_world(self, row: Mapping[str, Any], host: str, secrets: Sequence[str]) -> None:
        if "met" in row:
            assert row["met"] in OURS, row
            return
        if row["ran"][:2] in ON_IMPORT:
            return
        argv, environment = " ".join(row["ran"]), row["environment"]
        # A program without an environment of its own gets ours, secrets and all.
        assert environment is not None, argv
        assert not [word for word in row["ran"] if "://" in word and host not in word], argv
        known = str({k: v for k, v in environment.items() if not self._is_allowed(k, environment)})
        for secret in secrets:
            assert secret not in argv
            assert secret not in known, argv

    def _is_allowed(self, name: str, environment: Mapping[str, str]) -> bool:
        """Tell what one child may know: a fetching git has the token in its own environment."""
        key = environment.get("GIT_CONFIG_KEY_0", "")
        is_ours = key.startswith(f"http.{self.app.github.url}/")
        return name == "GIT_CONFIG_VALUE_0" and is_ours


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


def forms(secret: str) -> Iterator[str]:
    """Yield a secret in the forms in which it could go out."""
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
