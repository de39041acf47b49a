"""Takes a rule away and looks whether its tests notice: `python -m tests.mutants A01 R5`.

A case of the catalogue of bad inputs, or a rule of docs/security.md.

It works on a copy, and says `red` where a test failed, as it should, and `GREEN` where none did.
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.catalogue import HELD, RULES

ROOT = Path(__file__).resolve().parents[1]
TIMEOUT_S = 300
_CACHES = shutil.ignore_patterns("__pycache__")


@dataclass(frozen=True, slots=True)
class Mutant:
    """An edit that takes a rule away: `old` stands once in the file."""

    file: str
    old: str
    new: str


_OWN: Mapping[str, Mutant] = {
    "A01": Mutant("bot/web/webhook.py", "if digest is None:", "if digest == 0:"),
    "A02": Mutant("bot/web/signature.py", "if not hmac.compare_digest(", "if not isinstance("),
    "A05": Mutant("bot/web/signature.py", "_HEADER.fullmatch(", "_HEADER.search("),
    "A08": Mutant("bot/web/signature.py", "if size > MAX_BODY_BYTES:", "if size < 0:"),
    "A13": Mutant("bot/web/webhook.py", "except RecursionError", "except KeyError"),
    "A17": Mutant("bot/domain/event_parser.py", "    if parse is None:", "    if parse == 0:"),
    "A18": Mutant("bot/domain/intake.py", "    if repo is None:", "    if repo == 0:"),
    "A19": Mutant("bot/web/webhook.py", "Answer(503, retry", "Answer(202, retry"),
    "B01": Mutant(
        "bot/agent/service/command_job.py",
        "        plain = self._plain_command()\n",
        "        plain = None\n",
    ),
    "B06": Mutant(
        "bot/domain/event_parser.py", 'payload.data.get("action") != "created"', "not payload.data"
    ),
    "B07": Mutant("bot/domain/command_parser.py", "_TRIGGER.match(body)", "_TRIGGER.search(body)"),
    "B09": Mutant(
        "bot/domain/command_parser.py",
        "if wrong := [word for word in words if not _ID.fullmatch(word)]:",
        "if wrong := []:",
    ),
    "B12": Mutant(
        "bot/domain/permissions.py", "return asker.permission.may_write\n", "return True\n"
    ),
    "C01": Mutant("bot/adapters/git_process.py", "\\tsymlinks = false\n", ""),
    "C02": Mutant(
        "bot/adapters/git_process.py", '"HOME": "/nonexistent"', '"HOME": str(Path.home())'
    ),
    "C03": Mutant("bot/adapters/git_process.py", "\\tfsckObjects = true\n", ""),
    "C10": Mutant(
        "bot/agent/service/review_job.py",
        "            if self._has_moved(remote):\n                raise",
        "            if not remote:\n                raise",
    ),
    "C11": Mutant("bot/adapters/git_process.py", "without(self._secrets, stderr)", "stderr"),
    "C12": Mutant(
        "bot/wiring.py", "sha = workspace.change.base_sha", "sha = workspace.change.head_sha"
    ),
    "C14": Mutant("bot/adapters/yaml_config.py", "event.anchor is not None", "event.anchor == 0"),
    "F01": Mutant(
        "bot/domain/prompt_redaction.py", "for pattern in _PATTERNS:", "for pattern in ():"
    ),
    "F02": Mutant("bot/domain/hidden_text.py", "if pattern.search(shown):", "if not shown:"),
    "F03": Mutant(
        "bot/domain/prompt.py", 'text = text.replace(self.boundary, "[boundary]")', "pass"
    ),
    "F04": Mutant(
        "bot/agent/lookups.py",
        "if lookup not in self._asked]",
        "if lookup is not self]",
    ),
    "F05": Mutant(
        "bot/agent/tools/review.py",
        "tuple(without_model(error) for error in others[:1])",
        "()",
    ),
    "F08": Mutant(
        "bot/domain/model_findings.py", "(first_changed(diff, path),) * 2", "(said.line,) * 2"
    ),
    "F09": Mutant("bot/domain/one_click.py", "return is_proved and", "return"),
    "F11": Mutant(
        "bot/domain/written.py",
        'if is_protected(path) or path.startswith(".github/")',
        "if path == 0",
    ),
    "F12": Mutant(
        "bot/domain/model_edits.py", "if len(proposed) > MOST_EDITS:", "if not proposed:"
    ),
    "G01": Mutant(
        "bot/domain/markdown.py", "found is not None and found", "found is None or found"
    ),
    "G02": Mutant("bot/domain/untrusted.py", "(?<=@)(?=[\\w-])|", ""),
    "G03": Mutant("bot/domain/markdown.py", "- room) > 0", "- room) > 10**9"),
    "G05": Mutant("bot/adapters/github_reviews.py", "if len(batch) == 1:", "if batch:"),
    "G08": Mutant(
        "bot/adapters/github_transport.py",
        "if _origin(target) != self._address.origin or target",
        "if target",
    ),
    "G11": Mutant(
        "bot/adapters/github_transport.py",
        "answer.status == 401 and not is_renewed",
        "answer.status == 401",
    ),
    "G16": Mutant("bot/domain/workflow_commands.py", '.replace(":", "%3A")', ""),
    "G14": Mutant("bot/domain/untrusted.py", '_TOKEN.sub("***", text)', "text"),
    "D03": Mutant(
        "bot/adapters/junit_runner.py", "for path in sys.path if path]", "for path in sys.path]"
    ),
    "D08": Mutant("bot/adapters/junit_report.py", "forbid_dtd=True", "forbid_dtd=False"),
    "E02": Mutant("bot/adapters/docker_engine.py", '["OOMKilled"]', '["Paused"]'),
    "E07": Mutant(
        "bot/adapters/docker_flags.py", 'network: str = "none"', 'network: str = "bridge"'
    ),
    "E17": Mutant(
        "bot/adapters/docker_sandbox.py",
        "if read_nonce(self._engine, self._holder) != self._nonce:",
        "if not self._nonce:",
    ),
    "R2": Mutant(
        "bot/adapters/github_conversation.py",
        'False) for n in comments if n["viewerDidAuthor"])',
        "False) for n in comments)",
    ),
    "R3": Mutant("bot/agent/service/surveying.py", "missing[:MOST_REVIEWS]", "missing[:0]"),
    "R4": Mutant(
        "bot/adapters/github_access.py", "stack.callback(revoke, requester, token)", "token.renew"
    ),
    "R8": Mutant(
        "bot/adapters/git_remote.py", 'parts.scheme == "http" and _is_here(host)', "parts.scheme"
    ),
    "R12": Mutant("bot/adapters/analyzers/ruff.py", '"--isolated",\n', "\n"),
    "R13": Mutant("bot/adapters/docker_flags.py", '"CapDrop": ["ALL"]', '"CapDrop": []'),
    "R14": Mutant("bot/adapters/junit_runner.py", "if code == 0 and red:", "if code < 0:"),
    "R15": Mutant(
        "bot/adapters/docker_archive.py", "if said.mode & _GO_TYPE_BITS:", "if not said:"
    ),
    "R16": Mutant("bot/domain/model.py", '(frozen=True, extra="ignore")', '(extra="allow")'),
    "R20": Mutant("bot/domain/commit_rules.py", "if branch == default:", "if not branch:"),
    "R21": Mutant("bot/adapters/docker_flags.py", '"TZ": "UTC"', '"TZ": "UTC", "KEY": "k"'),
    "R22": Mutant("bot/logs.py", "self._redactor.clean(joined)", "joined"),
    "R24": Mutant(
        ".github/workflows/release.yml",
        "install --no-cache-dir --only-binary=:all: --require-"
        "hashes --requirement docker/release.lock",
        "install --requirement docker/release.lock",
    ),
    "R25": Mutant(
        "bot/agent/service/command_job.py",
        "        return self.connection.reactions.is_ours(",
        "        return not self.connection.reactions.is_ours(",
    ),
    "R26": Mutant(
        "bot/domain/verdict.py",
        "return self.hunks_seen >= self.hunks_total and is_all_read",
        "return True",
    ),
    "R27": Mutant("bot/adapters/unsafe_setup.py", "if mode & stat.S_IROTH:", "if mode < 0:"),
    "R28": Mutant(
        "bot/policy/rewards.py", "_within_the_day(told, settings.most_per_day)", "list(told)"
    ),
}
_SAME = {
    "R1": "A02",
    "R5": "B12",
    "R6": "B09",
    "R7": "C12",
    "R9": "F03",
    "R10": "F01",
    "R11": "F04",
    "R17": "G02",
    "R18": "G05",
    "R19": "G08",
    "R23": "G16",
}
"""Rules that the edit of a case removes."""
MUTANTS: Mapping[str, Mutant] = {**_OWN, **{rule: _OWN[case] for rule, case in _SAME.items()}}


def main(wanted: list[str]) -> int:
    """Try the mutants and return how many survived."""
    survivors = 0
    for case in wanted or list(MUTANTS):
        is_red = _is_noticed(MUTANTS[case], {**HELD, **RULES}[case])
        survivors += not is_red
        sys.stdout.write(f"{case} {'red' if is_red else 'GREEN'}\n")
        sys.stdout.flush()
    return survivors


def _is_noticed(mutant: Mutant, tests: tuple[str, ...]) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        # A commit too: a test looks whether what workflows are pinned to is one.
        subprocess.run(["git", "clone", "-q", "--shared", ROOT, copy], check=True)
        for name in ("bot", "tests"):
            shutil.copytree(ROOT / name, copy / name, ignore=_CACHES, dirs_exist_ok=True)
        file = copy / mutant.file
        file.write_text(file.read_text().replace(mutant.old, mutant.new))
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-x", "-q", *(f"tests/{test}" for test in tests)],
            cwd=copy,
            stdout=subprocess.DEVNULL,
            timeout=TIMEOUT_S,
            check=False,
        )
        return done.returncode == 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
