"""The table of assets: one row each."""

from collections.abc import Iterable, Mapping

import pandas as pd

from engine.model.asset import Asset, AssetType
from pages.components.colors import Color

TYPE_COLORS: Mapping[AssetType, Color] = {
    "policy": "orange",
    "query": "blue",
    "mapping": "violet",
    "source": "green",
    "resolver": "gray",
    "prompt": "red",
}
TYPES: tuple[AssetType, ...] = tuple(TYPE_COLORS)
STATES = ("published", "draft", "edited")
COLUMNS = ("Name", "Type", "Status", "Version", "Labels", "Description", "Tags", "Updated")
WHAT_IT_IS: Mapping[AssetType, str] = {
    "policy": "Limits, cache, retries and breaker that APIs share",
    "query": "A statement that APIs run",
    "mapping": "Values by key for the templates of APIs",
    "source": "A connection that queries run on",
    "resolver": "An API that yields one value",
    "prompt": "A text with placeholders",
}


def state_of(asset: Asset) -> str:
    """Whether others can use it, and whether there is unpublished work."""
    if not asset.version:
        return "draft"
    return "edited" if asset.has_draft else "published"


def asset_frame(assets: Iterable[Asset]) -> pd.DataFrame:
    """The rows of the table, in the order given."""
    return pd.DataFrame([_row(asset) for asset in assets], columns=list(COLUMNS))


def _row(asset: Asset) -> tuple[object, ...]:
    return (
        asset.name,
        [asset.asset_type],
        [state_of(asset)],
        asset.version or None,
        [f"{label} → {version}" for label, version in asset.labels.items()],
        asset.description,
        list(asset.tags),
        asset.updated_at,
    )
