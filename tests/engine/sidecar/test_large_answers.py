"""Answers too large for memory: a real server process, and a client that keeps nothing."""

import csv
import io
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import httpx
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.formats import to_arrow_ipc, to_csv, to_parquet

ROOT = Path(__file__).parents[3]
KEY = "key-of-large-answers"
MB = 1_048_576
ROWS = 300_000
NUMBERS = "SELECT i AS n, 'row ' || i AS t FROM range(1, :rows + 1) r(i)"
INTEGERS = "SELECT i FROM range({}) r(i)"
FORMATS = ["json", "csv", "parquet", "arrow"]


def await_server(client, process):
    for _ in range(600):
        assert process.poll() is None
        try:
            return client.get("/healthz").raise_for_status()
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError("the server does not answer")


def eventually(is_so):
    for _ in range(600):
        if is_so():
            return True
        time.sleep(0.05)
    return False


@pytest.fixture(scope="module")
def server(tmp_path_factory, free_port):
    """The process, and a client of it."""
    port, folder = free_port(), tmp_path_factory.mktemp("large")
    process = subprocess.Popen(
        [sys.executable, "-m", "engine.cli", "serve", "--port", str(port)],
        cwd=ROOT,
        env={
            **os.environ,
            "API_ENGINE_DATA_DIR": str(folder),
            "API_ENGINE_BOOTSTRAP_KEY": KEY,
            "API_ENGINE_JOBS": "workers",
            "API_ENGINE_RUN_RULES": "false",
        },
        stderr=subprocess.DEVNULL,
    )
    url, headers = f"http://127.0.0.1:{port}", {"X-API-Key": KEY, "Accept-Encoding": "identity"}
    with httpx.Client(base_url=url, headers=headers, timeout=60) as client:
        await_server(client, process)
        made = client.post(
            "/api-manager/apis",
            json={
                "api_name": "numbers",
                "logic_type": "sql",
                "logic_body": NUMBERS,
                "connection": "sample",
                "param_schema": {"rows": {"type": "integer", "required": True}},
                "runtime_policy": {"max_rows": 1_000_000},
            },
        )
        made.raise_for_status()
        yield process, client
    process.terminate()
    process.wait(timeout=60)


def memory_of(process, what):
    lines = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii").splitlines()
    return int(next(line for line in lines if line.startswith(what)).split()[1]) * 1024


def spooled_files(process):
    found = []
    for each in Path(f"/proc/{process.pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            found.append(str(each.readlink()))
    return [each for each in found if "/spool/" in each]


def totals(fmt, body):
    """How many rows an answer has, and the sum of their numbers."""
    if fmt == "json":
        rows = orjson.loads(body)["data"]["data"]["rows"]
        return len(rows), sum(row["n"] for row in rows)
    if fmt == "csv":
        lines = list(csv.DictReader(io.StringIO(body.decode(), newline="")))
        return len(lines), sum(int(line["n"]) for line in lines)
    table = table_of(fmt, body)
    return table.num_rows, sum(table["n"].to_pylist())


@pytest.mark.parametrize("fmt", FORMATS)
def test_every_row_of_a_large_answer_comes(server, fmt):
    _, client = server

    answer = client.get(f"/call/numbers?rows={ROWS}&format={fmt}")

    assert totals(fmt, answer.content) == (ROWS, ROWS * (ROWS + 1) // 2)


@pytest.mark.parametrize("fmt", ["json", "arrow"])
def test_a_million_rows_take_no_more_memory_than_a_few(server, fmt):
    process, client = server
    client.get(f"/call/numbers?rows=20000&format={fmt}").raise_for_status()
    Path(f"/proc/{process.pid}/clear_refs").write_text("5")  # the peak begins anew
    before, size = memory_of(process, "VmRSS"), 0

    with client.stream("GET", f"/call/numbers?rows=1000000&format={fmt}") as answer:
        for piece in answer.iter_raw():
            size += len(piece)

    assert answer.status_code == 200
    assert size > 20 * MB
    assert memory_of(process, "VmHWM") - before <= 50 * MB


def test_a_caller_who_goes_away_leaves_no_file(server):
    process, client = server

    with client.stream("GET", "/call/numbers?rows=1000000") as answer:
        pieces = answer.iter_raw()
        next(pieces)
        assert len(spooled_files(process)) == 1

    assert eventually(lambda: not spooled_files(process))


# In this process


@pytest.fixture
def spool(engine):
    return engine.pipeline.answer_files


@pytest.fixture
def new_large(new_api):
    """Creates an API whose answers may be larger than what is held."""

    def create(body, **policy):
        policy = {"max_rows": 50_000, **policy}
        return new_api(logic_body=body, param_schema={}, runtime_policy=policy)["api_name"]

    return create


TYPED = """
SELECT i, 'a,"' || i AS t, nullif('', '') AS nothing, (i / 8)::DECIMAL(18, 2) AS d,
  CASE WHEN i = 10400 THEN DATE 'infinity' ELSE DATE '2013-01-01' + (i % 365)::int END AS day,
  [i, i + 1] AS l, {'x': i::DOUBLE} AS s, TIMESTAMP '2013-01-01' + INTERVAL (i) MINUTE AS at,
  INTERVAL (i) MINUTE AS took, i::HUGEINT * 1000000000000000000 AS h
FROM range(10500) r(i)
"""


def test_a_large_answer_is_in_each_format_what_a_held_one_would_be(admin, new_large):
    url = f"/call/{new_large(TYPED)}"
    answers = {fmt: admin.get(url, params={"format": fmt}).content for fmt in FORMATS}
    body = answers["json"]
    document = body[body.index(b'{"columns"') : body.rindex(b',"duration_ms"')]

    assert answers["csv"] == to_csv(document)
    assert table_of("arrow", answers["arrow"]).equals(table_of("arrow", to_arrow_ipc(document)))
    assert table_of("parquet", answers["parquet"]).equals(table_of("parquet", to_parquet(document)))


def test_the_envelope_around_a_large_answer_is_the_usual_one(admin, new_large):
    answer = admin.get(f"/call/{new_large(INTEGERS.format(60000))}").json()

    assert (answer["code"], answer["message"]) == (0, "OK")
    assert answer["data"]["status"] == "success"
    assert answer["data"]["data"]["columns"] == [{"name": "i", "type": "BIGINT"}]
    assert answer["data"]["data"]["rows"] == [{"i": i} for i in range(50_000)]
    assert answer["data"]["data"]["row_count"] == 50_000
    assert answer["data"]["data"]["truncated"] is True
    assert answer["data"]["version"] == 1


def test_a_large_answer_that_is_known_is_not_sent_again(admin, new_large, spool):
    url = f"/call/{new_large(INTEGERS.format(12000))}"

    tag = admin.get(url).headers["ETag"]
    again = admin.get(url, headers={"If-None-Match": tag})

    assert (again.status_code, again.content) == (304, b"")
    assert admin.get(url + "?format=csv", headers={"If-None-Match": tag}).status_code == 200
    assert eventually(lambda: spool.used_bytes == 0)


def test_masks_hold_in_a_large_answer_and_in_the_log(client_as, new_large):
    mask = {"columns": {"t": "redact", "u": "drop"}, "except_roles": ["admin"]}
    api = new_large("SELECT i, 'secret ' || i AS t, 'gone' AS u FROM range(12000) r(i)", mask=mask)

    masked = client_as("viewer").get(f"/call/{api}").json()["data"]["data"]
    seen = client_as("admin").get(f"/call/{api}?format=csv").text
    logged = [record_of(client_as("admin"), each) for each in records_of(client_as("admin"), api)]

    assert [each["name"] for each in masked["columns"]] == ["i", "t"]
    assert masked["rows"] == [{"i": i, "t": "***"} for i in range(12_000)]
    assert seen.startswith("i,t,u\r\n0,secret 0,gone\r\n")
    assert len(logged) == 2
    assert [each["response_data"]["rows"] for each in logged] == [masked["rows"]] * 2
    assert [each["response_data"]["columns"] for each in logged] == [masked["columns"]] * 2


def test_the_log_has_a_large_answer_once_by_its_head_and_its_rows(admin, new_large):
    api = new_large("SELECT i, repeat('x', 200) AS t FROM range(12000) r(i)")

    admin.get(f"/call/{api}?format=csv").raise_for_status()
    records = records_of(admin, api)

    assert [each["rows_affected"] for each in records] == [12_000]
    logged = record_of(admin, records[0])
    assert logged["response_truncated"] is True
    assert logged["response_data"].startswith('{"columns":[{"name":"i","type":"BIGINT"}')
    assert len(logged["response_data"]) == MB


def test_an_error_after_many_rows_is_a_clean_failure(admin, new_large, spool):
    api = new_large("SELECT if(i < 30000, '1', 'late')::INT AS n FROM range(40000) r(i)")

    answer = admin.get(f"/call/{api}?format=csv")

    assert answer.status_code == 502
    assert answer.json()["data"]["error"]["type"] == "query_failed"
    assert spool.used_bytes == 0


def test_a_door_that_holds_answers_cuts_them_and_shares_none(admin, new_large):
    """Neither is a cut answer served to a stream, nor a large one kept."""
    api = new_large("SELECT i FROM range(12000) r(i)", cache={"enabled": True, "ttl_seconds": 60})

    held = admin.post(f"/call/{api}", headers={"Idempotency-Key": api}).json()["data"]
    streamed = [admin.post(f"/call/{api}").json()["data"] for _ in range(2)]

    assert (held["data"]["row_count"], held["data"]["truncated"]) == (10_000, True)
    assert [each["data"]["row_count"] for each in streamed] == [12_000, 12_000]
    assert [each["cached"] for each in streamed] == [False, False]


def test_identical_calls_at_once_each_get_every_row(admin, new_large, spool):
    """One of them may load it for all: the file is then read by several."""
    url = f"/call/{new_large(INTEGERS.format(12000), cache={'enabled': True})}?format=csv"

    with ThreadPoolExecutor(4) as threads:
        texts = {answer.text for answer in threads.map(lambda _: admin.get(url), range(4))}

    assert [text.count("\r\n") for text in texts] == [12_001]
    assert eventually(lambda: spool.used_bytes == 0)


def test_an_answer_of_few_rows_is_cached_where_many_may_come(admin, new_large):
    api = new_large("SELECT i FROM range(100) r(i)", cache={"enabled": True, "ttl_seconds": 60})

    answers = [admin.post(f"/api-manager/apis/{api}/execute").json()["data"] for _ in range(2)]

    assert [each["cached"] for each in answers] == [False, True]
    assert [each["data"]["row_count"] for each in answers] == [100, 100]


def test_a_caller_who_goes_away_stops_the_statement(admin, base_url, new_large):
    slow = (
        "SELECT count(*) AS n FROM range(1000000) a, range(1000000) b WHERE a.range * b.range = 7"
    )
    api = new_large(slow, timeout_seconds=60, max_retries=0)

    with pytest.raises(httpx.ReadTimeout):
        httpx.get(f"{base_url}/call/{api}", headers=admin.headers, timeout=0.2)

    assert eventually(
        lambda: [each["error_type"] for each in records_of(admin, api)] == ["cancelled"]
    )


def table_of(fmt, body):
    return (
        pq.read_table(io.BytesIO(body)) if fmt == "parquet" else pa.ipc.open_stream(body).read_all()
    )


def records_of(client, api):
    page = client.get("/api-manager/executions", params={"api": api})
    return page.json()["data"]["items"]


def record_of(client, record):
    return client.get(f"/api-manager/executions/{record['id']}").json()["data"]
