"""What somebody would write by hand for the same answers: one FastAPI application.

It is as safe as the engine where that costs something on a call: the key is compared in constant
time, parameters are checked, sessions are read-only with a timeout, and no answer is longer than
its cap. It keeps no log, and has no limits, breaker, retries or trace.
"""

import hmac
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import duckdb
import httpx
import orjson
import redis.asyncio
from fastapi import Depends, FastAPI, Header, HTTPException, Response
from psycopg_pool import ConnectionPool
from pydantic import BaseModel

KEY = os.environ["BENCH_KEY"]
MAX_ROWS = 1000
_SESSION = "-c default_transaction_read_only=on -c statement_timeout=5000 -c lock_timeout=2000"


class Numbered(BaseModel):
    """The parameters of the look-ups."""

    n: int


class Call(BaseModel):
    """A body like the engine's."""

    params: Numbered


@asynccontextmanager
async def _opened(app: FastAPI) -> AsyncIterator[None]:
    database = duckdb.connect(os.environ["BENCH_DUCKDB"], read_only=True, config={"threads": 2})
    arguments = {"options": _SESSION, "autocommit": True}
    with ConnectionPool(
        os.environ["BENCH_POSTGRES"], kwargs=arguments, min_size=4, max_size=8, open=True
    ) as pool:
        app.state.pool, app.state.database = pool, database
        app.state.kept = {}
        app.state.redis = redis.asyncio.from_url(os.environ["BENCH_REDIS"])
        async with httpx.AsyncClient(base_url=os.environ["BENCH_UPSTREAM"], timeout=5) as client:
            app.state.client = client
            yield
        await app.state.redis.aclose()
    database.close()


app = FastAPI(lifespan=_opened)


def _check_key(x_api_key: Annotated[str, Header()]) -> None:
    if not hmac.compare_digest(x_api_key.encode(), KEY.encode()):
        raise HTTPException(401)


Checked = Depends(_check_key)


def _json(value: Any) -> Response:
    return Response(orjson.dumps(value, default=str), media_type="application/json")


def _rows(sql: str, values: list[Any]) -> Response:
    with app.state.pool.connection() as connection:
        cursor = connection.execute(sql, values)
        rows = cursor.fetchmany(MAX_ROWS)
        names = [column.name for column in cursor.description]
    return _json([dict(zip(names, row, strict=True)) for row in rows])


@app.post("/row", dependencies=[Checked])
def row(call: Call) -> Response:
    """One row of PostgreSQL by its key."""
    return _rows("SELECT * FROM bench WHERE id = %s", [call.params.n])


@app.post("/rows", dependencies=[Checked])
def rows(call: Call) -> Response:
    """A thousand rows of ten columns of PostgreSQL."""
    return _rows("SELECT * FROM bench WHERE id > %s ORDER BY id LIMIT 1000", [call.params.n])


@app.post("/groups", dependencies=[Checked])
def groups(call: Call) -> Response:
    """Groups of a million rows of DuckDB."""
    cursor = app.state.database.cursor().execute(
        "SELECT k, count(*) AS n, sum(v) AS total FROM bench WHERE v > $1 GROUP BY k ORDER BY k",
        [call.params.n],
    )
    names = [column[0] for column in cursor.description]
    return _json([dict(zip(names, each, strict=True)) for each in cursor.fetchmany(MAX_ROWS)])


@app.post("/kept", dependencies=[Checked])
async def kept(call: Call) -> Response:
    """An answer kept in a dictionary, made at its first call: 1 row, or 200 KB from n = 1000 on."""
    found = app.state.kept.get(call.params.n)
    if found is None:
        found = app.state.kept[call.params.n] = answer_of(call.params.n)
    return Response(found, media_type="application/json")


@app.post("/kept-in-redis", dependencies=[Checked])
async def kept_in_redis(call: Call) -> Response:
    """The same, kept in Redis."""
    key = f"by-hand:{call.params.n}"
    found = await app.state.redis.get(key)
    if found is None:
        found = answer_of(call.params.n)
        await app.state.redis.set(key, found, ex=600)
    return Response(found, media_type="application/json")


@app.post("/passed-on", dependencies=[Checked])
async def passed_on(call: Call) -> Response:
    """What an HTTP server behind this one answers."""
    answer = await app.state.client.get("/item", params={"n": call.params.n})
    answer.raise_for_status()
    return Response(answer.content, media_type="application/json")


def answer_of(number: int) -> bytes:
    """One row, or rows of about 200 KB together."""
    count = 1 if number < 1000 else 2500
    rows = [{"n": number, "name": f"row {each:06}", "text": "x" * 36} for each in range(count)]
    return orjson.dumps(rows)
