"""What published assets give: filled texts, values of APIs, and definitions as they run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jmespath
import orjson
from pydantic import ValidationError

from engine.asset_content import PromptContent, ResolverContent, parse_content
from engine.asset_resolution import AssetResolver, Resolved
from engine.auth import Action, authorize
from engine.call import ExecutionRequest
from engine.errors import (
    BadRequestError,
    ConflictError,
    PermissionDeniedError,
    TemplateFailedError,
)
from engine.model import ApiDefinition, Caller, ExecutionResult, ExecutionSource
from engine.model.asset import Asset, AssetRef, PublishedAsset
from engine.ports import AssetStore
from engine.templates import compile_template, to_text

Run = Callable[[ExecutionRequest, Caller], ExecutionResult]


@dataclass(frozen=True, slots=True)
class PromptOffer:
    """A published prompt; `arguments` are its placeholders, and whether each must be given."""

    name: str
    description: str
    arguments: Mapping[str, bool]


class AssetValues:
    """Uses the published assets of the caller's tenant, under the same rules as `AssetRegistry`."""

    def __init__(self, store: AssetStore, run: Run) -> None:
        self._store = store
        self._run = run

    def effective(self, api: ApiDefinition, caller: Caller) -> ApiDefinition:
        """An API as it runs: with the policy and the statement of the assets that it names."""
        authorize(caller, "apis:read", api)
        return AssetResolver(self._store).effective(api)

    def resolution(self, api: ApiDefinition, caller: Caller) -> Resolved:
        """The same with the versions that its references lead to; raises where one leads nowhere.

        Raises:
            DefinitionInvalidError: With every reference that leads nowhere.
        """
        authorize(caller, "apis:read", api)
        return AssetResolver(self._store).resolve(api)

    def prompts(self, caller: Caller) -> tuple[PromptOffer, ...]:
        """What agents are told of the published prompts, by name."""
        authorize_assets(caller, "assets:read")
        every = self._store.all(caller.tenant_id)
        return tuple(
            _offer(asset) for asset in every if asset.asset_type == "prompt" and asset.version
        )

    def render(self, ref: str, variables: Mapping[str, Any], caller: Caller) -> str:
        """The text of a published prompt with its placeholders filled.

        Raises:
            TemplateFailedError: A placeholder has no value.
        """
        asset = self.follow(ref, caller)
        content = parse_content(asset.asset_type, asset.content)
        if not isinstance(content, PromptContent):
            raise BadRequestError(f"asset {asset.name!r} is a {asset.asset_type}, not a prompt")
        names = {"variables": {**content.variables, **variables}}
        return to_text(compile_template(content.template, asset.name).render(names))

    def resolve(self, ref: str, caller: Caller, *, source: ExecutionSource = "notebook") -> Any:
        """The value of a published resolver: its API is called as the caller.

        Raises:
            BadRequestError: The asset is no resolver.
            TemplateFailedError: The call failed, which is told; or its parameters do not fit.
        """
        asset = self.follow(ref, caller)
        content = parse_content(asset.asset_type, asset.content)
        if not isinstance(content, ResolverContent):
            raise BadRequestError(f"asset {asset.name!r} is a {asset.asset_type}, not a resolver")
        context = {"tenant_id": caller.tenant_id, "user_id": caller.subject}
        params = compile_template(dict(content.params), "params").render({"context": context})
        result = self._run(ExecutionRequest(api=content.api, params=params, source=source), caller)
        if result.error is not None:
            raise TemplateFailedError(
                f"resolver {asset.name!r}: {content.api} failed: {result.error.message}",
                details={"execution_id": str(result.execution_id), "type": result.error.type},
            )
        data = orjson.loads(result.data_json)
        return data if content.value is None else jmespath.search(content.value, data)

    def follow(self, ref: str, caller: Caller) -> PublishedAsset:
        """The published version that `name`, `name@3`, `name@label` or an id leads to.

        Raises:
            ConflictError: There is none.
        """
        name, at, follows = ref.partition("@")
        authorize_assets(caller, "assets:read")
        asset = self._store.get(caller.tenant_id, name)
        try:
            wanted = AssetRef.parse(f"{asset.name}{at}{follows}")
        except (ValueError, ValidationError) as error:
            raise BadRequestError(str(error)) from error
        found = self._store.find(caller.tenant_id, wanted)
        if found is None:
            raise ConflictError(f"asset {ref!r} is not published", hint="Publish it first.")
        return found


def authorize_assets(caller: Caller, action: Action) -> None:
    """Raise PermissionDeniedError unless the caller may do this with assets.

    A key that is limited to some APIs may not: assets belong to all of them.
    """
    authorize(caller, action)
    if caller.scope is not None and caller.scope.names_apis:
        raise PermissionDeniedError(
            f"{caller.subject} is limited to some APIs, and assets belong to all of them",
            details={"action": action},
            hint="Use a key whose scope names no APIs.",
        )


def _offer(asset: Asset) -> PromptOffer:
    template = compile_template(asset.content["template"])
    defaults = asset.content.get("variables", {})
    names = sorted({str(path[1]) for path in template.paths if len(path) > 1})
    return PromptOffer(
        asset.name, asset.description, {name: name not in defaults for name in names}
    )
