"""People sign in with a password: slowly for those who guess, the same for every wrong answer."""

import pytest

from engine.errors import (
    AuthenticationError,
    BadRequestError,
    ConflictError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitedError,
)
from engine.model import Caller, Scope
from engine.model.listing import BindingQuery, UserQuery

PASSWORD = "correct horse battery"
HERE = "192.0.2.1"


@pytest.fixture
def ada(auth, admin):
    return auth.users.create("ada", PASSWORD, ["admin"], admin)


def sign_in(auth, name="ada", password=PASSWORD, address=HERE, tenant="default"):
    return auth.users.authenticate_password(tenant, name, password, address)


def test_the_right_password_signs_in_and_notes_when(auth, admin, ada, clock):
    clock.seconds = 60

    assert sign_in(auth).name == "ada"
    assert auth.users.all(admin)[0].last_login_at == clock.now()


def test_a_password_is_kept_as_an_argon2id_hash_and_nowhere_else(auth, ada, tmp_path):
    assert ada.password_hash.startswith("$argon2id$")
    assert PASSWORD not in repr(ada)
    assert all(PASSWORD.encode() not in file.read_bytes() for file in tmp_path.glob("*.sqlite3*"))


@pytest.mark.parametrize(
    ("name", "password", "tenant"),
    [
        ("ada", "correct horse batterY", "default"),
        ("ada", "", "default"),
        ("ada", PASSWORD + "x" * 2000, "default"),
        ("eve", PASSWORD, "default"),
        ("Ada", PASSWORD, "default"),
        ("ada", PASSWORD, "other"),
        ("off", PASSWORD, "default"),
    ],
)
def test_every_wrong_sign_in_gets_the_same_answer(auth, admin, ada, name, password, tenant):
    auth.users.create("off", PASSWORD, ["viewer"], admin)
    auth.users.set_active("off", admin, active=False)

    with pytest.raises(AuthenticationError, match=r"^this name and password do not belong"):
        sign_in(auth, name, password, tenant=tenant)


def test_an_unknown_name_costs_as_much_work_as_a_known_one(auth, ada, monkeypatch):
    verified = []
    hasher = auth.users._passwords._hasher
    real = type(hasher).verify

    def counted(self, kept, password):
        verified.append(kept)
        return real(self, kept, password)

    monkeypatch.setattr(type(hasher), "verify", counted)
    for name in ("ada", "nobody"):
        with pytest.raises(AuthenticationError):
            sign_in(auth, name, "wrong wrong wrong")

    assert len(verified) == 2
    assert verified[0].rpartition("$")[0].split("$")[:4] == verified[1].split("$")[:4]


def fail_often(auth, times, *, name="ada", address=HERE):
    for _ in range(times):
        with pytest.raises(AuthenticationError):
            sign_in(auth, name, "wrong wrong wrong", address)


def test_guessing_one_name_from_one_address_is_throttled_even_with_the_right_password(auth, ada):
    fail_often(auth, 6)

    with pytest.raises(RateLimitedError) as refused:
        sign_in(auth)

    assert 0 < (refused.value.retry_after_s or 0) <= 300


def test_the_owner_can_sign_in_from_elsewhere_while_a_stranger_is_throttled(auth, ada):
    fail_often(auth, 6)

    assert sign_in(auth, address="192.0.2.99").name == "ada"


def test_a_throttled_caller_may_try_again_when_the_window_has_passed(auth, ada, clock):
    fail_often(auth, 6)
    clock.seconds += 301

    assert sign_in(auth).name == "ada"


def test_an_address_that_tries_many_names_is_throttled(auth, ada):
    for number in range(30):
        fail_often(auth, 1, name=f"name{number}")

    with pytest.raises(RateLimitedError):
        sign_in(auth)


def test_a_name_that_is_tried_from_many_addresses_is_throttled(auth, ada):
    for number in range(60):
        fail_often(auth, 1, address=f"192.0.2.{number + 2}")

    with pytest.raises(RateLimitedError):
        sign_in(auth, address="198.51.100.7")


def test_a_new_password_replaces_the_old_one_and_ends_the_sessions(auth, admin, ada):
    token = auth.sessions.open(ada, "dashboard")
    auth.users.set_password("ada", "another horse battery", admin)

    assert sign_in(auth, password="another horse battery")
    with pytest.raises(AuthenticationError):
        sign_in(auth)
    with pytest.raises(AuthenticationError):
        auth.sessions.caller(token, "dashboard")


@pytest.mark.parametrize("password", ["", "short", " " * 20, "x" * 1025])
def test_a_password_that_is_none_is_refused(auth, admin, password):
    with pytest.raises(BadRequestError, match="12 to 1024"):
        auth.users.create("ada", password, ["admin"], admin)

    assert auth.users.all(admin) == ()


@pytest.mark.parametrize("name", ["", "a b", "../x", "ada\n", "é", "-x", "a" * 101])
def test_a_name_that_cannot_be_typed_safely_is_refused(auth, admin, name):
    with pytest.raises(BadRequestError, match="user name"):
        auth.users.create(name, PASSWORD, ["admin"], admin)


def test_the_first_user_must_be_an_admin(auth, admin):
    with pytest.raises(BadRequestError, match="first user"):
        auth.users.create("ada", PASSWORD, ["viewer"], admin)

    assert not auth.users.exist()


def test_a_name_is_taken_once_in_a_tenant(auth, admin, ada):
    with pytest.raises(ConflictError):
        auth.users.create("ada", PASSWORD, ["admin"], admin)

    neighbour = admin.model_copy(update={"tenant_id": "neighbour"})
    assert auth.users.create("ada", PASSWORD, ["admin"], neighbour).tenant_id == "neighbour"


def test_the_last_admin_cannot_be_locked_out(auth, admin, ada):
    with pytest.raises(ConflictError, match="last admin"):
        auth.users.set_active("ada", admin, active=False)
    with pytest.raises(ConflictError, match="last admin"):
        auth.bindings.unbind("user:ada", "admin", admin)

    auth.users.create("bo", PASSWORD, ["admin"], admin)
    auth.users.set_active("ada", admin, active=False)

    with pytest.raises(ConflictError):
        auth.users.set_active("bo", admin, active=False)


@pytest.mark.parametrize(
    "caller",
    [
        Caller(subject="bo", roles=frozenset({"analyst"})),
        Caller(subject="key:1", kind="api_key", roles=frozenset({"admin"}), scope=Scope()),
    ],
)
def test_only_an_unlimited_admin_manages_users(auth, ada, caller):
    for act in (
        lambda: auth.users.all(caller),
        lambda: auth.users.search(UserQuery(), caller),
        lambda: auth.bindings.search(BindingQuery(), caller),
        lambda: auth.users.create("eve", PASSWORD, ["admin"], caller),
        lambda: auth.users.set_password("ada", PASSWORD, caller),
        lambda: auth.users.set_active("ada", caller, active=False),
        lambda: auth.bindings.bind("user:eve", "admin", caller),
        lambda: auth.bindings.unbind("user:ada", "admin", caller),
    ):
        with pytest.raises(PermissionDeniedError):
            act()


def test_another_tenants_users_are_not_there(auth, admin, ada):
    neighbour = admin.model_copy(update={"tenant_id": "neighbour"})

    assert auth.users.all(neighbour) == ()
    assert auth.users.search(UserQuery(), neighbour).total == 0
    with pytest.raises(NotFoundError):
        auth.users.set_password("ada", PASSWORD, neighbour)
    with pytest.raises(NotFoundError):
        auth.users.set_active("ada", neighbour, active=True)


def test_what_is_done_to_users_is_in_the_audit_log_without_passwords(
    auth, admin, ada, settings_store
):
    auth.users.set_password("ada", "another horse battery", admin)

    entries = settings_store.audit("default", 10, 0).items
    assert {each.action for each in entries} == {
        "users:create",
        "users:bind",
        "users:set_password",
    }
    assert "horse" not in repr(entries)


def test_users_are_searched_within_the_tenant_and_who_signed_in_last_comes_first(auth, admin):
    for name in ("ada", "adam", "grace"):
        auth.users.create(name, PASSWORD, ["admin"], admin)
    sign_in(auth, "adam")

    found = auth.users.search(UserQuery(q="AD", sort="seen"), admin)
    roles = auth.bindings.search(BindingQuery(q="grace"), admin)

    assert [user.name for user in found.items] == ["adam", "ada"]
    assert [binding.subject for binding in roles.items] == ["user:grace"]
