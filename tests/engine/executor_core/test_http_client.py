import socket
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from engine.deadline import Deadline
from engine.errors import (
    DeadlineExceededError,
    OutboundRefusedError,
    OverloadedError,
    ResponseInvalidError,
    TargetUnavailableError,
)
from engine.executor_core.http_client import GuardedClient, OutboundRequest


class Names:
    """A resolver with answers of its own that counts its look-ups."""

    def __init__(self, **answers):
        self.answers = {name.replace("_", "."): answer for name, answer in answers.items()}
        self.asked = []

    def __call__(self, host, port):
        self.asked.append(host)
        answer = self.answers.get(host)
        if answer is None:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return answer


@pytest.fixture
def names():
    return Names()


@pytest.fixture
def client(names):
    guarded = GuardedClient(resolve=names)
    yield guarded
    guarded.close()


def fetch(client, url, *, method="GET", allow=(), max_bytes=100_000, timeout_s=5.0, **request):
    return client.fetch(
        OutboundRequest(method=method, url=url, **request),
        allow_hosts=allow,
        max_bytes=max_bytes,
        deadline=Deadline.after(timeout_s),
    )


def test_a_private_address_is_refused_without_a_connection(client, upstream):
    with pytest.raises(OutboundRefusedError, match="loopback"):
        fetch(client, upstream.url)

    assert upstream.connections == 0


def test_a_host_that_the_policy_names_may_be_private(client, upstream):
    assert fetch(client, upstream.url, allow=["127.0.0.1"]).status == 200


def test_naming_a_host_with_a_port_opens_that_port_only(client, upstream, other_upstream):
    allow = [f"127.0.0.1:{upstream.port}"]

    assert fetch(client, upstream.url, allow=allow).status == 200
    with pytest.raises(OutboundRefusedError):
        fetch(client, other_upstream.url, allow=allow)


def test_an_open_connection_of_one_policy_does_not_serve_another(client, upstream):
    fetch(client, upstream.url, allow=["127.0.0.1"])

    with pytest.raises(OutboundRefusedError):
        fetch(client, upstream.url)
    assert len(upstream.requests) == 1


@pytest.mark.parametrize(
    "answers",
    [
        ["127.0.0.1"],
        ["8.8.8.8", "127.0.0.1"],
        ["::ffff:127.0.0.1"],
        ["169.254.169.254"],
        ["fd00:ec2::254", "8.8.8.8"],
        ["64:ff9b::7f00:1"],
        ["2002:7f00:1::"],
    ],
)
def test_one_private_answer_refuses_the_name(client, names, upstream, answers):
    names.answers["app.example"] = answers

    with pytest.raises(OutboundRefusedError) as caught:
        fetch(client, f"http://app.example:{upstream.port}/")

    assert (
        caught.value.hint
        == 'name "app.example" in runtime_policy.http.allow_hosts if that is meant'
    )
    assert not caught.value.retryable
    assert not caught.value.trips_breaker
    assert upstream.connections == 0


def test_a_name_is_looked_up_once_and_its_host_header_is_kept(client, names, upstream):
    names.answers["app.example"] = ["127.0.0.1"]
    url = f"http://app.example:{upstream.port}/"

    fetch(client, url, allow=["app.example"])

    assert names.asked == ["app.example"]
    assert upstream.requests[0]["headers"]["Host"] == f"app.example:{upstream.port}"


def test_an_ipv6_address_is_called_with_brackets_in_its_host_header(client, ipv6_upstream):
    port = ipv6_upstream.port

    fetch(client, f"http://[0:0::1]:{port}/", allow=[f"[::1]:{port}"])

    assert ipv6_upstream.requests[0]["headers"]["Host"] == f"[::1]:{port}"


def test_the_next_address_is_tried_when_the_first_refuses(client, names, upstream):
    names.answers["app.example"] = ["127.0.0.2", "127.0.0.1"]
    url = f"http://app.example:{upstream.port}/"

    assert fetch(client, url, allow=["app.example"]).status == 200


def test_an_unknown_name_is_an_unavailable_target(client):
    with pytest.raises(TargetUnavailableError, match="cannot be resolved"):
        fetch(client, "http://nowhere.example/")


@pytest.mark.parametrize(
    "url",
    [
        "http://2130706433/",
        "http://0x7f.1/",
        "http://0177.0.0.1/",
        "http://127.1/",
        "http://127.0.0.1%2f@evil/",
        "http://user:pass@127.0.0.1/",
        "http://127。0。0。1/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[fe80::1%25lo]/",
        "http://[64:ff9b::7f00:1]/",
        "ftp://8.8.8.8/",
        "file:///etc/hostname",
        "gopher://8.8.8.8/",
        "http:///x",
        "//127.0.0.1/",
        "http://",
    ],
)
def test_no_spelling_of_a_url_gets_past_the_guard(client, url):
    with pytest.raises(OutboundRefusedError):
        fetch(client, url)


def test_a_redirect_to_a_private_address_is_refused(client, upstream, other_upstream):
    url = f"{upstream.url}/redirect/302?{other_upstream.url}/secret"

    with pytest.raises(OutboundRefusedError):
        fetch(client, url, allow=[f"127.0.0.1:{upstream.port}"])

    assert other_upstream.connections == 0


@pytest.mark.parametrize(
    "location",
    ["file:///etc/hostname", "ftp://127.0.0.1/", "http://u:p@127.0.0.1/", "http://0x7f.1/"],
)
def test_a_redirect_to_no_plain_http_url_is_refused(client, upstream, location):
    with pytest.raises(OutboundRefusedError):
        fetch(client, f"{upstream.url}/redirect/301?{location}", allow=["127.0.0.1"])


@pytest.mark.parametrize(
    ("status", "method", "followed_by", "body"),
    [
        (301, "GET", "GET", ""),
        (301, "POST", "GET", ""),
        (302, "POST", "GET", ""),
        (302, "PUT", "PUT", "data"),
        (303, "PUT", "GET", ""),
        (307, "POST", "POST", "data"),
        (308, "PATCH", "PATCH", "data"),
    ],
)
def test_a_redirect_keeps_or_changes_the_method_as_browsers_do(
    client, upstream, status, method, followed_by, body
):
    content = None if method == "GET" else b"data"

    fetch(
        client,
        f"{upstream.url}/redirect/{status}?/echo",
        method=method,
        content=content,
        allow=["127.0.0.1"],
    )

    last = upstream.requests[-1]
    assert (last["method"], last["path"], last["body"]) == (followed_by, "/echo", body)


def test_five_redirects_are_followed_and_a_sixth_is_not(client, upstream):
    assert fetch(client, f"{upstream.url}/loop/4", allow=["127.0.0.1"]).status == 200
    with pytest.raises(ResponseInvalidError, match="more than 5"):
        fetch(client, f"{upstream.url}/loop/5", allow=["127.0.0.1"])


def test_credentials_stay_at_their_origin(client, upstream, other_upstream):
    headers = (("Authorization", "Bearer t"), ("X-Api-Key", "k"), ("Accept", "text/csv"))
    same = f"{upstream.url}/redirect/302?/echo"
    other = f"{upstream.url}/redirect/302?{other_upstream.url}/echo"

    fetch(client, same, headers=headers, allow=["127.0.0.1"])
    fetch(client, other, headers=headers, allow=["127.0.0.1"])

    assert upstream.requests[1]["headers"]["Authorization"] == "Bearer t"
    sent = other_upstream.requests[0]["headers"]
    assert sent["Accept"] == "text/csv"
    assert not {"Authorization", "X-Api-Key"} & set(sent)


def test_a_body_with_a_secret_is_not_carried_to_another_origin(client, upstream, other_upstream):
    url = f"{upstream.url}/redirect/307?{other_upstream.url}/echo"

    with pytest.raises(OutboundRefusedError, match="secret"):
        fetch(client, url, method="POST", content=b"s", has_secret_body=True, allow=["127.0.0.1"])

    assert other_upstream.requests == []


def test_a_dripping_server_cannot_outlive_the_deadline(client, upstream):
    started = time.monotonic()

    with pytest.raises(DeadlineExceededError):
        fetch(client, f"{upstream.url}/drip", allow=["127.0.0.1"], timeout_s=0.3)

    assert time.monotonic() - started < 0.8


def test_a_server_that_accepts_and_is_silent_cannot_outlive_the_deadline(client):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        started = time.monotonic()

        with pytest.raises(DeadlineExceededError):
            fetch(client, url, allow=["127.0.0.1"], timeout_s=0.2)

    assert time.monotonic() - started < 0.7


def test_a_resolver_that_hangs_cannot_outlive_the_deadline(upstream):
    release = threading.Event()

    def hang(host, port):
        release.wait(5)
        return ["8.8.8.8"]

    client = GuardedClient(resolve=hang)
    started = time.monotonic()
    try:
        with pytest.raises(DeadlineExceededError):
            fetch(client, "http://slow.example/", timeout_s=0.2)
        assert time.monotonic() - started < 0.7
    finally:
        release.set()
        client.close()


def test_a_call_that_timed_out_leaves_the_client_usable(client, upstream):
    for _ in range(3):
        with pytest.raises(DeadlineExceededError):
            fetch(client, f"{upstream.url}/drip", allow=["127.0.0.1"], timeout_s=0.05)

    assert fetch(client, upstream.url, allow=["127.0.0.1"]).status == 200


@pytest.mark.parametrize("route", ["bomb", "big"])
def test_an_answer_past_the_cap_is_refused_by_its_decoded_size(client, upstream, route):
    with pytest.raises(ResponseInvalidError, match="larger than 100000 bytes"):
        fetch(client, f"{upstream.url}/{route}", allow=["127.0.0.1"])


@pytest.mark.parametrize(("route", "message"), [("cut", "cut off"), ("br", "not asked for")])
def test_a_badly_compressed_answer_is_invalid(client, upstream, route, message):
    with pytest.raises(ResponseInvalidError, match=message):
        fetch(client, f"{upstream.url}/{route}", allow=["127.0.0.1"])


def test_gzip_of_several_members_is_read_whole(client, upstream):
    content = fetch(client, f"{upstream.url}/gzip", allow=["127.0.0.1"]).content

    assert content == b'[{"a": 1}, {"a": 2}]'


def test_a_broken_connection_is_an_unavailable_target(client, upstream):
    with pytest.raises(TargetUnavailableError):
        fetch(client, f"{upstream.url}/break", allow=["127.0.0.1"])


def test_a_refused_connection_is_an_unavailable_target(client):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    with pytest.raises(TargetUnavailableError) as caught:
        fetch(client, f"http://127.0.0.1:{port}/", allow=["127.0.0.1"])

    assert caught.value.retryable
    assert caught.value.trips_breaker


def test_connections_are_kept_and_reused(client, upstream):
    for _ in range(5):
        fetch(client, upstream.url, allow=["127.0.0.1"])

    assert (len(upstream.requests), upstream.connections) == (5, 1)


def test_calls_of_many_threads_run_side_by_side(client, upstream):
    started = time.monotonic()

    with ThreadPoolExecutor(16) as threads:
        calls = [
            threads.submit(fetch, client, f"{upstream.url}/slow", allow=["127.0.0.1"])
            for _ in range(16)
        ]
        statuses = [call.result().status for call in calls]

    assert statuses == [200] * 16
    assert time.monotonic() - started < 1.6


def test_cookies_are_not_remembered(client, upstream):
    for _ in range(2):
        fetch(client, f"{upstream.url}/cookie", allow=["127.0.0.1"])

    assert all("Cookie" not in asked["headers"] for asked in upstream.requests)


def test_the_environment_sets_no_proxy(client, upstream, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")

    assert fetch(client, upstream.url, allow=["127.0.0.1"]).status == 200


def test_closing_breaks_off_what_runs_and_refuses_what_comes(upstream):
    client = GuardedClient()
    outcome = []

    def call():
        try:
            fetch(client, f"{upstream.url}/drip", allow=["127.0.0.1"])
        except OverloadedError as error:
            outcome.append(error.code)

    thread = threading.Thread(target=call)
    thread.start()
    while not upstream.requests:
        time.sleep(0.01)

    client.close()
    client.close()
    thread.join(2)

    assert outcome == ["overloaded"]
    with pytest.raises(OverloadedError):
        fetch(client, upstream.url, allow=["127.0.0.1"])


@pytest.fixture
def tls_upstream(upstream, tmp_path):
    """The upstream behind TLS as app.example, the names it was asked for, a context that trusts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "app.example")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("app.example")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = tmp_path / "server.pem"
    pem.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + certificate.public_bytes(Encoding.PEM)
    )
    seen = []
    server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_context.load_cert_chain(pem)
    server_context.sni_callback = lambda _socket, server_name, _context: seen.append(server_name)
    upstream.serve_tls(server_context)
    return (
        upstream,
        seen,
        ssl.create_default_context(cadata=pem.read_text().split("KEY-----\n")[-1]),
    )


def test_tls_is_checked_against_the_name_and_not_the_address(tls_upstream):
    upstream, server_names, trusting = tls_upstream
    names = Names(app_example=["127.0.0.1"], other_example=["127.0.0.1"])
    client = GuardedClient(resolve=names, ssl_context=trusting)
    try:
        url = f"https://app.example:{upstream.port}/echo"
        assert fetch(client, url, allow=["app.example"]).status == 200
        with pytest.raises(TargetUnavailableError, match="CERTIFICATE_VERIFY_FAILED"):
            fetch(client, url.replace("app.", "other."), allow=["other.example"])
    finally:
        client.close()

    assert server_names == ["app.example", "other.example"]
    assert upstream.requests[0]["headers"]["Host"] == f"app.example:{upstream.port}"


def test_an_untrusted_certificate_is_refused(tls_upstream):
    upstream, *_ = tls_upstream
    client = GuardedClient(resolve=Names(app_example=["127.0.0.1"]))
    try:
        with pytest.raises(TargetUnavailableError, match="CERTIFICATE_VERIFY_FAILED"):
            fetch(client, f"https://app.example:{upstream.port}/", allow=["app.example"])
    finally:
        client.close()

    assert upstream.requests == []
