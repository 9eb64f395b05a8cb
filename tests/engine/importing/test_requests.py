"""A cURL command and a Postman collection become HTTP APIs."""

import json

import pytest

from engine.errors import BadRequestError
from engine.importing import read_curl, read_postman

SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"


def collection(*items, **more):
    return json.dumps({"info": {"name": "c", "schema": SCHEMA}, "item": items, **more})


def request(name="r", **fields):
    return {"name": name, "request": {"method": "GET", "url": "https://a.example/x", **fields}}


def body_of(proposal):
    assert not proposal.left_out
    return json.loads(proposal.apis[0].fields["logic_body"])


def test_a_curl_command_becomes_an_api_named_after_its_url():
    (api,) = read_curl("curl https://api.example.org/items/{{params.id}}?limit=3").apis

    assert api.name == "api-example-org-items-params-id"
    assert api.fields["param_schema"] == {"id": {}}
    assert read_curl("curl https://a.example/x", name="mine").apis[0].name == "mine"


def test_credentials_in_a_command_are_not_kept():
    text = "curl -u ana:pa55 https://a.example/x -H 'X-Api-Key: k3y' -H 'Cookie: sid=s1d'"

    (api,) = read_curl(text).apis

    assert api.secrets == (
        "A_EXAMPLE_X_API_KEY",
        "A_EXAMPLE_COOKIE",
        "A_EXAMPLE_USERNAME",
        "A_EXAMPLE_PASSWORD",
    )
    assert not any(value in str(api) for value in ("ana", "pa55", "k3y", "s1d"))


def test_a_collection_keeps_folders_as_origin_and_variables_as_parameters():
    item = request(
        "Get user",
        header=[
            {"key": "Accept", "value": "application/json"},
            {"key": "X-Off", "value": "1", "disabled": True},
        ],
        url={
            "raw": "{{baseUrl}}/users/:id?full={{full}}",
            "query": [{"key": "full", "value": "{{full}}"}],
            "variable": [{"key": "id", "value": "42"}],
        },
        description="One user",
    )
    variables = [
        {"key": "baseUrl", "value": "https://api.example.org/v1"},
        {"key": "full", "value": "yes"},
    ]

    found = read_postman(collection({"name": "Users", "item": [item]}, variable=variables))

    (api,) = found.apis
    assert (api.name, api.origin) == ("get-user", "Users / Get user")
    assert body_of(found) == {
        "method": "GET",
        "url": "https://api.example.org/v1/users/{{params.id}}",
        "headers": {"Accept": "application/json"},
        "params": {"full": "{{params.full}}"},
    }
    assert api.fields["param_schema"] == {
        "id": {"type": "text", "required": True, "example": "42"},
        "full": {"type": "text", "default": "yes"},
    }
    assert api.fields["description"] == "One user"


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        (
            {"mode": "raw", "raw": '{"n": {{n}}, "s": "{{s}}", "t": "dear {{s}}"}'},
            {"body": {"n": "{{params.n}}", "s": "{{params.s}}", "t": "dear {{params.s}}"}},
        ),
        (
            {"mode": "raw", "raw": "plain {{s}}"},
            {"body": "plain {{params.s}}", "body_type": "text"},
        ),
        (
            {"mode": "urlencoded", "urlencoded": [{"key": "a", "value": "{{s}}"}]},
            {"body": {"a": "{{params.s}}"}, "body_type": "form"},
        ),
        (
            {"mode": "graphql", "graphql": {"query": "{me}", "variables": '{"x": {{n}}}'}},
            {"body": {"query": "{me}", "variables": {"x": "{{params.n}}"}}},
        ),
    ],
)
def test_each_kind_of_body_is_kept(body, kept):
    spec = body_of(read_postman(collection(request(method="POST", body=body))))

    assert {name: spec[name] for name in kept} == kept


@pytest.mark.parametrize(
    ("auth", "kept"),
    [
        (
            {"type": "bearer", "bearer": [{"key": "token", "value": "{{apiToken}}"}]},
            {"type": "bearer", "token": "{{secrets.API_TOKEN}}"},
        ),
        (
            {"type": "basic", "basic": [{"key": "username", "value": "ana"}]},
            {
                "type": "basic",
                "username": "{{secrets.A_EXAMPLE_USERNAME}}",
                "password": "{{secrets.PASSWORD}}",
            },
        ),
        (
            {
                "type": "apikey",
                "apikey": [{"key": "key", "value": "X-K"}, {"key": "value", "value": "k3y"}],
            },
            {
                "type": "api_key",
                "in": "header",
                "name": "X-K",
                "value": "{{secrets.A_EXAMPLE_VALUE}}",
            },
        ),
    ],
)
def test_credentials_are_inherited_and_become_secrets(auth, kept):
    own = request("own", auth={"type": "noauth"})
    variables = [{"key": "apiToken", "value": "s3cret"}]

    found = read_postman(collection(request(), own, auth=auth, variable=variables))

    inherited, none = (json.loads(api.fields["logic_body"]) for api in found.apis)
    assert inherited["auth"] == kept
    assert "auth" not in none
    assert "s3cret" not in str(found)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"method": "OPTIONS"}, "not OPTIONS"),
        ({"url": "{{nowhere}}/x"}, "its server is the variable 'nowhere'"),
        ({"url": "ftp://a.example/x"}, "is not of http or https"),
        ({"url": ""}, "it has no URL"),
        ({"url": "https://a.example/{{$guid}}"}, "Postman's own variable '$guid'"),
        ({"body": {"mode": "formdata", "formdata": []}}, "of the kind formdata"),
        ({"auth": {"type": "awsv4"}}, "its credentials (awsv4) cannot be sent"),
    ],
)
def test_what_cannot_be_kept_is_named_with_the_reason(fields, reason):
    found = read_postman(collection(request("bad", **fields), request("good")))

    assert [api.name for api in found.apis] == ["good"]
    assert found.left_out[0].origin == "bad"
    assert reason in found.left_out[0].reason


def test_values_of_variables_can_be_given():
    item = request(url="{{baseUrl}}/x")

    found = read_postman(collection(item), values={"baseUrl": "https://b.example"})

    assert body_of(found)["url"] == "https://b.example/x"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{,", "no JSON: line 1"),
        ("[]", "no Postman collection"),
        ('{"info": {}}', "no `info` and `item`"),
        ('{"info": {"schema": "v1"}, "item": []}', "not of format v2.1"),
    ],
)
def test_what_is_no_collection_is_refused(text, reason):
    with pytest.raises(BadRequestError, match=reason):
        read_postman(text)
