"""What runs a call: the executors, the state that processes share, and what templates read."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

from engine.bootstrap.stores import Stores, plain
from engine.errors import TemplateFailedError
from engine.executor_core.http import HttpExecutor
from engine.executor_core.script import ScriptExecutor
from engine.executor_core.sql import SqlExecutor
from engine.executor_workflow import StoredApis, WorkflowExecutor
from engine.model import LogicType
from engine.ports import Executor, SettingStore, SharedState
from engine.settings import Settings
from engine.templates import compile_template, to_text
from storage.shared_state.memory import MemorySharedState


def open_executors(
    stores: Stores, sql: SqlExecutor, script: ScriptExecutor, opening: ExitStack
) -> Mapping[LogicType, Executor]:
    """The executor of each logic type; a new type is one line here."""
    http = HttpExecutor()
    opening.callback(http.close)
    return {
        "sql": sql,
        "http": http,
        "script": script,
        "workflow": WorkflowExecutor(StoredApis(stores.definitions)),
    }


def open_shared_state(settings: Settings) -> SharedState:
    memory = MemorySharedState(cache_bytes=settings.cache_memory_mb * 1_048_576)
    url = plain(settings.redis_url)
    if url is None:
        return memory
    # The driver brings the OpenTelemetry SDK along: a tenth of the start of who uses neither.
    from storage.shared_state.fallback import FallbackSharedState  # noqa: PLC0415
    from storage.shared_state.redis import RedisSharedState  # noqa: PLC0415

    return FallbackSharedState(RedisSharedState(url), memory)


def read_secret(store: SettingStore, tenant_id: str, name: str) -> str:
    secret = store.secret(tenant_id, name)
    if secret is None:
        known = ", ".join(store.secret_names(tenant_id)) or "none"
        raise TemplateFailedError(f"no secret {name!r}; known: {known}")
    return secret


def render_tag(source: str, names: Mapping[str, Any]) -> str:
    value = _tag_template(source).render(names)
    return value if isinstance(value, str) else to_text(value)


_tag_template = functools.lru_cache(maxsize=1024)(compile_template)
