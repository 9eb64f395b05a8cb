from engine.executor_policies import limit_headers, limit_refusal, limit_rules
from engine.model import Caller, Rate
from engine.ports import Admission, LimitUse
from storage.shared_state.memory import MemorySharedState

ADA, BOB = Caller(subject="ada"), Caller(subject="bob")
ALL = {"rate_limit": {"per_api": "100/minute", "per_user": "5/second", "per_tenant": "1000/hour"}}


def admitted(state, definition, caller, calls=1):
    rules = limit_rules(definition, caller)
    outcomes = [state.admit(Admission(limits=rules)) for _ in range(calls)]
    return sum(outcome.refused is None for outcome in outcomes)


def shared():
    return MemorySharedState(cache_bytes=1024, clock=lambda: 1_800_000_000.0)


def test_without_rates_nothing_is_counted(api):
    assert limit_rules(api(), ADA) == ()


def test_each_level_that_is_set_is_a_window(api):
    rules = limit_rules(api(ALL), ADA)

    assert [(rule.level, rule.limit, rule.window_s) for rule in rules] == [
        ("per_api", 100, 60),
        ("per_user", 5, 1),
        ("per_tenant", 1000, 3600),
    ]


def test_per_api_counts_all_callers_of_one_api(api):
    state, policy = shared(), {"rate_limit": {"per_api": "3/minute"}}

    assert admitted(state, api(policy), ADA, 2) + admitted(state, api(policy), BOB, 2) == 3
    assert admitted(state, api(policy, number=2), ADA) == 1


def test_per_user_counts_each_caller_of_an_api_apart(api):
    state, policy = shared(), {"rate_limit": {"per_user": "2/minute"}}

    assert admitted(state, api(policy), ADA, 3) == 2
    assert admitted(state, api(policy), BOB, 3) == 2
    assert admitted(state, api(policy, number=2), ADA, 3) == 2


def test_per_tenant_counts_over_all_apis_of_one_tenant(api):
    state, policy = shared(), {"rate_limit": {"per_tenant": "3/minute"}}
    other = Caller(subject="ada", tenant_id="other")

    assert admitted(state, api(policy), ADA, 2) == 2
    assert admitted(state, api(policy, number=2), BOB, 2) == 1
    assert admitted(state, api(policy, tenant="other"), other, 2) == 2


def test_an_api_keys_own_rate_counts_over_all_apis(api):
    state = shared()
    key = Caller(subject="key:1", kind="api_key", rate=Rate.parse("2/minute"))

    assert admitted(state, api(), key, 1) == 1
    assert admitted(state, api(number=2), key, 2) == 1


def test_a_changed_unit_begins_a_new_window_and_a_changed_number_does_not(api):
    state = shared()
    admitted(state, api({"rate_limit": {"per_api": "3/minute"}}), ADA, 3)

    assert admitted(state, api({"rate_limit": {"per_api": "4/minute"}}), ADA, 3) == 1
    assert admitted(state, api({"rate_limit": {"per_api": "4/hour"}}), ADA, 3) == 3


def test_headers_tell_of_the_limit_nearest_to_refusing(api):
    uses = (
        LimitUse("per_api", 100, 60, 59.2),
        LimitUse("per_user", 5, 4, 0.4),
        LimitUse("per_tenant", 1000, 900, 3000),
    )

    assert limit_headers(limit_rules(api(ALL), ADA), uses) == {
        "RateLimit-Limit": "5",
        "RateLimit-Remaining": "4",
        "RateLimit-Reset": "1",
        "RateLimit-Policy": '100;w=60;name="per_api", 5;w=1;name="per_user", '
        '1000;w=3600;name="per_tenant"',
    }


def test_headers_of_a_refusal_tell_of_the_limit_that_refused(api):
    uses = (LimitUse("per_api", 100, 0, 41.2), LimitUse("per_user", 5, 0, 0.4))

    headers = limit_headers(limit_rules(api(ALL), ADA)[:2], uses, refused=uses[0])

    assert headers["Retry-After"] == "42"
    assert headers["RateLimit-Limit"] == "100"
    assert headers["RateLimit-Reset"] == "42"


def test_without_limits_there_are_no_headers():
    assert limit_headers((), ()) == {}


def test_a_refusal_names_level_limit_and_reset():
    error = limit_refusal(LimitUse("per_tenant", 1000, 0, 12.345), "delays")

    assert error.http_status == 429
    assert error.details == {
        "level": "per_tenant",
        "limit": 1000,
        "remaining": 0,
        "reset_s": 12.345,
    }
    assert error.retry_after_s == 12.345
    assert error.hint == "Try again in 13 s."
