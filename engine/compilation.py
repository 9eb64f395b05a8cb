"""Turns a definition into its compiled form, once, and says everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from engine.errors import DefinitionInvalidError
from engine.executor_policies import effective_timeout_s
from engine.model import ApiDefinition, Issue, LogicType
from engine.params import ParamBinder, check_schema, compile_params
from engine.ports import Compiled, Executor

PolicyCheck = Callable[[ApiDefinition], tuple[Issue, ...]]


@dataclass(frozen=True, slots=True)
class CompiledApi:
    """One version of an API, ready to be called any number of times by many threads."""

    definition: ApiDefinition
    executor: Executor
    logic: Compiled
    params: ParamBinder
    timeout_s: float
    warnings: tuple[Issue, ...] = ()


class Compiler:
    """Compiles definitions with the executor of their logic type."""

    def __init__(self, executors: Mapping[LogicType, Executor], check_policy: PolicyCheck) -> None:
        self._executors = executors
        self._check_policy = check_policy

    def around(self, wrap: Callable[[Executor], Executor]) -> Compiler:
        """A compiler that does the same with every executor wrapped."""
        wrapped = {logic_type: wrap(each) for logic_type, each in self._executors.items()}
        return Compiler(wrapped, self._check_policy)

    def compile(self, api: ApiDefinition) -> CompiledApi:
        """Check and prepare a definition.

        Raises:
            DefinitionInvalidError: With the issues of params, policy and logic, all at once.
        """
        issues = [*check_schema(api.param_schema), *self._check_policy(api)]
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
        )


def _summary(api: ApiDefinition, errors: list[Issue]) -> str:
    first = errors[0]
    where = f" (line {first.line})" if first.line else f" ({first.path})" if first.path else ""
    more = f", and {len(errors) - 1} more" if len(errors) > 1 else ""
    return f"{api.api_name!r} cannot be used: {first.message}{where}{more}"
