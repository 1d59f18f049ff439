"""Decide which targets outbound requests may reach: checked when a URL is stored and again at every connection.

Pure rules without I/O. The dispatcher refuses a hook's URL with them; the executor resolves the name, asks
`allows_address` for every address and connects to a vetted one, so that a changed DNS answer cannot bypass the check.

Refused unless `LEDGERWIRE_EGRESS_ALLOW` names them: everything that is not public unicast in the IANA special-purpose
registries (private, loopback, link-local, CGNAT, documentation, ...), the clouds' metadata services, and the IPv6 forms
that carry an IPv4 address (mapped, compatible, translated, NAT64, ISATAP: judged by the address inside; 6to4, Teredo:
always refused, as nothing legitimate is reached through them any more).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, TypeAlias
from urllib.parse import SplitResult, urlsplit

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

VARIABLE: Final = "LEDGERWIRE_EGRESS_ALLOW"
URL_CHARACTERS_MAX: Final = 2048
ENTRIES_MAX: Final = 1000
HTTPS_ONLY: Final = f"must be https: http goes only to targets that {VARIABLE} lists"

_IPV4_REFUSED: Final = tuple(
    (IPv4Network(network), what)
    for network, what in (
        ("0.0.0.0/8", "an unspecified"),
        ("10.0.0.0/8", "a private"),
        ("100.64.0.0/10", "a carrier's shared (CGNAT)"),
        ("127.0.0.0/8", "a loopback"),
        ("168.63.129.16/32", "a cloud's metadata"),
        ("169.254.0.0/16", "a link-local"),
        ("172.16.0.0/12", "a private"),
        ("192.0.0.0/24", "a reserved"),
        ("192.0.2.0/24", "a documentation"),
        ("192.88.99.0/24", "a 6to4 relay"),
        ("192.168.0.0/16", "a private"),
        ("198.18.0.0/15", "a benchmark"),
        ("198.51.100.0/24", "a documentation"),
        ("203.0.113.0/24", "a documentation"),
        ("224.0.0.0/4", "a multicast"),
        ("240.0.0.0/4", "a reserved"),
    )
)
_IPV6_REFUSED: Final = tuple(
    (IPv6Network(network), what)
    for network, what in (
        ("::/128", "an unspecified"),
        ("::1/128", "a loopback"),
        ("64:ff9b:1::/48", "a local NAT64"),
        ("2001::/32", "a Teredo"),
        ("2001::/23", "a reserved"),
        ("2001:db8::/32", "a documentation"),
        ("2002::/16", "a 6to4"),
        ("3fff::/20", "a documentation"),
        ("fc00::/7", "a private (unique local)"),
        ("fe80::/10", "a link-local"),
        ("fec0::/10", "a site-local"),
        ("ff00::/8", "a multicast"),
    )
)
_IPV6_GLOBAL: Final = IPv6Network("2000::/3")
# The last 32 bits of these are an IPv4 address: mapped, compatible, translated (SIIT), NAT64.
_CARRY_IPV4: Final = tuple(IPv6Network(text) for text in ("::ffff:0:0/96", "::/96", "::ffff:0:0:0/96", "64:ff9b::/96"))
_ISATAP_MARKS: Final = (0x00005EFE, 0x02005EFE)
_LOOPBACK: Final[tuple[Network, ...]] = (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128"))
_LINK_LOCAL: Final = (IPv4Network("169.254.0.0/16"), IPv4Network("168.63.129.16/32"), IPv6Network("fe80::/10"))
_METADATA_IPV6: Final = (IPv6Address("fd00:ec2::254"), IPv6Address("fd20:ce::254"))

_LABEL: Final = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?"
_HOST_NAME: Final = re.compile(rf"(?=.{{1,253}}$){_LABEL}(?:\.{_LABEL})*", re.ASCII)
_ENDS_IN_A_NUMBER: Final = re.compile(r"(^|\.)([0-9]+|0x[0-9a-f]*)\.?$", re.ASCII)
_PRINTABLE: Final = re.compile(r"[!-~]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class EgressPolicy:
    """The targets that an installation allows besides public addresses.

    `hosts` are names in lower case; one with a leading dot stands for every name beneath it.
    """

    networks: tuple[Network, ...] = ()
    hosts: frozenset[str] = frozenset()

    @classmethod
    def parse(cls, text: str | None) -> EgressPolicy:
        """Read `LEDGERWIRE_EGRESS_ALLOW`: CIDRs, addresses, names and `*.names`, separated by commas or blanks.

        Raises:
            ValueError: an entry is none of these; the message names it.
        """
        entries = re.split(r"[\s,]+", (text or "").strip().lower())
        if len(entries) > ENTRIES_MAX:
            raise ValueError(f"has {len(entries)} entries; at most {ENTRIES_MAX}")
        networks: list[Network] = []
        hosts: set[str] = set()
        for entry in filter(None, entries):
            if ":" in entry or "/" in entry or _is_network(entry):
                networks.append(_network(entry))
            else:
                hosts.add(_listed_name(entry))
        return cls(tuple(networks), frozenset(hosts))

    def allows_url(self, url: str) -> str | None:
        """Check a target's URL by its text alone; None when it may be stored and requested, else the reason why not.

        https anywhere public; http only to a target that the allow-list names (by its host, or by a network that
        holds its literal address). No user and password, no fragment, no address that is refused.
        """
        if fault := form_fault(url):
            return fault
        parts = urlsplit(url)
        host = (parts.hostname or "").removesuffix(".")
        literal = literal_address(host)
        if literal is None:
            if _is_localhost(host) and not self._opens_localhost(host):
                return f"{host} is this machine itself: list it in {VARIABLE} to allow it"
        elif fault := self.refuses_address(literal, host=host):
            return fault
        if parts.scheme == "http" and not self._names(host, literal):
            return HTTPS_ONLY
        return None

    def allows_address(self, ip: str | Address, *, host: str | None = None) -> bool:
        """Whether a connection to `ip`, which the name `host` resolved to, may be made."""
        return self.refuses_address(ip, host=host) is None

    def refuses_address(self, ip: str | Address, *, host: str | None = None) -> str | None:
        """Why a connection to `ip` may not be made; None when it may.

        A listed host may resolve to a private address, but not to a link-local or metadata one: only a network in the
        list opens those. Multicast and unspecified addresses are never opened.
        """
        try:
            address = ip if isinstance(ip, IPv4Address | IPv6Address) else ip_address(ip)
        except ValueError:
            return f"{ip} is not an address"
        inner = inner_address(address)
        if inner.is_multicast or inner.is_unspecified or inner == IPv4Address("255.255.255.255"):
            return f"{address} is no address of one machine"
        if any(_holds(network, inner) or _holds(network, address) for network in self.networks):
            return None
        what = _what_is_wrong_with(inner)
        if what is None:
            return None
        if host is not None and self._lists(host) and not _is_metadata(inner):
            return None
        return f"{address} is {what} address: list it in {VARIABLE} to allow it"

    def _lists(self, host: str) -> bool:
        name = host.lower().removesuffix(".").strip("[]")
        if name in self.hosts or any(listed[0] == "." and name.endswith(listed) for listed in self.hosts):
            return True
        # `localhost` in the list means this machine, however its address is written in the URL.
        literal = literal_address(name)
        return "localhost" in self.hosts and literal is not None and _is_loopback(inner_address(literal))

    def _opens_localhost(self, host: str) -> bool:
        # RFC 6761: localhost is always loopback, so a list that opens loopback opens the name.
        return self._lists(host) or any(
            network.version == loopback.version and network.overlaps(loopback)
            for network in self.networks
            for loopback in _LOOPBACK
        )

    def _names(self, host: str, literal: Address | None) -> bool:
        if literal is not None:
            inner = inner_address(literal)
            return self._lists(host) or any(_holds(network, inner) for network in self.networks)
        return self._lists(host) or (_is_localhost(host) and self._opens_localhost(host))


def form_fault(url: str) -> str | None:
    """Return why a text is not a target's URL, whatever its host; None when it is one."""
    parts = _parts(url)
    if isinstance(parts, str):
        return parts
    host = (parts.hostname or "").removesuffix(".")
    return _host_fault(host) if literal_address(host) is None else None


def inner_address(address: Address) -> Address:
    """The IPv4 address that an IPv6 form carries (mapped, compatible, translated, NAT64, ISATAP), else the address."""
    if isinstance(address, IPv4Address):
        return address
    bare = IPv6Address(int(address))  # without a zone
    low = int(bare) & 0xFFFFFFFF
    if any(bare in network for network in _CARRY_IPV4) and low > 1:  # `::` and `::1` carry nothing
        return IPv4Address(low)
    if (int(bare) >> 32) & 0xFFFFFFFF in _ISATAP_MARKS and _what_is_wrong_with(IPv4Address(low)) is not None:
        return IPv4Address(low)
    return bare


def literal_address(host: str) -> Address | None:
    """The address that a URL's host is, if it is one rather than a name."""
    try:
        return ip_address(host.strip("[]"))
    except ValueError:
        return None


def _what_is_wrong_with(address: Address) -> str | None:
    if isinstance(address, IPv4Address):
        return next((what for network, what in _IPV4_REFUSED if address in network), None)
    found = next((what for network, what in _IPV6_REFUSED if address in network), None)
    return found or (None if address in _IPV6_GLOBAL else "not a public")


def _is_metadata(address: Address) -> bool:
    return address in _METADATA_IPV6 or any(_holds(network, address) for network in _LINK_LOCAL)


def _is_loopback(address: Address) -> bool:
    return any(_holds(network, address) for network in _LOOPBACK)


def _holds(network: Network, address: Address) -> bool:
    return network.version == address.version and address in network


def _is_localhost(host: str) -> bool:
    return host == "localhost" or host.endswith(".localhost")


def _parts(url: str) -> SplitResult | str:
    if len(url) > URL_CHARACTERS_MAX:
        return f"is longer than {URL_CHARACTERS_MAX} characters"
    # Parsers disagree about blanks, backslashes and other alphabets; what all read alike is printable ASCII.
    if not _PRINTABLE.fullmatch(url) or "\\" in url:
        return "must be printable ASCII: write other characters as %XX, and an international name as xn--..."
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "is not a URL"
    faults = (
        (parts.scheme in {"http", "https"} and bool(parts.hostname), "must be an absolute https URL"),
        ("@" not in parts.netloc, "must not carry a user or password"),
        ("#" not in url, "must not have a fragment (#...)"),
        (port != 0, "has no usable port"),
    )
    return next((fault for fine, fault in faults if not fine), parts)


def _host_fault(host: str) -> str | None:
    if _ENDS_IN_A_NUMBER.search(host):
        # `127.1`, `0x7f000001` and the like: resolvers read them as addresses.
        return f"{host} is not a name: write an IPv4 address as four numbers"
    if "%" in host or ":" in host or not _HOST_NAME.fullmatch(host):
        return f"{host} is not a host name"
    return None


def _is_network(entry: str) -> bool:
    try:
        ip_network(entry, strict=False)
    except ValueError:
        return False
    return True


def _network(entry: str) -> Network:
    bare = entry[1:-1] if entry.startswith("[") and entry.endswith("]") else entry
    try:
        return ip_network(bare, strict=True)
    except ValueError:
        if _is_network(bare):
            whole = ip_network(bare, strict=False)
            raise ValueError(f"{entry} is neither a network nor an address: write {whole} if you mean that") from None
        raise ValueError(f"{entry} is neither a network such as 10.0.0.0/8 nor a host name (without port)") from None


def _listed_name(entry: str) -> str:
    name = entry.removeprefix("*").removesuffix(".")
    if not _HOST_NAME.fullmatch(name.removeprefix(".")) or _ENDS_IN_A_NUMBER.search(name):
        raise ValueError(f"{entry} is neither a network such as 10.0.0.0/8 nor a host name (without port)")
    return name
