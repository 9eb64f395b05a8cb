"""Settings are set on their page, and the instance's shown without secrets."""

from engine.model import Caller, RuntimePolicy
from engine.settings_report import HIDDEN
from engine.tenant_settings import TenantValues


def test_what_is_saved_is_in_force_and_shown(empty_eng, caller, open_page):
    visit = open_page("admin/settings.py")
    visit.number_input(key="max-timeout-seconds").set_value(60.0)
    visit.text_area(key="new-api-policy").set_value('{"max_rows": 500}')
    visit.button(key="save-settings").click().run()

    assert empty_eng.tenant_settings.values(caller) == TenantValues(
        max_timeout_seconds=60, new_api_policy=RuntimePolicy(max_rows=500)
    )
    assert visit.number_input(key="max-timeout-seconds").value == 60
    assert not visit.exception


def test_saving_leaves_what_keys_may_reach(empty_eng, caller, open_page):
    empty_eng.tenant_settings.set(TenantValues(key_groups=("execute",)), caller)

    visit = open_page("admin/settings.py")
    visit.button(key="save-settings").click().run()

    assert empty_eng.tenant_settings.values(caller).key_groups == ("execute",)
    assert "may reach execute" in str([each.value for each in visit.markdown])


def test_a_policy_that_cannot_be_read_is_said_and_nothing_is_saved(empty_eng, caller, open_page):
    visit = open_page("admin/settings.py")
    visit.number_input(key="max-timeout-seconds").set_value(60.0)
    visit.text_area(key="new-api-policy").set_value('{"max_rows": 0}')
    visit.button(key="save-settings").click().run()

    assert "max\\_rows" in visit.error[0].value
    assert empty_eng.tenant_settings.values(caller) == TenantValues()


def test_the_instances_settings_are_listed_and_secrets_masked(empty_eng, open_page, monkeypatch):
    visit = open_page("admin/settings.py")
    table = visit.dataframe[0].value.set_index("Variable")

    assert table.loc["API_ENGINE_PORT", "Value"] == "8501"
    assert HIDDEN not in set(table["Value"])

    visit.toggle(key="only-set").set_value(True).run()
    assert set(visit.dataframe[0].value["Variable"]) >= {"API_ENGINE_DATA_DIR"}
    assert "API_ENGINE_PORT" not in set(visit.dataframe[0].value["Variable"])


def test_others_than_admins_are_refused(empty_eng, open_page, monkeypatch):
    analyst = Caller(subject="vic", roles=frozenset({"analyst"}))
    monkeypatch.setattr("pages.components.context.local_caller", lambda: analyst)

    visit = open_page("admin/settings.py")

    assert "role 'admin' is needed" in visit.error[0].value.replace("\\", "")
