import pytest


def check_sql(client, sql, **target):
    return client.post("/api-manager/validate-sql", json={"sql": sql, **target})


def test_a_good_statement_tells_its_params_tables_and_columns(admin):
    sql = "SELECT carrier, count(*) AS n FROM flights WHERE origin = :origin GROUP BY carrier"

    report = check_sql(admin, sql, connection="sample").json()["data"]

    assert report["valid"] is True
    assert report["params"]["origin"]["type"] == "text"
    assert report["tables"] == ["flights"]
    assert [column["name"] for column in report["columns"]] == ["carrier", "n"]


@pytest.mark.parametrize("dialect", ["postgres", "duckdb"])
def test_a_statement_that_writes_is_an_answer_and_not_a_failure(admin, dialect):
    response = check_sql(admin, "DELETE FROM flights", dialect=dialect)

    report = response.json()["data"]
    assert response.status_code == 200
    assert report["valid"] is False
    assert set(report["issues"][0]) >= {
        "severity",
        "code",
        "message",
        "line",
        "column",
        "suggestion",
    }


def test_an_unknown_connection_is_not_found(admin):
    response = check_sql(admin, "SELECT 1", connection="nowhere")

    assert response.status_code == 404
    assert "sample" in response.json()["message"]


def test_a_connection_and_a_dialect_contradict(admin):
    response = check_sql(admin, "SELECT 1", connection="sample", dialect="duckdb")

    assert response.status_code == 400


def test_a_definition_is_checked_before_it_is_saved(admin, a_definition):
    good = admin.post("/api-manager/validate", json=a_definition()).json()["data"]
    wrong = admin.post("/api-manager/validate", json=a_definition(logic_body="SELECT FROM"))

    assert (good["valid"], good["issues"]) == (True, [])
    assert wrong.status_code == 200
    assert wrong.json()["data"]["valid"] is False
