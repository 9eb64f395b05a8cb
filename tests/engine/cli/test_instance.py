import psycopg

from engine.settings import PREFIX, Settings


def test_config_shows_every_setting_and_no_secret(api_engine, monkeypatch):
    monkeypatch.setenv("API_ENGINE_METADATA_URL", "postgresql://u:hidden-1@db/x")
    monkeypatch.setenv("API_ENGINE_JWT_SECRET", "hidden-2")
    monkeypatch.setenv("API_ENGINE_CONNECTION_SALES_EU", "postgresql://u:hidden-3@db/x")
    monkeypatch.setenv("API_ENGINE_PORT", "9000")

    outcome = api_engine("config")

    shown = dict(line.split("=", 1) for line in outcome.out.splitlines())
    assert outcome.code == 0
    assert "hidden" not in outcome.out
    assert shown["API_ENGINE_PORT"] == "9000"
    assert shown["API_ENGINE_SAMPLE_DATA"] == "false"
    assert shown["API_ENGINE_METADATA_URL"] == "********"
    assert shown["API_ENGINE_REDIS_URL"] == ""
    assert shown["API_ENGINE_CONNECTION_SALES_EU"] == "********"
    assert set(shown) >= {
        f"{PREFIX}{name.upper()}"
        for name in set(Settings.model_fields) - {"environment_connections"}
    }


def test_a_bad_setting_is_named(api_engine, monkeypatch):
    monkeypatch.setenv("API_ENGINE_PORT", "many")

    outcome = api_engine("config")

    assert outcome.code == 1
    assert "API_ENGINE_PORT" in outcome.err
    assert "Traceback" not in outcome.err


def test_migrate_makes_the_metadata_database(api_engine, tmp_path):
    outcome = api_engine("migrate")

    assert outcome.code == 0
    assert list((tmp_path / "data").glob("*.sqlite3"))
    assert api_engine("migrate").code == 0


def test_a_data_folder_that_cannot_be_made_is_named(api_engine, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("API_ENGINE_DATA_DIR", str(tmp_path / "file" / "data"))

    outcome = api_engine("migrate")

    assert outcome.code == 1
    assert str(tmp_path / "file") in outcome.err
    assert "Traceback" not in outcome.err


def test_the_sample_data_is_loaded_into_postgres_once(api_engine, monkeypatch, postgres_url):
    monkeypatch.setenv("API_ENGINE_CONNECTION_WAREHOUSE", postgres_url)

    first = api_engine("load-sample", "--connection", "warehouse")
    second = api_engine("load-sample", "--connection", "warehouse")

    with psycopg.connect(postgres_url) as connection:
        count = connection.execute("SELECT count(*) FROM flights").fetchone()
    assert (first.code, second.code) == (0, 0)
    assert "loaded" in first.err
    assert "already" in second.err
    assert count is not None
    assert count[0] > 0


def test_an_unknown_connection_is_named_with_how_to_set_it(api_engine):
    outcome = api_engine("load-sample", "--connection", "warehouse")

    assert outcome.code == 1
    assert "API_ENGINE_CONNECTION_WAREHOUSE" in outcome.err


def test_the_sample_data_goes_to_postgres_only(on_samples):
    outcome = on_samples("load-sample", "--connection", "sample")

    assert outcome.code == 1
    assert "no PostgreSQL connection" in outcome.err
