import pytest

OTHER = {"logic_body": "SELECT :n + 2 AS other"}


@pytest.fixture
def called(admin, new_api):
    """The address of an API that was called once."""

    def make(**policy):
        name = new_api(runtime_policy=policy)["api_name"]
        admin.post(f"/api-manager/apis/{name}/execute", json={"params": {"n": 1}})
        return f"/api-manager/apis/{name}"

    return make


def test_publishing_tells_what_it_broke_and_what_the_replay_found(admin, called):
    url = called()

    published = admin.patch(url, json=OTHER).json()["data"]

    [broken] = published["breaking"]
    assert "no longer has the column 'answer'; nothing here relies on it" in broken["message"]
    assert published["version"] == 2
    assert published["gate"]["verdict"] == "changed"
    assert published["gate"]["calls"][0]["difference"]["columns_removed"] == ["answer"]
    newest, oldest = admin.get(f"{url}/versions").json()["data"]
    assert newest["gate"] == published["gate"]
    assert oldest["gate"] is None


def test_a_blocking_gate_answers_409_with_its_report_until_it_is_accepted(admin, called):
    url = called(publish_gate={"mode": "block"})

    refused = admin.patch(url, json=OTHER)
    accepted = admin.patch(url, json={**OTHER, "accept_changes": True})

    assert refused.status_code == 409
    error = refused.json()["data"]["error"]
    assert error["details"]["gate"]["verdict"] == "changed"
    assert "accept_changes" in error["hint"]
    assert accepted.json()["data"]["gate"]["accepted_by"]


def test_a_preview_tells_it_before(admin, called):
    url = called(publish_gate={"mode": "block"})
    admin.patch(url, json={**OTHER, "publish": False})

    draft = admin.post(f"{url}/publish-preview").json()["data"]
    harmless = {"definition": {"description": "x"}}
    other = admin.post(f"{url}/publish-preview", json=harmless).json()["data"]

    assert draft["breaking"][0]["code"] == "breaking_change"
    assert draft["gate"]["verdict"] == "changed"
    assert draft["refused"]
    assert (other["breaking"], other["gate"]["verdict"], other["refused"]) == ([], "passed", "")
    assert admin.get(url).json()["data"]["version"] == 1


def test_a_wrong_definition_cannot_be_previewed(admin, called):
    wrong = {"definition": {"logic_body": "SELECT nothing FROM nowhere"}}

    assert admin.post(f"{called()}/publish-preview", json=wrong).status_code == 422


def test_a_draft_tells_how_it_differs_from_what_is_live(admin, called):
    url = called()
    admin.patch(url, json={"param_schema": {"n": {"type": "number"}}, "publish": False})

    diff = admin.get(f"{url}/draft/diff").json()["data"]

    assert diff["params"]["changed"]["n"][0] == {"path": "type", "from": "integer", "to": "number"}
    assert (diff["policy"], diff["nodes"]) == ([], None)
    admin.delete(f"{url}/draft")
    assert admin.get(f"{url}/draft/diff").status_code == 404


def test_the_draft_of_somebody_else_is_replaced_only_by_its_tag(client_as, admin, called):
    url, analyst = called(), client_as("analyst")
    admin.patch(url, json={"description": "first", "publish": False})
    second = {"description": "second", "publish": False}

    refused = analyst.patch(url, json=second)
    tag = analyst.get(f"{url}/draft").headers["ETag"]
    taken = analyst.patch(url, json=second, headers={"If-Match": tag})
    stale = admin.delete(f"{url}/draft", headers={"If-Match": tag})

    assert refused.status_code == 409
    assert "has unpublished changes" in refused.json()["message"]
    assert taken.json()["data"]["fields"]["description"] == "second"
    assert stale.status_code == 409
    assert analyst.delete(f"{url}/draft").status_code == 200


def test_a_stored_draft_is_published(admin, called):
    url = called()
    admin.patch(url, json={**OTHER, "publish": False})
    draft = admin.get(f"{url}/draft")

    tag = {"If-Match": draft.headers["ETag"]}
    published = admin.post(f"{url}/publish", json={"change_note": "two"}, headers=tag)

    view = published.json()["data"]
    assert (view["version"], view["logic_body"]) == (2, OTHER["logic_body"])
    assert view["gate"]["verdict"] == "changed"
    assert published.headers["ETag"] == admin.get(url).headers["ETag"]
    assert admin.get(f"{url}/versions").json()["data"][0]["change_note"] == "two"
    assert admin.get(f"{url}/draft").status_code == 404
    assert admin.post(f"{url}/publish").status_code == 404
    newest = admin.get("/admin/audit-log").json()["data"]["items"][0]
    assert (newest["action"], newest["target"]) == ("api.publish", url.rpartition("/")[2])


def test_an_api_that_is_only_a_draft_yet_is_published(admin, new_api):
    name = new_api(publish=False)["api_name"]

    view = admin.post(f"/api-manager/apis/{name}/publish").json()["data"]

    assert (view["version"], view["gate"]) == (1, None)


def test_a_draft_that_was_saved_anew_is_not_the_one_that_was_meant(admin, called):
    url = called()
    seen = admin.patch(url, json={**OTHER, "publish": False}).headers["ETag"]
    admin.patch(url, json={"description": "later", "publish": False})

    late = admin.post(f"{url}/publish", headers={"If-Match": seen})
    senseless = admin.post(f"{url}/publish", headers={"If-Match": "yesterday"})

    assert (late.status_code, senseless.status_code) == (409, 400)
    assert admin.get(url).json()["data"]["version"] == 1


def test_a_draft_of_an_older_version_is_not_published_over_the_newer(admin, client_as, called):
    url = called()
    draft = admin.patch(url, json={"description": "mine", "publish": False}).headers["ETag"]
    client_as("analyst").patch(url, json={"description": "theirs"})

    late = admin.post(f"{url}/publish", headers={"If-Match": draft})

    assert late.status_code == 409
    assert late.json()["data"]["error"]["details"] == {"version": 2, "expected_version": 1}
    assert admin.get(url).json()["data"]["description"] == "theirs"


def test_the_draft_of_somebody_else_is_published_by_its_tag_alone(admin, client_as, called):
    url = called()
    analyst = client_as("analyst")
    tag = analyst.patch(url, json={"description": "hers", "publish": False}).headers["ETag"]

    unseen = admin.post(f"{url}/publish")
    seen = admin.post(f"{url}/publish", headers={"If-Match": tag})

    assert unseen.status_code == 409
    assert "has unpublished changes" in unseen.json()["message"]
    assert seen.json()["data"]["description"] == "hers"
    assert admin.get(f"{url}/draft").status_code == 404


def test_a_blocking_gate_keeps_a_draft_until_it_is_accepted(admin, called):
    url = called(publish_gate={"mode": "block"})
    admin.patch(url, json={**OTHER, "publish": False})

    refused = admin.post(f"{url}/publish")
    kept = admin.get(f"{url}/draft").status_code
    accepted = admin.post(f"{url}/publish", json={"accept_changes": True})

    assert (refused.status_code, kept, accepted.status_code) == (409, 200, 200)
    assert accepted.json()["data"]["gate"]["accepted_by"]
