"""The page of jobs where there are none, and of one that nobody knows."""

from uuid import uuid4

from engine.jobs import JobOrder
from engine.model import Caller


def test_an_empty_list_says_how_to_begin(eng, open_page):
    visit = open_page("operate/jobs.py")

    assert not visit.exception
    assert "Start one on the **Run** tab" in visit.info[0].value


def test_an_unknown_job_is_said_to_be_unknown(eng, open_page):
    visit = open_page("operate/jobs.py", job=str(uuid4()))

    assert not visit.exception
    assert "there is no job" in visit.error[0].value


def test_a_job_that_waits_is_found_by_its_api_and_can_be_stopped(request, monkeypatch, open_page):
    monkeypatch.setenv("API_ENGINE_JOBS", "workers")
    empty_eng = request.getfixturevalue("empty_eng")
    caller = Caller(subject="ada", roles=frozenset({"admin"}))
    source = "def main(params, input_payload):\n    return 1\n"
    for name in ("one", "another"):
        fields = {"api_name": name, "logic_type": "script", "logic_body": source}
        empty_eng.apis.create(fields, caller)
    job = empty_eng.jobs.submit(JobOrder(api="one"), caller)

    assert len(open_page("operate/jobs.py", of="one").dataframe[0].value) == 1
    assert "No job matches" in open_page("operate/jobs.py", of="another").info[0].value

    visit = open_page("operate/jobs.py", job=str(job.id))
    visit.button(key="stop").click().run()

    assert empty_eng.jobs.get(job.id, caller).status == "cancelled"
