"""No endpoint shows or touches what is outside of the caller's tenant or of its key's scope."""

import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import pytest

from engine.model import Scope
from engine.sidecar import create_app

DOCUMENT = create_app(lambda: pytest.fail("the document needs no engine")).openapi()
ROUTES = sorted(
    (method.upper(), path) for path, methods in DOCUMENT["paths"].items() for method in methods
)
OF_AN_API = [route for route in ROUTES if "{api" in route[1]]
OF_AN_EXECUTION = [route for route in ROUTES if "{execution_id}" in route[1]]
OWN_LOG = {"/api-manager/executions", "/api-manager/executions/export"}
"""Where a caller reads what it asked for itself, in vain."""
LISTS = [(method, path) for method, path in ROUTES if method == "GET" and "{" not in path]


@pytest.fixture(scope="module")
def hidden(engine, operator):
    """An API of the default tenant with a draft and an execution, and a name unlike any other."""
    fields = {
        "api_name": f"hidden-{uuid4().hex[:8]}",
        "logic_type": "sql",
        "logic_body": "SELECT 1 AS n",
        "connection": "sample",
        "tags": ["hidden"],
    }
    api = engine.apis.create(fields, operator)
    engine.apis.save_draft(str(api.id), {"description": "draft"}, operator)
    execution = engine.execute(api.api_name, caller=operator).execution_id
    return {"name": api.api_name, "id": str(api.id), "execution": str(execution)}


@pytest.fixture(scope="module")
def outsiders(engine, operator, base_url):
    """Admin keys that may do everything, but not to that API."""
    neighbour = operator.model_copy(update={"tenant_id": "neighbour"})
    made = {
        "another tenant": engine.auth.keys.create(neighbour, name="n", roles=["admin"]),
        "other names": engine.auth.keys.create(
            operator, name="p", roles=["admin"], scope=Scope(api_patterns=("mine-*", "[a-g]*"))
        ),
        "other tags": engine.auth.keys.create(
            operator, name="t", roles=["admin"], scope=Scope(tags=("open",))
        ),
    }
    clients = {
        who: httpx.Client(base_url=base_url, headers={"X-API-Key": key.text})
        for who, key in made.items()
    }
    yield clients
    for client in clients.values():
        client.close()


WHO = pytest.mark.parametrize("who", ["another tenant", "other names", "other tags"])


NAMED = {"name": "one"}
BODIES = {"breaker": {"mode": "auto"}, "tests": NAMED, "{test}": NAMED, "keep-as-test": NAMED}
"""What an endpoint has to be sent to read it at all, by the end of its path."""


def body_for(path):
    return BODIES.get(path.rsplit("/", 1)[-1], {})


@WHO
@pytest.mark.parametrize("by", ["name", "id"])
@pytest.mark.parametrize(("method", "path"), OF_AN_API)
def test_an_api_outside_is_refused(engine, operator, outsiders, hidden, who, by, method, path):
    url = re.sub(r"{[^}]+}", "1", re.sub(r"{api(_name)?}", hidden[by], path))
    before = engine.apis.get(hidden["id"], operator)

    response = outsiders[who].request(method, url, json=body_for(path))

    expected = {404} if who == "another tenant" else {403, 404}
    assert response.status_code in expected, response.text
    assert "SELECT 1 AS n" not in response.text
    assert engine.apis.get(hidden["id"], operator) == before
    assert engine.apis.draft(hidden["id"], operator) is not None


@WHO
@pytest.mark.parametrize(("method", "path"), OF_AN_EXECUTION)
def test_an_execution_outside_is_not_there(outsiders, hidden, who, method, path):
    url = path.format(execution_id=hidden["execution"])

    response = outsiders[who].request(method, url, json=body_for(path))

    assert response.status_code == 404


@WHO
@pytest.mark.parametrize(("method", "path"), LISTS)
def test_no_list_shows_what_is_outside(outsiders, hidden, who, method, path):
    text = outsiders[who].request(method, path).text

    assert hidden["execution"] not in text
    if path not in OWN_LOG:
        assert hidden["name"] not in text
        assert hidden["id"] not in text


@WHO
def test_pages_and_totals_count_what_is_inside_alone(outsiders, hidden, who):
    everything = outsiders[who].get("/api-manager/apis?limit=500").json()["data"]

    assert everything["total"] == len(everything["items"])
    assert hidden["name"] not in {each["api_name"] for each in everything["items"]}


def test_a_scoped_key_makes_changes_and_reads_inside_its_scope(engine, operator, base_url):
    key = engine.auth.keys.create(
        operator, name="s", roles=["analyst"], scope=Scope(api_patterns=("mine-*",))
    )
    name = f"mine-{uuid4().hex[:8]}"
    fields = {"logic_type": "sql", "logic_body": "SELECT 1 AS n", "connection": "sample"}
    with httpx.Client(base_url=base_url, headers={"X-API-Key": key.text}) as client:
        made = client.post("/api-manager/apis", json={"api_name": name, **fields})
        called = client.get(f"/call/{name}")
        logged = client.get(f"/api-manager/apis/{name}/logs").json()["data"]
        listed = client.get("/api-manager/apis").json()["data"]["items"]
        left = client.patch(f"/api-manager/apis/{name}", json={"api_name": "elsewhere"})
        entered = client.post("/api-manager/apis", json={"api_name": "elsewhere", **fields})

    assert (made.status_code, called.status_code) == (201, 200)
    assert logged["total"] == 1
    assert name in {each["api_name"] for each in listed}
    assert all(each["api_name"].startswith("mine-") for each in listed)
    assert (left.status_code, entered.status_code) == (403, 403)


@pytest.mark.parametrize("selection", [{"all": True}, {"tag": "table:flights"}])
def test_a_scoped_key_drops_no_answers_that_may_be_of_other_apis(outsiders, selection):
    response = outsiders["other tags"].post("/api-manager/cache/invalidate", json=selection)

    assert response.status_code == 403


def test_a_scoped_key_is_told_of_no_other_breakers_trip(engine, operator, outsiders, hidden):
    engine.policies.steer_breaker(hidden["name"], "forced_open", operator, reason="test")
    try:
        scoped = operator.model_copy(update={"scope": Scope(tags=("open",))})

        assert hidden["name"] in {each.breaker for each in engine.policies.transitions(operator)}
        assert engine.policies.transitions(scoped) == ()
    finally:
        engine.policies.steer_breaker(hidden["name"], "auto", operator)


def test_how_apis_fare_is_told_of_those_inside_alone(engine, operator, hidden):
    scoped = operator.model_copy(update={"scope": Scope(tags=("open",))})
    since = datetime.now(UTC) - timedelta(hours=1)

    everything = {str(usage.api_id) for usage in engine.logs.summary(since, operator)}
    inside = {str(usage.api_id) for usage in engine.logs.summary(since, scoped)}

    assert hidden["id"] in everything
    assert hidden["id"] not in inside
