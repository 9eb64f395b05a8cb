"""A database's plan in words: what it reads, joins, groups and sorts, in the order it does so."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

_BOX = re.compile(r"╭─ (?P<title>[^─╮┴┬]+?) ─*[─┴┬]*╮")
_POSTGRES = re.compile(
    r"^(?P<indent>\s*)(?:->\s+)?(?P<title>[A-Z][\w ]*?)(?: using \S+)?"
    r"(?: on (?P<table>\S+).*?)?\s+\(cost=\S+ rows=(?P<rows>\d+)"
)


@dataclass
class Stage:
    """One operator of a plan, its particulars by name, and the rows it is expected to give."""

    title: str
    facts: dict[str, str] = field(default_factory=dict)
    rows: int | None = None


def plan_words(plan: str) -> list[str]:
    """One sentence a stage that an author can do something about; empty for an unknown format."""
    stages = _box_stages(plan) or _postgres_stages(plan)
    return [sentence for stage in stages if (sentence := _sentence(stage))]


def _sentence(stage: Stage) -> str:
    words = next((say for title, say in _WORDS.items() if title in stage.title.lower()), None)
    if words is None:
        return ""
    rows = f", about {stage.rows:,} {'row' if stage.rows == 1 else 'rows'}"
    return words(stage.facts) + (rows if stage.rows is not None else "")


def _scan(facts: Mapping[str, str]) -> str:
    table = facts.get("Table", "a table").replace('"', "").rsplit(".", 1)[-1]
    kept = facts.get("Filters") or facts.get("Filter")
    return f"Read {table}" + (f" where {kept}" if kept else " as a whole")


def _index_scan(facts: Mapping[str, str]) -> str:
    table = facts.get("Table", "a table")
    condition = facts.get("Index Cond")
    return f"Look up {table} by an index" + (f" where {condition}" if condition else "")


def _join(facts: Mapping[str, str]) -> str:
    conditions = facts.get("Conditions") or facts.get("Hash Cond") or facts.get("Merge Cond")
    return f"Join where {conditions}" if conditions else "Join"


def _group(facts: Mapping[str, str]) -> str:
    key = facts.get("Group Key")
    return f"Group by {key}" if key else "Group and compute the measures"


def _sort(facts: Mapping[str, str]) -> str:
    order = facts.get("Order By") or facts.get("Sort Key")
    return f"Sort by {order}" if order else "Sort"


def _top(facts: Mapping[str, str]) -> str:
    return f"Keep the first {facts.get('Top', '')} by {facts.get('Order By', 'the order')}"


def _filter(facts: Mapping[str, str]) -> str:
    condition = facts.get("Expression") or facts.get("Filter")
    return f"Keep where {condition}" if condition else "Keep those that match"


_WORDS: Mapping[str, Callable[[Mapping[str, str]], str]] = {
    "index": _index_scan,
    "dummy scan": lambda _: "Read no table",
    "scan": _scan,
    "cross product": lambda _: "Combine every row of one side with every row of the other",
    "nested loop": lambda facts: _join(facts) + ", row by row",
    "join": _join,
    "ungrouped aggregate": lambda _: "Compute the measures over all rows",
    "group": _group,
    "aggregate": _group,
    "top n": _top,
    "order by": _sort,
    "sort": _sort,
    "limit": lambda _: "Stop at the limit",
    "filter": _filter,
    "window": lambda _: "Compute the window functions",
    "union": lambda _: "Put the parts together",
}


def _box_stages(plan: str) -> list[Stage]:
    """DuckDB draws boxes, the last operator at the top."""
    lines = plan.splitlines()
    boxes = [(number, found) for number, line in enumerate(lines) for found in _BOX.finditer(line)]
    return [_box_stage(lines[number + 1 :], found) for number, found in reversed(boxes)]


def _box_stage(below: list[str], found: re.Match[str]) -> Stage:
    stage, name = Stage(found["title"].strip()), ""
    for line in below:
        if line[found.start() : found.start() + 1] != "│":
            break
        text = line[found.start() + 1 : found.end() - 1].strip()
        if text.startswith("~"):
            stage.rows = int(re.sub(r"\D", "", text))
        elif (fact := re.match(r"([A-Z][\w ]*):\s*(.*)", text)) is not None:
            name = fact[1]
            stage.facts[name] = fact[2]
        elif name:
            stage.facts[name] = f"{stage.facts[name]} {text}".strip()
    return stage


def _postgres_stages(plan: str) -> list[Stage]:
    """PostgreSQL indents what is done before."""
    stages: list[Stage] = []
    for line in plan.splitlines():
        if (found := _POSTGRES.match(line)) is not None:
            table = {"Table": found["table"]} if found["table"] else {}
            stages.append(Stage(found["title"], table, int(found["rows"])))
        elif stages and (fact := re.match(r"\s+([A-Z][\w ]*): (.*)", line)) is not None:
            stages[-1].facts[fact[1]] = fact[2]
    return stages[::-1]
