"""A question of the visual builder together with what was made of it."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from pages.components.sql.compiler import CompiledQuery, compile_query
from pages.components.sql.query import Catalog, Query

Schema = Mapping[str, Mapping[str, Any]]


@dataclass(slots=True)
class BuiltQuery:
    """The question as the widgets show it, and the statement it was last compiled to.

    Attributes:
        rev: Raised when rows were added or removed, so that their widgets are made anew.
        compiled: None until it can be compiled.
    """

    query: Query
    rev: int = 0
    compiled: CompiledQuery | None = None
    compiled_from: Query | None = field(default=None, repr=False)

    def is_body(self, body: str) -> bool:
        """Whether a body is what the builder made, unchanged."""
        return self.compiled is not None and self.compiled.sql == body

    def compile(self, catalog: Catalog) -> tuple[Schema, CompiledQuery] | None:
        """The parameters there were and the statement there is; None when nothing changed.

        Raises:
            BadRequestError: The question cannot be asked yet; the statement stays as it was.
        """
        if self.compiled_from == self.query:
            return None
        compiled = compile_query(self.query, catalog)
        before = self.compiled.params if self.compiled else {}
        self.compiled, self.compiled_from = compiled, deepcopy(self.query)
        return before, compiled


def merged_params(schema: Schema, before: Schema, after: Schema) -> dict[str, dict[str, Any]]:
    """A param schema in which the builder's parameters follow its question.

    What the author added to them stays: a description, bounds. Parameters of others stay whole.
    """
    others = {name: dict(spec) for name, spec in schema.items() if name not in before}
    ours = {name: _followed(schema.get(name), before.get(name), after[name]) for name in after}
    return {**others, **ours}


def _followed(
    current: Mapping[str, Any] | None, before: Mapping[str, Any] | None, after: Mapping[str, Any]
) -> dict[str, Any]:
    if current is None or before is None:
        return dict(after)
    if before == after:
        return dict(current)
    kept = {name: value for name, value in current.items() if name not in before}
    return {**kept, **after}
