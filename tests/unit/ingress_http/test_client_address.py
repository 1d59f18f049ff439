"""The address of a client behind proxies: what trusted ones say, and nothing that a client claims itself."""

from __future__ import annotations

import pytest

from ingress.http.client_address import client_address, parse_networks

TRUSTED = parse_networks("10.0.0.0/8, 2001:db8:1::/48 192.0.2.1")


@pytest.mark.parametrize(
    ("peer", "chain", "client"),
    [
        ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"),  # the peer is no proxy of ours
        ("10.1.2.3", [], "10.1.2.3"),
        ("10.1.2.3", ["198.51.100.1"], "198.51.100.1"),
        ("10.1.2.3", ["1.2.3.4", "198.51.100.1"], "198.51.100.1"),  # the client's own claim stands before it
        ("10.1.2.3", ["198.51.100.1", "10.9.9.9", "192.0.2.1"], "198.51.100.1"),
        ("10.1.2.3", ["10.7.7.7"], "10.7.7.7"),
        ("10.1.2.3", ["198.51.100.1:4711"], "198.51.100.1"),
        ("2001:db8:1::5", ["[2001:db8:2::7]:443"], "2001:db8:2::7"),
        ("::ffff:10.1.2.3", ["198.51.100.1"], "198.51.100.1"),
        ("10.1.2.3", ["198.51.100.1", "unknown"], "10.1.2.3"),
        ("10.1.2.3", ["' OR 1=1", "198.51.100.1"], "198.51.100.1"),
    ],
)
def test_the_last_address_that_no_trusted_proxy_has_is_the_clients(peer: str, chain: list[str], client: str) -> None:
    assert client_address(peer, chain, TRUSTED) == client


def test_without_trusted_proxies_nothing_is_believed() -> None:
    assert client_address("10.1.2.3", ["198.51.100.1"], ()) == "10.1.2.3"


def test_what_is_no_network_is_refused() -> None:
    with pytest.raises(ValueError, match="proxy"):
        parse_networks("proxy.example")
