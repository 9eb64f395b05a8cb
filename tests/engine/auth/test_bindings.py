"""Roles reach the holders of tokens by subject, verified address, group or claim; per tenant."""

import time

import jwt
import pytest

from engine.auth import Credentials
from engine.errors import AuthenticationError, BadRequestError, NotFoundError

SECRET = "s" * 32
MINA = {"sub": "u1", "email": "Mina@example.com", "email_verified": True, "groups": ["data", "ops"]}


@pytest.mark.parametrize(
    ("subject", "claims", "is_bound"),
    [
        ("sub:u1", {}, True),
        ("sub:u2", {}, False),
        ("user:u1", {}, False),
        ("email:mina@example.com", {}, True),
        ("email:MINA@example.com", {}, True),
        ("email:mina@example.com", {"email_verified": False}, False),
        ("email:mina@example.com", {"email_verified": None}, False),
        ("group:ops", {}, True),
        ("group:admins", {}, False),
        ("group:ops", {"groups": "ops"}, True),
        ("group:ops", {"groups": {"ops": 1}}, False),
        ("claim:department=sales", {"department": "sales"}, True),
        ("claim:department=sales", {"department": ["it", "sales"]}, True),
        ("claim:department=sales", {"department": "salesmen"}, False),
        ("claim:department=sales", {}, False),
        ("claim:link=a=b", {"link": "a=b"}, True),
    ],
)
def test_a_binding_reaches_those_it_names(auth, admin, subject, claims, is_bound):
    auth.bindings.bind(subject, "analyst", admin)

    assert auth.of_claims(MINA | claims).roles == ({"analyst"} if is_bound else frozenset())


def test_a_binding_is_added_to_the_roles_a_token_claims(auth, admin):
    auth.bindings.bind("sub:u1", "analyst", admin)
    token = jwt.encode({"sub": "u1", "exp": time.time() + 60, "roles": ["viewer"]}, SECRET)

    caller = auth.authenticate(Credentials(bearer=token))

    assert caller.roles == {"viewer", "analyst"}
    assert auth.recall(Credentials(bearer=token)) == caller


def test_a_binding_holds_in_its_tenant_alone(auth, admin):
    auth.bindings.bind("sub:u1", "admin", admin)

    assert auth.of_claims({**MINA, "tenant": "neighbour"}).roles == frozenset()


def test_a_role_that_is_taken_is_gone(auth, admin):
    auth.bindings.bind("sub:u1", "admin", admin)
    auth.of_claims(MINA)

    auth.bindings.unbind("sub:u1", "admin", admin)

    assert auth.of_claims(MINA).roles == frozenset()
    with pytest.raises(NotFoundError):
        auth.bindings.unbind("sub:u1", "admin", admin)


@pytest.mark.parametrize("subject", ["", "mina", "user:", "role:x", "claim:department", ":x"])
def test_a_subject_that_names_nobody_is_refused(auth, admin, subject):
    with pytest.raises(BadRequestError, match="names nobody"):
        auth.bindings.bind(subject, "viewer", admin)


@pytest.mark.parametrize("claims", [{}, {"sub": ""}, {"sub": 7}, {"sub": "u1", "tenant": "*"}])
def test_claims_that_do_not_say_who_it_is_are_refused(auth, claims):
    with pytest.raises(AuthenticationError):
        auth.of_claims(claims)
