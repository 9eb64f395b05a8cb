"""A field for every setting of a runtime policy."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from pages.components.gate_policy import gate_fields
from pages.components.slo_policy import slo_fields
from pages.components.state import first_value

RATE_FORM = (
    r"^(\s*\d+\s*/\s*(second|minute|hour|day)\s*)?$",
    'Written "100/minute": a number, then second, minute, hour or day.',
)
MASK_ACTIONS = ("hash", "redact", "drop")
ROLES = ("viewer", "analyst", "admin")

Policy = Mapping[str, Any]


def policy_form(policy: Policy, *, logic_type: str, key: str) -> dict[str, Any]:
    """Draw the policy and return it as it stands in the widgets, as JSON.

    Args:
        policy: A complete policy, as `RuntimePolicy.model_dump(mode="json")` gives it.
    """
    with st.expander("Call", icon=":material/play_arrow:", expanded=True):
        fields = _call_fields(policy, logic_type, key)
    with st.expander("Cache", icon=":material/bolt:"):
        fields["cache"] = _cache_fields(policy["cache"], key)
    with st.expander("Limits", icon=":material/speed:"):
        fields["rate_limit"] = _rate_fields(policy["rate_limit"], key)
        fields["max_concurrency"] = _optional_int(
            "Calls at once", policy["max_concurrency"], f"{key}-max-concurrency", "no limit"
        )
    with st.expander("Circuit breaker", icon=":material/electric_bolt:"):
        fields["circuit_breaker"] = _breaker_fields(policy["circuit_breaker"], key)
    with st.expander("Mask", icon=":material/visibility_off:"):
        fields["mask"] = _mask_fields(policy["mask"], key)
    with st.expander("Objectives", icon=":material/target:"):
        fields["slo"] = slo_fields(policy["slo"], key)
    with st.expander("Publish gate", icon=":material/published_with_changes:"):
        fields["publish_gate"] = gate_fields(policy["publish_gate"], key)
    return {**policy, **fields}


def _call_fields(policy: Policy, logic_type: str, key: str) -> dict[str, Any]:
    left, right = st.columns(2)
    with left:
        fields: dict[str, Any] = {
            "timeout_seconds": st.number_input(
                "Timeout of one attempt, seconds",
                value=policy["timeout_seconds"],
                min_value=0.1,
                placeholder="default of the type",
                key=f"{key}-timeout",
            ),
            "max_rows": st.number_input(
                "Most rows", value=policy["max_rows"], min_value=1, key=f"{key}-max-rows"
            ),
        }
    with right:
        fields["max_retries"] = st.number_input(
            "Retries", value=policy["max_retries"], min_value=0, max_value=10, key=f"{key}-retries"
        )
        fields["retry_backoff_ms"] = st.number_input(
            "First wait, ms", value=float(policy["retry_backoff_ms"]), key=f"{key}-backoff"
        )
        fields["retry_backoff_multiplier"] = st.number_input(
            "Each wait times",
            value=float(policy["retry_backoff_multiplier"]),
            min_value=1.0,
            max_value=10.0,
            key=f"{key}-multiplier",
        )
        fields["retry_jitter"] = st.toggle(
            "Vary the waits at random", value=policy["retry_jitter"], key=f"{key}-jitter"
        )
    with left:
        return fields | _type_fields(policy, logic_type, key)


def _type_fields(policy: Policy, logic_type: str, key: str) -> dict[str, Any]:
    if logic_type == "sql":
        strict = st.toggle(
            "Strict SQL",
            value=policy["sql_strict"],
            help="Refuses UNION and comments in the statement.",
            key=f"{key}-strict",
        )
        return {"sql_strict": strict}
    if logic_type == "http":
        return {"http": _http_fields(policy["http"], key)}
    if logic_type == "script":
        return {"sandbox": _sandbox_fields(policy["sandbox"], key)}
    return {}


def _http_fields(http: Policy, key: str) -> dict[str, Any]:
    return {
        "allow_hosts": _words("Private hosts it may call", http["allow_hosts"], f"{key}-hosts"),
        "max_response_bytes": st.number_input(
            "Largest response, bytes",
            value=http["max_response_bytes"],
            min_value=1024,
            key=f"{key}-response-bytes",
        ),
        "retry_non_idempotent": st.toggle(
            "Retry POST and PATCH", value=http["retry_non_idempotent"], key=f"{key}-non-idempotent"
        ),
    }


def _sandbox_fields(sandbox: Policy, key: str) -> dict[str, Any]:
    return {
        "memory_mb": st.number_input(
            "Memory, MB", value=sandbox["memory_mb"], min_value=64, max_value=1024, key=f"{key}-mem"
        ),
        "temp_mb": st.number_input(
            "Temporary files, MB", value=sandbox["temp_mb"], max_value=256, key=f"{key}-temp"
        ),
        "network": _words("Hosts it may call", sandbox["network"], f"{key}-network"),
    }


def _cache_fields(cache: Policy, key: str) -> dict[str, Any]:
    enabled = st.toggle("Cache answers", value=cache["enabled"], key=f"{key}-cache")
    left, right = st.columns(2)
    with left:
        ttl = _seconds("Fresh for, seconds", cache["ttl_seconds"], f"{key}-ttl", least=0.1)
        jitter = st.number_input(
            "Vary that by a share of",
            value=float(cache["jitter"]),
            min_value=0.0,
            max_value=0.5,
            step=0.05,
            key=f"{key}-ttl-jitter",
        )
        tags = _words("Tags", cache["tags"], f"{key}-cache-tags")
    with right:
        revalidate = _seconds(
            "Then served while it is renewed, seconds",
            cache["stale_while_revalidate_seconds"],
            f"{key}-swr",
        )
        on_error = _seconds(
            "Then served instead of a failure, seconds",
            cache["stale_if_error_seconds"],
            f"{key}-sie",
        )
        vary = st.toggle("Separate per user", value=cache["vary_by_user"], key=f"{key}-vary")
    return {
        "enabled": enabled,
        "ttl_seconds": ttl,
        "jitter": jitter,
        "tags": tags,
        "vary_by_user": vary,
        "stale_while_revalidate_seconds": revalidate,
        "stale_if_error_seconds": on_error,
    }


def _rate_fields(rates: Policy, key: str) -> dict[str, Any]:
    levels = {"per_api": "Per API", "per_user": "Per user", "per_tenant": "Per tenant"}
    columns = st.columns(len(levels))
    fields: dict[str, Any] = {}
    for column, (name, label) in zip(columns, levels.items(), strict=True):
        text = column.text_input(
            label,
            value=rates[name] or "",
            placeholder="100/minute",
            validate=RATE_FORM,
            key=f"{key}-rate-{name}",
        )
        fields[name] = text or None
    return fields


def _breaker_fields(breaker: Policy, key: str) -> dict[str, Any]:
    enabled = st.toggle("Circuit breaker", value=breaker["enabled"], key=f"{key}-breaker")
    first, second, third = st.columns(3)
    failures = first.number_input(
        "Opens after failures", value=breaker["failure_threshold"], min_value=1, key=f"{key}-trip"
    )
    open_s = second.number_input(
        "Stays open, seconds",
        value=float(breaker["timeout_seconds"]),
        min_value=0.1,
        key=f"{key}-open",
    )
    successes = third.number_input(
        "Closes after successes",
        value=breaker["success_threshold"],
        min_value=1,
        key=f"{key}-close",
    )
    isolated = st.toggle(
        "Own breaker",
        value=breaker["per_api_isolation"],
        help="Off: one breaker for all APIs of the same target.",
        key=f"{key}-isolated",
    )
    return {
        "enabled": enabled,
        "failure_threshold": failures,
        "success_threshold": successes,
        "timeout_seconds": open_s,
        "per_api_isolation": isolated,
    }


def _mask_fields(mask: Policy, key: str) -> dict[str, Any]:
    rows = first_value(f"{key}-mask-columns", list(mask["columns"].items()))
    edited = st.data_editor(
        pd.DataFrame(rows, columns=["column", "action"], dtype=str),
        num_rows="dynamic",
        hide_index=True,
        column_config={
            "column": st.column_config.TextColumn("Column of the answer"),
            "action": st.column_config.SelectboxColumn("Mask", options=MASK_ACTIONS),
        },
        key=f"{key}-mask-columns",
    )
    complete = edited.dropna()
    return {
        "columns": dict(zip(complete["column"], complete["action"], strict=True)),
        "params": _words("Parameters to redact", mask["params"], f"{key}-mask-params"),
        "except_roles": st.multiselect(
            "Shown in clear to", ROLES, default=mask["except_roles"], key=f"{key}-mask-roles"
        ),
    }


def _words(label: str, words: list[str], key: str) -> list[str]:
    known = first_value(key, words)
    return st.multiselect(
        label,
        known,
        default=known,
        accept_new_options=True,
        placeholder="type and press Enter",
        key=key,
    )


def _seconds(label: str, value: float, key: str, *, least: float = 0.0) -> float:
    return st.number_input(label, value=float(value), min_value=least, key=key)


def _optional_int(label: str, value: int | None, key: str, placeholder: str) -> int | None:
    return st.number_input(
        label, value=value, min_value=1, step=1, placeholder=placeholder, key=key
    )
