"""The way to the model's server: TLS that is checked, and nothing that lasts."""

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from bot.adapters.cerebras_client import CerebrasClient, Server
from bot.adapters.model_transport import DIRECT, Route
from bot.errors import ModelUnreachable
from tests.adapters.model_contract import GOOD
from tests.model_server.replies import Break, Fault, in_turn
from tests.model_server.server import ModelServer, serving

CHAT = {"model": "gpt-oss-120b", "messages": [{"role": "user", "content": "Hello"}]}


@dataclass(frozen=True)
class Certified:
    context: ssl.SSLContext
    ca_file: Path


@pytest.fixture
def certified(tmp_path: Path) -> Certified:
    """A certificate for 127.0.0.1 that only its own file vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "model")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    ca_file, key_file = tmp_path / "ca.pem", tmp_path / "key.pem"
    pem = serialization.Encoding.PEM
    ca_file.write_bytes(certificate.public_bytes(pem))
    plain = serialization.NoEncryption()
    key_file.write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(ca_file, key_file)
    return Certified(context, ca_file)


def asked(server: ModelServer, route: Route, *, timeout_s: float = 60) -> bytes:
    client = CerebrasClient(Server(server.url, "csk-key", route))
    try:
        client.served(timeout_s=60)
        return client.chat(CHAT, timeout_s=timeout_s)
    finally:
        client.close()


def test_a_server_with_the_operators_certificate_is_asked(certified: Certified) -> None:
    with serving(ModelServer(in_turn(GOOD)), tls=certified.context) as server:
        body = asked(server, Route(ca_file=str(certified.ca_file)))

    assert b"off by one" in body
    assert server.url.startswith("https://")


def test_a_server_that_nobody_vouches_for_gets_nothing(certified: Certified) -> None:
    with (
        serving(ModelServer(in_turn(GOOD)), tls=certified.context) as server,
        pytest.raises(ModelUnreachable, match="CERTIFICATE_VERIFY_FAILED"),
    ):
        asked(server, DIRECT)

    assert server.received == []


@pytest.mark.parametrize("kind", [Break.HANG_AFTER_HEADERS, Break.DRIP])
def test_the_deadline_holds_within_tls_too(certified: Certified, kind: Break) -> None:
    fault = Fault(kind, body=b" " * 20_000)
    with (
        serving(ModelServer(in_turn(fault)), tls=certified.context) as server,
        pytest.raises(ModelUnreachable, match="did not answer within 1 s"),
    ):
        asked(server, Route(ca_file=str(certified.ca_file)), timeout_s=1.0)


def test_a_connection_is_used_again() -> None:
    server = ModelServer(in_turn(GOOD))
    with serving(server):
        asked(server, DIRECT)

    assert (len(server.received), server.connections) == (2, 1)
