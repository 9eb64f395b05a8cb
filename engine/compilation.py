"""Turns a definition into its compiled form, once, and says everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from engine.asset_mappings import NO_MAPPINGS, Mappings
from engine.asset_resolution import NO_ASSETS, AssetResolver, Pin
from engine.errors import DefinitionInvalidError
from engine.executor_policies import effective_timeout_s
from engine.model import ApiDefinition, Issue, LogicType
from engine.params import ParamBinder, check_schema, compile_params
from engine.ports import AssetLookup, Compiled, Executor

PolicyCheck = Callable[[ApiDefinition], tuple[Issue, ...]]


@dataclass(frozen=True, slots=True)
class CompiledApi:
    """One version of an API, ready to be called any number of times by many threads.

    `definition` is as it runs: with the policy and the statement of the assets that it names,
    which are pinned in `assets`.
    """

    definition: ApiDefinition
    executor: Executor
    logic: Compiled
    params: ParamBinder
    timeout_s: float
    warnings: tuple[Issue, ...] = ()
    mappings: Mappings = NO_MAPPINGS
    assets: tuple[Pin, ...] = ()


class Compiler:
    """Compiles definitions with the executor of their logic type.

    Args:
        executors: By logic type.
        check_policy: What is wrong with the policy of a definition.
        assets: Where the assets are found that definitions name.
    """

    def __init__(
        self,
        executors: Mapping[LogicType, Executor],
        check_policy: PolicyCheck,
        assets: AssetLookup = NO_ASSETS,
    ) -> None:
        self._executors = executors
        self._check_policy = check_policy
        self._assets = assets
        self._resolver = AssetResolver(assets)

    def around(self, wrap: Callable[[Executor], Executor]) -> Compiler:
        """A compiler that does the same with every executor wrapped."""
        wrapped = {logic_type: wrap(each) for logic_type, each in self._executors.items()}
        return Compiler(wrapped, self._check_policy, self._assets)

    def over(self, assets: AssetLookup) -> Compiler:
        """A compiler that does the same with other assets."""
        return Compiler(self._executors, self._check_policy, assets)

    def is_current(self, api: CompiledApi) -> bool:
        """Whether the assets that it names are still the ones it was compiled with."""
        return self._resolver.is_current(api.definition.tenant_id, api.assets)

    def compile(self, api: ApiDefinition) -> CompiledApi:
        """Check and prepare a definition.

        Raises:
            DefinitionInvalidError: With the issues of params, policy and logic, all at once; or
                with those of references to assets, before anything else is looked at.
        """
        resolved = self._resolver.resolve(api)
        authored, api = api, resolved.definition
        policy_issues = _about_what_is_set(self._check_policy(api), authored)
        issues = [*check_schema(api.param_schema), *policy_issues]
        executor = self._executors[api.logic_type]
        logic = None
        try:
            logic = executor.compile(api)
        except DefinitionInvalidError as error:
            issues += error.issues
        errors = [issue for issue in issues if issue.severity == "error"]
        if logic is None or errors:
            raise DefinitionInvalidError(_summary(api, errors), issues=tuple(issues))
        return CompiledApi(
            definition=api,
            executor=executor,
            logic=logic,
            params=compile_params(api.param_schema),
            timeout_s=effective_timeout_s(api.logic_type, api.runtime_policy),
            warnings=(*issues, *logic.warnings),
            mappings=resolved.mappings,
            assets=resolved.pins,
        )


def _about_what_is_set(issues: tuple[Issue, ...], api: ApiDefinition) -> tuple[Issue, ...]:
    """The findings without advice on what a shared policy says for APIs of other types."""
    if api.runtime_policy.asset is None:
        return issues
    own = tuple(f"runtime_policy.{name}" for name in api.runtime_policy.model_fields_set)
    return tuple(
        issue for issue in issues if issue.severity == "error" or (issue.path or "").startswith(own)
    )


def _summary(api: ApiDefinition, errors: list[Issue]) -> str:
    first = errors[0]
    where = f" (line {first.line})" if first.line else f" ({first.path})" if first.path else ""
    more = f", and {len(errors) - 1} more" if len(errors) > 1 else ""
    return f"{api.api_name!r} cannot be used: {first.message}{where}{more}"
