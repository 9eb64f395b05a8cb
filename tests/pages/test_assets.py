"""The pages of assets, and an API that stands on some."""

import pytest

POLICY = {"name": "calm", "asset_type": "policy", "content": {"max_rows": 7}}


@pytest.fixture
def policy(eng, caller):
    return eng.assets.create(POLICY, caller, publish=True)


def test_an_instance_without_assets_says_how_to_begin(empty_eng, open_page):
    visit = open_page("build/assets.py")

    assert not visit.exception
    assert "**New asset** keeps" in visit.info[0].value


def test_the_list_filters_by_what_stands_in_the_url(eng, caller, policy, open_page):
    source = {"name": "flights", "asset_type": "source", "content": {"connection": "sample"}}
    eng.assets.create(source, caller)

    def names(**query):
        return list(open_page("build/assets.py", **query).dataframe[0].value["Name"])

    assert {"calm", "flights"} <= set(names())
    assert names(**{"asset-type": "policy", "find": "calm"}) == ["calm"]
    assert "calm" not in names(**{"asset-status": "draft"})


def test_an_asset_shows_its_content_labels_and_users(eng, caller, policy, open_page):
    eng.assets.set_label("calm", "production", 1, caller)
    fields = {
        "api_name": "on-it",
        "logic_type": "sql",
        "logic_body": "SELECT 1",
        "runtime_policy": {"asset": "calm"},
    }
    eng.apis.create(fields, caller)

    visit = open_page("build/one_asset.py", asset="calm")

    assert not visit.exception
    assert '"max_rows": 7' in visit.code[0].value
    assert "production" in visit.code[1].value
    assert list(visit.dataframe[0].value["Label"]) == ["production"]


def test_a_change_is_published_as_the_next_version(eng, caller, policy, open_page):
    visit = open_page("build/one_asset.py", asset="calm", part="Edit")
    rows = next(each for each in visit.number_input if each.label == "Most rows")

    rows.set_value(9).run()
    visit.button(key="publish-asset").click().run()

    assert not visit.exception
    live = eng.assets.get("calm", caller)
    assert (live.version, dict(live.content)) == (2, {"max_rows": 9})


def test_a_draft_that_somebody_else_saved_meanwhile_is_told_and_stays(
    eng, caller, policy, open_page
):
    visit = open_page("build/one_asset.py", asset="calm", part="Edit")
    rows = next(each for each in visit.number_input if each.label == "Most rows")
    rows.set_value(9).run()
    ana = caller.model_copy(update={"subject": "ana"})
    eng.assets.update("calm", {"content": {"max_rows": 5}}, ana)

    visit.button(key="publish-asset").click().run()

    assert "ana saved a draft meanwhile" in visit.warning[0].value
    assert eng.assets.get("calm", caller).version == 1
    draft = eng.assets.draft("calm", caller)
    assert (draft.updated_by, dict(draft.content)) == ("ana", {"max_rows": 5})


@pytest.mark.parametrize(
    ("asset_type", "content"),
    [
        ("prompt", {"template": "Say {{ variables.x }}"}),
        ("mapping", {"a": "b"}),
        ("query", {"sql": "SELECT 1 AS a", "connection": "sample"}),
        ("source", {"connection": "sample"}),
        ("resolver", {"api": "carriers-list", "value": "rows[0]"}),
    ],
)
def test_an_editor_of_each_type_changes_nothing_by_itself(
    eng, caller, open_page, asset_type, content
):
    fields = {"name": "one", "asset_type": asset_type, "content": content}
    eng.assets.create(fields, caller, publish=True)

    visit = open_page("build/one_asset.py", asset="one", part="Edit")

    assert not visit.exception
    assert not visit.error
    assert visit.button(key="save-asset").disabled


def test_the_policy_form_shows_what_the_asset_says_and_keeps_what_is_on_top(
    eng, caller, policy, open_page
):
    fields = {
        "api_name": "on-it",
        "logic_type": "sql",
        "logic_body": "SELECT 1 AS a",
        "runtime_policy": {"asset": "calm", "max_retries": 3},
    }
    eng.apis.create(fields, caller)

    visit = open_page("build/api.py", api="on-it", tab="Edit")

    assert not visit.exception
    rows = next(each for each in visit.number_input if each.label == "Most rows")
    assert rows.value == 7
    assert any(each.value == "calm" for each in visit.selectbox)


def test_an_api_over_a_query_asset_shows_its_statement(eng, caller, open_page):
    content = {"sql": "SELECT 42 AS answer", "connection": "sample"}
    eng.assets.create(
        {"name": "q", "asset_type": "query", "content": content}, caller, publish=True
    )
    body = {"asset": "q"}
    eng.apis.create({"api_name": "on-q", "logic_type": "sql", "logic_body": body}, caller)

    visit = open_page("build/api.py", api="on-q")

    assert not visit.exception
    assert any("SELECT 42" in each.value for each in visit.code)
