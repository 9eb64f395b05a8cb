"""Single-user mode opens for this machine alone."""

import pytest

from pages.components.context import asked_locally, is_loopback


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_a_loopback_address_is_this_machine(address):
    assert is_loopback(address)


@pytest.mark.parametrize(
    "address",
    [None, "", "0.0.0.0", "::", "192.168.1.5", "example.com", "localhost.example.com"],  # noqa: S104  # read, not bound
)
def test_any_other_address_or_none_is_not(address):
    assert not is_loopback(address)


@pytest.mark.parametrize("host", ["127.0.0.1:8501", "localhost:8501", "[::1]:8501", "localhost"])
def test_a_request_by_a_loopback_name_is_local(host):
    assert asked_locally({"Host": host})


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "attacker.example:8501"},
        {"Host": "127.0.0.1.attacker.example"},
        {"Host": "127.0.0.1:8501", "X-Forwarded-For": "203.0.113.9"},
        {"Host": "127.0.0.1:8501", "Forwarded": "for=203.0.113.9"},
        {"Host": ""},
    ],
)
def test_a_rebound_name_or_a_proxy_is_not_local(headers):
    assert not asked_locally(headers)
