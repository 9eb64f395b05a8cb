"""What a search over the whole product finds: pages, APIs, what is built on them, and runs."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlencode
from uuid import UUID

from engine.errors import EngineError, NotFoundError, PermissionDeniedError
from engine.model import ApiDefinition, ApiQuery, Caller, ExecutionQuery, ExecutionRecord
from engine.model.asset import AssetQuery
from engine.model.cep import RuleQuery
from engine.model.screen import ScreenQuery
from engine.model.tool import ToolQuery
from pages.components.context import engine
from pages.components.navigation import (
    API_PAGE,
    ASSET_PAGE,
    RULES_PAGE,
    RUNS_PAGE,
    SCREEN_PAGE,
    TOOL_PAGE,
    api_link,
)
from pages.components.site_map import SECTIONS, Entry
from pages.components.state import LAST_API, URL

MOST_APIS = 8
APIS_LOOKED_AT = 100
MOST_OTHERS = 4
MOST_RUNS = 5
TRACE_ID_DIGITS = 32


@dataclass(frozen=True)
class Hit:
    """One thing that was found, and where it is: a page and its query parameters."""

    group: str
    title: str
    about: str
    page: str
    query: Mapping[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Tells it from the other hits."""
        return f"{self.page}?{urlencode(self.query)}"

    @property
    def href(self) -> str:
        """Its address, relative to the dashboard's."""
        address = next(each.address for each in _entries() if each.path == self.page)
        return f"{address}?{urlencode(self.query)}" if self.query else address or "."


def found(text: str, caller: Caller) -> list[Hit]:
    """What matches a text; without one, the pages and the API looked at last."""
    text = text.strip()
    hits = [*_runs(text, caller), *_apis(text, caller), *_built_on_apis(text, caller)]
    hits += _pages(text)
    return list({hit.id: hit for hit in hits}.values())


def _entries() -> Iterator[Entry]:
    for entries in SECTIONS.values():
        yield from entries


def _pages(text: str) -> Iterator[Hit]:
    words = text.lower().split()
    for entry in _entries():
        told = f"{entry.title} {entry.about}".lower()
        if entry.is_listed and all(word in told for word in words):
            yield Hit("Pages", entry.title, entry.about, entry.path)


def _apis(text: str, caller: Caller) -> Iterator[Hit]:
    if not text:
        with suppress(NotFoundError):
            if last := LAST_API.get():
                yield _api_hit(engine().apis.get(last, caller))
        return
    matching = engine().apis.search(ApiQuery(q=text, limit=APIS_LOOKED_AT), caller).items
    for api in sorted(matching, key=lambda api: _distance(api.api_name, text.lower()))[:MOST_APIS]:
        yield _api_hit(api)


def _distance(name: str, text: str) -> tuple[bool, bool, str]:
    """What begins with the text comes first, then what holds it, then the others."""
    return not name.startswith(text), text not in name, name


def _built_on_apis(text: str, caller: Caller) -> Iterator[Hit]:
    """Assets, tools, screens and rules; those that this caller may read."""
    if not text:
        return
    for find in (_assets, _tools, _screens, _rules):
        with suppress(PermissionDeniedError):
            yield from find(text, caller)


def _assets(text: str, caller: Caller) -> Iterator[Hit]:
    for asset in engine().assets.search(AssetQuery(q=text, limit=MOST_OTHERS), caller).items:
        about = f"{asset.asset_type} · {asset.description}".removesuffix(" · ")
        yield Hit("Assets", asset.name, about, ASSET_PAGE, {URL.asset: asset.name})


def _tools(text: str, caller: Caller) -> Iterator[Hit]:
    for view in engine().tools.search(ToolQuery(q=text, limit=MOST_OTHERS), caller).items:
        tool = view.tool
        yield Hit("Tools", tool.name, tool.description, TOOL_PAGE, {URL.tool: tool.name})


def _screens(text: str, caller: Caller) -> Iterator[Hit]:
    for screen in engine().screens.search(ScreenQuery(q=text, limit=MOST_OTHERS), caller).items:
        yield Hit("Screens", screen.spec.title, "", SCREEN_PAGE, {"id": screen.screen_id})


def _rules(text: str, caller: Caller) -> Iterator[Hit]:
    for rule in engine().rules.search(RuleQuery(q=text, limit=MOST_OTHERS), caller).items:
        yield Hit("Rules", rule.rule_name, rule.description, RULES_PAGE, {"rule": rule.rule_name})


def _api_hit(api: ApiDefinition) -> Hit:
    about = f"{api.logic_type} · {api.description}" if api.description else api.logic_type
    return Hit("APIs", api.api_name, about, API_PAGE, api_link(api.api_name))


def _runs(text: str, caller: Caller) -> Iterator[Hit]:
    """The run of an id, and those of a trace; nothing else is looked up quickly in a long log."""
    digits = text.replace("-", "").lower()
    if len(digits) != TRACE_ID_DIGITS or set(digits) - set("0123456789abcdef"):
        return
    with suppress(EngineError):
        yield _run_hit(engine().logs.get(UUID(digits), caller))
    of_trace = ExecutionQuery(trace_id=digits, limit=MOST_RUNS)
    for record in engine().logs.search(of_trace, caller).items:
        yield _run_hit(record)


def _run_hit(record: ExecutionRecord) -> Hit:
    about = f"{record.status} · {record.created_at:%Y-%m-%d %H:%M:%S} UTC · {record.source}"
    return Hit("Runs", record.api_name, about, RUNS_PAGE, {URL.run: str(record.id)})
