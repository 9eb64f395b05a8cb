import base64
import json
import time
from datetime import UTC, date, datetime
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.deadline import Deadline
from engine.errors import (
    DeadlineExceededError,
    DefinitionInvalidError,
    OutboundRefusedError,
    ResponseInvalidError,
    TemplateFailedError,
    UpstreamStatusError,
)
from engine.executor_core.http import HttpExecutor
from engine.executor_core.http_client import GuardedClient
from engine.executor_core.http_response import retry_after_s
from engine.executor_core.http_spec import parse_spec
from engine.executor_core.http_url import compile_url
from engine.model import ApiDefinition, Caller, ParamSpec, RuntimePolicy
from engine.ports import ExecutionContext
from engine.trace_context import SpanParent, w3c_trace_id

SECRETS = {"TOKEN": 'canary/7 f"9', "USER": "ana"}
BASIC = base64.b64encode(f"u:{SECRETS['TOKEN']}".encode()).decode()
NOW = datetime(2024, 1, 1, tzinfo=UTC)
OPEN = RuntimePolicy.model_validate({"http": {"allow_hosts": ["127.0.0.1"]}})


def definition(spec, policy=OPEN, **params):
    return ApiDefinition(
        id=uuid4(),
        api_name="call",
        logic_type="http",
        logic_body=spec if isinstance(spec, str) else json.dumps(spec),
        param_schema={name: ParamSpec.model_validate(param) for name, param in params.items()},
        runtime_policy=policy,
        created_at=NOW,
        updated_at=NOW,
    )


def _secret(name):
    if name not in SECRETS:
        raise TemplateFailedError(f"no secret {name!r}")
    return SECRETS[name]


def context(policy=OPEN, input_payload=None, timeout_s=5.0):
    def no_call(nested):
        raise AssertionError(nested)

    return ExecutionContext(
        execution_id=uuid4(),
        trace_id="t",
        tenant_id="default",
        caller=Caller(subject="ana"),
        source="test",
        policy=policy,
        deadline=Deadline.after(timeout_s),
        input_payload=input_payload,
        depth=0,
        attempt=1,
        call=no_call,
        secret=_secret,
    )


@pytest.fixture
def executor():
    http = HttpExecutor()
    yield http
    http.close()


@pytest.fixture
def run(executor):
    def run(spec, params=None, *, policy=OPEN, input_payload=None, timeout_s=5.0):
        api = definition(spec, policy, **{name: {"type": "object"} for name in params or {}})
        ctx = context(policy, input_payload, timeout_s)
        return executor.execute(executor.compile(api), params or {}, ctx)

    return run


def data_of(payload):
    return json.loads(payload.json)


def issues_of(executor, spec, policy=OPEN, **params):
    with pytest.raises(DefinitionInvalidError) as caught:
        executor.compile(definition(spec, policy, **params))
    return {(issue.code, issue.path) for issue in caught.value.issues}


# --- what is sent ----------------------------------------------------------------------------


def test_templates_are_filled_by_place(run, upstream):
    payload = run(
        {
            "method": "post",
            "url": f"{upstream.url}/echo/{{{{params.id}}}}/x?q={{{{params.q}}}}&fixed=1",
            "headers": {"X-Trace": "t-{{params.q}}", "X-None": "{{params.none}}"},
            "params": {
                "day": "{{params.day}}",
                "tags": "{{params.tags}}",
                "none": "{{params.none}}",
            },
            "body": {"who": "{{input.who}}", "n": "{{params.n}}", "text": "n={{params.n}}"},
            "auth": {"type": "bearer", "token": "{{secrets.USER}}"},
        },
        {
            "id": "a b",
            "q": "1&2=3",
            "day": date(2024, 2, 29),
            "tags": ["x", "y"],
            "none": None,
            "n": 7,
        },
        input_payload={"who": ["Ö"]},
    )

    asked = data_of(payload)
    assert asked["method"] == "POST"
    assert asked["path"] == "/echo/a%20b/x?q=1%262%3D3&fixed=1&day=2024-02-29&tags=x&tags=y"
    assert asked["headers"]["X-Trace"] == "t-1&2=3"
    assert asked["headers"]["Authorization"] == "Bearer ana"
    assert asked["headers"]["Content-Type"] == "application/json"
    assert "X-None" not in asked["headers"]
    assert json.loads(asked["body"]) == {"who": ["Ö"], "n": 7, "text": "n=7"}


@pytest.mark.parametrize(
    ("body_type", "body", "content_type", "sent"),
    [
        (
            "form",
            {"a": "{{params.v}}", "b": [1, 2]},
            "application/x-www-form-urlencoded",
            "a=x%26y&b=1&b=2",
        ),
        ("text", "v={{params.v}}", "text/plain; charset=utf-8", "v=x&y"),
        ("json", "{{params.v}}", "application/json", '"x&y"'),
        ("json", [None, True], "application/json", "[null,true]"),
    ],
)
def test_a_body_is_encoded_by_its_type(run, upstream, body_type, body, content_type, sent):
    spec = {"method": "POST", "url": f"{upstream.url}/echo", "body": body, "body_type": body_type}

    asked = data_of(run(spec, {"v": "x&y"}))

    assert (asked["headers"]["Content-Type"], asked["body"]) == (content_type, sent)


@pytest.mark.parametrize(
    ("auth", "header", "value"),
    [
        (
            {"type": "basic", "username": "u", "password": "{{secrets.USER}}"},
            "Authorization",
            "Basic dTphbmE=",
        ),
        ({"type": "api_key", "name": "X-Key", "value": "{{secrets.USER}}"}, "X-Key", "ana"),
    ],
)
def test_credentials_become_headers(run, upstream, auth, header, value):
    run({"url": f"{upstream.url}/echo", "auth": auth})

    assert upstream.requests[0]["headers"][header] == value


def test_an_api_key_can_stand_in_the_query(run, upstream):
    auth = {"type": "api_key", "in": "query", "name": "key", "value": "{{secrets.USER}}"}

    assert (
        data_of(run({"url": f"{upstream.url}/echo?a=1", "auth": auth}))["path"]
        == "/echo?a=1&key=ana"
    )


def test_a_value_is_not_rendered_again(run, upstream):
    spec = {"url": f"{upstream.url}/echo", "params": {"v": "{{params.v}}"}}

    assert "canary" not in data_of(run(spec, {"v": "{{secrets.TOKEN}}"}))["path"]


@pytest.mark.parametrize(
    "value",
    ["..", ".", "", None, "../admin", "a/../../b", "..\\admin", "x/..", "/..", "./x"],
)
def test_a_value_cannot_step_out_of_its_path_segment(run, upstream, value):
    with pytest.raises(TemplateFailedError, match="url"):
        run({"url": f"{upstream.url}/users/{{{{params.id}}}}/files"}, {"id": value})

    assert upstream.requests == []


@pytest.mark.parametrize(
    "literal", [".{{params.id}}", "%2e{{params.id}}", "{{params.id}}{{params.id}}"]
)
def test_a_value_cannot_complete_a_step_out(run, upstream, literal):
    with pytest.raises(TemplateFailedError):
        run({"url": f"{upstream.url}/users/{literal}/files"}, {"id": "."})


@given(st.text(st.characters(codec="utf-8"), min_size=1))
def test_any_value_in_a_url_stays_one_segment_and_one_parameter(value):
    url = compile_url("https://h.example/a/{{v}}/b?x={{v}}&y=1#{{v}}", {"v": None})
    try:
        final = url.render({"v": value}, [("z", value)])
    except TemplateFailedError:
        return

    path, _, query = final.removeprefix("https://h.example").partition("?")
    assert path.count("/") == 3
    assert query.count("&") == 2
    assert query.count("=") == 3
    assert "#" not in final
    assert final.isascii()
    assert final.isprintable()


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb", "a\rb", "a\0b", "a\x7fb", "a\x1bb"])
@pytest.mark.parametrize(
    "part",
    [
        {"headers": {"X-A": "{{params.v}}"}},
        {"headers": {"X-A": "x {{params.v}} y"}},
        {"auth": {"type": "bearer", "token": "{{params.v}}"}},
        {"auth": {"type": "api_key", "name": "K", "value": "{{params.v}}"}},
    ],
)
def test_a_value_cannot_break_out_of_a_header(run, upstream, value, part):
    with pytest.raises(TemplateFailedError, match="control character"):
        run({"url": upstream.url, **part}, {"v": value})

    assert upstream.requests == []


@pytest.mark.parametrize("value", ["\ud800", {"a": "\ud800"}, {1: 2}])
@pytest.mark.parametrize(
    "part",
    [
        {"headers": {"X": "{{input}}"}},
        {"params": {"x": "{{input}}"}},
        {"auth": {"type": "basic", "username": "{{input}}", "password": ""}},
        {"method": "POST", "body": "{{input}}"},
        {"method": "POST", "body": {"x": "{{input}}"}, "body_type": "form"},
        {"method": "POST", "body": "{{input}}", "body_type": "text"},
    ],
)
def test_a_value_that_cannot_be_encoded_is_the_author_s_to_mend(run, upstream, part, value):
    with pytest.raises(TemplateFailedError):
        run({"url": upstream.url, **part}, input_payload=value)

    assert upstream.requests == []


def test_a_header_may_hold_any_text_besides(run, upstream):
    asked = data_of(
        run({"url": f"{upstream.url}/echo", "headers": {"X": "{{params.v}}"}}, {"v": " Ü\tb "})
    )

    assert asked["headers"]["X"].encode("latin-1").decode() == "Ü\tb"


# --- what is read ----------------------------------------------------------------------------


def raw(upstream, body, content_type="application/json", **more):
    return {
        "method": "POST",
        "url": f"{upstream.url}/raw",
        "headers": {"X-Type": content_type},
        "body": body,
        "body_type": "text",
        **more,
    }


@pytest.mark.parametrize(("omit", "sent"), [(True, {"a": 1}), (False, {"a": 1, "b": None})])
def test_members_of_the_body_that_are_null_are_left_out_where_it_is_asked(
    run, upstream, omit, sent
):
    body = {"a": "{{params.a}}", "b": "{{params.b}}"}
    spec = {"method": "POST", "url": f"{upstream.url}/echo", "body": body, "omit_null": omit}

    run(spec, {"a": 1, "b": None})

    assert json.loads(upstream.requests[-1]["body"]) == sent


def test_the_trace_goes_on_below_the_attempt(run, upstream):
    run({"method": "get", "url": f"{upstream.url}/echo"})

    got = SpanParent.read(upstream.requests[-1]["headers"]["traceparent"])

    assert got is not None
    assert got.trace_id == w3c_trace_id("t")
    assert got.sampled


@pytest.mark.parametrize(
    ("header", "own"),
    [
        ("Traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"),
        ("X-Request-Id", "mine"),
    ],
)
def test_an_author_s_own_trace_is_sent_as_it_is(run, upstream, header, own):
    run({"method": "get", "url": f"{upstream.url}/echo", "headers": {header: own}})

    sent = upstream.requests[-1]["headers"]
    assert [value for name, value in sent.items() if name.lower() == header.lower()] == [own]


def test_a_list_of_objects_becomes_a_table(run, upstream):
    payload = run(raw(upstream, '[{"a": 1, "b": "x"}, {"a": 2.5, "c": null}, {"b": [1]}]'))

    assert data_of(payload) == {
        "columns": [
            {"name": "a", "type": "number"},
            {"name": "b", "type": "json"},
            {"name": "c", "type": "null"},
        ],
        "rows": [
            {"a": 1, "b": "x", "c": None},
            {"a": 2.5, "b": None, "c": None},
            {"a": None, "b": [1], "c": None},
        ],
        "row_count": 3,
        "truncated": False,
    }
    assert (payload.row_count, payload.response_status) == (3, 200)


def test_rows_past_max_rows_are_cut_and_told(run, upstream):
    policy = OPEN.model_copy(update={"max_rows": 2})
    payload = run(raw(upstream, '[{"a": 1}, {"a": 2}, {"a": 3}]'), policy=policy)

    assert [row["a"] for row in data_of(payload)["rows"]] == [1, 2]
    assert (payload.truncated, data_of(payload)["truncated"], payload.row_count) == (True, True, 2)


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("meta.n", 2),
        ("items[0]", {"k": "v"}),
        ("items[*].k", ["v", "w"]),
        ("nope", None),
    ],
)
def test_response_path_picks_a_part(run, upstream, path, data):
    body = '{"meta": {"n": 2}, "items": [{"k": "v"}, {"k": "w"}]}'
    payload = run(raw(upstream, body, response_path=path))

    assert data_of(payload) == data
    assert bool(payload.warnings) == (data is None)


def test_response_path_picks_rows(run, upstream):
    body = '{"meta": {"n": 2}, "items": [{"k": "v"}, {"k": "w"}]}'
    payload = run(raw(upstream, body, response_path="items[?k=='w']"))

    assert data_of(payload)["rows"] == [{"k": "w"}]


@pytest.mark.parametrize(
    ("body", "content_type", "data"),
    [
        ("5", "application/json", 5),
        ('{"a": 1}', "application/vnd.api+json; charset=utf-8", {"a": 1}),
        ("[1, 2]", "application/octet-stream", [1, 2]),
        ("[1, 2]", "", [1, 2]),
        ("hello", "text/plain", "hello"),
        ("<a/>", "application/xml", "<a/>"),
        ("hello", "", "hello"),
        (" ", "application/json", None),
    ],
)
def test_an_answer_is_read_by_its_content_type(run, upstream, body, content_type, data):
    assert data_of(run(raw(upstream, body, content_type))) == data


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ('\ufeffa,b\n1,"x\ny"\n2,\n', "text/csv; charset=utf-8"),
        ('{"a": "1", "b": "x\\ny"}\n{"a": "2", "b": ""}\n', "application/x-ndjson"),
    ],
)
def test_csv_and_json_lines_become_tables(run, upstream, body, content_type):
    assert data_of(run(raw(upstream, body, content_type)))["rows"] == [
        {"a": "1", "b": "x\ny"},
        {"a": "2", "b": ""},
    ]


def test_an_empty_answer_is_null_and_an_empty_list_an_empty_table(run, upstream):
    assert data_of(run({"url": f"{upstream.url}/empty"})) is None
    assert data_of(run(raw(upstream, "[]"))) == {
        "columns": [],
        "rows": [],
        "row_count": 0,
        "truncated": False,
    }


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"body": '{"a": }'}, "says it is JSON and is not: .*line 1, column 7"),
        (
            {"body": "5", "response_path": "length(@)"},
            r"does not fit the answer: length\(\) takes",
        ),
    ],
)
def test_an_answer_that_does_not_fit_says_why(run, upstream, spec, message):
    with pytest.raises(ResponseInvalidError, match=message):
        run({**raw(upstream, ""), **spec})


def test_a_binary_answer_is_refused(run, upstream):
    with pytest.raises(ResponseInvalidError, match="binary"):
        run({"url": f"{upstream.url}/binary"})


@pytest.mark.parametrize(
    ("status", "retryable", "trips"),
    [
        (400, False, False),
        (404, False, False),
        (429, True, True),
        (500, False, True),
        (503, True, True),
    ],
)
def test_an_error_status_is_an_upstream_error(run, upstream, status, retryable, trips):
    with pytest.raises(UpstreamStatusError) as caught:
        run({"url": f"{upstream.url}/status/{status}"})

    error = caught.value
    assert error.details["status"] == status
    assert (error.retryable, error.trips_breaker, error.retry_after_s) == (retryable, trips, 7.0)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("Mon, 01 Jan 2024 00:00:30 GMT", 30.0),
        ("Sun, 31 Dec 2023 00:00:00 GMT", 0.0),
        ("999999999", 86_400.0),
        ("soon", None),
        ("-5", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header, seconds):
    assert retry_after_s(header, NOW) == seconds


# --- secrets, deadlines, policies ------------------------------------------------------------


SECRET_SPECS = [
    {"headers": {"X-K": "{{secrets.TOKEN}}"}},
    {"params": {"k": "{{secrets.TOKEN}}"}},
    {"method": "POST", "body": {"k": "{{secrets.TOKEN}}"}},
    {"auth": {"type": "bearer", "token": "{{secrets.TOKEN}}"}},
    {"auth": {"type": "basic", "username": "u", "password": "{{secrets.TOKEN}}"}},
]


@pytest.mark.parametrize("part", SECRET_SPECS)
def test_a_secret_that_a_server_echoes_is_hidden_in_data_and_errors(run, upstream, part):
    payload = run({"url": f"{upstream.url}/echo", **part})
    with pytest.raises(UpstreamStatusError) as caught:
        run({"url": f"{upstream.url}/status/400", **part})

    seen = payload.json.decode() + caught.value.message + json.dumps(caught.value.details)
    assert "***" in seen
    assert "canary" not in seen
    assert BASIC not in seen


@pytest.mark.parametrize("part", SECRET_SPECS)
def test_a_dry_run_shows_the_final_request_without_its_secrets(executor, upstream, part):
    api = definition(
        {"url": f"{upstream.url}/x/{{{{params.pin}}}}?d={{{{params.d}}}}", **part},
        pin={"secret": True},
        d={},
    )

    shown = executor.dry_run(executor.compile(api), {"pin": "pin-canary", "d": "1 2"}, context())

    assert shown["url"].startswith(f"{upstream.url}/x/***?d=1%202")
    assert "canary" not in json.dumps(shown)
    assert BASIC not in json.dumps(shown)
    assert "***" in shown["curl"]
    assert upstream.connections == 0


def test_a_dry_run_of_an_unknown_secret_says_so(executor):
    api = definition({"url": "https://h.example/", "headers": {"X": "{{secrets.NOPE}}"}})

    with pytest.raises(TemplateFailedError, match="no secret 'NOPE'"):
        executor.dry_run(executor.compile(api), {}, context())


def test_the_default_policy_reaches_no_private_address(run, upstream):
    with pytest.raises(OutboundRefusedError):
        run({"url": upstream.url}, policy=RuntimePolicy())


def test_a_dry_run_looks_nothing_up():
    def resolve(host, port):
        raise AssertionError(host)

    executor = HttpExecutor(GuardedClient(resolve=resolve))
    api = definition({"url": "https://h.example/a"}, RuntimePolicy())

    shown = executor.dry_run(executor.compile(api), {}, context())

    assert (shown["method"], shown["url"]) == ("GET", "https://h.example/a")


def test_the_deadline_of_the_call_holds(run, upstream):
    started = time.monotonic()

    with pytest.raises(DeadlineExceededError):
        run({"url": f"{upstream.url}/drip"}, timeout_s=0.2)

    assert time.monotonic() - started < 0.7


def test_the_size_cap_of_the_policy_holds(run, upstream):
    policy = RuntimePolicy.model_validate(
        {"http": {"allow_hosts": ["127.0.0.1"], "max_response_bytes": 1024}}
    )

    with pytest.raises(ResponseInvalidError, match="1024"):
        run({"url": f"{upstream.url}/big"}, policy=policy)


@pytest.mark.parametrize(
    ("method", "retried"),
    [("GET", True), ("PUT", True), ("DELETE", True), ("POST", False), ("PATCH", False)],
)
def test_only_idempotent_methods_are_repeatable_unless_the_policy_says_so(
    executor, method, retried
):
    spec = {"method": method, "url": "https://h.example/"}
    anyway = RuntimePolicy.model_validate({"http": {"retry_non_idempotent": True}})

    assert executor.compile(definition(spec)).repeatable is retried
    assert executor.compile(definition(spec, anyway)).repeatable


# --- what is refused when it is saved --------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "code", "path"),
    [
        ({}, "bad_spec", "url"),
        ({"method": "TRACE"}, "bad_spec", "method"),
        ({"methd": "GET"}, "unknown_key", "methd"),
        ({"body_type": "xml"}, "bad_spec", "body_type"),
        ({"headers": []}, "bad_spec", "headers"),
        ({"auth": {"type": "digest"}}, "bad_spec", "auth"),
        ({"auth": {"type": "basic", "username": "u"}}, "bad_spec", "auth.password"),
        ({"headers": {"Host": "x"}}, "bad_header", "headers.host"),
        ({"headers": {"content-length": "1"}}, "bad_header", "headers.content-length"),
        ({"headers": {"Transfer-Encoding": "x"}}, "bad_header", "headers.transfer-encoding"),
        ({"headers": {"Connection": "x"}}, "bad_header", "headers.connection"),
        ({"headers": {"X Y": "x"}}, "bad_header", "headers.x y"),
        ({"headers": {"X\r\nY": "x"}}, "bad_header", "headers.x\r\ny"),
        ({"headers": {"A": "1", "a": "2"}}, "bad_header", "headers.a"),
        (
            {"headers": {"Authorization": "x"}, "auth": {"type": "bearer", "token": "t"}},
            "bad_header",
            "headers.authorization",
        ),
        ({"method": "POST", "body": [1], "body_type": "form"}, "bad_body", "body"),
        ({"method": "POST", "body": [1], "body_type": "text"}, "bad_body", "body"),
        ({"headers": {"X": "{{params.nope}}"}}, "unknown_name", "headers.X"),
        ({"method": "POST", "body": {"a": ["{{nope}}"]}}, "unknown_name", "body.a[0]"),
        ({"headers": {"X": "{{ params.x"}}, "template_syntax", "headers.X"),
        ({"headers": {"X": "{{ secrets }}"}}, "secret_name", "headers"),
        ({"headers": {"X": "{{ secrets[params.x] }}"}}, "secret_name", "headers"),
        ({"response_path": "a["}, "bad_response_path", "response_path"),
        ({"url": "{{params.x}}"}, "bad_url", "url"),
        ({"url": "{{params.x}}://h/"}, "bad_url", "url"),
        ({"url": "https://{{params.x}}/"}, "bad_url", "url"),
        ({"url": "https://h{{params.x}}/"}, "bad_url", "url"),
        ({"url": "https://h.example:{{params.x}}/"}, "bad_url", "url"),
        ({"url": "https://h.example{{params.x}}"}, "bad_url", "url"),
        ({"url": "https://u:p@h.example/"}, "bad_url", "url"),
        ({"url": "https://h.example:99999/"}, "bad_url", "url"),
        ({"url": "ftp://h.example/"}, "bad_url", "url"),
        ({"url": "h.example/x"}, "bad_url", "url"),
        ({"url": "https:///x"}, "bad_url", "url"),
        ({"url": "https://h.example/a b"}, "bad_url", "url"),
        ({"url": "https://h.example/a\\b"}, "bad_url", "url"),
        ({"url": "https://h.example/{{nope}}"}, "unknown_name", "url"),
        ({"url": "https://h.example/{{secrets[params.x]}}"}, "secret_name", "url"),
    ],
)
def test_a_wrong_spec_is_refused_at_its_path(executor, spec, code, path):
    url = {} if spec == {} else {"url": "https://h.example/"}

    assert issues_of(executor, {**url, **spec}, x={}) == {(code, path)}


def test_all_mistakes_of_a_spec_are_reported_at_once(executor):
    spec = {
        "url": "https://{{params.x}}/",
        "headers": {"X": "{{params.y}}", "Y": "{{"},
        "body": "{{nope}}",
        "response_path": "a[",
    }

    assert issues_of(executor, spec, x={}) == {
        ("bad_url", "url"),
        ("template_syntax", "headers.Y"),
        ("unknown_name", "body"),
        ("bad_response_path", "response_path"),
    }


def test_bad_json_is_refused_with_line_and_column(executor):
    with pytest.raises(DefinitionInvalidError) as caught:
        executor.compile(definition('{\n  "url": }'))

    (issue,) = caught.value.issues
    assert (issue.code, issue.line, issue.column) == ("json", 2, 10)


@pytest.mark.parametrize("body", ["[" * 100_000, "5", "null", "[]", '"x"', '{"url": 5}'])
def test_a_body_that_is_no_request_is_refused(body):
    with pytest.raises(DefinitionInvalidError):
        parse_spec(body)


def test_an_entry_that_names_no_host_is_a_warning_when_saved(executor):
    hosts = ["http://x", "x/y", "*.x", "0x7f.1", "x", "x:80", "::1", "[::1]", "[::1]:80", "1.2.3.4"]
    policy = RuntimePolicy.model_validate({"http": {"allow_hosts": hosts}})

    warnings = executor.compile(definition({"url": "https://h.example/"}, policy)).warnings

    assert [issue.path for issue in warnings if issue.code == "allow_host"] == [
        f"runtime_policy.http.allow_hosts[{index}]" for index in range(4)
    ]


@pytest.mark.parametrize(
    ("url", "policy", "warned"),
    [
        ("http://127.0.0.1/", RuntimePolicy(), True),
        ("http://localhost:8000/", RuntimePolicy(), True),
        ("http://[::1]/", RuntimePolicy(), True),
        ("http://0x7f.1/", RuntimePolicy(), True),
        ("http://127.0.0.1/", OPEN, False),
        ("http://h.example/", RuntimePolicy(), False),
    ],
)
def test_a_host_that_will_be_refused_is_a_warning_when_saved(executor, url, policy, warned):
    compiled = executor.compile(definition({"url": url}, policy))

    assert ("host" in {issue.code for issue in compiled.warnings}) is warned
