"""A broker across a network: rediss:// speaks TLS with whom the certificate names, and with nobody else."""

import asyncio
import datetime as dt
import os
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support import forked

DISPATCH = """
from clarify_site.celery import app
with app.connection_for_write() as connection:
    connection.connect()
    connection.default_channel.client.ping()
"""
COUNT = """
from django.conf import settings
from redis import Redis
Redis.from_url(settings.REDIS_URL).ping()
"""


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate of `localhost` with its key, signed by nobody else."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "certificate.pem"
    plain = serialization.NoEncryption()
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    return file


@pytest.fixture
def broker(certificate: Path) -> Iterator[str]:
    """The address of the tests' broker behind a relay that speaks TLS: the wheel's server cannot."""
    behind = urlsplit(os.environ["REDIS_URL"])
    loop = asyncio.new_event_loop()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
        writer.close()

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection(behind.hostname, behind.port)
        await asyncio.gather(copy(reader, inner_writer), copy(inner_reader, writer), return_exceptions=True)

    thread = threading.Thread(target=loop.run_forever)  # in this one the browser of other tests may have a loop
    thread.start()
    listening = asyncio.start_server(relay, "localhost", 0, ssl=context)
    server = asyncio.run_coroutine_threadsafe(listening, loop).result()
    port = server.sockets[0].getsockname()[1]
    user = behind.netloc.rpartition("@")[0]
    yield urlunsplit(
        behind._replace(scheme="rediss", netloc=f"{user}@localhost:{port}" if user else f"localhost:{port}")
    )
    loop.call_soon_threadsafe(server.close)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def _run(program: str, broker: str, **more: str) -> subprocess.CompletedProcess[str]:
    named = {"REDIS_URL": broker, "DJANGO_SETTINGS_MODULE": "clarify_site.settings"}
    return forked.run(program, environment={**os.environ, **named, **more})


@pytest.mark.parametrize("program", [DISPATCH, COUNT], ids=["the dispatch", "the count of phrases"])
def test_a_broker_whose_certificate_is_known_is_spoken_to(program: str, broker: str, certificate: Path) -> None:
    done = _run(program, broker, SSL_CERT_FILE=str(certificate))
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("program", [DISPATCH, COUNT], ids=["the dispatch", "the count of phrases"])
def test_a_broker_whose_certificate_nobody_knows_is_not_spoken_to(program: str, broker: str) -> None:
    done = _run(program, broker)
    assert done.returncode != 0
    assert "certificate verify failed" in done.stderr
