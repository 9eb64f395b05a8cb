"""How well the cache does, and what it holds."""

import pandas as pd
import streamlit as st

from engine.policy_control import CachingApi
from engine.ports import CacheStats
from pages.operate.spans import span

MB = 1_048_576


def counters(stats: CacheStats) -> None:
    """The counters of this process as cards."""
    looked_up = stats.hits + stats.misses + stats.stale
    cards = st.columns(4)
    cards[0].metric(
        "Hit rate", f"{100 * stats.hit_rate:.1f}%" if looked_up else "no look-ups", border=True
    )
    cards[1].metric("Hits", stats.hits, border=True, format="localized")
    cards[2].metric("Misses", stats.misses, border=True, format="localized")
    cards[3].metric(
        "In memory",
        f"{stats.memory_items:,}",
        border=True,
        help=f"{stats.memory_bytes / MB:.2f} MB of answers in this process",
    )
    st.caption(
        f"Kept in: {stats.backend}. Look-ups of this process since it started; "
        f"{stats.stale:,} found a stale answer, {stats.stores:,} answers were stored."
    )


def caching_table(apis: tuple[CachingApi, ...]) -> None:
    """The APIs that cache, with their tags and how much is kept of them."""
    st.dataframe(
        pd.DataFrame(
            [
                (
                    api.api_name,
                    f"{api.kept.answers:,}{'+' * api.kept.more}",
                    span(api.ttl_s),
                    list(api.tags),
                )
                for api in apis
            ],
            columns=["API", "Answers", "Fresh for", "Tags"],
        ),
        key="caching-apis",
        hide_index=True,
        height="content",
        placeholder="",
        alt="APIs that cache",
        column_config={"Tags": st.column_config.ListColumn(width="large")},
    )
