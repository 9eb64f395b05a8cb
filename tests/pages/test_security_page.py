"""The security page names each finding, for admins."""

from engine.model import Caller


def test_each_finding_is_shown_with_what_to_do(empty_eng, caller, open_page):
    found = empty_eng.audit.findings(caller)
    visit = open_page("admin/security.py")

    assert len(visit.warning) == len(found)
    assert bool(visit.success) is (not found)
    assert all(each.advice in shown.value for each, shown in zip(found, visit.warning, strict=True))
    assert not visit.exception


def test_a_viewer_sees_no_finding(empty_eng, open_page, monkeypatch):
    viewer = Caller(subject="vic", roles=frozenset({"viewer"}))
    monkeypatch.setattr("pages.components.context.local_caller", lambda: viewer)

    visit = open_page("admin/security.py")

    assert "role 'admin' is needed" in visit.error[0].value
    assert not visit.warning
    assert not visit.success


def test_the_audit_log_tells_who_changed_what(empty_eng, caller, open_page):
    assert (
        "Nobody has changed anything"
        in open_page("admin/security.py", tab="Audit log").info[0].value
    )

    empty_eng.secrets.put("weather_key", "s3cret", caller)
    visit = open_page("admin/security.py", tab="Audit log")

    (entry,) = visit.dataframe[0].value.to_dict("records")
    assert (entry["Who"], entry["Did"], entry["To"]) == (
        caller.subject,
        "secrets:put",
        "weather_key",
    )
    assert "s3cret" not in str(entry)


def test_a_long_audit_log_has_pages(empty_eng, caller, open_page):
    for number in range(60):
        empty_eng.secrets.put(f"key_{number}", "s3cret", caller)

    visit = open_page("admin/security.py", tab="Audit log")

    assert len(visit.dataframe[0].value) == 50
    assert visit.dataframe[0].value["To"][0] == "key_59"
