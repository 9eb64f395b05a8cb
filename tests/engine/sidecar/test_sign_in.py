"""Users over REST: sign in for a token, be managed by admins; the dashboard's cookie."""

import httpx
import pytest

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def ada(engine, operator):
    engine.auth.users.create("ada.rest", PASSWORD, ["admin"], operator)
    return "ada.rest"


def sign_in(client, name, password=PASSWORD):
    return client.post("/auth/token", json={"user_name": name, "password": password})


def test_a_password_is_exchanged_for_a_token_that_works(stranger, ada):
    answered = sign_in(stranger, ada).json()["data"]
    headers = {"Authorization": f"{answered['token_type']} {answered['access_token']}"}

    assert answered["expires_in"] == 900
    assert stranger.get("/auth/users", headers=headers).status_code == 200


def test_a_wrong_password_is_refused_without_saying_what_was_wrong(stranger, ada):
    wrong = sign_in(stranger, ada, "wrong wrong wrong")
    unknown = sign_in(stranger, "nobody", "wrong wrong wrong")

    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json()["data"] == unknown.json()["data"]
    assert "wrong wrong" not in wrong.text


def test_guessing_is_throttled_with_a_time_to_wait(stranger, ada):
    answers = [sign_in(stranger, "guessed", "wrong wrong wrong") for _ in range(7)]

    assert [each.status_code for each in answers] == [401] * 6 + [429]
    assert int(answers[-1].headers["Retry-After"]) > 0


def test_a_disabled_user_is_out_within_two_seconds_and_a_password_can_be_set(admin, stranger, ada):
    new = {"user_name": "bo.rest", "password": PASSWORD, "roles": ["viewer"]}
    assert admin.post("/auth/users", json=new).status_code == 201
    changed = admin.patch("/auth/users/bo.rest", json={"is_active": False})
    refused = sign_in(stranger, "bo.rest")
    again = {"is_active": True, "password": "another horse battery"}
    restored = admin.patch("/auth/users/bo.rest", json=again)

    assert (changed.status_code, refused.status_code, restored.status_code) == (200, 401, 200)
    assert sign_in(stranger, "bo.rest", "another horse battery").status_code == 200


def test_roles_are_given_listed_and_taken(admin):
    binding = {"subject": "group:data", "role": "analyst"}

    assert admin.post("/auth/role-bindings", json=binding).status_code == 201
    listed = admin.get("/auth/role-bindings").json()["data"]
    assert binding.items() <= next(e for e in listed if e["subject"] == "group:data").items()
    assert admin.delete("/auth/role-bindings/group:data/analyst").status_code == 200
    assert admin.delete("/auth/role-bindings/group:data/analyst").status_code == 404


def test_no_answer_holds_a_password_or_its_hash(admin, ada):
    text = admin.get("/auth/users").text

    assert "argon2" not in text
    assert PASSWORD not in text


@pytest.fixture
def token(engine, operator, ada):
    user = next(each for each in engine.auth.users.all(operator) if each.name == ada)
    return engine.auth.sessions.open(user, "dashboard")


def test_a_ticket_becomes_a_cookie_that_no_script_reads_and_rest_does_not_take(
    engine, base_url, token
):
    with httpx.Client(base_url=base_url) as browser:
        kept = browser.post("/auth/session", json={"ticket": engine.auth.sessions.ticket(token)})
        cookie = kept.headers["set-cookie"]

        assert kept.status_code == 200
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        assert "Path=/" in cookie
        assert "Secure" not in cookie
        assert browser.get("/auth/users").status_code == 401
        kept_token = browser.cookies["api_engine_session"]
        assert engine.auth.sessions.caller(kept_token, "dashboard").subject == "ada.rest"

        left = browser.delete("/auth/session")
        assert left.status_code == 200
        assert "Max-Age=0" in left.headers["set-cookie"]
    with pytest.raises(Exception, match="over"):
        engine.auth.sessions.caller(token, "dashboard")


def test_behind_tls_the_cookie_is_for_tls_only(engine, base_url, token):
    ticket = engine.auth.sessions.ticket(token)
    response = httpx.post(
        f"{base_url}/auth/session", json={"ticket": ticket}, headers={"X-Forwarded-Proto": "https"}
    )

    assert "Secure" in response.headers["set-cookie"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
def test_another_sites_page_can_neither_sign_a_browser_in_nor_out(engine, base_url, token, headers):
    ticket = engine.auth.sessions.ticket(token)
    url = f"{base_url}/auth/session"

    refused = httpx.post(url, json={"ticket": ticket}, headers=headers)
    left = httpx.delete(url, headers=headers, cookies={"api_engine_session": token})

    assert refused.status_code == left.status_code == 403
    assert "set-cookie" not in refused.headers
    assert engine.auth.sessions.caller(token, "dashboard").subject == "ada.rest"


def test_a_ticket_that_was_used_gives_no_cookie(engine, base_url, token):
    body = {"ticket": engine.auth.sessions.ticket(token)}
    httpx.post(f"{base_url}/auth/session", json=body)

    again = httpx.post(f"{base_url}/auth/session", json=body)

    assert again.status_code == 401
    assert "set-cookie" not in again.headers
