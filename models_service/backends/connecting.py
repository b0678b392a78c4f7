"""PURE: connections to an endpoint, and answers read within bounds.

Every connection resolves the name of the host, checks each address and connects to one
of those checked, so that no name can change its address in between (DNS rebinding); TLS
and the Host header keep the name. Redirects are answers like any other and are followed
by nobody; proxies of the environment are not used.
"""

import asyncio
import ipaddress
import ssl
import zlib
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpcore2

from models_service.backends.addresses import Base, Resolver, allowed_addresses

CONNECT_TIMEOUT_S = 15.0
# Below the 5 s after which common servers close a connection that rests.
KEEP_ALIVE_S = 4.0
_PIECE = 64 * 1024
_ENCODINGS = {b"gzip": 31, b"x-gzip": 31, b"deflate": 15}


class TooLarge(Exception):
    """An answer is larger than a completion can be."""


class BadEncoding(Exception):
    """An answer is compressed in a way that was not asked for, or broken."""


class NameNotFound(Exception):
    """The host has no address here."""


@dataclass(frozen=True)
class RawAnswer:
    """Status, body and the headers of an answer, names in lower case."""

    status: int
    headers: dict[bytes, bytes]
    body: bytes


class CheckedNetwork(httpcore2.AsyncNetworkBackend):
    """Connects only to addresses that are allowed, checked as it connects."""

    def __init__(self, *, allow_private: bool, resolve: Resolver) -> None:
        self.allow_private = allow_private
        self.resolve = resolve
        self._network = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Connect to the first address of the host that answers."""
        failure: httpcore2.ConnectError | httpcore2.ConnectTimeout | None = None
        for address in await self._addresses(host, port):
            try:
                return await self._network.connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
        raise failure or NameNotFound(host)

    async def _addresses(self, host: str, port: int) -> Sequence[str]:
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            resolve = self.resolve
        else:
            text = str(address)

            def resolve(host: str, port: int) -> Sequence[str]:
                return [text]

        try:
            return await asyncio.to_thread(
                allowed_addresses,
                host,
                port,
                allow_private=self.allow_private,
                resolve=resolve,
            )
        except (OSError, UnicodeError):
            raise NameNotFound(host) from None


class Connections:
    """Connections to one endpoint, one for each call at a time, kept for the next.

    A stack and no pool: a pool looks at each idle connection for every call, which at
    64 calls at once costs more than the call itself.
    """

    def __init__(self, base: Base, *, allow_private: bool, resolve: Resolver) -> None:
        self._origin = target(base, "").origin
        self._network = CheckedNetwork(allow_private=allow_private, resolve=resolve)
        self._tls = httpcore2.default_ssl_context()
        self._idle: list[httpcore2.AsyncHTTPConnection] = []

    @asynccontextmanager
    async def lend(self) -> AsyncIterator[httpcore2.AsyncHTTPConnection]:
        """Lend a connection that nobody else uses."""
        connection = await self._take()
        try:
            yield connection
        finally:
            if connection.is_available():
                self._idle.append(connection)
            else:
                await connection.aclose()

    async def _take(self) -> httpcore2.AsyncHTTPConnection:
        while self._idle:
            connection = self._idle.pop()
            if not connection.has_expired():
                return connection
            await connection.aclose()
        return httpcore2.AsyncHTTPConnection(
            self._origin,
            ssl_context=self._tls,
            keepalive_expiry=KEEP_ALIVE_S,
            network_backend=self._network,
        )

    async def aclose(self) -> None:
        """Close those that nobody uses."""
        idle, self._idle = self._idle, []
        for connection in idle:
            await connection.aclose()


def target(base: Base, path: str) -> httpcore2.URL:
    """Return the whole address of a call."""
    return httpcore2.URL(
        scheme=base.scheme,
        host=base.host,
        port=base.port,
        target=(base.path + path).encode("ascii"),
    )


async def send(
    connections: Connections,
    method: str,
    url: httpcore2.URL,
    *,
    headers: Sequence[tuple[bytes, bytes]],
    content: bytes | None,
    limit: int,
) -> RawAnswer:
    """Send one request and return its whole answer of at most `limit` bytes.

    Raises TooLarge, BadEncoding, NameNotFound, AddressRefused or httpcore2's errors.
    The caller bounds its time.
    """
    async with (
        connections.lend() as connection,
        connection.stream(
            method,
            url,
            headers=list(headers),
            content=content,
            extensions={"timeout": {"connect": CONNECT_TIMEOUT_S}},
        ) as response,
    ):
        found = {name.lower(): value for name, value in response.headers}
        body = await _read(response.aiter_stream(), found, limit)
        return RawAnswer(response.status, found, body)


async def _read(
    stream: AsyncIterator[bytes], headers: dict[bytes, bytes], limit: int
) -> bytes:
    """Return a body, unpacked piece by piece so that none grows past the limit."""
    encoding = headers.get(b"content-encoding", b"").strip().lower()
    if encoding in (b"", b"identity"):
        parts, size = [], 0
        async for piece in stream:
            size += len(piece)
            if size > limit:
                raise TooLarge
            parts.append(piece)
        return b"".join(parts)
    if encoding not in _ENCODINGS:
        raise BadEncoding
    return await _unpack(stream, _ENCODINGS[encoding], limit)


async def _unpack(stream: AsyncIterator[bytes], window: int, limit: int) -> bytes:
    unpacker = zlib.decompressobj(window)
    whole = bytearray()
    try:
        async for piece in stream:
            left = piece
            while left and not unpacker.eof:
                whole += unpacker.decompress(left, _PIECE)
                if len(whole) > limit:
                    raise TooLarge
                left = unpacker.unconsumed_tail
    except zlib.error:
        raise BadEncoding from None
    if not unpacker.eof:
        raise BadEncoding
    return bytes(whole)


def is_tls_problem(error: BaseException) -> bool:
    """Tell a certificate or handshake that failed from a server that is away."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.SSLError):
            return True
        seen = seen.__cause__ or seen.__context__
    return False
