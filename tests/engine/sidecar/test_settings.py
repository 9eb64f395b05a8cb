"""The settings over REST; what they do is told in tests/engine/test_tenant_settings.py."""


def test_settings_are_read_and_set_by_admins(admin, client_as):
    wanted = {"max_timeout_seconds": 60.0, "new_api_policy": {"cache": {"enabled": False}}}

    answer = admin.put("/admin/settings", json=wanted)
    seen = admin.get("/admin/settings").json()["data"]
    admin.put("/admin/settings", json={})

    assert answer.status_code == 200
    assert seen == answer.json()["data"]
    assert seen["tenant"] == {"key_groups": None, "max_rows_ceiling": None, **wanted}
    assert "API_ENGINE_METADATA_URL" in {each["name"] for each in seen["instance"]}
    assert client_as("analyst").get("/admin/settings").status_code == 403


def test_a_key_cannot_close_its_own_way(admin):
    answer = admin.put("/admin/settings", json={"key_groups": []})

    assert answer.status_code == 403
    assert "lock itself out" in answer.json()["message"]
    assert admin.get("/admin/settings").status_code == 200


def test_the_audit_log_tells_who_changed_what(admin, new_api, client_as):
    api = new_api()["api_name"]

    page = admin.get("/admin/audit-log", params={"limit": 1}).json()["data"]

    (entry,) = page["items"]
    assert (entry["action"], entry["target"]) == ("api.create", api)
    assert entry["actor"].startswith("key:")
    assert page["total"] > 1
    assert client_as("analyst").get("/admin/audit-log").status_code == 403


def test_a_mistake_is_named(admin):
    answer = admin.put("/admin/settings", json={"max_rows": 5})

    assert answer.status_code == 422
    assert "max_rows" in answer.text
