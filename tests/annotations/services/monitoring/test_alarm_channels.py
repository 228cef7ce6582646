"""E-mail to a real SMTP server, webhooks to a real HTTPS server."""

import datetime as dt
import http.server
import ipaddress
import json
import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.utils import timezone

from annotations.models import Alarm, Study
from annotations.services.monitoring import alarm_channels
from annotations.services.monitoring.alarm_channels import NotificationFailed, is_public, post

WHAT = {"text": "Many left."}


@pytest.fixture
def alarm(open_study: Study) -> Alarm:
    open_study.alarm_email = "team@example.org"
    open_study.save()
    return Alarm.objects.create(study=open_study, kind="dropout", message="Many left.", raised_at=timezone.now())


# -- E-mail --------------------------------------------------------------------------------------------------------


class _Sink(socketserver.StreamRequestHandler):
    """Takes one message as RFC 5321 has it, and keeps what it was told."""

    def handle(self) -> None:
        server: Any = self.server
        self.wfile.write(b"220 sink\r\n")
        for line in self.rfile:
            server.lines.append(line.decode().rstrip())
            word = line.upper().split()[0] if line.split() else b""
            if word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                while (data := self.rfile.readline()) != b".\r\n":
                    server.lines.append(data.decode().rstrip())
            self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 fine\r\n")
            if word == b"QUIT":
                return


@pytest.fixture
def smtp(settings) -> Iterator[list[str]]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Sink) as server:
        server.lines = []  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = server.server_address[:2]
        settings.SENDS_EMAIL = True
        yield server.lines  # type: ignore[attr-defined]
        server.shutdown()


def test_an_alarm_arrives_by_mail(alarm: Alarm, smtp: list[str], settings) -> None:
    alarm_channels.email(alarm)
    text = "\n".join(smtp)
    assert "RCPT TO:<team@example.org>" in text.replace("rcpt", "RCPT").replace("RCPT TO: <", "RCPT TO:<")
    assert "Subject: Clarify: The sprites study: dropout" in text
    assert "Many left." in text
    assert f"{settings.SITE_URL}/admin/annotations/study/{alarm.study_id}/monitor/" in text


def test_a_mail_server_that_is_down_is_told_as_such(alarm: Alarm, smtp: list[str], settings) -> None:
    settings.EMAIL_PORT = 1
    with pytest.raises(NotificationFailed, match="ConnectionRefusedError"):
        alarm_channels.email(alarm)


def test_a_site_without_a_mail_server_says_so(alarm: Alarm, settings) -> None:
    settings.SENDS_EMAIL = False
    with pytest.raises(NotificationFailed, match="EMAIL_URL"):
        alarm_channels.email(alarm)


def test_a_title_cannot_write_lines_into_the_head(alarm: Alarm, smtp: list[str]) -> None:
    alarm.study.title = "Birds\r\nBcc: all@example.org"
    with pytest.raises(NotificationFailed, match="BadHeaderError"):
        alarm_channels.email(alarm)


# -- Webhooks ------------------------------------------------------------------------------------------------------


class _Hook(http.server.BaseHTTPRequestHandler):
    """Keeps what it gets, and answers as its server was told."""

    def do_POST(self) -> None:
        server: Any = self.server
        body = self.rfile.read(int(self.headers["Content-Length"]))
        server.got.append((self.path, self.headers["Host"], json.loads(body)))
        if server.drip:
            for _ in range(200):
                self.wfile.write(b"H")
                self.wfile.flush()
                time.sleep(0.05)
        self.send_response(server.status)
        self.send_header("Location", "https://localhost/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of localhost that signs itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "localhost.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.fixture
def hook(certificate: Path) -> Iterator[Any]:
    """A running HTTPS server on localhost."""
    server: Any = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Hook)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    server.socket = tls.wrap_socket(server.socket, server_side=True)
    server.got, server.status, server.drip = [], 200, False
    server.url = f"https://localhost:{server.server_address[1]}/hook?key=k"
    server.trust = ssl.create_default_context(cafile=str(certificate))
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def anywhere(address: str) -> bool:
    return True


def test_a_webhook_gets_json_under_its_own_name(hook: Any) -> None:
    post(hook.url, WHAT, allowed=anywhere, context=hook.trust)
    [(path, host, body)] = hook.got
    assert (path, body) == ("/hook?key=k", WHAT)
    assert host.startswith("localhost:")


def test_what_it_gets_says_nothing_of_any_participant(alarm: Alarm) -> None:
    assert set(alarm_channels.document(alarm)) == {"study", "kind", "message", "raised_at", "page", "text"}


def test_a_private_address_is_never_asked(hook: Any) -> None:
    with pytest.raises(NotificationFailed, match="public internet"):
        post(hook.url, WHAT, context=hook.trust)
    assert hook.got == []


@pytest.mark.parametrize(
    "address",
    "127.0.0.1 10.1.2.3 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 0.0.0.0 224.0.0.1".split()  # noqa: SIM905
    + "::1 fe80::1 fc00::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ff02::1 ::".split()  # noqa: SIM905
    # Addresses that stand for another one: NAT64, a site's own NAT64, 6to4, IPv4-compatible and -translated, Teredo.
    + "64:ff9b::127.0.0.1 64:ff9b::a9fe:a9fe 64:ff9b:1::8.8.8.8 2002:7f00:1:: 2002:a00:1::1".split()  # noqa: SIM905
    + "::127.0.0.1 ::93.184.216.34 2001:0:4136:e378:8000:63bf:80ff:fffe ::ffff:0:127.0.0.1".split(),  # noqa: SIM905
)
def test_addresses_inside_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "64:ff9b::93.184.216.34", "2002:5db8:d822::1"]
)
def test_addresses_outside_are(address: str) -> None:
    assert is_public(address)


def test_one_private_address_among_public_ones_is_enough_to_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = [(2, 1, 6, "", (address, 443)) for address in ("93.184.216.34", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: entries)
    with pytest.raises(NotificationFailed, match="public internet"):
        post("https://example.org/", WHAT)


def test_the_connection_goes_to_the_address_that_was_checked(hook: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    look_up = socket.getaddrinfo

    def once(name: str, *args: Any, **kwargs: Any) -> Any:
        asked.append(name)
        return look_up(name, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", once)
    post(hook.url, WHAT, allowed=lambda address: address in {"127.0.0.1", "::1"}, context=hook.trust)
    assert [name for name in asked if name == "localhost"] == ["localhost"]


@pytest.mark.parametrize("url", ["http://example.org/", "https://", "https://name:word@example.org/", "file:///etc/x"])
def test_only_https_without_credentials_is_asked(url: str) -> None:
    with pytest.raises(NotificationFailed, match="https URL"):
        post(url, WHAT, allowed=anywhere)


@pytest.mark.parametrize("status", [302, 307, 404, 500])
def test_a_redirect_is_not_followed_and_like_a_failure_tried_again(hook: Any, status: int) -> None:
    hook.status = status
    with pytest.raises(NotificationFailed, match=f"answered with status {status}"):
        post(hook.url, WHAT, allowed=anywhere, context=hook.trust)
    assert len(hook.got) == 1


def test_a_certificate_that_nobody_trusts_is_refused(hook: Any) -> None:
    with pytest.raises(NotificationFailed, match="SSLCertVerificationError"):
        post(hook.url, WHAT, allowed=anywhere)
    assert hook.got == []


def test_a_server_that_answers_a_byte_at_a_time_is_hung_up_on(hook: Any) -> None:
    hook.drip = True
    with pytest.raises(NotificationFailed):
        post(hook.url, WHAT, allowed=anywhere, context=hook.trust, total_timeout_s=0.3)


def test_a_server_that_never_answers_is_given_up(hook: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with socketserver.TCPServer(("127.0.0.1", 0), socketserver.BaseRequestHandler) as silent:
        url = f"https://localhost:{silent.server_address[1]}/"
        with pytest.raises(NotificationFailed, match="cannot be reached"):
            post(url, WHAT, allowed=lambda address: True, context=hook.trust, step_timeout_s=0.2)
