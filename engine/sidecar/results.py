"""Answers an execution: as JSON in the envelope, or its rows as CSV, Parquet or Arrow."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import orjson
from fastapi import Query, Response
from fastapi.responses import StreamingResponse

from engine.formats import csv_of_batches, csv_pieces, to_arrow_ipc, to_csv, to_parquet
from engine.model import ExecutionResult
from engine.model.large_answer import LargeAnswer
from engine.sidecar.body import PacedResponse
from engine.sidecar.envelope import JSON_TYPE, answer, around, failure
from engine.sidecar.large_response import LargeResponse

Format = Literal["json", "csv", "parquet", "arrow"]
AskedFormat = Annotated[
    Format | None, Query(alias="format", description="Wins over the Accept header.")
]
WantTrace = Annotated[bool, Query(description="Return the policy trace of the call.")]
_WORTH_STREAMING = 1_048_576
VARY: Mapping[str, str] = {"Vary": "Accept, Authorization, X-API-Key"}


@dataclass(frozen=True, slots=True)
class Encoding:
    """A format that rows can be answered in."""

    media_type: str
    encode: Callable[[bytes], bytes]
    pieces: Callable[[LargeAnswer], Iterator[bytes]]


def answer_execution(
    result: ExecutionResult, fmt: Format, *, want_trace: bool, may_stream: bool = False
) -> Response:
    """The answer to a call; a failed one is always JSON.

    Args:
        result: Of the call.
        fmt: In which its rows are wanted.
        want_trace: Also the policy trace.
        may_stream: A large one may be written while it is sent; otherwise it is a whole.

    Raises:
        EngineError: The answer is not a table, so it has no such format.
    """
    headers = _headers(result)
    fields = execution_fields(result)
    if want_trace:
        fields["trace"] = result.trace
    if result.error is not None:
        return failure(result.error, execution=fields, headers=headers)
    if result.large is not None:
        return _large(result, result.large, fmt, fields, headers)
    if fmt == "json":
        data = {"status": result.status, "data": orjson.Fragment(result.data_json), **fields}
        return answer(data, headers={**headers, **VARY})
    encoding = ENCODINGS[fmt]
    headers |= {**VARY, "x-truncated": str(result.truncated).lower()}
    if may_stream and fmt == "csv" and len(result.data_json) > _WORTH_STREAMING:
        pieces = csv_pieces(result.data_json)
        if pieces is not None:
            return StreamingResponse(pieces, 200, headers, encoding.media_type)
    body = encoding.encode(result.data_json)
    return PacedResponse(body, 200, headers, encoding.media_type)


def _large(
    result: ExecutionResult,
    large: LargeAnswer,
    fmt: Format,
    fields: Mapping[str, Any],
    headers: Mapping[str, str],
) -> Response:
    if fmt == "json":
        data = {"status": result.status, "data": None, **fields}
        pieces = around(data, large.pieces())
        return LargeResponse(pieces, 200, {**headers, **VARY}, JSON_TYPE)
    headers = {**headers, **VARY, "x-truncated": str(result.truncated).lower()}
    encoding = ENCODINGS[fmt]
    return LargeResponse(encoding.pieces(large), 200, headers, encoding.media_type)


def _csv(large: LargeAnswer) -> Iterator[bytes]:
    return csv_of_batches([column.name for column in large.columns], large.rows())


def _parquet(large: LargeAnswer) -> Iterator[bytes]:
    from engine.arrow_pieces import parquet_pieces  # noqa: PLC0415  # heavy, and asked for rarely

    return parquet_pieces(large)


def _arrow(large: LargeAnswer) -> Iterator[bytes]:
    from engine.arrow_pieces import arrow_pieces  # noqa: PLC0415  # heavy, and asked for rarely

    return arrow_pieces(large)


ENCODINGS: Mapping[Format, Encoding] = {
    "csv": Encoding("text/csv", to_csv, _csv),
    "parquet": Encoding("application/vnd.apache.parquet", to_parquet, _parquet),
    "arrow": Encoding("application/vnd.apache.arrow.stream", to_arrow_ipc, _arrow),
}


def not_modified(result: ExecutionResult) -> Response:
    """Tells a caller that the answer it has kept is still the one (RFC 9110 §15.4.5)."""
    return Response(status_code=304, headers={**_headers(result), **VARY})


def _headers(result: ExecutionResult) -> dict[str, str]:
    headers = {**result.headers, "x-execution-id": str(result.execution_id)}
    if result.age_s is not None:
        headers["Age"] = str(int(result.age_s))
    return headers


def execution_fields(result: ExecutionResult) -> dict[str, Any]:
    """What every caller is told of a call besides its payload."""
    fields: dict[str, Any] = {
        "status": result.status,
        "duration_ms": round(result.duration_ms, 3),
        "circuit_breaker_state": result.circuit_breaker_state,
        "cached": result.cached,
        "execution_id": result.execution_id,
        "attempts": result.attempts,
        "version": result.version,
        "trace_id": result.trace_id,
    }
    if result.cached:
        fields |= {"stale": result.stale, "age_s": result.age_s}
    extras = {
        "steps": result.steps,
        "logs": result.logs,
        "warnings": result.warnings,
        "usage": result.usage,
    }
    return fields | {name: value for name, value in extras.items() if value}


def negotiate(accept: str, asked: Format | None) -> Format:
    """The format to answer in: `?format=` decides, else the best known type in `Accept`.

    RFC 9110 §12.5.1, by quality and then by the order written. Where nothing known is accepted the
    answer is JSON, which the RFC allows and which a caller can at least read.
    """
    if asked is not None:
        return asked
    known: dict[str, Format] = {each.media_type: name for name, each in ENCODINGS.items()}
    known |= {JSON_TYPE: "json", "application/*": "json", "*/*": "json", "text/*": "csv"}
    wanted = [each for part in accept.split(",") if (each := _preference(part))[1] > 0]
    best = sorted(wanted, key=lambda each: -each[1])
    return next((known[media] for media, _ in best if media in known), "json")


def _preference(part: str) -> tuple[str, float]:
    media, *parameters = (piece.strip().lower() for piece in part.split(";"))
    quality = next((p.removeprefix("q=") for p in parameters if p.startswith("q=")), "1")
    try:
        return media, float(quality)
    except ValueError:
        return media, 0.0
