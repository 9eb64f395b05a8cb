def test_a_weak_instance_is_named_by_what_to_do_and_by_the_exit_code(api_engine, monkeypatch):
    monkeypatch.setenv("API_ENGINE_CORS_ORIGINS", "*")

    outcome = api_engine("audit")

    assert outcome.code == 1
    assert "API_ENGINE_CORS_ORIGINS: every web page may call REST" in outcome.out
    assert "Name the origins that need it." in outcome.out
