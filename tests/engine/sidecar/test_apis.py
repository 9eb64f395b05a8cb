import pytest


def url(api, *rest):
    return "/".join(["/api-manager/apis", api["api_name"], *rest])


def error_of(response):
    return response.json()["data"]["error"]


def test_a_created_api_is_live_as_version_1(admin, new_api, a_definition):
    wanted = a_definition(description="Adds one", tags=["math"])

    created = new_api(**wanted)

    read = admin.get(url(created)).json()["data"]
    assert read == created
    assert (created["version"], created["is_active"]) == (1, True)
    assert created["param_schema"]["n"]["default"] == 41
    assert {name: created[name] for name in ("description", "tags")} == {
        "description": "Adds one",
        "tags": ["math"],
    }


def test_a_taken_name_is_a_conflict(admin, new_api, a_definition):
    taken = new_api()["api_name"]

    response = admin.post("/api-manager/apis", json=a_definition(api_name=taken))

    assert response.status_code == 409
    assert error_of(response)["type"] == "conflict"


def test_every_mistake_of_a_definition_is_named_at_once(admin):
    body = {"api_name": "Not A Name", "logic_type": "cobol", "logic_bdy": "x"}

    response = admin.post("/api-manager/apis", json=body)

    assert response.status_code == 422
    assert error_of(response)["type"] == "definition_invalid"
    assert error_of(response)["details"]["issues"]


def test_wrong_sql_is_refused_with_its_place(admin, a_definition):
    wrong = a_definition(logic_body="SELECT\n1 FRM x y", param_schema={})

    response = admin.post("/api-manager/apis", json=wrong)

    issue = error_of(response)["details"]["issues"][0]
    assert response.status_code == 422
    assert issue["severity"] == "error"
    assert issue["line"] == 2


def test_the_list_is_filtered_and_paged(admin, new_api):
    names = sorted(new_api(tags=["paged"])["api_name"] for _ in range(3))
    admin.patch(f"/api-manager/apis/{names[0]}/toggle", json={"is_active": False})

    page = admin.get("/api-manager/apis", params={"tag": "paged", "limit": 2}).json()["data"]
    rest = admin.get("/api-manager/apis", params={"tag": "paged", "offset": 2}).json()["data"]
    off = admin.get("/api-manager/apis?tag=paged&is_active=false").json()["data"]
    found = admin.get("/api-manager/apis", params={"q": names[1]}).json()["data"]
    scripts = admin.get("/api-manager/apis?tag=paged&logic_type=script").json()["data"]

    assert [api["api_name"] for api in page["items"]] == names[:2]
    assert (page["total"], page["limit"], page["offset"]) == (3, 2, 0)
    assert [api["api_name"] for api in rest["items"]] == names[2:]
    assert [api["api_name"] for api in off["items"]] == names[:1]
    assert [api["api_name"] for api in found["items"]] == [names[1]]
    assert scripts["items"] == []


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "logic_type=cobol", "wrong=1"])
def test_a_wrong_filter_is_refused(admin, query):
    response = admin.get(f"/api-manager/apis?{query}")

    assert response.status_code == 422
    assert error_of(response)["details"]["params"][0]["param"] == query.split("=")[0]


def test_put_replaces_the_whole_definition(admin, new_api):
    api = new_api(description="old", tags=["old"])
    whole = {name: api[name] for name in ("api_name", "logic_type", "connection")}

    response = admin.put(url(api), json={**whole, "logic_body": "SELECT 1 AS one"})

    changed = response.json()["data"]
    assert response.status_code == 200
    assert (changed["version"], changed["description"], changed["tags"]) == (2, "", [])
    assert changed["param_schema"] == {}


def test_patch_replaces_what_was_sent(admin, new_api):
    api = new_api(tags=["kept"])

    changed = admin.patch(url(api), json={"description": "new"}).json()["data"]

    assert (changed["version"], changed["description"], changed["tags"]) == (2, "new", ["kept"])


def test_an_api_can_be_renamed(admin, new_api):
    api = new_api()
    name = api["api_name"] + "-2"

    changed = admin.patch(url(api), json={"api_name": name}).json()["data"]

    assert changed["id"] == api["id"]
    assert admin.get(url(api)).status_code == 404
    assert admin.get(f"/api-manager/apis/{name}").status_code == 200


def test_a_stale_etag_loses_no_update(admin, new_api):
    api = new_api()
    seen = admin.get(url(api)).headers["ETag"]
    admin.patch(url(api), json={"description": "by another"})

    late = admin.patch(url(api), json={"description": "mine"}, headers={"If-Match": seen})

    assert late.status_code == 409
    assert error_of(late)["details"] == {"version": 2, "expected_version": 1}
    assert admin.get(url(api)).json()["data"]["description"] == "by another"


def test_a_fresh_etag_lets_an_update_through(admin, new_api):
    api = new_api()
    seen = admin.get(url(api)).headers["ETag"]

    response = admin.patch(url(api), json={"description": "mine"}, headers={"If-Match": seen})
    again = {"If-Match": response.headers["ETag"]}

    assert response.status_code == 200
    assert admin.patch(url(api), json={"description": "more"}, headers=again).status_code == 200


def test_an_etag_changes_with_the_state_and_not_only_with_the_version(admin, new_api):
    api = new_api()
    on = admin.get(url(api)).headers["ETag"]

    off = admin.patch(url(api, "toggle")).headers["ETag"]

    assert on != off


def test_what_somebody_changed_meanwhile_is_not_deleted(admin, new_api):
    api = new_api()
    seen = {"If-Match": admin.get(url(api)).headers["ETag"]}
    live = {"If-Match": admin.patch(url(api), json={"description": "by another"}).headers["ETag"]}

    assert admin.delete(url(api), headers=seen).status_code == 409
    assert admin.delete(url(api), headers=live).status_code == 200
    assert admin.get(url(api)).status_code == 404


def test_what_is_no_etag_is_refused(admin, new_api):
    response = admin.patch(url(new_api()), json={}, headers={"If-Match": "yesterday"})

    assert response.status_code == 400
    assert error_of(response)["type"] == "bad_request"


def test_a_draft_leaves_the_live_version_alone(admin, new_api):
    api = new_api()
    change = {"description": "soon", "publish": False}

    draft = admin.patch(url(api), json=change).json()["data"]

    assert draft["fields"]["description"] == "soon"
    assert draft["base_version"] == 1
    assert admin.get(url(api)).json()["data"] == api
    assert admin.get(url(api, "draft")).json()["data"] == draft


def test_a_draft_can_be_dropped(admin, new_api):
    api = new_api()
    admin.patch(url(api), json={"description": "soon", "publish": False})

    dropped = admin.delete(url(api, "draft"))

    assert (dropped.status_code, dropped.json()["data"]) == (200, None)
    assert admin.get(url(api, "draft")).status_code == 404


def test_an_api_created_as_a_draft_cannot_be_called(admin, new_api):
    api = new_api(publish=False)

    response = admin.post(url(api, "execute"))

    assert api["version"] == 0
    assert response.status_code == 409
    assert error_of(response)["type"] == "api_inactive"


def test_the_switch_goes_where_it_is_told_or_over(admin, new_api):
    api = new_api()

    states = [
        admin.patch(url(api, "toggle")).json()["data"]["is_active"],
        admin.patch(url(api, "toggle"), json={"is_active": False}).json()["data"]["is_active"],
        admin.patch(f"/api-manager/{api['api_name']}/toggle").json()["data"]["is_active"],
    ]

    assert states == [False, False, True]


def test_versions_differ_and_come_back(admin, new_api):
    api = new_api(description="one")
    admin.patch(
        url(api),
        json={"logic_body": "SELECT 2 AS answer", "param_schema": {}, "change_note": "two"},
    )

    versions = admin.get(url(api, "versions")).json()["data"]
    diff = admin.get(url(api, "versions", "1", "diff", "2")).json()["data"]
    back = admin.post(url(api, "rollback", "1"), json={"change_note": "was better"}).json()["data"]

    assert [(each["version"], each["change_note"]) for each in versions] == [
        (2, "two"),
        (1, "created"),
    ]
    assert "+SELECT 2 AS answer" in diff["logic_body_diff"]
    assert set(diff["changed"]) == {"param_schema"}
    assert (back["version"], back["logic_body"]) == (3, api["logic_body"])
    assert admin.get(url(api, "versions", "3")).json()["data"]["change_note"] == "was better"
    assert admin.get(f"/api-manager/{api['api_name']}/versions").json()["data"][0]["version"] == 3


@pytest.mark.parametrize(
    "path", ["versions/9", "versions/1/diff/9", "rollback/9", "versions/99999999999999999999"]
)
def test_a_version_that_never_was_is_not_found(admin, new_api, path):
    api = new_api()
    method = "POST" if path.startswith("rollback") else "GET"

    response = admin.request(method, url(api, path))

    assert response.status_code in (404, 422)
    assert error_of(response)["type"] in ("not_found", "params_invalid")


def test_a_deleted_api_is_gone_and_its_log_stays(admin, new_api):
    api = new_api()
    execution = admin.post(url(api, "execute")).json()["data"]["execution_id"]

    deleted = admin.delete(url(api))

    assert (deleted.status_code, deleted.json()["data"]) == (200, None)
    assert admin.get(url(api)).status_code == 404
    assert admin.get(f"/api-manager/executions/{execution}").json()["data"]["api_id"] == api["id"]


def test_a_specification_may_be_sent_as_an_object(admin, a_definition):
    body = a_definition(
        logic_type="http",
        connection=None,
        param_schema={},
        logic_body={"method": "GET", "url": "https://example.org/"},
    )

    response = admin.post("/api-manager/apis", json=body)

    assert response.status_code == 201
    assert '"url": "https://example.org/"' in response.json()["data"]["logic_body"]
