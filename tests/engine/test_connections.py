"""Connections that users add: what is refused, what is written down, what is tried out."""

import pytest

from engine.bootstrap import build_engine
from engine.connections import defined_connection
from engine.errors import (
    BadRequestError,
    ConflictError,
    NotFoundError,
    PermissionDeniedError,
    SettingsError,
    TargetUnavailableError,
)
from engine.facade import local_caller
from engine.settings import Settings
from tests.flight_tables import make_duckdb_file

ADMIN = local_caller()


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return str(make_duckdb_file(tmp_path_factory.mktemp("target")))


@pytest.fixture(scope="module")
def eng(tmp_path_factory, file):
    settings = Settings.load(
        data_dir=tmp_path_factory.mktemp("engine"),
        environment_connections={"in-a-file": f"duckdb:///{file}"},
    )
    with build_engine(settings) as engine:
        yield engine


@pytest.fixture
def define(file):
    def define(**fields):
        defaults = {"name": "warehouse", "dialect": "duckdb", "dsn": file}
        return defined_connection({**defaults, **fields})

    return define


def actions(eng):
    return [
        (entry.action, entry.target) for entry in eng.policies.audit.audit("default", 10, 0).items
    ]


def test_a_file_that_the_environment_names_is_queried(eng):
    found = {each.name for each in eng.connections.schema("in-a-file", ADMIN)}

    assert {"carriers", "flights"} <= found


def test_what_is_added_is_queried_listed_and_written_down(eng, define):
    eng.connections.save(define(), ADMIN)

    assert {"carriers", "flights"} <= {
        each.name for each in eng.connections.schema("warehouse", ADMIN)
    }
    assert "warehouse" in [each.name for each in eng.connections.all(ADMIN)]
    eng.connections.delete("warehouse", ADMIN)
    with pytest.raises(NotFoundError, match="no connection 'warehouse'"):
        eng.connections.ping("warehouse", ADMIN)
    assert actions(eng)[:2] == [
        ("connection.delete", "warehouse"),
        ("connection.save", "warehouse"),
    ]


def test_a_changed_address_is_used_at_once(eng, define, tmp_path):
    other = make_duckdb_file(tmp_path, "CREATE TABLE extra (id INTEGER)")
    eng.connections.save(define(name="moving"), ADMIN)
    eng.connections.ping("moving", ADMIN)

    eng.connections.save(define(name="moving", dsn=str(other)), ADMIN)

    assert "extra" in {each.name for each in eng.connections.schema("moving", ADMIN)}


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"name": "No Good"}, "name"),
        ({"dialect": "oracle"}, "dialect"),
        ({"dsn": "  "}, "needs an address"),
    ],
)
def test_what_is_no_connection_is_refused_in_words(define, fields, word):
    with pytest.raises(BadRequestError, match=word):
        define(**fields)


def test_the_refusal_does_not_repeat_the_address(define):
    with pytest.raises(BadRequestError) as caught:
        define(dialect="oracle", dsn="postgresql://u:hidden@host/db")

    assert "hidden" not in str(caught.value.message)


def test_the_name_of_a_built_in_connection_is_taken(eng, define):
    with pytest.raises(ConflictError, match="built_in"):
        eng.connections.save(define(name="sample"), ADMIN)


def test_an_address_in_a_variable_that_is_not_set_is_refused_before_it_is_kept(eng, define):
    with pytest.raises(SettingsError, match="NO_SUCH_DSN"):
        eng.connections.save(define(name="unset", dsn="env:NO_SUCH_DSN"), ADMIN)

    assert "unset" not in [each.name for each in eng.connections.all(ADMIN)]


def test_trying_out_keeps_nothing(eng, define):
    eng.connections.try_out(define(name="tried"), ADMIN)

    assert "tried" not in [each.name for each in eng.connections.all(ADMIN)]
    with pytest.raises(TargetUnavailableError):
        eng.connections.try_out(define(dsn="/no/such/file.duckdb"), ADMIN)


def test_only_an_admin_changes_connections(eng, define):
    analyst = ADMIN.model_copy(update={"roles": frozenset({"analyst"})})

    for change in (eng.connections.save, eng.connections.try_out):
        with pytest.raises(PermissionDeniedError):
            change(define(), analyst)
