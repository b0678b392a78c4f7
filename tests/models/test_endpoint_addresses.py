"""What holds at the moment of connecting: private addresses, rebinding, redirects."""

import socket
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from models_service.backends.addresses import check_address
from models_service.backends.endpoint import Endpoint
from models_service.backends.endpoint_settings import EndpointSettings
from tests.models.asking import KEY, FakeTime, ask_one, asks, failure_of, reply_of
from tests.models.server import Answer, JudgeServer


class Names:
    """A resolver that gives each look-up the next list of addresses."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = answers
        self.n_asked = 0

    def __call__(self, host: str, port: int) -> Sequence[str]:
        self.n_asked += 1
        return self.answers[min(self.n_asked, len(self.answers)) - 1]


def open_named(
    server: JudgeServer, names: Names, *, allow_private: bool = False
) -> Endpoint:
    """Return an endpoint that knows the server by a name."""
    url = f"http://judge.example.org:{server.port}/v1"
    settings = EndpointSettings(
        url, "judge", KEY, concurrency=1, max_attempts=1, allow_private=allow_private
    )
    return Endpoint(settings, resolve=names, clock=FakeTime().clock)


def test_private_address_is_refused_before_anything_is_sent(
    judge_server: JudgeServer,
) -> None:
    failure = failure_of(ask_one(judge_server, allow_private=False))
    assert (failure.code, failure.is_fatal) == ("address", True)
    assert "MODEL_PRIVATE_ADDRESSES" in failure.message
    assert judge_server.n_connections == 0


def test_name_that_turns_private_after_the_check_is_refused(
    judge_server: JudgeServer,
) -> None:
    names = Names(["93.184.215.14"], ["127.0.0.1"])
    with open_named(judge_server, names) as opened:
        url = opened.settings.base_url
        assert check_address(url, allow_private=False, resolve=names) == []
        (result,) = opened.ask_all(asks(1))
    assert failure_of(result).code == "address"
    assert names.n_asked == 2
    assert judge_server.n_connections == 0


def test_every_address_of_a_name_is_checked(judge_server: JudgeServer) -> None:
    names = Names(["93.184.215.14", "127.0.0.1"])
    with open_named(judge_server, names) as opened:
        (result,) = opened.ask_all(asks(1))
    assert failure_of(result).code == "address"
    assert judge_server.n_connections == 0


def test_address_that_was_checked_is_the_one_connected_to(
    judge_server: JudgeServer,
) -> None:
    # A second look-up, by whoever connects, would find nothing there.
    names = Names(["127.0.0.1"], ["127.0.0.9"])
    with open_named(judge_server, names, allow_private=True) as opened:
        (result,) = opened.ask_all(asks(1))
    reply_of(result)
    assert names.n_asked == 1
    host = judge_server.requests[0].headers["host"]
    assert host == f"judge.example.org:{judge_server.port}"


def test_next_address_is_tried_where_one_does_not_answer(
    judge_server: JudgeServer,
) -> None:
    names = Names(["127.0.0.9", "127.0.0.1"])
    with open_named(judge_server, names, allow_private=True) as opened:
        (result,) = opened.ask_all(asks(1))
    reply_of(result)


def test_name_that_is_not_found_says_so(judge_server: JudgeServer) -> None:
    with open_named(judge_server, Names([])) as opened:
        (result,) = opened.ask_all(asks(1))
    failure = failure_of(result)
    assert (failure.code, failure.is_fatal) == ("not_found", False)
    assert "judge.example.org" in failure.message


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_is_not_followed(judge_server: JudgeServer, status: int) -> None:
    with JudgeServer() as inner:
        location = {"Location": f"{inner.url}/chat/completions"}
        judge_server.decide = lambda request: Answer(status=status, headers=location)
        failure = failure_of(ask_one(judge_server))
        assert (failure.code, failure.is_fatal) == ("redirect", True)
        assert inner.n_connections == 0
    assert judge_server.n_requests == 1


def test_proxy_of_the_environment_is_not_used(
    judge_server: JudgeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with JudgeServer() as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        reply_of(ask_one(judge_server))
        assert proxy.n_connections == 0


def write_certificate(folder: Path, name: str) -> Path:
    """Write a certificate that signs itself, with its key, for a name."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.mark.parametrize(
    ("name", "is_trusted"),
    [("judge.example.org", True), ("judge.example.org", False), ("other.org", True)],
)
def test_certificate_is_checked_against_the_name_and_not_the_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, is_trusted: bool
) -> None:
    certificate = write_certificate(tmp_path, name)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    if is_trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with JudgeServer(tls=context) as server:
        url = f"https://judge.example.org:{server.port}/v1"
        settings = EndpointSettings(url, "judge", KEY, allow_private=True)
        names = Names(["127.0.0.1"])
        with Endpoint(settings, resolve=names, clock=FakeTime().clock) as opened:
            (result,) = opened.ask_all(asks(1))
    if is_trusted and name == "judge.example.org":
        reply_of(result)
    else:
        assert failure_of(result).code == "tls"
        assert server.n_requests == 0


def test_port_where_nobody_listens_is_not_reached() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        settings = EndpointSettings(url, "judge", allow_private=True, max_attempts=2)
        with Endpoint(settings, clock=FakeTime().clock) as opened:
            (result,) = opened.ask_all(asks(1))
    assert (failure_of(result).code, failure_of(result).n_attempts) == ("connect", 2)
