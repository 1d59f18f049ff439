"""Find out where a request comes from behind proxies: `X-Forwarded-For`, from proxies that are trusted and no others.

A proxy adds the address of its own peer at the end. From there the trusted ones are left out; the first other address
is the client, and what stands before it is its own claim.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, TypeAlias

from aiohttp import web

Network: TypeAlias = IPv4Network | IPv6Network

HEADER: Final = "X-Forwarded-For"
PROXIES_MAX: Final = 20  # in one request's way: more is a loop or an attack
REMEMBERED_MAX: Final = 4096  # addresses of proxies and of those before them

_WITH_PORT: Final = re.compile(r"(?:\[([0-9A-Fa-f:.]{2,45})\]|([0-9.]{7,15}))(?::[0-9]{1,5})?")


def parse_networks(text: str) -> tuple[Network, ...]:
    """Read addresses and CIDRs that are separated by commas or blanks.

    Raises:
        ValueError: one of them is neither.
    """
    return tuple(ip_network(one) for one in text.replace(",", " ").split())


def forwarded(request: web.Request, trusted: Sequence[Network]) -> web.Request:
    """The request as its client's, with the client's address as `remote`; itself where no trusted proxy sent it."""
    if not trusted or request.remote is None:
        return request
    chain = ",".join(request.headers.getall(HEADER, [])).split(",")[-PROXIES_MAX:]
    address = client_address(request.remote, [one.strip() for one in chain if one.strip()], tuple(trusted))
    return request if address == request.remote else request.clone(remote=address)


def client_address(peer: str, chain: Sequence[str], trusted: tuple[Network, ...]) -> str:
    """The address of the client: `peer` unless it is trusted, else the last of `chain` that is not."""
    found = peer
    for text in reversed(list(_until_odd(chain))):
        if not _is_trusted(found, trusted):
            break
        found = text
    return found


def _until_odd(chain: Sequence[str]) -> Iterable[str]:
    """The entries behind the last one that is no address: what a proxy wrote is one."""
    addresses = [_plain(one) for one in chain]
    last_odd = max((place for place, one in enumerate(addresses) if one is None), default=-1)
    return [one for one in addresses[last_odd + 1 :] if one is not None]


@lru_cache(maxsize=REMEMBERED_MAX)
def _plain(text: str) -> str | None:
    match = _WITH_PORT.fullmatch(text)
    try:
        return str(_address((match[1] or match[2]) if match else text))
    except ValueError:
        return None


@lru_cache(maxsize=REMEMBERED_MAX)
def _is_trusted(text: str, trusted: tuple[Network, ...]) -> bool:
    try:
        address = _address(text)
    except ValueError:
        return False
    return any(address.version == network.version and address in network for network in trusted)


def _address(text: str) -> IPv4Address | IPv6Address:
    address = ip_address(text)
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
