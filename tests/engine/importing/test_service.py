"""A proposal is imported as a whole or not at all."""

from uuid import uuid4

import pytest

from engine.errors import ConflictError, DefinitionInvalidError, PermissionDeniedError
from engine.importing import read_curl, read_sql_files
from engine.model import ApiQuery, Scope

TWO = {
    "late.sql": b"SELECT carrier, dep_delay FROM flights WHERE origin = :origin "
    b"AND dep_delay > :min",
    "one.sql": b"SELECT 1 AS one",
}


@pytest.fixture
def caller(admin_caller):
    """An admin of a tenant of this test's own."""
    return admin_caller.model_copy(update={"tenant_id": f"tenant-{uuid4().hex[:8]}"})


@pytest.fixture
def imports(sample_engine):
    return sample_engine.imports


def names(engine, caller):
    return [api.api_name for api in engine.apis.search(ApiQuery(), caller).items]


def test_a_plan_tells_everything_and_changes_nothing(sample_engine, imports, caller):
    plan = imports.plan(read_sql_files(TWO), caller, prefix="x-", tags=["new"])

    assert [each.name for each in plan.apis] == ["x-late", "x-one"]
    assert plan.apis[0].definition.tags == ("new",)
    assert [column.name for column in plan.apis[0].columns] == ["carrier", "dep_delay"]
    assert names(sample_engine, caller) == []


def test_parameters_that_nobody_declared_are_inferred(imports, caller):
    (late, _) = imports.plan(read_sql_files(TWO), caller).apis

    assert set(late.definition.param_schema) == {"origin", "min"}


def test_drafts_are_not_live_and_what_is_published_is(sample_engine, imports, caller):
    imports.create(imports.plan(read_sql_files(TWO), caller, prefix="d-"), caller)
    imports.create(imports.plan(read_sql_files(TWO), caller, prefix="p-"), caller, publish=True)

    assert sample_engine.apis.draft("d-one", caller).fields["logic_body"] == "SELECT 1 AS one"
    assert sample_engine.execute("d-one", caller=caller).status == "rejected"
    assert sample_engine.execute("p-one", caller=caller).rows == [{"one": 1}]
    assert sample_engine.apis.version("p-one", 1, caller).change_note == "imported"


def test_a_taken_name_refuses_all_unless_those_are_skipped(sample_engine, imports, caller):
    one = read_sql_files({"one.sql": TWO["one.sql"]})
    imports.create(imports.plan(one, caller), caller, publish=True)
    plan = imports.plan(read_sql_files(TWO), caller)

    with pytest.raises(ConflictError, match="already: one; nothing was imported"):
        imports.create(plan, caller)
    assert names(sample_engine, caller) == ["one"]

    made = imports.create(plan, caller, skip_existing=True)
    assert [each.name for each in made] == ["late"]


def test_what_does_not_compile_is_a_draft_and_never_live(sample_engine, imports, caller):
    files = {**TWO, "bad.sql": b"DELETE FROM flights"}
    plan = imports.plan(read_sql_files(files), caller)

    with pytest.raises(DefinitionInvalidError, match=r"bad\.sql: DELETE is not allowed"):
        imports.create(plan, caller, publish=True)
    assert names(sample_engine, caller) == []

    imports.create(plan, caller)
    assert names(sample_engine, caller) == ["bad", "late", "one"]


def test_a_field_that_cannot_be_read_is_named(imports, caller):
    files = {"bad.sql": b"-- params: {n: {type: whole}}\nSELECT :n", **TWO}

    plan = imports.plan(read_sql_files(files), caller)

    assert len(plan.apis) == 2
    assert plan.left_out[0].origin == "bad.sql"
    assert "param_schema.n.type" in plan.left_out[0].reason


def test_a_name_that_was_taken_meanwhile_makes_nothing(sample_engine, imports, caller):
    plan = imports.plan(read_sql_files(TWO), caller)
    sample_engine.apis.create({"api_name": "one", "logic_body": "SELECT 2"} | SQL, caller)

    with pytest.raises(ConflictError):
        imports.create(plan, caller)

    assert names(sample_engine, caller) == ["one"]


SQL = {"logic_type": "sql", "connection": "sample"}


def test_secrets_that_are_not_stored_are_named(sample_engine, imports, caller):
    proposal = read_curl("curl -u ana:pa55 https://a.example/x")
    sample_engine.secrets.put("A_EXAMPLE_USERNAME", "ana", caller)

    assert imports.plan(proposal, caller).missing_secrets == ("A_EXAMPLE_PASSWORD",)


def test_only_what_is_wanted_is_planned(imports, caller):
    plan = imports.plan(read_sql_files(TWO), caller, prefix="x-", only=["one.sql"])

    assert [each.name for each in plan.apis] == ["x-one"]


def test_viewers_and_narrow_keys_import_nothing(imports, caller):
    proposal = read_sql_files(TWO)
    plan = imports.plan(proposal, caller)

    with pytest.raises(PermissionDeniedError):
        imports.plan(proposal, caller.model_copy(update={"roles": frozenset({"viewer"})}))
    with pytest.raises(PermissionDeniedError, match="one"):
        imports.create(plan, caller.model_copy(update={"scope": Scope(api_patterns=("late",))}))


def test_each_import_is_in_the_audit_log(sample_engine, imports, caller):
    imports.create(imports.plan(read_sql_files({"a.sql": b"SELECT 1"}), caller), caller)

    entry = sample_engine.apis._audit.audit(caller.tenant_id, 1, 0).items[0]
    assert (entry.action, entry.target) == ("api.create", "a")
    assert entry.detail == {"from": "import", "origin": "a.sql", "publish": False}
