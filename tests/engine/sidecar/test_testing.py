from xml.etree import ElementTree as ET

import pytest

CASE = {
    "name": "one and one",
    "params": {"n": 1},
    "expect": {"columns": ["answer"], "values": [{"path": "rows[0].answer", "equals": 2}]},
}


@pytest.fixture
def tests(new_api):
    """The address of the test cases of an API of its own."""
    return f"/api-manager/apis/{new_api()['api_name']}/tests"


def error_of(response):
    return response.json()["data"]["error"]


def test_a_test_case_is_made_read_changed_and_deleted(admin, tests):
    made = admin.post(tests, json=CASE)
    url = f"{tests}/one and one"

    assert made.status_code == 201
    assert made.headers["ETag"] == '"1"'
    assert admin.get(url).json()["data"] == made.json()["data"]
    by_id = f"{tests}/{made.json()['data']['id']}"
    changed = admin.put(by_id, json={**CASE, "params": {"n": 2}}, headers={"If-Match": '"1"'})
    assert changed.json()["data"]["params"] == {"n": 2}
    assert changed.headers["ETag"] == '"2"'
    assert [each["name"] for each in admin.get(tests).json()["data"]] == ["one and one"]
    assert admin.delete(url).status_code == 200
    assert admin.get(url).status_code == 404


def test_a_change_to_what_somebody_changed_meanwhile_is_a_conflict(admin, tests):
    admin.post(tests, json=CASE)
    admin.put(f"{tests}/one and one", json=CASE)

    late = admin.put(f"{tests}/one and one", json=CASE, headers={"If-Match": '"1"'})

    assert late.status_code == 409
    assert "at revision 2, not 1" in error_of(late)["message"]
    assert admin.post(tests, json=CASE).status_code == 409


def test_a_report_says_what_failed_and_how(admin, tests):
    admin.post(tests, json=CASE)
    admin.post(tests, json={**CASE, "name": "wrong", "params": {"n": 2}})

    report = admin.post(f"{tests}/run").json()["data"]
    chosen = admin.post(f"{tests}/run", json={"tests": ["one and one"]}).json()["data"]

    assert report["failed"] == 1
    assert [each["passed"] for each in report["outcomes"]] == [True, False]
    assert report["outcomes"][1]["failures"] == ["rows[0].answer is 3, not 2"]
    assert [each["name"] for each in chosen["outcomes"]] == ["one and one"]


def test_a_report_of_many_apis_comes_as_junit_xml(admin, tests):
    admin.post(tests, json=CASE)
    name = tests.split("/")[3]

    answer = admin.post("/api-manager/tests/run?format=junit", json={"apis": [name]})

    assert answer.headers["content-type"] == "application/xml"
    [suite] = ET.fromstring(answer.content)  # noqa: S314  # our own
    assert (suite.get("name"), suite.get("tests"), suite.get("failures")) == (name, "1", "0")


def test_a_version_or_an_api_that_is_not_there_cannot_be_tested(admin, tests):
    admin.post(tests, json=CASE)

    assert admin.post(f"{tests}/run", json={"against": 7}).status_code == 404
    assert admin.post(f"{tests}/run", json={"tests": ["x"]}).status_code == 404
    assert admin.post("/api-manager/tests/run", json={"apis": ["nowhere"]}).status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "a/b"},
        {"expect": {"values": [{"path": "rows["}]}},
        {"expect": {"columns": "n"}},
        {"more": 1},
    ],
)
def test_a_wrong_test_case_is_refused_with_its_mistakes(admin, tests, wrong):
    refused = admin.post(tests, json={**CASE, **wrong})

    assert refused.status_code == 422
    assert admin.get(tests).json()["data"] == []


def test_a_run_is_kept_as_a_test_case(admin, tests):
    run = admin.post(tests.replace("/tests", "/execute"), json={"params": {"n": 4}})
    execution_id = run.json()["data"]["execution_id"]

    path = f"/api-manager/executions/{execution_id}/keep-as-test"
    assert admin.post(path, json={"name": ""}).status_code == 400
    kept = admin.post(path, json={"name": "four"})

    assert kept.status_code == 201, kept.text
    assert kept.json()["data"]["params"] == {"n": 4}
    assert admin.post(f"{tests}/run").json()["data"]["failed"] == 0


def test_a_run_is_made_again_and_compared(admin, tests):
    url = tests.removesuffix("/tests")
    run = admin.post(f"{url}/execute", json={"params": {"n": 4}}).json()["data"]["execution_id"]
    admin.patch(url, json={"logic_body": "SELECT :n + 2 AS answer", "publish": False})
    again = f"/api-manager/executions/{run}/rerun"

    same = admin.post(again).json()["data"]
    other = admin.post(again, json={"right": "draft", "params": {"n": 5}}).json()["data"]

    assert same["is_same"] is True
    assert same["left"]["data"]["rows"] == same["right"]["data"]["rows"] == [{"answer": 5}]
    assert other["difference"]["rows_changed"] == 1
    assert other["right"]["data"]["rows"] == [{"answer": 7}]
    assert admin.post(again, json={"right": 9}).status_code == 404
    assert admin.post(again, json={"right": "later"}).status_code == 422
