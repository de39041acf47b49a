"""A store that cannot write: no delivery is acknowledged, and the next one is (case A19)."""

import json
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.server import SECRET, Site, site_of
from tests.web.test_durable_intake import PROGRAM, pushed

ROOT = Path(__file__).parents[2]


@pytest.fixture
def process(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    environment = {
        "PULLWRIGHT_APP_ID": "29310",
        "PULLWRIGHT_WEBHOOK_SECRET": SECRET,
        "PULLWRIGHT_DATABASE_URL": f"sqlite:///{tmp_path / 'pullwright.db'}",
    }
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        env=environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as server:
        yield server
        server.kill()


def _site(process: subprocess.Popen[str]) -> Site:
    assert process.stdout is not None
    return site_of(process.stdout.readline().split()[-1])


@pytest.mark.skipif(sys.platform != "linux", reason="limits another process as only Linux can")
def test_a_full_disk_is_503_until_there_is_room(process: subprocess.Popen[str]) -> None:
    site = _site(process)
    assert site.deliver(pushed(1)).status == 202
    _, most = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)

    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (1, most))
    full = [site.deliver(pushed(n)) for n in (2, 3)]
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (most, most))

    assert [(r.status, r.headers.get("Retry-After")) for r in full] == [(503, "10")] * 2
    assert json.loads(site.deliver(pushed(2)).body) == {"accepted": 1}
