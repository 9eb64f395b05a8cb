"""An API at a glance: how it fares, how to call it, what it takes, what it does."""

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from engine.executor_policies import effective_timeout_s
from engine.model import ApiDefinition, Caller, ParamSpec
from engine.snippets import snippets
from pages.build.definition.usage_cards import usage_cards
from pages.components.context import engine, origin
from pages.components.editors.code import LANGUAGES
from pages.components.navigation import ASSET_PAGE
from pages.components.state import URL


def overview_tab(api: ApiDefinition, caller: Caller) -> None:
    """Draw the tab."""
    usage_cards(api, caller)
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.subheader("Use it")
        codes = snippets(api, f"{origin()}/api")
        for tab, (code, language) in zip(st.tabs(list(codes)), codes.values(), strict=True):
            tab.code(code, language)
        st.subheader("What it does")
        running = engine().asset_values.effective(api, caller)
        st.code(running.logic_body, LANGUAGES[api.logic_type], wrap_lines=True)
        _assets(api, caller)
    with right:
        st.subheader("Parameters")
        _parameters(api.param_schema)
        st.subheader("Policy")
        st.markdown("\n".join(f"- {line}" for line in policy_lines(running)))


def _assets(api: ApiDefinition, caller: Caller) -> None:
    """The assets that the API names, each with the version that it stands on."""
    for pin in engine().asset_values.resolution(api, caller).pins:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.page_link(
                ASSET_PAGE,
                label=pin.ref.asset,
                icon=":material/inventory_2:",
                query_params={URL.asset: pin.ref.asset},
            )
            st.caption(f"version {pin.version}, as {pin.ref} says")


def policy_lines(api: ApiDefinition) -> list[str]:
    """The policy in words."""
    policy = api.runtime_policy
    cache, breaker = policy.cache, policy.circuit_breaker
    limits = [
        f"{rate} {level}"
        for level, rate in (
            ("in all", policy.rate_limit.per_api),
            ("per user", policy.rate_limit.per_user),
            ("per tenant", policy.rate_limit.per_tenant),
        )
        if rate
    ]
    return [
        f"Timeout {effective_timeout_s(api.logic_type, policy):g} s, "
        f"at most {policy.max_rows:,} rows",
        f"Up to {policy.max_retries} retries, first after {policy.retry_backoff_ms:g} ms",
        f"Answers cached for {cache.ttl_seconds:g} s" if cache.enabled else "Answers not cached",
        f"Limits: {', '.join(limits)}" if limits else "No rate limit",
        f"Breaker opens after {breaker.failure_threshold} failures, "
        f"for {breaker.timeout_seconds:g} s"
        if breaker.enabled
        else "No circuit breaker",
    ]


def _parameters(schema: Mapping[str, ParamSpec]) -> None:
    if not schema:
        st.caption("It takes none.")
        return
    rows = [
        {
            "Name": f"{name} *" if spec.required else name,
            "Type": spec.type,
            "Default": "" if spec.default is None else str(spec.default),
            "Description": spec.description,
        }
        for name, spec in schema.items()
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True, height="content", alt="Parameters")
