"""PURE: which addresses a judge may be reached at, so that no inner server is asked.

The standard library alone, since forms of the web process ask here too. A form checks
what was typed; `connecting` checks every address again at the moment it connects, which
is what holds against a name that changes its address in between.
"""

import ipaddress
import re
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import SplitResult, urlsplit

from annotation.words import gettext as _

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
# Public addresses anybody may use; local ones an operator may allow; the others lead to
# no model anywhere (metadata of a cloud, multicast, what is reserved).
Reach = Literal["public", "local", "forbidden"]
# Gives the addresses of a host as texts; raises OSError where there is none.
Resolver = Callable[[str, int], Sequence[str]]

LONGEST_ADDRESS = 500
ENDINGS = ("/chat/completions", "/completions")
# What operators' clouds answer with credentials at, wherever it lies.
METADATA = frozenset(
    ipaddress.ip_address(one)
    for one in (
        "169.254.169.254",
        "169.254.170.2",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "fd00:ec2::254",
        "fd20:ce::254",
    )
)
_LOCAL = tuple(
    ipaddress.ip_network(one)
    for one in (
        "127.0.0.0/8",
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",
        "::1/128",
        "fc00::/7",
    )
)
# Global by their number, and yet a way to somewhere else: 6to4, Teredo, NAT64 for local
# use, relays; and site-local addresses, which were given up.
_DETOURS = tuple(
    ipaddress.ip_network(one)
    for one in (
        "2002::/16",
        "2001::/32",
        "64:ff9b:1::/48",
        "192.88.99.0/24",
        "fec0::/10",
        "5f00::/16",
    )
)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_COMPATIBLE = ipaddress.ip_network("::/96")
_NUMBER = re.compile(r"(?:0[xX][0-9a-fA-F]*|[0-9]+)")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")


class AddressRefused(Exception):
    """No connection is made: `message` is a sentence for the owner."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True)
class Base:
    """The base address of an endpoint, read and normal: its host is in ASCII."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def text(self) -> str:
        """The address as it is stored and shown."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = {"http": 80, "https": 443}[self.scheme]
        port = "" if self.port == usual else f":{self.port}"
        return f"{self.scheme}://{host}{port}{self.path}"


def look_up(host: str, port: int) -> Sequence[str]:
    """Ask the system for the addresses of a host."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def reach_of(address: IPAddress) -> Reach:
    """Tell to whom an address belongs; one inside another counts for both."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = _inner(address)
        if inner is not None:
            return reach_of(inner)
        if address.scope_id is not None:
            return "forbidden"
    if address in METADATA or any(address in net for net in _DETOURS):
        return "forbidden"
    if any(address in net for net in _LOCAL):
        return "local"
    is_odd = address.is_multicast or address.is_unspecified or address.is_reserved
    if is_odd or address.is_link_local or not address.is_global:
        return "forbidden"
    return "public"


def _inner(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address that an IPv6 address stands for, if it does."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    number = int(address)
    if address in _NAT64 or (address in _COMPATIBLE and number > 0xFFFF):
        return ipaddress.IPv4Address(number & 0xFFFFFFFF)
    return None


def allowed_addresses(
    host: str, port: int, *, allow_private: bool, resolve: Resolver = look_up
) -> list[str]:
    """Return the addresses of a host to connect to, each of them checked.

    Raises AddressRefused where one of them is not allowed (a name with a public and a
    private address is a trick, not a choice), and OSError where there is none.
    """
    found = resolve(host, port)
    if not found:
        raise OSError("no address")
    for text in found:
        problem = _problem_of(host, ipaddress.ip_address(text), allow_private)
        if problem:
            raise AddressRefused(problem)
    return list(found)


def _problem_of(host: str, address: IPAddress, allow_private: bool) -> str:
    """Return why this address of a host is not connected to, or ""."""
    reach = reach_of(address)
    if reach == "public" or (reach == "local" and allow_private):
        return ""
    if reach == "local":
        return _(
            "{host} lies in a private network ({address}). Use a public address, or "
            "ask the operator to set MODEL_PRIVATE_ADDRESSES=true."
        ).format(host=host, address=address)
    return _(
        "{host} leads to {address}, where no model may be asked. Use the public "
        "address of the endpoint."
    ).format(host=host, address=address)


def check_address(
    url: str, *, allow_private: bool, resolve: Resolver | None = look_up
) -> list[str]:
    """Return what is wrong with a base address as sentences; none where it is right.

    `resolve=None` looks nothing up. A name that is not found is no problem here: it may
    be known where the worker runs, and the check of the endpoint tells.
    """
    try:
        base = read_base(url)
    except AddressRefused as refused:
        return [refused.message]
    literal = _literal(base.host)
    if literal is not None:
        problem = _problem_of(base.host, literal, allow_private)
    elif _is_localhost(base.host):
        loopback = ipaddress.ip_address("127.0.0.1")
        problem = _problem_of(base.host, loopback, allow_private)
    else:
        problem = ""
    problem = problem or _port_problem(base.port, allow_private)
    if not problem and literal is None and resolve is not None:
        problem = _resolved_problem(base, allow_private, resolve)
    return [problem] if problem else []


def _resolved_problem(base: Base, allow_private: bool, resolve: Resolver) -> str:
    try:
        allowed_addresses(
            base.host, base.port, allow_private=allow_private, resolve=resolve
        )
    except AddressRefused as refused:
        return refused.message
    except (OSError, UnicodeError):
        return ""
    return ""


def _port_problem(port: int, allow_private: bool) -> str:
    """Return why a port is refused: mail, shells and their like speak no HTTP."""
    if allow_private or port in (80, 443) or port >= 1024:
        return ""
    return _(
        "Port {port} is not one that models are served at. Use 80, 443, or one from "
        "1024 to 65535."
    ).format(port=port)


def read_base(url: str) -> Base:
    """Read a base address such as https://api.example.org/v1.

    Raises AddressRefused with a sentence where it is none. What people paste of the
    whole address (/chat/completions) is taken off.
    """
    url = url.strip()
    parts = _split(url)
    host = _read_host(parts.hostname or "")
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port is None:
        port = {"http": 80, "https": 443}[parts.scheme]
    if port == 0:
        raise AddressRefused(_("The port is not a number from 1 to 65535."))
    path = parts.path.rstrip("/")
    for ending in ENDINGS:
        path = path.removesuffix(ending)
    return Base(parts.scheme, host, port, path.rstrip("/"))


def _split(url: str) -> SplitResult:
    """Return the parts of an address whose form is right."""
    if len(url) > LONGEST_ADDRESS:
        raise AddressRefused(
            _("The address is longer than {n} characters.").format(n=LONGEST_ADDRESS)
        )
    if "\\" in url or any(ord(one) <= 32 or ord(one) == 127 for one in url):
        raise AddressRefused(
            _("The address has a space, a backslash or a control character in it.")
        )
    try:
        parts = urlsplit(url)
    except ValueError:
        raise AddressRefused(_not_an_address()) from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise AddressRefused(_not_an_address())
    if "@" in parts.netloc:
        raise AddressRefused(
            _("The address has a name or password in it. Give the key as the API key.")
        )
    if parts.query or parts.fragment or not parts.path.isascii():
        raise AddressRefused(
            _("The address ends before “?” and “#”, for example with /v1.")
        )
    return parts


def _not_an_address() -> str:
    return _("This is no address. Write one such as https://api.example.org/v1.")


def _read_host(host: str) -> str:
    """Return a host in ASCII and lower case; numbers only in their usual form."""
    if ":" in host:
        return _read_ipv6(host)
    try:
        # Also turns full-width digits and dots into plain ones, as a resolver would.
        plain = host.encode("idna").decode("ascii").lower()
    except UnicodeError:
        raise AddressRefused(_not_a_host(host)) from None
    labels = plain.removesuffix(".").split(".")
    if _NUMBER.fullmatch(labels[-1]):
        try:
            return str(ipaddress.IPv4Address(plain))
        except ValueError:
            raise AddressRefused(
                _(
                    "{host} is an unusual way to write a number address. Write it as "
                    "four decimal numbers, such as 203.0.113.7."
                ).format(host=host)
            ) from None
    if len(plain) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise AddressRefused(_not_a_host(host))
    return plain


def _read_ipv6(host: str) -> str:
    try:
        address = ipaddress.IPv6Address(host)
    except ValueError:
        raise AddressRefused(_not_a_host(host)) from None
    if address.scope_id is not None:
        raise AddressRefused(_not_a_host(host))
    return str(address)


def _not_a_host(host: str) -> str:
    return _("“{host}” is not the name of a host.").format(host=host)


def _literal(host: str) -> IPAddress | None:
    """Return the address that a host of `read_base` is, if it is one."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _is_localhost(host: str) -> bool:
    name = host.removesuffix(".")
    return name == "localhost" or name.endswith(".localhost")
