"""A run of the log, made again and compared."""

from engine.call import ExecutionRequest

API = "carriers-list"
OTHER = "SELECT carrier, upper(name) AS name FROM airlines ORDER BY name LIMIT 100"


def texts(visit):
    shown = [*visit.markdown, *visit.warning, *visit.success, *visit.info, *visit.error]
    return [each.value for each in shown]


def test_a_run_is_compared_with_what_is_live(eng, caller, open_page):
    run = eng.run(ExecutionRequest(api=API), caller).execution_id
    visit = open_page("operate/compare.py", run=str(run))

    visit.button(key="run-compare").click().run()

    assert "Both answers are the same." in texts(visit)
    assert [each.value for each in visit.subheader] == ["As logged", "Live version 1"]


def test_two_definitions_are_compared_side_by_side(eng, caller, open_page):
    run = eng.run(ExecutionRequest(api=API), caller).execution_id
    eng.apis.save_draft(API, {"logic_body": OTHER}, caller)
    visit = open_page("operate/compare.py", run=str(run))

    visit.selectbox(key="compare-left").set_value("live")
    visit.selectbox(key="compare-right").set_value("draft")
    visit.button(key="run-compare").click().run()

    assert any("rows changed" in text for text in texts(visit))
    assert len(visit.dataframe) == 2
    assert not visit.exception


def test_wrong_inputs_show_their_error_beside_the_logged_answer(eng, caller, open_page):
    run = eng.run(ExecutionRequest(api=API), caller).execution_id
    visit = open_page("operate/compare.py", run=str(run))

    visit.text_area(key="compare-params").set_value('{"nobody": 1}')
    visit.button(key="run-compare").click().run()

    assert any("no two whole answers" in text for text in texts(visit))
    assert any("nobody" in text for text in texts(visit))


def test_without_a_run_the_page_leads_to_the_list(eng, open_page):
    visit = open_page("operate/compare.py")

    assert any("Open a run" in text for text in texts(visit))


def test_a_run_offers_to_be_compared_and_kept(eng, caller, open_page):
    run = eng.run(ExecutionRequest(api=API), caller).execution_id

    visit = open_page("operate/runs.py", run=str(run))

    assert visit.button(key="keep-as-test").label == "Keep as test case"
    assert not visit.exception
