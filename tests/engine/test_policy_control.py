"""What operators see of breakers, cache and limits, what they may change, and what is audited."""

import pytest

from engine.call import ExecutionRequest
from engine.errors import BadRequestError, ConflictError, NotFoundError, PermissionDeniedError
from engine.policy_control import CacheSelection

CACHED = {"cache": {"enabled": True, "ttl_seconds": 120, "tags": ["n:{{params.n}}"]}}
READS_FLIGHTS = "SELECT count(*) AS flights, :n AS n FROM flights"


def with_role(caller, role):
    return caller.model_copy(update={"roles": frozenset({role})})


@pytest.fixture
def control(sample_engine):
    return sample_engine.policies


@pytest.fixture
def call(sample_engine, admin_caller):
    def call(api, n=1):
        request = ExecutionRequest(api=api.api_name, params={"n": n})
        return sample_engine.run(request, admin_caller)

    return call


@pytest.fixture
def audited(control, admin_caller):
    """The latest entry of the audit log."""
    return lambda: control.audit.audit(admin_caller.tenant_id, 1, 0).items[0]


def view_of(control, caller, name):
    [view] = [each for each in control.breakers(caller) if each.name == name]
    return view


def test_a_breaker_nobody_used_is_shown_closed_with_its_thresholds(
    control, new_sql_api, admin_caller
):
    api = new_sql_api({"circuit_breaker": {"failure_threshold": 7, "timeout_seconds": 9}})

    view = view_of(control, admin_caller, api.api_name)

    assert view.snapshot.state == "closed"
    assert (view.failure_threshold, view.success_threshold, view.open_s) == (7, 2, 9)


def test_an_api_without_a_breaker_is_not_listed(control, new_sql_api, admin_caller):
    api = new_sql_api({"circuit_breaker": {"enabled": False}})

    assert api.api_name not in [view.name for view in control.breakers(admin_caller)]


def test_a_shared_breaker_names_its_target_and_every_api(control, new_sql_api, admin_caller):
    shared = {"circuit_breaker": {"per_api_isolation": False}}
    names = {new_sql_api(shared).api_name for _ in range(2)}

    assert names <= set(view_of(control, admin_caller, "connection:sample").apis)


def test_forcing_a_breaker_open_stops_the_calls_until_it_is_reset(
    control, new_sql_api, admin_caller, call, audited
):
    api = new_sql_api()

    forced = control.steer_breaker(
        api.api_name, "forced_open", admin_caller, reason="the database is being moved"
    )

    assert (forced.snapshot.mode, forced.snapshot.state) == ("forced_open", "open")
    assert call(api).error.type == "breaker_open"
    entry = audited()
    assert (entry.action, entry.target) == ("breaker.forced_open", api.api_name)
    assert entry.detail["reason"] == "the database is being moved"
    assert control.steer_breaker(api.api_name, "auto", admin_caller).snapshot.state == "closed"
    assert call(api).ok


def test_forcing_needs_a_reason_and_the_role_admin(control, new_sql_api, admin_caller):
    api = new_sql_api()

    with pytest.raises(BadRequestError, match="needs a reason"):
        control.steer_breaker(api.api_name, "disabled", admin_caller)
    with pytest.raises(PermissionDeniedError, match="force or reset circuit breakers"):
        control.steer_breaker(api.api_name, "auto", with_role(admin_caller, "analyst"))


def test_a_breaker_that_the_policy_switched_off_cannot_be_forced(
    control, new_sql_api, admin_caller
):
    api = new_sql_api({"circuit_breaker": {"enabled": False}})

    with pytest.raises(ConflictError, match="has no circuit breaker"):
        control.steer_breaker(api.api_name, "forced_open", admin_caller, reason="why not")


def test_transitions_are_told_by_the_name_of_the_api(control, new_sql_api, admin_caller):
    api = new_sql_api()
    control.steer_breaker(api.api_name, "forced_open", admin_caller, reason="drill")
    control.steer_breaker(api.api_name, "auto", admin_caller, reason="drill is over")

    newest, oldest = control.transitions(admin_caller, api=api.api_name)

    assert (oldest.breaker, oldest.to_state) == (api.api_name, "forced_open")
    assert (newest.reason, newest.by) == ("drill is over", admin_caller.subject)
    assert newest in control.transitions(admin_caller)


def test_caching_apis_are_listed_with_tags_and_answers(control, new_sql_api, admin_caller, call):
    api = new_sql_api(CACHED, logic_body=READS_FLIGHTS)
    call(api, 1), call(api, 2)

    [listed] = [e for e in control.caching_apis(admin_caller).items if e.api_name == api.api_name]

    assert listed.ttl_s == 120
    assert (listed.kept.answers, listed.kept.more) == (2, False)
    assert set(listed.tags) >= {"n:{{params.n}}", "table:flights"}


@pytest.mark.parametrize("by", ["api", "tag", "table"])
def test_dropping_counts_first_and_then_misses(
    control, new_sql_api, admin_caller, call, audited, by
):
    control.drop_cached(CacheSelection(everything=True), admin_caller)
    api = new_sql_api(CACHED, logic_body=READS_FLIGHTS)
    call(api, 5)
    selection = {
        "api": CacheSelection(api=api.api_name),
        "tag": CacheSelection(tag="n:5"),
        "table": CacheSelection(tag="table:flights"),
    }[by]

    preview = control.find_cached(selection, admin_caller)
    still_there = call(api, 5)
    dropped = control.drop_cached(selection, admin_caller)

    assert preview == dropped
    assert (dropped.answers, dropped.more) == (1, False)
    assert still_there.cached
    assert not call(api, 5).cached
    assert audited().action == "cache.invalidate"


def test_dropping_everything_leaves_the_other_tenants_answers(
    control, new_sql_api, admin_caller, call
):
    api = new_sql_api(CACHED)
    call(api)
    stranger = admin_caller.model_copy(update={"tenant_id": "other"})

    assert control.drop_cached(CacheSelection(everything=True), stranger).answers == 0
    assert call(api).cached
    with pytest.raises(NotFoundError):
        control.drop_cached(CacheSelection(api=api.api_name), stranger)


@pytest.mark.parametrize(
    "selection",
    [CacheSelection(), CacheSelection(api="a", tag="b"), CacheSelection(tag="b", everything=True)],
)
def test_exactly_one_selection_is_wanted(control, admin_caller, selection):
    with pytest.raises(BadRequestError, match="exactly one"):
        control.find_cached(selection, admin_caller)


def test_a_viewer_looks_and_drops_nothing(control, new_sql_api, admin_caller):
    viewer = with_role(admin_caller, "viewer")

    assert control.cache_stats(viewer).backend == "memory"
    with pytest.raises(PermissionDeniedError, match="drop cached answers"):
        control.drop_cached(CacheSelection(everything=True), viewer)


def test_limits_show_who_uses_how_much(control, new_sql_api, admin_caller, call):
    api = new_sql_api({"rate_limit": {"per_api": "10/minute", "per_user": "4/minute"}})
    call(api), call(api)

    mine = {e.level: e for e in control.limits(admin_caller) if e.api_name == api.api_name}

    assert (mine["per_user"].subject, mine["per_user"].used) == (admin_caller.subject, 2)
    assert (mine["per_api"].used, mine["per_api"].rate) == (2, "10/minute")
    assert 0 < mine["per_api"].reset_s <= 60
