# ruff: noqa: RUF001, S104  # look-alike characters are what is tested
from ipaddress import IPv4Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import OutboundRefusedError
from engine.executor_core.http_guard import is_named, literal_refusal, normalized_host, refusal_of

REFUSED = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "169.254.170.2",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:db8::1",
    "2002:7f00:1::1",
    "2002:c0a8:0101::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
]
ALLOWED = [
    "1.1.1.1",
    "8.8.8.8",
    "100.63.255.255",
    "100.128.0.1",
    "126.255.255.255",
    "128.0.0.1",
    "169.253.255.255",
    "172.15.255.255",
    "172.32.0.1",
    "192.0.1.1",
    "192.167.255.255",
    "198.17.255.255",
    "198.20.0.1",
    "223.255.255.255",
    "2606:4700:4700::1111",
    "2a00:1450:4001:81b::200e",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
]


@pytest.mark.parametrize("address", REFUSED)
def test_an_address_that_is_not_public_is_refused(address):
    assert refusal_of(ip_address(address)) is not None


@pytest.mark.parametrize("address", ALLOWED)
def test_a_public_address_is_allowed(address):
    assert refusal_of(ip_address(address)) is None


@given(st.ip_addresses())
def test_nothing_is_allowed_that_the_standard_library_calls_private(address):
    if refusal_of(address) is None and not getattr(address, "ipv4_mapped", None):
        is_nat64 = str(address).startswith("64:ff9b::")
        assert is_nat64 or not (address.is_private or address.is_multicast or address.is_reserved)


@given(st.ip_addresses(v=4))
def test_an_embedded_ipv4_address_is_judged_like_itself(address):
    verdict = refusal_of(address)

    assert refusal_of(ip_address(f"::ffff:{address}")) == verdict
    assert refusal_of(ip_address(f"64:ff9b::{address}")) == verdict


@pytest.mark.parametrize(
    ("written", "host"),
    [
        ("Example.ORG", "example.org"),
        ("example.org.", "example.org"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("my_host", "my_host"),
        ("127.0.0.1", "127.0.0.1"),
        ("127。0。0。1", "127.0.0.1"),
        ("①②⑦.⓪.⓪.①", "127.0.0.1"),
        ("ｌｏｃａｌｈｏｓｔ", "localhost"),
        ("[::1]", "::1"),
        ("[0:0:0:0:0:0:0:1]", "::1"),
        ("[::ffff:7f00:1]", "::ffff:7f00:1"),
        ("1.2.3.4.example", "1.2.3.4.example"),
        ("0x7f.1.example", "0x7f.1.example"),
    ],
)
def test_a_host_has_one_spelling(written, host):
    assert normalized_host(written) == host


@pytest.mark.parametrize(
    "written",
    [
        "",
        ".",
        "2130706433",
        "0x7f000001",
        "0x7f.0.0.1",
        "0x7F.1",
        "0x",
        "017700000001",
        "0177.0.0.1",
        "127.0.0.01",
        "127.1",
        "127.0.1",
        "127.0.0.1.5",
        "1.2.3.256",
        "example.0x1",
        "example.1",
        "127.0.0.1%2f",
        "local%68ost",
        "local\\host",
        "local host",
        "local\thost",
        "local\x00host",
        "host/path",
        "host?x",
        "host#x",
        "user@host",
        "-host",
        "a..b",
        "[fe80::1%25eth0]",
        "[::1",
        "::1::",
        "a:b",
        "x" * 254,
        "\u202ehost",
        "xn--\u00fc",
    ],
)
def test_a_host_that_can_be_read_in_two_ways_is_refused(written):
    with pytest.raises(OutboundRefusedError):
        normalized_host(written)


@given(st.integers(0, 2**32 - 1))
def test_the_odd_spellings_of_any_address_are_refused(number):
    octets = IPv4Address(number).packed
    spellings = [
        str(number),
        hex(number),
        f"0{number:o}",
        ".".join(hex(octet) for octet in octets),
        ".".join(f"0{octet:o}" for octet in octets),
        f"{octets[0]}.{number & 0xFFFFFF}",
        f"{octets[0]}.{octets[1]}.{number & 0xFFFF}",
    ]

    for spelling in spellings:
        with pytest.raises(OutboundRefusedError):
            normalized_host(spelling)


@pytest.mark.parametrize(
    ("host", "port", "entry", "named"),
    [
        ("internal", 80, "internal", True),
        ("internal", 80, " INTERNAL. ", True),
        ("internal", 80, "internal:80", True),
        ("internal", 81, "internal:80", False),
        ("internal.example", 80, "internal", False),
        ("evil-internal", 80, "internal", False),
        ("::1", 80, "::1", True),
        ("::1", 80, "[::1]", True),
        ("::1", 80, "[::1]:80", True),
        ("::1", 81, "[::1]:80", False),
        ("127.0.0.1", 80, "localhost", False),
    ],
)
def test_a_policy_names_a_host_or_a_host_with_a_port(host, port, entry, named):
    assert is_named(host, port, [entry]) is named


@pytest.mark.parametrize("host", ["localhost", "a.localhost", "127.0.0.1", "::1", "10.0.0.1"])
def test_a_host_that_needs_no_look_up_is_judged_before_any(host):
    assert literal_refusal(host) is not None
