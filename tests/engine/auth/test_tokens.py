import hashlib
import hmac
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm
from jwt.utils import base64url_encode

from engine.auth import TokenPolicy, TokenVerifier
from engine.errors import AuthenticationError, SettingsError, StoreUnavailableError
from engine.settings import Settings

SECRET = "s" * 32


@pytest.fixture(scope="module")
def private_key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def key_set(private_key):
    return _key_set(private_key, "k1")


@pytest.fixture
def key_file(tmp_path, key_set):
    path = tmp_path / "jwks.json"
    path.write_text(key_set)
    return path


def _key_set(private_key, key_id):
    key = json.loads(RSAAlgorithm.to_jwk(private_key.public_key()))
    return json.dumps({"keys": [{**key, "kid": key_id, "alg": "RS256", "use": "sig"}]})


def claims(**changes):
    wanted = {"sub": "ada", "exp": time.time() + 60, "tenant": "north", "roles": ["analyst"]}
    return {name: value for name, value in (wanted | changes).items() if value is not None}


def hs256(secret=SECRET, **changes):
    return jwt.encode(claims(**changes), secret, "HS256")


def rs256(private_key, key_id="k1", **changes):
    return jwt.encode(claims(**changes), private_key, "RS256", headers={"kid": key_id})


def test_a_token_speaks_for_its_subject_tenant_and_roles():
    caller = TokenVerifier(TokenPolicy(secret=SECRET)).verify(hs256(region="EU"))

    assert (caller.subject, caller.tenant_id, caller.kind) == ("ada", "north", "user")
    assert caller.roles == {"analyst"}
    assert caller.claims["region"] == "EU"


@pytest.mark.parametrize(
    ("roles", "known"),
    [
        (["viewer", "root"], {"viewer"}),
        ("viewer admin", {"viewer", "admin"}),
        ([], set()),
        (None, set()),
    ],
)
def test_only_known_roles_count(roles, known):
    assert TokenVerifier(TokenPolicy(secret=SECRET)).verify(hs256(roles=roles)).roles == known


def test_a_token_without_tenant_belongs_to_the_default_one():
    token = hs256(tenant=None)

    assert TokenVerifier(TokenPolicy(secret=SECRET)).verify(token).tenant_id == "default"


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"exp": None}, "exp"),
        ({"exp": time.time() - 3600}, "expired"),
        ({"nbf": time.time() + 3600}, "not yet valid"),
        ({"sub": None}, "sub"),
        ({"sub": ""}, "sub"),
        ({"sub": 7}, "[Ss]ubject"),
        ({"tenant": 7}, "tenant"),
        ({"tenant": ""}, "tenant"),
        ({"roles": 7}, "roles"),
        ({"secret": "t" * 32}, "[Ss]ignature"),
    ],
)
def test_a_wrong_token_is_refused_and_says_why(changes, what):
    with pytest.raises(AuthenticationError, match=what):
        TokenVerifier(TokenPolicy(secret=SECRET)).verify(hs256(**changes))


@pytest.mark.parametrize("text", ["", "eyJ.a.b", "eyJhbGciOiJub25lIn0.e30.", "x.y.z"])
def test_what_is_no_signed_token_is_refused(text):
    with pytest.raises(AuthenticationError):
        TokenVerifier(TokenPolicy(secret=SECRET)).verify(text)


def test_clocks_may_differ_by_the_leeway():
    policy = TokenPolicy(secret=SECRET, leeway_s=30)

    assert TokenVerifier(policy).verify(hs256(exp=time.time() - 10)).subject == "ada"


@pytest.mark.parametrize(
    ("expected", "sent"),
    [
        ({"audience": "engine"}, {}),
        ({"audience": "engine"}, {"aud": "other"}),
        ({"issuer": "idp"}, {}),
        ({"issuer": "idp"}, {"iss": "other"}),
    ],
)
def test_audience_and_issuer_must_be_the_expected_ones(expected, sent):
    with pytest.raises(AuthenticationError):
        TokenVerifier(TokenPolicy(secret=SECRET, **expected)).verify(hs256(**sent))


def test_the_expected_audience_and_issuer_are_accepted():
    policy = TokenPolicy(secret=SECRET, audience="engine", issuer="idp")

    assert TokenVerifier(policy).verify(hs256(aud=["engine", "x"], iss="idp")).subject == "ada"


def test_an_audience_nobody_asked_for_does_not_matter():
    assert TokenVerifier(TokenPolicy(secret=SECRET)).verify(hs256(aud="x")).subject == "ada"


def test_a_secret_too_short_refuses_the_start():
    with pytest.raises(SettingsError, match="API_ENGINE_JWT_SECRET needs at least 32 bytes"):
        TokenVerifier(TokenPolicy(secret=SECRET[:31]))


def test_without_settings_no_token_is_accepted():
    with pytest.raises(AuthenticationError, match="'HS256' are not accepted"):
        TokenVerifier(TokenPolicy()).verify(hs256())


# RS256


def test_a_key_set_in_a_file_verifies_tokens(key_file, private_key):
    verifier = TokenVerifier(TokenPolicy(jwks=str(key_file)))

    assert verifier.verify(rs256(private_key)).subject == "ada"


def test_a_changed_key_file_is_read_again(key_file, private_key):
    verifier = TokenVerifier(TokenPolicy(jwks=str(key_file)))

    key_file.write_text(_key_set(private_key, "k2"))

    assert verifier.verify(rs256(private_key, "k2")).subject == "ada"
    with pytest.raises(AuthenticationError, match="k1"):
        verifier.verify(rs256(private_key, "k1"))


def test_a_public_key_is_never_used_as_a_secret(key_file, private_key):
    public = private_key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    head = jwt.encode(claims(), SECRET, "HS256", headers={"kid": "k1"}).rpartition(".")[0]
    signature = hmac.digest(public, head.encode(), hashlib.sha256)
    forged = f"{head}.{base64url_encode(signature).decode()}"

    with pytest.raises(AuthenticationError, match="'HS256' are not accepted"):
        TokenVerifier(TokenPolicy(jwks=str(key_file))).verify(forged)


def test_a_token_must_name_its_key(key_file, private_key):
    nameless = jwt.encode(claims(), private_key, "RS256")

    with pytest.raises(AuthenticationError, match="kid"):
        TokenVerifier(TokenPolicy(jwks=str(key_file))).verify(nameless)


def test_a_missing_key_file_refuses_the_start(tmp_path):
    with pytest.raises(SettingsError, match="API_ENGINE_JWT_JWKS"):
        TokenVerifier(TokenPolicy(jwks=str(tmp_path / "none.json")))


def test_a_key_file_that_vanishes_is_no_fault_of_the_caller(key_file, private_key):
    verifier = TokenVerifier(TokenPolicy(jwks=str(key_file)))

    key_file.unlink()

    with pytest.raises(StoreUnavailableError):
        verifier.verify(rs256(private_key))


@pytest.fixture
def key_url(key_set):
    class KeySetServer(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(key_set.encode())

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), KeySetServer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/jwks.json"
    server.shutdown()
    server.server_close()


def test_a_key_set_at_a_url_verifies_tokens(key_url, private_key):
    verifier = TokenVerifier(TokenPolicy(jwks=key_url))

    assert verifier.verify(rs256(private_key)).subject == "ada"
    with pytest.raises(AuthenticationError):
        verifier.verify(rs256(private_key, "unknown"))


def test_a_key_set_that_cannot_be_fetched_is_no_fault_of_the_caller(private_key, free_port):
    verifier = TokenVerifier(TokenPolicy(jwks=f"http://127.0.0.1:{free_port()}/"))

    with pytest.raises(StoreUnavailableError):
        verifier.verify(rs256(private_key))


def test_the_policy_comes_from_the_settings():
    settings = Settings.load(
        jwt_secret=SECRET, jwt_audience="engine", jwt_issuer="", jwt_leeway_seconds=5
    )

    assert TokenPolicy.of(settings) == TokenPolicy(secret=SECRET, audience="engine", leeway_s=5)
