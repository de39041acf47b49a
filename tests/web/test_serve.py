import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.errors import Refused
from bot.settings import load_app_settings
from bot.web.serve import Address, Backend, serve
from tests.fakes.jobs import FakeJobs
from tests.fakes.ledger import FakeDeliveries
from tests.web.server import SECRET, Reply, opened, running, site_of

PROGRAM = """
import sys
from functools import partial
from bot.settings import load_app_settings
from bot.web.serve import Address, Backend, serve
from tests.fakes.jobs import FakeJobs
from tests.fakes.ledger import FakeDeliveries

settings = load_app_settings()
backend = Backend(FakeJobs(), FakeDeliveries())
serve(settings, backend, address=Address(port=0), announce=partial(print, flush=True))
"""


def _has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


@pytest.fixture
def process(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    environment = {
        "PULLWRIGHT_APP_ID": "29310",
        "PULLWRIGHT_WEBHOOK_SECRET": SECRET,
        "PULLWRIGHT_STATE_DIR": str(tmp_path),
    }
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        env=environment,
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        yield server
        server.kill()


def _deliver(process: subprocess.Popen[str]) -> Reply:
    assert process.stdout is not None
    return site_of(process.stdout.readline().split()[-1]).deliver(opened())


@pytest.mark.parametrize("polite", [signal.SIGTERM, signal.SIGINT])
def test_the_server_says_where_it_is_and_leaves_when_asked(
    process: subprocess.Popen[str], polite: signal.Signals
) -> None:
    assert _deliver(process).status == 202

    process.send_signal(polite)

    assert process.wait(10) == 0


@pytest.mark.parametrize("secret", ["", "guessable"])
def test_there_is_no_unsigned_mode(secret: str) -> None:
    settings = load_app_settings(
        {"PULLWRIGHT_APP_ID": "1", "PULLWRIGHT_WEBHOOK_SECRET": secret} if secret else _APP
    )

    with pytest.raises(Refused, match="PULLWRIGHT_WEBHOOK_SECRET has"):
        serve(settings, Backend(FakeJobs(), FakeDeliveries()))


@pytest.mark.skipif(not _has_ipv6(), reason="this machine has no IPv6 loopback")
def test_the_server_speaks_ipv6() -> None:
    with running(Address("::1", 0)) as site:
        assert site.deliver(opened()).status == 202


@pytest.mark.parametrize(
    "address",
    [Address("192.0.2.1", 0), Address("localhost.invalid", 0)],
    ids=["foreign", "no name"],
)
def test_an_address_that_is_not_ours_is_refused_in_words(address: Address) -> None:
    settings = load_app_settings(_APP | {"PULLWRIGHT_WEBHOOK_SECRET": SECRET})

    with pytest.raises(Refused, match="cannot listen on"):
        serve(settings, Backend(FakeJobs(), FakeDeliveries()), address=address)


_APP = {"PULLWRIGHT_APP_ID": "1"}
