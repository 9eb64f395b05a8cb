"""The lists of what authors make are sorted over all of their rows, by the store."""

import pytest

from engine.model.asset import AssetQuery
from engine.model.cep import RuleQuery
from engine.model.screen import ScreenQuery
from engine.model.tool import ToolQuery


def changed_at(item):
    return getattr(item, "tool", item).updated_at


@pytest.mark.parametrize(
    ("kind", "query"),
    [
        ("assets", AssetQuery),
        ("rules", RuleQuery),
        ("screens", ScreenQuery),
        ("tools", ToolQuery),
    ],
)
def test_the_last_changed_come_first_when_asked_for(eng, caller, kind, query):
    service = getattr(eng, kind)
    total = service.search(query(), caller).total

    pages = [
        service.search(query(sort="changed", limit=1, offset=at), caller) for at in range(total)
    ]
    times = [changed_at(page.items[0]) for page in pages]

    assert total > 1
    assert times == sorted(times, reverse=True)


def test_a_link_holds_the_order(eng, caller, open_page):
    source = {"name": "zulu", "asset_type": "source", "content": {"connection": "sample"}}
    eng.assets.create(source, caller)

    visit = open_page("build/assets.py", **{"asset-sort": "last changed"})

    assert visit.dataframe[0].value["Name"].iloc[0] == "zulu"
