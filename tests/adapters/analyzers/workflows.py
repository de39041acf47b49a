"""GitHub workflows for the tests of zizmor."""

CLEAN = b"""on: push
permissions: {}
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - run: echo a
"""
INJECTION = CLEAN.replace(b"echo a", b"echo ${{ github.event.issue.title }}")
