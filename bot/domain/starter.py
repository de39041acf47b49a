"""What `pullwright init` writes: workflows with the least that they need, and a configuration.

The files in `workflows/` are these texts, and a test holds them together. Everything is pinned by
hash; whoever releases a version writes its commit here (rule R23).
"""

import re
from dataclasses import dataclass

from bot.domain.repo_config import CONFIG_PATHS
from bot.domain.untrusted import one_line
from bot.errors import Refused

OWN_ACTION = "pullwright/pullwright"
PIN = "138f788aaa6c5c06ac4758d1f036ac794ed7f6fd"
"""A commit of ours that has the Action, and that is no later than this version."""
UPLOAD = "actions/upload-artifact@330a01c490aca151604b8cf639adc76d48f6c5d4 # v5.0.0"
DOWNLOAD = "actions/download-artifact@018cc2cf5baa6db3ef3c5f8a56943fffe632ef53 # v6.0.0"
MAX_LINES = 20
"""Of an example: what does not fit is not read before it is pasted."""
FOLDER = ".github/workflows"
BUNDLE = "pullwright-bundle"
"""The artifact of a fork's run, and the folder that it is unpacked into."""
NOTHING_TO_DO = "nothing is to do: all files are there already"
_ROOT_CONFIG = "pullwright.yml"
"""Where people put it who have not read where it belongs."""
_SHA = re.compile(r"[0-9a-f]{40}")

_REVIEW = """name: pullwright
on:
  pull_request:
    types: [opened, synchronize, reopened, ready_for_review, closed]
permissions: {{}}
concurrency: # a new push ends the review of the old one
  group: pullwright-${{{{ github.event.number }}}}
  cancel-in-progress: true
jobs:
  review:{condition}
    runs-on: ubuntu-24.04
    timeout-minutes: 40
    permissions:
      contents: read # write, too, lets it resolve threads
      pull-requests: write
      checks: write
    steps:
      - uses: {action}
"""
_SAME_REPOSITORY = """
    if: github.event.pull_request.head.repo.full_name == github.repository"""
_COMMANDS = """name: pullwright commands
on:
  issue_comment: # zizmor: ignore[dangerous-triggers] GitHub is asked who may command
    types: [created]
  pull_request_review_comment:
    types: [created]
permissions: {{}}
jobs:
  command:
    if: startsWith(github.event.comment.body, '/agent')
    runs-on: ubuntu-24.04
    timeout-minutes: 40
    permissions:
      contents: write # for the commits of `/agent fix`
      pull-requests: write
      checks: write
    steps:
      - uses: {action}
"""
_FEEDBACK = """name: pullwright feedback
on:
  schedule:
    - cron: "17 3 * * *"
permissions: {{}}
jobs:
  feedback:
    runs-on: ubuntu-24.04
    permissions:
      contents: read
      pull-requests: read
    steps:
      - id: pullwright
        uses: {action}
      - uses: {upload}
        with:
          name: pullwright-feedback
          path: ${{{{ steps.pullwright.outputs.results_file }}}}
"""
_FORK = """name: pullwright fork
on: pull_request
permissions: {{}}
jobs:
  review:
    if: github.event.pull_request.head.repo.full_name != github.repository
    runs-on: ubuntu-24.04
    permissions:
      contents: read
      pull-requests: read
    steps:
      - id: pullwright
        uses: {action}
        with:
          dry_run: true
      - uses: {upload}
        with:
          name: {bundle}
          path: ${{{{ steps.pullwright.outputs.results_file }}}}
"""
_PUBLISH = """name: pullwright fork publish
on: # zizmor: ignore[dangerous-triggers] no code of the pull request is checked out or run
  workflow_run:
    workflows: [pullwright fork]
    types: [completed]
permissions: {{}}
jobs:
  publish:
    if: github.event.workflow_run.event == 'pull_request'
    runs-on: ubuntu-24.04
    permissions: {{ actions: read, contents: read, pull-requests: write, checks: write }}
    steps:
      - uses: {download}
        with:
          name: {bundle}
          path: {bundle}
          run-id: ${{{{ github.event.workflow_run.id }}}}
          github-token: ${{{{ github.token }}}}
      - uses: {action}
"""
_CONFIGURATION = """# How Pullwright reviews this repository. It is read from the base branch.
# `pullwright config show` lists every key, `pullwright config check` checks this file.
auto_review:
  drafts: false
max_comments: 10
fail_on: [] # any of partial, high, critical: what turns the check red
"""


@dataclass(frozen=True, slots=True)
class StarterFile:
    """One file, and where it goes."""

    path: str
    text: str


def starter_files(*, has_forks: bool, pin: str = PIN) -> tuple[StarterFile, ...]:
    """Return what is written into a repository; raises Refused for a pin that is no commit."""
    if not _SHA.fullmatch(pin):
        raise Refused(f"{one_line(pin, limit=60)} is no commit: name all 40 hex digits of one")
    condition = _SAME_REPOSITORY if has_forks else ""
    found = [
        _workflow("pullwright.yml", _REVIEW, pin, condition),
        _workflow("pullwright-commands.yml", _COMMANDS, pin),
        _workflow("pullwright-feedback.yml", _FEEDBACK, pin),
    ]
    if has_forks:
        found.append(_workflow("pullwright-fork.yml", _FORK, pin))
        found.append(_workflow("pullwright-fork-publish.yml", _PUBLISH, pin))
    return (*found, StarterFile(CONFIG_PATHS[0], _CONFIGURATION))


def twins(path: str) -> tuple[str, ...]:
    """Return the names under which a file may be there already, the one that is written first.

    Two files of configuration would be an error, and two workflows would each review.
    """
    names = (path, *CONFIG_PATHS, _ROOT_CONFIG) if path in CONFIG_PATHS else (path,)
    every = (spelt for name in names for spelt in (name, f"{name.removesuffix('.yml')}.yaml"))
    return tuple(dict.fromkeys(every))


def kept_words(path: str) -> str:
    """Say that a file was there already, and of one that is never read why that is."""
    told = f"kept {path}, which is there already"
    read = f"{path.removesuffix('.yaml').removesuffix('.yml')}.yml"
    if path not in CONFIG_PATHS and read in CONFIG_PATHS:
        return f"{told}; it is read once it is named {read}"
    if read == _ROOT_CONFIG:
        return f"{told}; this repository's reviews read it once it is {CONFIG_PATHS[0]}"
    return told


def next_steps(*, has_forks: bool) -> tuple[str, ...]:
    """Return what a person does once the files are written."""
    steps = [
        "commit the files and push them to the default branch",
        "open a pull request: the review is on it, and in the summary of the job",
        "for a model, add `llm_api_key: ${{ secrets.CEREBRAS_API_KEY }}` under `with:`",
    ]
    if has_forks:
        steps.append(
            "a pull request from a fork is reviewed without secrets by one workflow, and the "
            "other posts what that one found"
        )
    return tuple(steps)


def _workflow(name: str, text: str, pin: str, condition: str = "") -> StarterFile:
    action = f"{OWN_ACTION}@{pin}"
    filled = text.format(
        action=action, upload=UPLOAD, download=DOWNLOAD, bundle=BUNDLE, condition=condition
    )
    return StarterFile(f"{FOLDER}/{name}", filled)
