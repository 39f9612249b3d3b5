"""Which receivers webhooks may be sent to: a caller must not reach through us what is inside.

An address that a caller gives is reached by `https` at public addresses only, unless `wistro.yml`
allows it. What a name resolves to is checked when the connection is made, and the connection goes to
the address that was checked: between a check and a connection, names change.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any, cast
from urllib.parse import SplitResult, urlsplit

import httpcore

from wistro.project.answer_settings import WebhookSettings
from wistro.targets.interface import Undeliverable

_PORTS = {"http": 80, "https": 443}
_NAT64 = IPv6Network("64:ff9b::/96")
_GIVEN_OUT = IPv6Network("2000::/3")
_MAX_URL = 2000


class NotAReceiver(ValueError):
    """Webhooks are not sent to an address; its text says why."""


@dataclass(frozen=True, kw_only=True)
class Receiver:
    """Where a webhook goes, and how carefully."""

    url: str
    host: str
    inside: bool
    """Whether it may be at an address that is not public."""
    loopback: bool
    """Whether it may be on this machine."""


def receiver(url: str, settings: WebhookSettings, *, development: bool) -> Receiver:
    """The receiver at `url`.

    Raises:
        NotAReceiver: webhooks are not sent there.
    """
    found = _parse(url)
    host = (found.hostname or "").rstrip(".").lower()
    if any(_matches(found, host, pattern) for pattern in settings.allow):
        return Receiver(url=url, host=host, inside=True, loopback=True)
    local = development and _is_local(host)
    if not local and settings.only_allowed:
        raise NotAReceiver(f"`{host}` is none of the receivers of `answers.webhooks.allow`")
    if not local and found.scheme != "https":
        raise NotAReceiver(f"expected an address that begins with `https://`, found `{url[:200]}`")
    literal = _literal(host)
    if not local and literal is not None and not is_public(literal):
        raise NotAReceiver(f"`{host}` is not a public address")
    return Receiver(url=url, host=host, inside=False, loopback=local)


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address, and the IPv4 address that it may stand for, is one of the open internet."""
    if isinstance(address, IPv6Address):
        embedded = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
        if address in _NAT64:
            embedded.append(IPv4Address(int(address) & 0xFFFFFFFF))
        if any(inner is not None and not is_public(inner) for inner in embedded):
            return False
        if address.ipv4_mapped is not None:
            return True
        # Whatever else there is beside the one block that is given out leads somewhere inside.
        if address not in _NAT64 and address not in _GIVEN_OUT:
            return False
    return address.is_global and not address.is_multicast


class GuardedNetwork(httpcore.AsyncNetworkBackend):
    """Connects to the addresses of one receiver that were checked; TLS still asks for its name."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._network = cast("httpcore.AsyncNetworkBackend", httpcore.AnyIOBackend())

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """See `httpcore.AsyncNetworkBackend.connect_tcp`."""
        failure: Exception = httpcore.ConnectError(f"`{host}` has no address")
        for address in await self._addresses(host, port):
            try:
                return await self._network.connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    async def _addresses(self, host: str, port: int) -> list[str]:
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise httpcore.ConnectError(f"the name `{host}` is not known") from error
        addresses = list(dict.fromkeys(str(info[4][0]) for info in found))
        for address in addresses:
            self._check(ip_address(address.partition("%")[0]))
        return addresses

    def _check(self, address: IPv4Address | IPv6Address) -> None:
        receiver = self._receiver
        if receiver.inside or is_public(address) or (receiver.loopback and address.is_loopback):
            return
        raise Undeliverable(
            f"`{receiver.host}` is at an address that is not public",
            hint="`answers.webhooks.allow` in `wistro.yml` lists receivers that may be inside",
        )


def _parse(url: str) -> SplitResult:
    if len(url) > _MAX_URL or not url.isascii() or any(char <= " " or char == "\\" for char in url):
        raise NotAReceiver(f"expected a URL of up to {_MAX_URL:,} ASCII characters without spaces")
    try:
        found = urlsplit(url)
        port = found.port
    except ValueError:
        raise NotAReceiver(f"expected a URL, found `{url[:200]}`") from None
    if found.scheme not in _PORTS or not found.hostname or port == 0:
        raise NotAReceiver(f"expected an address that begins with `https://`, found `{url[:200]}`")
    if found.username is not None or found.fragment:
        raise NotAReceiver("expected a URL without user, password and fragment")
    return found


def _matches(url: SplitResult, host: str, pattern: str) -> bool:
    """Part by part: a `*` in the host of a pattern must never match a path."""
    wanted = urlsplit(pattern)
    wanted_host, _, wanted_port = wanted.netloc.lower().rpartition(":")
    if not wanted_host or "]" in wanted_port:  # no port
        wanted_host, wanted_port = wanted.netloc.lower(), str(_PORTS[wanted.scheme])
    port = url.port or _PORTS[url.scheme]
    # Dots that lead out of the allowed part of a path are for the receiver to resolve: not here.
    climbs = any(part in ("..", ".") for part in url.path.lower().replace("%2e", ".").split("/"))
    return (
        url.scheme == wanted.scheme
        and fnmatchcase(host, wanted_host.strip("[]"))
        and fnmatchcase(str(port), wanted_port)
        and not climbs
        and fnmatchcase(url.path or "/", wanted.path)
    )


def _is_local(host: str) -> bool:
    literal = _literal(host)
    return host == "localhost" if literal is None else literal.is_loopback


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None
