import json
import shlex
import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import BadRequestError
from engine.executor_core.curl import from_curl, to_curl

URL = "https://h.example/a"


@pytest.mark.parametrize(
    ("command", "spec"),
    [
        (f"curl {URL}", {"method": "GET", "url": URL}),
        ("curl h.example", {"method": "GET", "url": "http://h.example"}),
        (f"curl -s -L --compressed '{URL}?x=1&x=2&y=a%20b#top'",
         {"method": "GET", "url": URL, "params": {"x": ["1", "2"], "y": "a b"}}),
        (f"curl -XPOST {URL} -H 'A: b' -H'C:d'",
         {"method": "POST", "url": URL, "headers": {"A": "b", "C": "d"}}),
        (f"curl {URL} -d a=1 -d 'b=x%26y'",
         {"method": "POST", "url": URL, "body": {"a": "1", "b": "x&y"}, "body_type": "form"}),
        (f"curl {URL} --data-urlencode 'a=x&y z'",
         {"method": "POST", "url": URL, "body": {"a": "x&y z"}, "body_type": "form"}),
        (f"curl -G {URL}?z=0 -d a=1 --data-urlencode 'b=x y'",
         {"method": "GET", "url": URL, "params": {"z": "0", "a": "1", "b": "x y"}}),
        (f"curl {URL} --data-raw '{{\"a\": [1]}}'",
         {"method": "POST", "url": URL, "body": {"a": [1]}, "body_type": "json"}),
        (f"curl --json '{{\"a\": 1}}' {URL}",
         {"method": "POST", "url": URL, "headers": {"Accept": "application/json"},
          "body": {"a": 1}, "body_type": "json"}),
        (f"curl {URL} -X PUT -H 'content-type: application/json' -d '\"x\"'",
         {"method": "PUT", "url": URL, "body": "x", "body_type": "json"}),
        (f"curl {URL} -H 'Content-Type: application/xml' -d '<a/>'",
         {"method": "POST", "url": URL, "headers": {"Content-Type": "application/xml"},
          "body": "<a/>", "body_type": "text"}),
        (f"curl -u ana:p:w {URL}",
         {"method": "GET", "url": URL,
          "auth": {"type": "basic", "username": "ana", "password": "p:w"}}),
        (f"curl {URL} -H 'Authorization: Bearer t'",
         {"method": "GET", "url": URL, "auth": {"type": "bearer", "token": "t"}}),
        (f"curl -A agent -e ref -b 'a=1; b=2' {URL}",
         {"method": "GET", "url": URL,
          "headers": {"User-Agent": "agent", "Referer": "ref", "Cookie": "a=1; b=2"}}),
        (f"curl '{URL}' \\\n  -H 'A: b' \\\r\n  --data-raw $'it\\'s \\u0021\\n'",
         {"method": "POST", "url": URL, "headers": {"A": "b"},
          "body": {"it's !\n": ""}, "body_type": "form"}),
        (f"curl -sSLk {URL}", {"method": "GET", "url": URL}),
        (f"curl '{URL}/{{{{params.id}}}}?q={{{{ params.a == 1 }}}}&r=1'",
         {"method": "GET", "url": URL + "/{{params.id}}",
          "params": {"q": "{{ params.a == 1 }}", "r": "1"}}),
    ],
)  # fmt: skip
def test_a_curl_command_becomes_a_spec(command, spec):
    assert from_curl(command).spec == spec


@pytest.mark.parametrize(
    "command",
    [
        "",
        "wget https://h.example",
        "curl",
        f"curl {URL} {URL}",
        f"curl {URL} -d @/etc/hostname",
        f"curl {URL} --data-binary @x",
        f"curl {URL} --data-urlencode a@x",
        f"curl {URL} -H @x",
        f"curl {URL} -b cookies.txt",
        f"curl {URL} -F a=b",
        f"curl -I {URL}",
        f"curl -x proxy {URL}",
        f"curl -X TRACE {URL}",
        f"curl --unix-socket /x {URL}",
        f"curl {URL} -H",
        f"curl '{URL}",
    ],
)
def test_what_cannot_be_kept_is_refused(command):
    with pytest.raises(BadRequestError):
        from_curl(command)


@pytest.mark.parametrize("flag", ["-k", "-m 5", "--retry 3", "-H 'Host: other'"])
def test_what_is_left_out_is_a_warning(flag):
    assert len(from_curl(f"curl {flag} {URL}").warnings) == 1


NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,8}", fullmatch=True)
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0{}"), max_size=12)
VALUES = TEXTS | st.sampled_from(["{{params.a}}", "x {{params.a == 1}} y", "{{ '&' }}"])
HEADER_VALUES = st.text("abc =;&'\"$`\\é", max_size=10).map(str.strip)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | VALUES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
LISTS = st.lists(VALUES, min_size=2, max_size=3)
AUTHS = st.one_of(
    st.builds(
        lambda user, word: {"type": "basic", "username": user, "password": word}, NAMES, VALUES
    ),
    st.builds(lambda token: {"type": "bearer", "token": token}, NAMES | st.just("{{secrets.T}}")),
)
BODIES = st.one_of(
    st.builds(
        lambda body: {"body": body, "body_type": "json"}, JSON.filter(lambda v: v is not None)
    ),
    st.builds(
        lambda body: {"body": body, "body_type": "form"},
        st.dictionaries(NAMES, VALUES | LISTS, min_size=1, max_size=3),
    ),
    st.builds(lambda body: {"body": body, "body_type": "text"}, VALUES.filter(bool)),
)
SPECS = st.builds(
    lambda method, url, parts, body: {"method": method, "url": url, **parts, **body},
    st.sampled_from(["POST", "PUT", "PATCH"]),
    st.sampled_from([URL, URL + "/{{params.id}}/x"]),
    st.fixed_dictionaries(
        {},
        optional={
            "headers": st.dictionaries(
                NAMES.map("X-{}".format), HEADER_VALUES, min_size=1, max_size=3
            ),
            "params": st.dictionaries(NAMES, VALUES | LISTS, min_size=1, max_size=3),
            "auth": AUTHS,
        },
    ),
    BODIES | st.just({}),
)


@given(SPECS)
def test_a_spec_survives_curl_and_back(spec):
    assert from_curl(to_curl(spec)).spec == spec


def test_an_api_key_is_shown_where_it_is_sent():
    auth = {"type": "api_key", "name": "k", "value": "{{secrets.K}}"}

    assert shlex.split(to_curl({"url": URL, "auth": auth}))[3:5] == ["-H", "k: {{secrets.K}}"]
    assert to_curl({"url": URL, "auth": {**auth, "in": "query"}}).endswith("?k={{secrets.K}}'")


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl on this machine")
@pytest.mark.parametrize(
    "spec",
    [
        {"params": {"a": "x&y", "b": ["1", "2"]}},
        {"method": "PUT", "body": {"it's": ["$HOME", "`x`", "\\", "é"]}, "headers": {"X-A": "b c"}},
        {"method": "POST", "body": {"a": "1&2"}, "body_type": "form"},
        {"method": "PATCH", "body": "@x\ny", "body_type": "text"},
        {"auth": {"type": "basic", "username": "u", "password": "p"}},
    ],
)
def test_the_real_curl_sends_what_the_spec_says(upstream, spec):
    command = to_curl({**spec, "url": f"{upstream.url}/echo"})

    shown = subprocess.run(["sh", "-c", f"{command} -s"], capture_output=True, check=True)

    asked = json.loads(shown.stdout)
    query = "?a=x%26y&b=1&b=2" if "params" in spec else ""
    assert (asked["method"], asked["path"]) == (spec.get("method", "GET"), f"/echo{query}")
    assert spec.get("headers", {}).items() <= asked["headers"].items()
    body = spec.get("body")
    if spec.get("body_type") == "form":
        assert asked["body"] == "a=1%262"
    elif isinstance(body, dict):
        assert json.loads(asked["body"]) == body
    elif body is not None:
        assert asked["body"] == body
    if "auth" in spec:
        assert asked["headers"]["Authorization"] == "Basic dTpw"
