from uuid import UUID

from engine.executor_policies import limit_rules, limits_in_use
from engine.model import Caller, Rate
from engine.ports import Admission
from storage.shared_state.memory import MemorySharedState

RATES = {"per_api": "10/minute", "per_user": "4/minute", "per_tenant": "100/hour"}


def call(state, definition, subject, times=1):
    caller = Caller(subject=subject, tenant_id=definition.tenant_id)
    for _ in range(times):
        state.admit(Admission(limits=limit_rules(definition, caller)))


def test_it_says_who_uses_how_much_the_fullest_first(api):
    state, definition = MemorySharedState(cache_bytes=1024), api({"rate_limit": RATES})
    call(state, definition, "ada", 3)
    call(state, definition, "team/bob@example.com")

    found = limits_in_use(state, "default", [definition])

    assert [(each.use.level, each.subject, each.use.remaining) for each in found] == [
        ("per_user", "ada", 1),
        ("per_api", None, 6),
        ("per_user", "team/bob@example.com", 3),
        ("per_tenant", None, 96),
    ]
    assert found[0].api_id == UUID(int=1)
    assert found[0].rate == Rate.parse("4/minute")


def test_limits_that_no_api_sets_any_more_are_left_out(api):
    state = MemorySharedState(cache_bytes=1024)
    call(state, api({"rate_limit": RATES}), "ada")

    changed = api({"rate_limit": {"per_user": "4/hour", "per_api": "10/minute"}})

    assert [each.use.level for each in limits_in_use(state, "default", [changed])] == ["per_api"]
    assert limits_in_use(state, "default", []) == ()


def test_the_strictest_api_says_how_much_a_tenant_may(api):
    state = MemorySharedState(cache_bytes=1024)
    strict = api({"rate_limit": {"per_tenant": "5/hour"}})
    lenient = api({"rate_limit": {"per_tenant": "100/hour"}}, number=2)
    call(state, lenient, "ada", 2)

    found = limits_in_use(state, "default", [strict, lenient])

    assert [(each.use.limit, each.use.remaining) for each in found] == [(5, 3)]


def test_other_tenants_are_not_shown(api):
    state = MemorySharedState(cache_bytes=1024)
    call(state, api({"rate_limit": RATES}, tenant="other"), "ada")

    assert limits_in_use(state, "default", [api({"rate_limit": RATES})]) == ()
