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
