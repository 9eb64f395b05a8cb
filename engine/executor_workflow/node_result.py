"""What one node came to, and how templates see it."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any
from uuid import UUID

import orjson

from engine.model import ErrorInfo, ExecutionResult


@dataclass(frozen=True, kw_only=True)
class NodeResult:
    """The end of one node; its answer is decoded when it is first asked for, once.

    Attributes:
        data_json: The answer: the called API's, or for `for_each` the list of the items' answers.
        is_skipped: The node's own condition did not hold.
        is_list_of_answers: The answer has one element per item, each of which may be a table.
    """

    data_json: bytes = b"null"
    error: ErrorInfo | None = None
    is_skipped: bool = False
    is_list_of_answers: bool = False
    row_count: int | None = None
    truncated: bool = False
    attempts: int = 0
    execution_id: UUID | None = None
    note: str = ""
    started_ms: float = 0
    duration_ms: float = 0

    @classmethod
    def of(cls, result: ExecutionResult) -> "NodeResult":
        """The result of one call."""
        return cls(
            data_json=result.data_json,
            error=result.error,
            row_count=result.row_count,
            truncated=result.truncated,
            attempts=result.attempts,
            execution_id=result.execution_id,
            note="cached" if result.cached else "",
        )

    @classmethod
    def of_items(cls, results: Sequence["NodeResult | None"]) -> "NodeResult":
        """The results of a `for_each`: None where an item was not reached, the first error kept."""
        reached = [result for result in results if result is not None]
        failed = next(
            ((index, result) for index, result in enumerate(results) if result and result.error),
            None,
        )
        counts = [result.row_count for result in reached if result.row_count is not None]
        answers = [orjson.Fragment(result.data_json if result else b"null") for result in results]
        return cls(
            data_json=orjson.dumps(answers),
            error=_of_item(*failed) if failed else None,
            is_list_of_answers=True,
            row_count=sum(counts) if counts else None,
            truncated=any(result.truncated for result in reached),
            attempts=sum(result.attempts for result in reached),
            note=f"{len(results)} items",
        )

    @classmethod
    def read(cls, text: str) -> "NodeResult":
        """What `written` has written, in this version or an earlier one."""
        kept = orjson.loads(text)
        data, error = kept.pop("data_json"), kept.pop("error", None)
        execution_id = kept.pop("execution_id", None)
        known = {field.name for field in fields(cls)}
        return cls(
            data_json=data.encode(),
            error=None if error is None else ErrorInfo.model_validate(error),
            execution_id=None if execution_id is None else UUID(execution_id),
            **{name: value for name, value in kept.items() if name in known},
        )

    def written(self) -> str:
        """The result as JSON text."""
        kept = {field.name: getattr(self, field.name) for field in fields(self)}
        kept["data_json"] = self.data_json.decode()
        kept["error"] = self.error.model_dump(mode="json") if self.error else None
        return orjson.dumps(kept).decode()

    @cached_property
    def data(self) -> Any:
        """The answer, decoded."""
        return orjson.loads(self.data_json)

    @property
    def rows(self) -> list[Any]:
        """The answer's rows; of a `for_each` the rows of all items, one after another."""
        if not self.is_list_of_answers:
            return _rows(self.data)
        if all(isinstance(answer, dict) and "rows" not in answer for answer in self.data):
            return _rows(self.data)
        return [row for answer in self.data for row in _rows(answer)]

    def seen_as(self, status: str) -> dict[str, Any]:
        """The value of `steps.<id>` in templates."""
        return {
            "status": status,
            "data": self.data,
            "rows": self.rows,
            "row_count": self.row_count,
            "error": self.error.model_dump() if self.error else None,
            "execution_id": str(self.execution_id) if self.execution_id else None,
        }


def _of_item(index: int, result: NodeResult) -> ErrorInfo | None:
    error = result.error
    return error and error.model_copy(
        update={
            "message": f"item {index}: {error.message}",
            "details": {**error.details, "item": index},
        }
    )


def _rows(data: Any) -> list[Any]:
    if isinstance(data, dict) and isinstance(data.get("rows"), list):
        return list(data["rows"])
    if isinstance(data, list) and all(isinstance(row, dict) for row in data):
        return data
    return []
