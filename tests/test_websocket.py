"""Opening sockets: what goes along, what is checked, and what is said when it fails."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import anyio
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosedError, InvalidURI

from ryx_dash import websocket
from ryx_dash.websocket import FAILURES, final, http_base, opened, public, receive, why
from tests.fakes import backends
from tests.fakes.backends import served_backend
from tests.faults.proxy import Proxy
from tests.servers import free_port

Handle = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def raw_server(handle: Handle) -> AsyncIterator[int]:
    """A TCP server that does one thing to each connection; gives its port."""
    connections: list[asyncio.Task[None]] = []

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await handle(reader, writer)
        finally:
            writer.close()
            await writer.wait_closed()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(asyncio.ensure_future(connected(reader, writer)))

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
    await asyncio.gather(*connections, return_exceptions=True)


async def failure(url: str, token: str | None = None) -> BaseException:
    with pytest.raises(FAILURES) as caught:
        async with opened(url, token):
            pass
    return caught.value


async def test_the_query_is_added_to_the_one_that_is_there() -> None:
    async with served_backend(backends.documented) as backend:
        async with opened(f"{backend.url}?a=1", None, run="x y", since=3):
            pass
        async with opened(backend.url, None):
            pass
    assert [query.partition("?")[2] for query in backend.queries] == ["a=1&run=x+y&since=3", ""]


async def test_nobody_there() -> None:
    error = await failure(f"ws://127.0.0.1:{free_port()}/")
    assert why(error) == "connection refused"
    assert not final(error)


async def test_both_families_of_a_host_are_one_sentence() -> None:
    assert why(await failure(f"ws://localhost:{free_port()}/")) == "connection refused"


async def test_an_unknown_name() -> None:
    assert why(await failure("ws://nowhere.invalid/")) == "its name is not known"


@pytest.mark.parametrize(
    ("status", "said", "for_good"),
    [
        (401, "it refuses the token (HTTP 401)", True),
        (404, "it answers HTTP 404 and no WebSocket", True),
        (502, "it answers HTTP 502 and no WebSocket", False),
    ],
)
async def test_an_answer_that_is_no_socket(status: int, said: str, for_good: bool) -> None:
    async with served_backend(backends.documented, status=status) as backend:
        error = await failure(backend.url)
    assert why(error) == said
    assert final(error) is for_good


async def test_a_server_that_accepts_and_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websocket, "PING_SECONDS", 0.1)

    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with raw_server(mute) as port:
        assert "does not answer" in why(await failure(f"ws://127.0.0.1:{port}/"))


async def test_a_close_says_its_code_and_reason() -> None:
    async def busy(socket: ServerConnection) -> None:
        await socket.close(1013, "Too busy.")

    async with serve(busy, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        with pytest.raises(FAILURES) as caught:
            async with opened(f"ws://127.0.0.1:{port}/", None) as socket:
                await receive(socket)
    assert why(caught.value) == "it closed the connection (code 1013, Too busy.)"
    assert why(ConnectionClosedError(None, None)) == "the connection broke off"


async def test_a_dead_connection_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    async with served_backend(backends.silent) as backend:
        proxy = Proxy(int(backend.url.split(":")[2].split("/")[0]))
        async with proxy.serve():
            with anyio.fail_after(20):
                async with opened(f"ws://127.0.0.1:{proxy.port}/", None) as socket:
                    monkeypatch.setattr(websocket, "PING_SECONDS", 0.5)
                    with anyio.move_on_after(2):  # alive, though quiet
                        await receive(socket)
                    proxy.hole = True
                    with pytest.raises(TimeoutError):
                        await receive(socket)


# -- certificates and proxies ----------------------------------------------------------------------


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for 127.0.0.1 with its key, signed by nobody but itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ryx test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "certificate.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@asynccontextmanager
async def secure(certificate: Path) -> AsyncIterator[str]:
    async def greet(socket: ServerConnection) -> None:
        await socket.send("hello")

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    async with serve(greet, "127.0.0.1", 0, ssl=context) as server:
        yield f"wss://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}/"


async def test_a_certificate_that_nobody_vouches_for_is_refused(certificate: Path) -> None:
    async with secure(certificate) as url:
        error = await failure(url, "s3cret")
    assert "its certificate is not valid: self-signed certificate" in why(error)
    assert final(error)


async def test_a_certificate_that_is_trusted_is_taken(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    async with secure(certificate) as url, opened(url, None) as socket:
        assert await receive(socket) == b"hello"


async def test_the_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bytes] = []

    async def tunnel(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")

    async with raw_server(tunnel) as port:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{port}")
        monkeypatch.setenv("no_proxy", "")
        error = await failure("ws://backend.example:8000/")
    assert asked[0].startswith(b"CONNECT backend.example:8000 ")
    assert "proxy" in why(error)


async def test_a_proxy_leads_to_the_backend(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bytes] = []

    async def pass_on(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(4096):
            sink.write(data)
        sink.close()

    async def tunnel(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        host, _, port = asked[0].split()[1].decode().rpartition(":")
        there, to_there = await asyncio.open_connection(host, int(port))
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await asyncio.gather(pass_on(reader, to_there), pass_on(there, writer))

    async with served_backend(backends.acknowledging) as backend, raw_server(tunnel) as port:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{port}")
        monkeypatch.setenv("no_proxy", "")
        async with opened(backend.url, "s3cret") as socket:
            await socket.send('{"action": "execute_workflow"}')
            assert b"acknowledged" in (await receive(socket) or b"")
    assert len(asked) == 1
    assert b"s3cret" not in asked[0]
    assert backend.tokens == ["Bearer s3cret"]


async def test_no_proxy_is_asked_for_hosts_that_are_to_be_spared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("no_proxy", "example.org,127.0.0.1")
    async with served_backend(backends.documented) as backend, opened(backend.url, None):
        pass


async def test_a_socks_proxy_without_its_package_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ws_proxy", "socks5h://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "")
    assert "install python-socks" in why(await failure("ws://backend.example:8000/"))


# -- addresses -------------------------------------------------------------------------------------


def test_addresses_are_shown_without_what_may_be_secret() -> None:
    assert public("wss://me:pw@h:1/api?token=x") == "wss://h:1/api"


def test_the_http_side_of_an_address() -> None:
    assert http_base("ws://h:1/api/workflow/stream") == "http://h:1"
    assert http_base("wss://h/x") == "https://h"


def test_errors_without_words_have_their_name() -> None:
    assert why(OSError()) == "OSError"
    assert "isn't a valid URI" in why(InvalidURI("x", "no host"))
