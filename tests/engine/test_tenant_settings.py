"""What admins of a tenant set while the instance runs, and what it does."""

from uuid import uuid4

import pytest

from engine.errors import BadRequestError, DefinitionInvalidError, PermissionDeniedError
from engine.model import Caller, RuntimePolicy, Scope
from engine.settings import PREFIX, Settings
from engine.settings_report import HIDDEN, effective_settings
from engine.tenant_settings import TenantValues


@pytest.fixture
def admin(admin_caller):
    """An admin of a tenant of this test's own."""
    return admin_caller.model_copy(update={"tenant_id": f"tenant-{uuid4().hex[:8]}"})


@pytest.fixture
def settings(sample_engine):
    return sample_engine.tenant_settings


def script(**fields):
    body = "def main(params, input_payload):\n    return 1\n"
    return {"api_name": "s", "logic_type": "script", "logic_body": body, **fields}


def test_nothing_is_set_until_somebody_sets_it(settings, admin):
    assert settings.values(admin) == TenantValues()


def test_what_is_set_is_told_and_what_is_left_out_goes_back(settings, admin):
    first = TenantValues(key_groups=("logs", "execute"), max_timeout_seconds=9)

    settings.set(first, admin)

    assert settings.values(admin) == first.model_copy(update={"key_groups": ("execute", "logs")})
    assert settings.set(TenantValues(), admin) == TenantValues()


def test_another_tenant_keeps_its_own(settings, admin, admin_caller):
    settings.set(TenantValues(max_timeout_seconds=9), admin)

    assert settings.values(admin_caller).max_timeout_seconds is None


def test_a_policy_past_the_tenants_ceiling_is_not_saved_and_what_is_live_stays(
    sample_engine, settings, admin
):
    sample_engine.apis.create(script(runtime_policy={"timeout_seconds": 20}), admin)
    settings.set(TenantValues(max_timeout_seconds=9), admin)

    with pytest.raises(DefinitionInvalidError, match="ceiling of 9 s"):
        sample_engine.apis.create(
            script(api_name="t", runtime_policy={"timeout_seconds": 20}), admin
        )

    assert sample_engine.execute("s", caller=admin).status == "success"


def test_a_new_api_has_the_policy_that_its_author_leaves_out(sample_engine, settings, admin):
    default = RuntimePolicy.model_validate(
        {"timeout_seconds": 7, "cache": {"enabled": True, "ttl_seconds": 60}}
    )
    settings.set(TenantValues(new_api_policy=default), admin)

    api = sample_engine.apis.create(
        script(runtime_policy={"max_rows": 5, "cache": {"ttl_seconds": 10}}), admin
    )

    policy = api.runtime_policy
    assert (policy.timeout_seconds, policy.max_rows) == (7, 5)
    assert (policy.cache.enabled, policy.cache.ttl_seconds) == (True, 10)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"max_rows_ceiling": 1_000_001}, "past this instance's own ceiling of 1000000"),
        ({"max_timeout_seconds": 301}, "past this instance's own ceiling of 300"),
        ({"max_rows_ceiling": 10}, "max_rows of 1000 is past"),
        ({"new_api_policy": {"timeout_seconds": 301}}, "new_api_policy: a timeout of 301 s"),
        ({"key_groups": ["bogus"]}, "no endpoint group 'bogus'"),
    ],
)
def test_what_cannot_be_used_is_refused_and_nothing_is_changed(settings, admin, values, reason):
    settings.set(TenantValues(max_timeout_seconds=9), admin)

    with pytest.raises(BadRequestError, match=reason):
        settings.set(TenantValues.model_validate({"key_groups": ["logs"], **values}), admin)

    assert settings.values(admin) == TenantValues(max_timeout_seconds=9)


def test_an_api_key_cannot_lock_keys_out(settings, admin):
    key = Caller(
        subject="key:1", kind="api_key", tenant_id=admin.tenant_id, roles=frozenset({"admin"})
    )

    with pytest.raises(PermissionDeniedError, match="lock itself out by closing apis, execute"):
        settings.set(TenantValues(key_groups=("settings",)), key)

    assert settings.set(TenantValues(max_timeout_seconds=9), key).max_timeout_seconds == 9


def test_only_an_unlimited_admin_sets_and_only_an_admin_reads(settings, admin):
    for change in ({"roles": frozenset({"analyst"})}, {"scope": Scope()}):
        with pytest.raises(PermissionDeniedError):
            settings.set(TenantValues(), admin.model_copy(update=change))
    with pytest.raises(PermissionDeniedError):
        settings.values(admin.model_copy(update={"roles": frozenset({"analyst"})}))


def test_a_change_is_in_the_audit_log_with_what_was_set(sample_engine, settings, admin):
    settings.set(TenantValues(key_groups=("logs",), max_timeout_seconds=9), admin)

    entry = sample_engine.apis._audit.audit(admin.tenant_id, 1, 0).items[0]
    assert (entry.actor, entry.action) == (admin.subject, "settings:put")
    assert entry.detail == {"key_groups": ["logs"], "max_timeout_seconds": 9}


def test_the_instances_settings_are_shown_without_secrets(tmp_path):
    settings = Settings.load(
        data_dir=tmp_path,
        metadata_url="postgresql://user:s3cret@host/db",
        environment_connections={"my-target": "postgresql://user:s3cret@host/db"},
    )

    report = {each.name: each for each in effective_settings(settings)}

    assert report[f"{PREFIX}METADATA_URL"].value == HIDDEN
    assert report[f"{PREFIX}CONNECTION_MY_TARGET"].value == HIDDEN
    assert (report[f"{PREFIX}PORT"].value, report[f"{PREFIX}PORT"].is_set) == ("8501", False)
    assert report[f"{PREFIX}DATA_DIR"].is_set
    assert "s3cret" not in str(report)
