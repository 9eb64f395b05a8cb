import io
import sys

import pytest

from engine.facade import Engine

PASSWORD = "correct horse battery"


@pytest.fixture
def typed(monkeypatch):
    """What is piped into the command."""

    def typed(text):
        monkeypatch.setattr(sys, "stdin", io.StringIO(text + "\n"))

    return typed


def signs_in(name, password=PASSWORD):
    with Engine.open() as engine:
        user = engine.auth.users.authenticate_password("default", name, password, None)
        return engine.auth.bindings.roles_of_user("default", user.name)


def test_a_user_is_created_with_a_password_from_standard_input(api_engine, typed):
    typed(PASSWORD)
    outcome = api_engine("users", "create", "ada", "--role", "admin")

    assert outcome.code == 0
    assert PASSWORD not in outcome.out + outcome.err
    assert signs_in("ada") == {"admin"}


def test_users_and_bindings_are_listed_changed_and_taken(api_engine, typed):
    typed(PASSWORD)
    api_engine("users", "create", "ada", "--role", "admin")
    typed("another horse battery")
    api_engine("users", "set-password", "ada")
    api_engine("users", "bind", "group:data", "analyst")

    listed = api_engine("users", "list").out

    assert signs_in("ada", "another horse battery")
    assert "user:ada" in listed
    assert "group:data" in listed
    assert api_engine("users", "unbind", "group:data", "analyst").code == 0
    assert "group:data" not in api_engine("users", "list").out


def test_the_last_admin_stays(api_engine, typed):
    typed(PASSWORD)
    api_engine("users", "create", "ada", "--role", "admin")

    outcome = api_engine("users", "disable", "ada")

    assert outcome.code == 1
    assert "last admin" in outcome.err


def test_the_instance_key_is_rotated_and_keys_and_secrets_stay(api_engine):
    key = api_engine("keys", "create", "shop", "--rate", "5/minute").out.strip()
    with Engine.open() as engine:
        from engine.facade import local_caller

        engine.secrets.put("token", "s3cret", local_caller())

    outcome = api_engine("keys", "rotate-instance")

    assert outcome.code == 0
    assert "2 values" in outcome.err
    with Engine.open() as engine:
        assert str(engine.auth.keys.verify(key).rate) == "5/minute"
        assert engine.secrets.names(local_caller()) == ("token",)
