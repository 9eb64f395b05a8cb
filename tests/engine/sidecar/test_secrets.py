"""Secrets over REST: written, listed by name, used, never answered."""

from engine.auth import Credentials


def test_a_secret_is_stored_listed_and_removed_and_never_answered(admin):
    stored = admin.put("/api-manager/secrets/rest_secret", json={"value": "s3cret-value"})
    listed = admin.get("/api-manager/secrets")
    removed = admin.delete("/api-manager/secrets/rest_secret")
    gone = admin.delete("/api-manager/secrets/rest_secret")

    assert (stored.status_code, removed.status_code, gone.status_code) == (200, 200, 404)
    assert "rest_secret" in listed.json()["data"]
    assert "s3cret-value" not in stored.text + listed.text


def test_a_refused_value_is_not_repeated(admin):
    for body in ({"value": "s3cret-value", "x": 1}, {"value": ["s3cret-value"]}):
        response = admin.put("/api-manager/secrets/rest_secret", json=body)

        assert response.status_code == 422
        assert "s3cret-value" not in response.text


def test_a_name_that_no_template_can_write_is_refused(admin):
    assert admin.put("/api-manager/secrets/a-b", json={"value": "x"}).status_code == 400


def test_a_rest_key_can_be_made_used_and_revoked(admin, engine):
    made = admin.post(
        "/auth/api-keys",
        json={
            "name": "shop",
            "roles": ["viewer"],
            "rate": "5/minute",
            "allowed_ips": ["192.0.2.0/24"],
            "scope": {"api_patterns": ["sales-*"]},
        },
    )
    key = made.json()["data"]
    caller = engine.auth.authenticate(Credentials(api_key=key["key"], client_ip="192.0.2.7"))

    assert made.status_code == 201
    assert (str(caller.rate), caller.scope.api_patterns) == ("5/minute", ("sales-*",))
    assert key["key"] not in admin.get("/auth/api-keys").text
    assert admin.delete(f"/auth/api-keys/{key['id']}").status_code == 200
    listed = {each["id"]: each for each in admin.get("/auth/api-keys").json()["data"]}
    assert listed[key["id"]]["revoked_at"]


def test_wishes_that_no_key_can_have_are_refused(admin):
    wishes: tuple[dict[str, object], ...] = (
        {"rate": "often"},
        {"allowed_ips": ["here"]},
        {"scope": {"groups": ["bogus"]}},
        {"expires_at": "2020-01-01T00:00:00Z"},
        {"roles": []},
        {"roles": ["root"]},
    )
    for wrong in wishes:
        response = admin.post("/auth/api-keys", json={"name": "n", "roles": ["viewer"], **wrong})

        assert response.status_code in {400, 422}, wrong
