"""Which targets outbound calls may reach: the rules of `chassis.egress`."""

from __future__ import annotations

import pytest

from chassis.egress import EgressPolicy, inner_address, literal_address

NONE_ALLOWED = EgressPolicy.parse("")


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0", "0.1.2.3",  # noqa: S104  an address to refuse
         "10.0.0.1", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.255.254",
        "168.63.129.16", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.192", "192.0.2.1", "192.88.99.1",
        "192.168.1.1", "198.18.0.1", "198.51.100.7", "203.0.113.9", "224.0.0.1", "240.0.0.1", "255.255.255.255",
        "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "2001:db8::1",
        "2002:7f00:1::", "2002:808:808::1", "2001:0:1::1", "64:ff9b:1::808:808", "100::1", "5f00::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "::ffff:0:169.254.169.254", "64:ff9b::10.0.0.1",
        "64:ff9b::a9fe:a9fe", "2a00:1450::5efe:127.0.0.1", "fe80::200:5efe:8.8.8.8", "nonsense",
    ],
)  # fmt: skip
def test_what_is_not_public_unicast_is_refused(address: str) -> None:
    assert not NONE_ALLOWED.allows_address(address)
    assert not NONE_ALLOWED.allows_address(address, host="example.com")


@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8",
        "1.1.1.1",
        "172.32.0.1",
        "100.128.0.1",
        "2a00:1450:4001:806::200e",
        "::ffff:8.8.8.8",
        "64:ff9b::808:808",
    ],
)
def test_a_public_address_is_allowed_in_every_form_that_reaches_it(address: str) -> None:
    assert NONE_ALLOWED.refuses_address(address) is None


def test_a_listed_network_opens_its_addresses_also_inside_ipv6_forms() -> None:
    policy = EgressPolicy.parse("10.1.0.0/16, 127.0.0.1 fd00::/8")
    for address in ("10.1.2.3", "::ffff:10.1.2.3", "64:ff9b::10.1.2.3", "127.0.0.1", "fd12::1"):
        assert policy.allows_address(address), address
    for address in ("10.2.0.1", "127.0.0.2", "::1", "fe80::1", "192.168.0.1"):
        assert not policy.allows_address(address), address


def test_a_listed_host_may_be_private_but_is_never_metadata_or_link_local() -> None:
    policy = EgressPolicy.parse("receiver,*.office.example")
    assert policy.allows_address("172.18.0.4", host="receiver")
    assert policy.allows_address("10.0.0.1", host="Chat.office.example.")
    assert not policy.allows_address("10.0.0.1", host="office.example")
    assert not policy.allows_address("10.0.0.1", host="other")
    assert not policy.allows_address("10.0.0.1")
    for metadata in ("169.254.169.254", "168.63.129.16", "fd00:ec2::254", "::ffff:169.254.169.254", "fe80::1"):
        assert not policy.allows_address(metadata, host="receiver"), metadata


def test_multicast_and_unspecified_stay_closed_whatever_is_listed() -> None:
    policy = EgressPolicy.parse("0.0.0.0/0,::/0,receiver")
    assert policy.allows_address("169.254.169.254")
    for address in ("224.0.0.1", "0.0.0.0", "::", "ff02::1", "255.255.255.255"):  # noqa: S104
        assert not policy.allows_address(address, host="receiver"), address


def test_https_to_a_public_name_or_address_may_be_stored() -> None:
    for url in (
        "https://example.com/hook",
        "HTTPS://Example.com:8443/a/b?c=d%20e",
        "https://hooks.zapier.com/hooks/standard/1/abc/",
        "https://xn--bcher-kva.example/",
        "https://a_b.example.",
        "https://8.8.8.8/",
        "https://[2a00:1450:4001:806::200e]/",
        "https://receiver/hook",  # a name: its addresses are judged at the connection
    ):
        assert NONE_ALLOWED.allows_url(url) is None, url


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://example.com/hook", "must be https"),
        ("ftp://example.com/", "must be an absolute https URL"),
        ("/hook", "must be an absolute https URL"),
        ("https:///hook", "must be an absolute https URL"),
        ("https:example.com", "must be an absolute https URL"),
        ("https://user:pass@example.com/", "must not carry a user"),
        ("https://user@example.com/", "must not carry a user"),
        ("https://@example.com/", "must not carry a user"),
        ("https://example.com/#part", "must not have a fragment"),
        ("https://example.com/#", "must not have a fragment"),
        ("https://example.com/a b", "must be printable ASCII"),
        ("https://example.com\\@10.0.0.1/", "must be printable ASCII"),
        ("https://bücher.example/", "must be printable ASCII"),
        ("https://example.com/\n", "must be printable ASCII"),
        ("https://example.com:0/", "has no usable port"),
        ("https://example.com:99999/", "is not a URL"),
        ("https://[::1/", "is not a URL"),
        ("https://" + "a" * 2050, "is longer than 2048"),
        ("https://127.1/", "is not a name"),
        ("https://2130706433/", "is not a name"),
        ("https://0x7f000001/", "is not a name"),
        ("https://0177.0.0.1/", "is not a name"),
        ("https://1.2.3.4.5/", "is not a name"),
        ("https://ex!ample.com/", "is not a host name"),
        ("https://a%2eb.example/", "is not a host name"),
        ("https://-a.example/", "is not a host name"),
        ("https://a..example/", "is not a host name"),
        ("https://localhost/", "is this machine itself"),
        ("https://a.localhost./", "is this machine itself"),
        ("https://10.0.0.1/", "is a private address"),
        ("https://127.0.0.1/", "is a loopback address"),
        ("https://169.254.169.254/latest/meta-data", "is a link-local address"),
        ("https://[::ffff:127.0.0.1]/", "is a loopback address"),
        ("https://[64:ff9b::a9fe:a9fe]/", "is a link-local address"),
        ("https://[fe80::1%25eth0]/", "is a link-local address"),
        ("https://0.0.0.0/", "is no address of one machine"),
    ],
)  # fmt: skip
def test_other_urls_are_refused_with_their_reason(url: str, reason: str) -> None:
    assert reason in (NONE_ALLOWED.allows_url(url) or "")


def test_a_host_name_that_never_matches_is_refused_quickly() -> None:
    assert NONE_ALLOWED.allows_url("https://" + "a-" * 900 + "!/") is not None


@pytest.mark.parametrize(
    ("allow", "url"),
    [
        ("127.0.0.0/8", "http://127.0.0.1:9000/hook"),
        ("127.0.0.0/8", "http://localhost:9000/hook"),
        ("127.0.0.0/8", "http://[::ffff:127.0.0.1]/"),
        ("::1", "http://[::1]:9000/"),
        ("localhost", "http://localhost:9000/"),
        ("localhost", "http://127.0.0.1:9000/"),
        ("localhost", "http://[::1]:9000/"),
        ("receiver", "http://receiver:8080/hook"),
        ("*.office.example", "http://chat.office.example/"),
        ("10.0.0.0/8", "http://10.2.3.4/"),
        ("10.0.0.0/8", "https://10.2.3.4/"),
        ("0.0.0.0/0", "http://8.8.8.8/"),
    ],
)
def test_a_listed_target_may_be_private_and_plain_http(allow: str, url: str) -> None:
    assert EgressPolicy.parse(allow).allows_url(url) is None


@pytest.mark.parametrize(
    ("allow", "url"),
    [
        ("10.0.0.0/8", "http://receiver/"),  # which address it has is not known yet: list the name
        ("localhost", "http://127.0.0.1.example/"),
        ("10.0.0.0/8", "http://localhost/"),
        ("receiver", "https://localhost/"),
        ("example.com", "http://sub.example.com/"),
        ("example.com", "http://notexample.com/"),
    ],
)
def test_a_target_that_is_not_listed_stays_closed(allow: str, url: str) -> None:
    assert EgressPolicy.parse(allow).allows_url(url) is not None


@pytest.mark.parametrize("text", [None, "", "  ", ",,"])
def test_an_empty_list_opens_nothing(text: str | None) -> None:
    assert EgressPolicy.parse(text) == EgressPolicy()


@pytest.mark.parametrize("text", ["10.0.0.1/8", "10.0.0", "http://receiver", "receiver:80", "a b!c", "*", "1.2.3.4/40"])
def test_a_wrong_entry_is_named(text: str) -> None:
    with pytest.raises(ValueError, match="is neither"):
        EgressPolicy.parse(f"fd00::/8 {text}")


def test_the_address_inside_an_ipv6_form_is_found() -> None:
    for text in ("::ffff:1.2.3.4", "::1.2.3.4", "64:ff9b::102:304", "::ffff:0:102:304"):
        address = literal_address(text)
        assert address is not None
        assert str(inner_address(address)) == "1.2.3.4"
