import pytest

from engine.executor_policies import call_budget_s, check_policy, effective_timeout_s
from engine.model import RuntimePolicy
from engine.settings import Settings

SETTINGS = Settings(_env_file=None, max_rows_ceiling=5000, max_timeout_seconds=60)


def issues(policy, logic_type="sql", params=None):
    parsed = RuntimePolicy.model_validate(policy)
    found = check_policy(parsed, logic_type, SETTINGS, params=params)
    return [(issue.severity, issue.code, issue.path) for issue in found]


@pytest.mark.parametrize("logic_type", ["sql", "http", "script", "workflow"])
def test_the_default_policy_has_no_issue(logic_type):
    assert issues({}, logic_type) == []


@pytest.mark.parametrize(
    ("policy", "logic_type", "issue"),
    [
        ({"timeout_seconds": 61}, "sql", "timeout_too_long timeout_seconds"),
        ({"timeout_seconds": 61}, "http", "timeout_too_long timeout_seconds"),
        ({"timeout_seconds": 31}, "http", "timeout_too_long timeout_seconds"),
        ({"max_rows": 5001}, "sql", "max_rows_too_large max_rows"),
    ],
)
def test_what_is_past_a_ceiling_is_refused(policy, logic_type, issue):
    code, field = issue.split()

    assert issues(policy, logic_type) == [("error", code, f"runtime_policy.{field}")]


@pytest.mark.parametrize(
    ("policy", "logic_type"),
    [
        ({"timeout_seconds": 60, "max_rows": 5000}, "sql"),
        ({"timeout_seconds": 30}, "http"),
        ({"max_retries": 0}, "script"),
        ({"rate_limit": {"per_user": "10/minute", "per_tenant": "100/minute"}}, "sql"),
        ({"rate_limit": {"per_user": "100/hour", "per_api": "10/minute"}}, "sql"),
    ],
)
def test_what_is_at_a_ceiling_is_accepted(policy, logic_type):
    assert issues(policy, logic_type) == []


@pytest.mark.parametrize("tag", ["origin:{{params.origin", "{{row.id}}", "{{params.carrier}}"])
def test_a_cache_tag_that_can_never_be_filled_is_refused(tag):
    policy = {"cache": {"tags": ["flights", tag]}}

    found = issues(policy, params={"origin"})

    assert [(severity, path) for severity, _, path in found] == [
        ("error", "runtime_policy.cache.tags[1]")
    ]


def test_cache_tags_may_name_params_and_the_tenant():
    policy = {"cache": {"tags": ["origin:{{params.origin}}", "{{context.tenant_id}}"]}}

    assert issues(policy) == []
    assert issues(policy, params={"origin"}) == []


@pytest.mark.parametrize(
    ("policy", "logic_type", "field"),
    [
        ({"max_retries": 2}, "script", "max_retries"),
        ({"sql_strict": True}, "http", "sql_strict"),
        ({"sandbox": {"memory_mb": 512}}, "sql", "sandbox"),
        ({"http": {"retry_non_idempotent": True}}, "sql", "http"),
        ({"cache": {"stale_if_error_seconds": 5}}, "sql", "cache.stale_if_error_seconds"),
        (
            {"cache": {"stale_while_revalidate_seconds": 5}},
            "sql",
            "cache.stale_while_revalidate_seconds",
        ),
        (
            {"rate_limit": {"per_user": "100/minute", "per_tenant": "10/minute"}},
            "sql",
            "rate_limit.per_user",
        ),
    ],
)
def test_what_has_no_effect_is_a_warning(policy, logic_type, field):
    assert issues(policy, logic_type) == [
        ("warning", "policy_without_effect", f"runtime_policy.{field}")
    ]


@pytest.mark.parametrize(
    ("logic_type", "asked_s", "timeout_s"),
    [
        ("sql", None, 5),
        ("http", None, 5),
        ("script", None, 5),
        ("workflow", None, 30),
        ("sql", 12.5, 12.5),
        ("http", 45, 30),
    ],
)
def test_the_timeout_of_an_attempt_is_the_policys_or_the_logic_types(
    logic_type, asked_s, timeout_s
):
    assert effective_timeout_s(logic_type, RuntimePolicy(timeout_seconds=asked_s)) == timeout_s


def test_a_calls_budget_holds_every_attempt_and_every_wait():
    steady = RuntimePolicy(timeout_seconds=1, max_retries=2, retry_jitter=False)
    jittered = RuntimePolicy(timeout_seconds=1, max_retries=2)

    assert call_budget_s("sql", steady) == pytest.approx(3.3)
    assert call_budget_s("sql", jittered) == pytest.approx(3.375)
    assert call_budget_s("sql", RuntimePolicy(max_retries=0)) == 5
