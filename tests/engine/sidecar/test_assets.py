"""The asset registry over REST."""

from uuid import uuid4

import pytest

ASSETS = "/asset-registry/assets"


def assert_failure(response, status):
    assert response.status_code == status, response.text
    assert response.json()["code"] == status
    assert response.json()["data"]["error"]["message"]


@pytest.fixture
def new_asset(admin):
    def create(**fields):
        body = {
            "name": f"a-{uuid4().hex[:12]}",
            "asset_type": "mapping",
            "content": {"a": 1},
            "publish": True,
            **fields,
        }
        response = admin.post(ASSETS, json=body)
        assert response.status_code == 201, response.text
        return response.json()["data"]

    return create


def test_an_asset_goes_from_draft_to_published_and_back(admin):
    name = f"a-{uuid4().hex[:12]}"
    body = {"name": name, "asset_type": "mapping", "content": {"a": 1}, "tags": ["t"]}

    created = admin.post(ASSETS, json=body)
    published = admin.post(f"{ASSETS}/{name}/publish", json={"change_note": "first"})
    changed = admin.patch(f"{ASSETS}/{name}", json={"content": {"a": 2}})
    draft = admin.get(f"{ASSETS}/{name}/draft").json()["data"]
    again = admin.post(f"{ASSETS}/{name}/publish").json()["data"]
    back = admin.post(f"{ASSETS}/{name}/rollback", json={"version": 1}).json()["data"]

    assert created.status_code == 201
    assert created.json()["data"]["status"] == "draft"
    assert published.json()["data"]["status"] == "published"
    assert changed.json()["data"]["content"] == {"a": 1}
    assert draft["content"] == {"a": 2}
    assert (again["version"], again["content"]) == (2, {"a": 2})
    assert (back["version"], back["content"]) == (3, {"a": 1})
    versions = admin.get(f"{ASSETS}/{name}/versions").json()["data"]
    assert [each["version"] for each in versions] == [3, 2, 1]
    assert admin.get(f"{ASSETS}/{name}/versions/1").json()["data"]["change_note"] == "first"
    difference = admin.get(f"{ASSETS}/{name}/versions/1/diff/2").json()["data"]
    assert '+  "a": 2' in difference["content_diff"]


def test_the_etag_keeps_from_overwriting_what_was_published(admin, new_asset):
    asset = new_asset()
    tag = admin.get(f"{ASSETS}/{asset['id']}").headers["ETag"]
    url = f"{ASSETS}/{asset['name']}"
    admin.patch(url, json={"content": {"a": 2}}, headers={"If-Match": tag})
    admin.post(f"{url}/publish")

    for method, path in (("PATCH", url), ("DELETE", url)):
        late = admin.request(method, path, json={}, headers={"If-Match": tag})
        assert_failure(late, 409)


def test_lists_are_filtered_and_paged(admin, new_asset):
    tag = uuid4().hex
    names = sorted(new_asset(tags=[tag])["name"] for _ in range(3))

    first = admin.get(ASSETS, params={"tag": tag, "limit": 2}).json()["data"]
    rest = admin.get(ASSETS, params={"tag": tag, "limit": 2, "offset": 2}).json()["data"]

    assert [each["name"] for each in (*first["items"], *rest["items"])] == names
    assert first["total"] == 3
    assert (
        admin.get(ASSETS, params={"tag": tag, "asset_type": "query"}).json()["data"]["total"] == 0
    )
    assert_failure(admin.get(ASSETS, params={"status": "live"}), 422)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": "No Name", "asset_type": "mapping", "content": {"a": 1}},
        {"name": "x", "asset_type": "song", "content": {"a": 1}},
        {"name": "x", "asset_type": "mapping", "content": "a"},
        {"name": "x", "asset_type": "mapping", "content": {"a": 1}, "colour": "red"},
        {
            "name": "x",
            "asset_type": "query",
            "content": {"sql": "DROP TABLE x", "connection": "sample"},
        },
    ],
)
def test_a_bad_asset_is_refused_with_its_mistakes(admin, body):
    response = admin.post(ASSETS, json=body)

    assert_failure(response, 422)
    assert response.json()["data"]["error"]["details"]["issues"]


def test_labels_are_set_followed_and_dropped(admin, new_asset, new_api):
    asset = new_asset(asset_type="query", content={"sql": "SELECT 1 AS a", "connection": "sample"})
    url = f"{ASSETS}/{asset['name']}"
    labelled = admin.put(f"{url}/labels/production", json={"version": 1}).json()["data"]
    api = new_api(
        logic_body={"asset": asset["name"], "label": "production"}, connection=None, param_schema={}
    )

    run = admin.post(f"/api-manager/apis/{api['api_name']}/execute", json={})

    assert labelled["labels"] == {"production": 1}
    assert run.json()["data"]["data"]["rows"] == [{"a": 1}]
    assert_failure(admin.delete(f"{url}/labels/production"), 409)
    assert_failure(admin.delete(url), 409)
    used = admin.get(f"{url}/used-by").json()["data"]
    assert [(use["kind"], use["name"]) for use in used] == [("api", api["api_name"])]
    admin.delete(f"/api-manager/apis/{api['api_name']}")
    assert admin.delete(f"{url}/labels/production").json()["data"]["labels"] == {}
    assert admin.delete(url).status_code == 200


def test_prompts_are_filled_and_resolvers_give_their_value(admin, new_asset, new_api):
    prompt = new_asset(asset_type="prompt", content={"template": "Hello {{ variables.name }}"})
    api = new_api()
    content = {"api": api["api_name"], "params": {"n": 1}, "value": "rows[0].answer"}
    resolver = new_asset(asset_type="resolver", content=content)

    filled = admin.post(f"{ASSETS}/{prompt['name']}/render", json={"variables": {"name": "Ada"}})
    value = admin.get(f"{ASSETS}/{resolver['name']}/value")

    assert filled.json()["data"] == "Hello Ada"
    assert value.json()["data"] == 2
    assert_failure(admin.post(f"{ASSETS}/{resolver['name']}/render", json={}), 400)


def test_a_policy_asset_is_documented_by_its_schema(admin):
    schemas = admin.get("/asset-registry/content-schemas").json()["data"]

    assert set(schemas) == {"prompt", "mapping", "policy", "query", "source", "resolver"}
    assert "max_rows" in schemas["policy"]["properties"]


def test_the_draft_of_somebody_else_is_changed_and_published_by_its_tag_alone(
    admin, client_as, new_asset
):
    url = f"{ASSETS}/{new_asset()['name']}"
    analyst = client_as("analyst")
    analyst.patch(url, json={"content": {"a": 2}})
    tag = {"If-Match": admin.get(f"{url}/draft").headers["ETag"]}

    for method, place in (("PATCH", url), ("POST", f"{url}/publish"), ("DELETE", f"{url}/draft")):
        assert_failure(admin.request(method, place, json={"tags": []} if place == url else {}), 409)
    changed = admin.patch(url, json={"tags": ["x"]}, headers=tag)

    assert changed.status_code == 200
    assert_failure(analyst.patch(url, json={"content": {"a": 3}}, headers=tag), 409)
    published = admin.post(f"{url}/publish").json()["data"]
    assert (published["content"], published["tags"]) == ({"a": 2}, ["x"])
