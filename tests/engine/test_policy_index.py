"""What is kept in memory of published definitions follows what is published."""

import pytest

from engine.model import Scope
from engine.policy_index import PolicyIndex


@pytest.fixture
def index(sample_engine):
    return PolicyIndex(sample_engine.policies.store)


def names(index, caller):
    return [api.api_name for api in index.of(caller, "policies:read")]


def test_it_follows_changes_new_apis_and_deletions(index, sample_engine, new_sql_api, admin_caller):
    first, second = new_sql_api(api_name="b-one"), new_sql_api(api_name="a-two")
    assert [n for n in names(index, admin_caller) if n in {"a-two", "b-one"}] == ["a-two", "b-one"]

    sample_engine.apis.update("b-one", {"runtime_policy": {"max_rows": 7}}, admin_caller)
    sample_engine.apis.delete(second.api_name, admin_caller)

    [kept] = [api for api in index.of(admin_caller, "policies:read") if api.id == first.id]
    assert kept.runtime_policy.max_rows == 7
    assert "a-two" not in names(index, admin_caller)


def test_a_draft_is_left_out_until_it_is_published(index, sample_engine, admin_caller):
    fields = {
        "api_name": "not-yet",
        "logic_type": "sql",
        "logic_body": "SELECT 1 AS n",
        "connection": "sample",
    }
    sample_engine.apis.create(fields, admin_caller, publish=False)
    assert "not-yet" not in names(index, admin_caller)

    sample_engine.apis.publish_draft("not-yet", admin_caller)

    assert "not-yet" in names(index, admin_caller)


def test_a_key_that_is_limited_to_some_apis_gets_those(index, new_sql_api, admin_caller):
    new_sql_api(api_name="in-reach")
    new_sql_api(api_name="beyond")
    limited = admin_caller.model_copy(update={"scope": Scope(api_patterns=("in-*",))})

    assert names(index, limited) == ["in-reach"]
