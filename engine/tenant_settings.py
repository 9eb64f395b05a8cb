"""What the admins of a tenant set while the instance runs: ceilings, defaults, what keys reach."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_serializer

from engine.auth import KeyGroups, authorize, authorize_unlimited
from engine.errors import BadRequestError
from engine.executor_policies import Ceilings, check_policy
from engine.model import ApiDefinition, Caller, Issue, RuntimePolicy
from engine.ports import AuditEntry, SettingStore
from engine.settings import PREFIX, Settings
from engine.settings_report import EffectiveSetting, effective_settings

POLICY = "policy"
KEY_GROUPS = KeyGroups.SETTING


class TenantValues(BaseModel):
    """Every setting of a tenant; what is left out has its default.

    Attributes:
        key_groups: The endpoint groups that accept API keys; None for all of them.
        max_rows_ceiling, max_timeout_seconds: The most that a policy saved from then on may ask
            for, at most the instance's own; None for the instance's. What is live stays.
        new_api_policy: What a new API's policy says where its author leaves it out.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    key_groups: tuple[str, ...] | None = None
    max_rows_ceiling: int | None = Field(default=None, ge=1)
    max_timeout_seconds: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    new_api_policy: RuntimePolicy = RuntimePolicy()

    @field_serializer("new_api_policy")
    def _only_what_is_said(self, policy: RuntimePolicy) -> dict[str, Any]:
        return policy.model_dump(mode="json", exclude_unset=True)


@dataclass(frozen=True, slots=True)
class TenantCeilings:
    """The instance's ceilings, or a tenant's lower ones."""

    max_rows_ceiling: int
    max_timeout_seconds: float


def _utc_now() -> datetime:
    return datetime.now(UTC)


class TenantSettings:
    """Tells and changes a tenant's settings; thread-safe, and each change is one transaction."""

    def __init__(
        self,
        store: SettingStore,
        key_groups: KeyGroups,
        instance: Settings,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        self._store = store
        self._key_groups = key_groups
        self._instance = instance
        self._now = now

    def values(self, caller: Caller) -> TenantValues:
        """The settings of the caller's tenant, as they were set."""
        authorize(caller, "settings:manage")
        kept = self._kept(caller.tenant_id)
        groups = self._store.get(caller.tenant_id, KEY_GROUPS)
        return kept.model_copy(update={"key_groups": None if groups is None else tuple(groups)})

    def instance(self, caller: Caller) -> tuple[EffectiveSetting, ...]:
        """The settings of the instance as they are in force, secrets masked."""
        authorize(caller, "settings:manage")
        return effective_settings(self._instance)

    def set(self, values: TenantValues, caller: Caller) -> TenantValues:
        """Make these the settings of the caller's tenant, all of them or none.

        Raises:
            BadRequestError: A group, a ceiling or the policy cannot be used.
            PermissionDeniedError: Besides the role: an API key would close a group to API keys.
        """
        authorize_unlimited(caller, "settings:manage")
        self._refuse_above_the_instance(values)
        self._refuse_bad_policy(values)
        groups = self._key_groups.checked(values.key_groups, caller)
        policy = values.model_dump(mode="json", exclude={"key_groups"}, exclude_unset=True)
        entry = AuditEntry(
            caller.tenant_id,
            caller.subject,
            "settings:put",
            "settings",
            self._now(),
            {"key_groups": groups, **policy},
        )
        self._store.put_all(caller.tenant_id, {POLICY: policy, KEY_GROUPS: groups}, entry)
        self._key_groups.forget(caller.tenant_id)
        return self.values(caller)

    def ceilings(self, tenant_id: str) -> Ceilings:
        """The most that a policy of this tenant may ask for when it is saved."""
        kept, instance = self._kept(tenant_id), self._instance
        return TenantCeilings(
            min(kept.max_rows_ceiling or instance.max_rows_ceiling, instance.max_rows_ceiling),
            min(
                kept.max_timeout_seconds or instance.max_timeout_seconds,
                instance.max_timeout_seconds,
            ),
        )

    def completed(self, fields: Mapping[str, Any], caller: Caller) -> dict[str, Any]:
        """A new API's fields, its policy filled up with what new APIs have by default.

        A policy that stands on an asset is filled up from there.
        """
        default = self._kept(caller.tenant_id).new_api_policy
        given = fields.get("runtime_policy") or {}
        if isinstance(given, RuntimePolicy):
            given = given.model_dump(mode="json", exclude_unset=True)
        complete = not isinstance(given, Mapping) or "asset" in given
        if complete or not default.model_fields_set:
            return dict(fields)
        policy = _filled(given, default.model_dump(mode="json", exclude_unset=True))
        return {**fields, "runtime_policy": policy}

    def _kept(self, tenant_id: str) -> TenantValues:
        return TenantValues.model_validate(self._store.get(tenant_id, POLICY) or {})

    def _refuse_above_the_instance(self, values: TenantValues) -> None:
        for name in ("max_rows_ceiling", "max_timeout_seconds"):
            wanted, most = getattr(values, name), getattr(self._instance, name)
            if wanted is not None and wanted > most:
                raise BadRequestError(
                    f"{name}: {wanted} is past this instance's own ceiling of {most}",
                    hint=f"{PREFIX}{name.upper()} of the instance sets that one.",
                )

    def _refuse_bad_policy(self, values: TenantValues) -> None:
        ceilings = TenantCeilings(
            values.max_rows_ceiling or self._instance.max_rows_ceiling,
            values.max_timeout_seconds or self._instance.max_timeout_seconds,
        )
        issues = check_policy(values.new_api_policy, "sql", ceilings)
        for issue in issues:
            if issue.severity == "error":
                raise BadRequestError(f"new_api_policy: {issue.message}", hint=issue.suggestion)


def read_policy(text: str) -> RuntimePolicy:
    """A policy written as JSON, empty for none; raises BadRequestError naming what is wrong."""
    try:
        return RuntimePolicy.model_validate_json(text.strip() or "{}")
    except ValidationError as error:
        mistakes = "; ".join(_mistake(each) for each in error.errors(include_url=False))
        raise BadRequestError(f"the policy cannot be read: {mistakes}") from error


def _mistake(raw: Mapping[str, Any]) -> str:
    place = ".".join(str(part) for part in raw["loc"])
    return f"{place}: {raw['msg']}" if place else str(raw["msg"])


def policy_issues(settings: TenantSettings, api: ApiDefinition) -> tuple[Issue, ...]:
    """What is wrong with the policy of a definition that is about to be saved."""
    ceilings = settings.ceilings(api.tenant_id)
    return check_policy(api.runtime_policy, api.logic_type, ceilings, params=api.param_schema)


def _filled(given: Mapping[str, Any], default: Mapping[str, Any]) -> dict[str, Any]:
    """`given`, with what it leaves out from `default`, group by group."""
    filled = {**default, **given}
    for name, value in default.items():
        mine = given.get(name)
        if isinstance(value, Mapping) and isinstance(mine, Mapping):
            filled[name] = _filled(mine, value)
    return filled
