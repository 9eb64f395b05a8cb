"""Asks the APIs of a screen's blocks, side by side; a block that fails leaves the others alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, Future, as_completed
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import jmespath
import orjson
from jmespath.exceptions import JMESPathError

from engine.call import ExecutionRequest
from engine.errors import DeadlineExceededError, EngineError, ResponseInvalidError
from engine.model import Caller, ErrorInfo, ExecutionResult
from engine.model.screen import Block, ScreenSpec
from engine.model.tabular import rows_of
from engine.outcome import error_info
from engine.templates import compile_template

Execute = Callable[[ExecutionRequest, Caller], ExecutionResult]
LONGEST_S = 120.0
"""How long a screen waits for its slowest block."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockAnswer:
    """What a block shows.

    Attributes:
        rows: What its expression found, or the rows of the answer.
        value, delta, trend: Of a metric.
        title, text: With their templates filled.
        error: Why it shows nothing.
        execution_id: The run it shows.
    """

    block_id: str
    rows: tuple[Mapping[str, Any], ...] = ()
    value: Any = None
    delta: Any = None
    trend: tuple[float, ...] = ()
    title: str = ""
    text: str = ""
    error: ErrorInfo | None = None
    execution_id: UUID | None = None
    cached: bool = False


def load_blocks(
    spec: ScreenSpec, inputs: Mapping[str, Any], caller: Caller, execute: Execute, pool: Executor
) -> Iterator[BlockAnswer]:
    """The answers in the order in which they come; blocks that ask the same share one call."""
    trace_id = uuid4().hex
    names = {"inputs": inputs}
    calls: dict[bytes, Future[ExecutionResult]] = {}
    waiting: dict[Future[ExecutionResult], list[Block]] = {}
    for block in spec.blocks:
        if block.api_id is None:
            yield _answered(block, names, None)
            continue
        try:
            request = _request(block, names, trace_id)
        except EngineError as error:
            yield _failed(block, error)
            continue
        key = orjson.dumps([block.api_id, request.params], option=orjson.OPT_SORT_KEYS)
        if key not in calls:
            calls[key] = pool.submit(execute, request, caller)
            waiting[calls[key]] = []
        waiting[calls[key]].append(block)
    try:
        for done in as_completed([*waiting], timeout=LONGEST_S):
            for block in waiting.pop(done):
                yield _ended(block, names, done)
    except TimeoutError:
        late = DeadlineExceededError(f"the API did not answer in {LONGEST_S:.0f} seconds")
        for block in (each for blocks in waiting.values() for each in blocks):
            yield _failed(block, late)


def _ended(block: Block, names: Mapping[str, Any], done: Future[ExecutionResult]) -> BlockAnswer:
    try:
        return _answered(block, names, done.result())
    except EngineError as error:
        return _failed(block, error)


def _request(block: Block, names: Mapping[str, Any], trace_id: str) -> ExecutionRequest:
    """The call of a block; a parameter that comes to nothing is left out."""
    params = compile_template(block.params, "params").render(names)
    return ExecutionRequest(
        api=str(block.api_id),
        params={name: value for name, value in params.items() if value is not None},
        source="screen",
        trace_id=trace_id,
    )


def _answered(
    block: Block, names: Mapping[str, Any], result: ExecutionResult | None
) -> BlockAnswer:
    if result is not None and result.error is not None:
        return BlockAnswer(
            block_id=block.id,
            title=block.title if "{{" not in block.title else "",
            error=result.error,
            execution_id=result.execution_id,
        )
    try:
        return _filled(block, names, result)
    except EngineError as error:
        return _failed(block, error, result)


def _filled(block: Block, names: Mapping[str, Any], result: ExecutionResult | None) -> BlockAnswer:
    data = None if result is None else result.data
    rows = [] if result is None else _rows(block, result)
    every = {**names, "data": data, "rows": rows} if result else names
    trend = _found(block, "trend", rows) or ()
    return BlockAnswer(
        block_id=block.id,
        rows=tuple(rows),
        value=_found(block, "value", rows),
        delta=_found(block, "delta", rows),
        trend=tuple(each for each in trend if isinstance(each, (int, float))),
        title=str(compile_template(block.title, "title").render(every)),
        text=str(compile_template(block.text, "text").render(every)),
        execution_id=result.execution_id if result else None,
        cached=result.cached if result else False,
    )


def _rows(block: Block, result: ExecutionResult) -> list[dict[str, Any]]:
    if block.rows is None:
        return rows_of(result.data_json)
    found = _searched(block.rows, result.data, f"rows of {block.id}")
    if isinstance(found, Mapping):
        found = [found]
    if not isinstance(found, list) or not all(isinstance(each, Mapping) for each in found):
        raise ResponseInvalidError(f"the expression for the rows of {block.id!r} finds no rows")
    return [dict(each) for each in found]


def _found(block: Block, name: str, rows: list[dict[str, Any]]) -> Any:
    source = getattr(block, name)
    return None if source is None else _searched(source, rows, f"{name} of {block.id}")


def _searched(source: str, data: Any, what: str) -> Any:
    try:
        return jmespath.search(source, data)
    except (JMESPathError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        raise ResponseInvalidError(f"the expression for the {what} fails: {reason}") from error


def _failed(block: Block, error: EngineError, result: ExecutionResult | None = None) -> BlockAnswer:
    return BlockAnswer(
        block_id=block.id,
        error=error_info(error),
        execution_id=result.execution_id if result else None,
    )
