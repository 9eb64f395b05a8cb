"""OpenAPI documents become HTTP APIs, and what cannot is named."""

import json

import pytest

from engine.errors import BadRequestError
from engine.executor_core.http_spec import parse_spec
from engine.importing import read_openapi
from engine.sidecar import create_app

PETS = """
openapi: 3.0.3
info: {title: Pets, version: "1"}
servers:
  - url: https://{env}.pets.example/v1
    variables: {env: {default: api}}
security: [{key: []}]
paths:
  /pets/{petId}:
    parameters: [{$ref: "#/components/parameters/Pet"}]
    get:
      operationId: getPetById
      summary: One pet
      tags: [pets]
      parameters:
        - {name: X-Trace-Id, in: header, schema: {type: string}}
        - {name: Accept, in: header, schema: {type: string}}
        - {name: tags, in: query, schema: {type: array, items: {type: string, enum: [a, b]}}}
        - name: limit
          in: query
          schema: {type: integer, minimum: 1, exclusiveMaximum: true, maximum: 10}
    put:
      security: [{oauth: [write]}]
      requestBody:
        required: true
        content: {application/json: {schema: {$ref: "#/components/schemas/Pet"}}}
    delete:
      security: []
components:
  parameters:
    Pet: {name: petId, in: path, required: true, schema: {type: string, format: uuid}}
  securitySchemes:
    key: {type: apiKey, in: header, name: X-Key}
    oauth: {type: oauth2, flows: {}}
  schemas:
    Base: {type: object, properties: {note: {type: string, nullable: true}}}
    Pet:
      allOf:
        - $ref: "#/components/schemas/Base"
        - type: object
          required: [name]
          properties:
            name: {type: string, maxLength: 50}
            born: {type: string, format: date}
            id: {type: integer, readOnly: true}
"""


def read(path_item, **document):
    whole = {
        "openapi": "3.1.0",
        "servers": [{"url": "https://api.example.org"}],
        "paths": {"/x": path_item},
        **document,
    }
    return read_openapi(json.dumps(whole))


def only(proposal):
    assert not proposal.left_out
    (api,) = proposal.apis
    return api, json.loads(api.fields["logic_body"])


def test_an_operation_becomes_a_request_with_typed_parameters():
    get = read_openapi(PETS).apis[0]

    assert (get.name, get.origin) == ("get-pet-by-id", "GET /pets/{petId}")
    assert (get.fields["description"], get.fields["tags"]) == ("One pet", ["pets"])
    assert json.loads(get.fields["logic_body"]) == {
        "method": "GET",
        "url": "https://api.pets.example/v1/pets/{{params.petId}}",
        "headers": {"X-Trace-Id": "{{params.x_trace_id}}", "X-Key": "{{secrets.KEY}}"},
        "params": {"tags": "{{params.tags}}", "limit": "{{params.limit}}"},
    }
    assert get.fields["param_schema"] == {
        "petId": {"type": "uuid", "required": True},
        "x_trace_id": {"type": "text"},
        "tags": {"type": "array", "items": {"type": "text", "enum": ["a", "b"]}},
        "limit": {"type": "integer", "min": 1, "max": 9},
    }


def test_the_members_of_a_body_become_parameters_and_optional_ones_may_be_left_out():
    put = read_openapi(PETS).apis[1]
    spec = json.loads(put.fields["logic_body"])

    assert spec["body"] == {
        "note": "{{params.note}}",
        "name": "{{params.name}}",
        "born": "{{params.born}}",
    }
    assert spec["omit_null"] is True
    assert put.fields["param_schema"]["name"] == {
        "type": "text",
        "max_length": 50,
        "required": True,
    }
    assert put.fields["param_schema"]["born"] == {"type": "date"}


def test_credentials_are_secrets_of_the_scheme_that_the_operation_names():
    get, put, delete = read_openapi(PETS).apis

    assert (get.secrets, put.secrets, delete.secrets) == (("KEY",), ("OAUTH",), ())
    assert put.notes == ("the secret OAUTH is an access token: nobody renews it",)
    assert json.loads(put.fields["logic_body"])["auth"]["type"] == "bearer"


@pytest.mark.parametrize(
    ("scheme", "part", "value"),
    [
        (
            {"type": "http", "scheme": "Bearer"},
            "auth",
            {"type": "bearer", "token": "{{secrets.S}}"},
        ),
        (
            {"type": "http", "scheme": "basic"},
            "auth",
            {"type": "basic", "username": "{{secrets.S_USERNAME}}", "password": "{{secrets.S}}"},
        ),
        ({"type": "apiKey", "in": "query", "name": "k"}, "params", {"k": "{{secrets.S}}"}),
        ({"type": "apiKey", "in": "cookie", "name": "k"}, "headers", {"Cookie": "k={{secrets.S}}"}),
    ],
)
def test_each_kind_of_credentials_has_its_place(scheme, part, value):
    components = {"securitySchemes": {"s": scheme}}

    _, spec = only(read({"get": {}}, security=[{"s": []}], components=components))

    assert spec[part] == value


def test_every_request_is_one_that_the_engine_reads():
    for api in read_openapi(PETS).apis:
        parse_spec(api.fields["logic_body"])


@pytest.mark.parametrize(
    ("operation", "reason"),
    [
        (
            {"requestBody": {"content": {"multipart/form-data": {}}}},
            "multipart/form-data, not JSON",
        ),
        ({"parameters": [{"$ref": "other.yaml#/x"}]}, "another document"),
        ({"parameters": [{"$ref": "#/components/none"}]}, "is not there"),
        ({"parameters": [{"name": "c", "in": "cookie", "required": True}]}, "needs the cookie 'c'"),
        ({"security": [{"mtls": []}]}, "(mutualTLS) cannot be sent"),
        ({"security": [{"gone": []}]}, "'gone' is not in the document"),
        ({"servers": [{"url": "/v1"}]}, "no absolute server URL"),
    ],
)
def test_what_cannot_be_kept_is_named_with_the_reason(operation, reason):
    components = {"securitySchemes": {"mtls": {"type": "mutualTLS"}}}

    found = read({"post": operation, "get": {}}, components=components)

    assert [api.origin for api in found.apis] == ["GET /x"]
    (left,) = found.left_out
    assert left.origin == "POST /x"
    assert reason in left.reason


def test_head_and_webhooks_are_named_too():
    found = read({"head": {}}, webhooks={"new": {}})

    assert [left.origin for left in found.left_out] == ["HEAD /x", "webhook new"]


def test_a_server_can_be_given():
    document = json.dumps({"openapi": "3.0.0", "paths": {"/x": {"get": {}}}})

    assert read_openapi(document).left_out[0].reason.endswith("give one as the server")
    _, spec = only(read_openapi(document, server="http://10.0.0.1:8080/base/"))
    assert spec["url"] == "http://10.0.0.1:8080/base/x"


def test_names_of_operations_and_of_parameters_do_not_collide():
    parameters = [
        {"name": "id", "in": "query", "schema": {"type": "string"}},
        {"name": "id", "in": "header", "schema": {"type": "integer"}},
    ]
    operation = {"operationId": "same", "parameters": parameters}

    found = read({"get": operation, "delete": operation})

    assert [api.name for api in found.apis] == ["same", "same-2"]
    assert list(found.apis[0].fields["param_schema"]) == ["id", "id_2"]


def test_a_list_in_one_value_is_joined_and_what_nobody_can_keep_is_noted():
    parameters = [
        {"name": "a", "in": "query", "explode": False, "schema": {"type": "array"}},
        {"name": "b", "in": "query", "schema": {"type": "string", "pattern": "(?=x)"}},
        {"name": "c", "in": "query", "schema": {"oneOf": [{"type": "string"}, {"type": "object"}]}},
    ]

    api, spec = only(read({"get": {"parameters": parameters, "deprecated": True}}))

    assert spec["params"]["a"] == "{{params.a | join(',') if params.a else none}}"
    assert api.notes == (
        "the document calls it deprecated",
        "b: its pattern cannot be kept",
        "c: its type cannot be kept, any text is taken",
    )


def test_a_schema_that_contains_itself_ends():
    schemas = {"Node": {"type": "array", "items": {"$ref": "#/components/schemas/Node"}}}
    body = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Node"}}}}

    api, _ = only(read({"post": {"requestBody": body}}, components={"schemas": schemas}))

    assert api.fields["param_schema"]["body"]["type"] == "array"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no object"),
        ("[]", "no object"),
        ('{"swagger": "2.0"}', "Swagger 2.0"),
        ('{"openapi": "4.0"}', "no version of OpenAPI 3"),
        ("{,", "no JSON: line 1, column 2"),
        ("a: b: c", "no YAML: line 1"),
        ('{"openapi": "3.0.0", "paths": []}', "`paths` of the document is no object"),
    ],
)
def test_what_is_no_such_document_is_refused(text, reason):
    with pytest.raises(BadRequestError, match=reason):
        read_openapi(text)


def test_the_engine_s_own_document_can_be_imported():
    document = json.dumps(create_app(lambda: pytest.fail("no engine is needed")).openapi())

    found = read_openapi(document, server="https://engine.example.org/api")

    assert len(found.apis) > 50
    assert not found.left_out
