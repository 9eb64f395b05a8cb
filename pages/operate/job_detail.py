"""One job: how far it is, its graph, its answer, and what can be done about it."""

from uuid import UUID

import orjson
import streamlit as st

from engine.errors import NotFoundError
from engine.model import Caller, tabular
from engine.model.job import Job
from pages.components.colors import JOB_COLORS
from pages.components.context import engine
from pages.components.errors import error_block, errors_shown, escaped
from pages.components.navigation import (
    API_PAGE,
    JOBS_PAGE,
    api_link,
    back_button,
    open_job,
    open_run,
    say,
)
from pages.components.result_view import json_answer, table_answer
from pages.components.workflow.tree import Tree, read
from pages.operate.job_graph import job_graph
from pages.operate.job_pins import run_with_pins
from pages.operate.job_words import lasted

LOOK_EVERY_S = 1.0


def job_detail(job_id: str, caller: Caller) -> None:
    """Draw the job, anew every second until it has ended."""
    back_button(JOBS_PAGE, "All jobs")
    job = engine().jobs.get(_as_id(job_id), caller)
    st.title(f"Job of {escaped(job.api_name)}")
    tree = _tree(job, caller)
    if job.has_ended:
        _state(job, tree, caller)
        _answer(job, caller)
    else:
        _watched(job.id, tree, caller)


@st.fragment(run_every=LOOK_EVERY_S)
@errors_shown()
def _watched(job_id: UUID, tree: Tree | None, caller: Caller) -> None:
    job = engine().jobs.get(job_id, caller)
    if job.has_ended:
        st.rerun()
    _state(job, tree, caller)


def _state(job: Job, tree: Tree | None, caller: Caller) -> None:
    st.markdown(_line(job))
    _facts(job)
    if not job.has_ended:
        st.progress(job.done_share, text=_words(job))
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        _actions(job, caller)
        st.page_link(
            API_PAGE,
            label="Open the API",
            icon=":material/api:",
            query_params=api_link(job.api_name),
        )
    if job.error is not None and job.status != "cancelled":
        error_block(job.error)
    if job.nodes:
        job_graph(job, tree)


def _line(job: Job) -> str:
    parts = [f":{JOB_COLORS[job.status]}[**{job.status}**]", lasted(job)]
    if job.runs > 1:
        parts.append(f"begun {job.runs} times")
    return " · ".join(part for part in parts if part)


def _words(job: Job) -> str:
    if job.status == "queued":
        return f"It waits in the queue {job.queue}"
    if job.cancel_requested:
        return "Stopping"
    if not job.nodes:
        return "Running"
    ended = sum(node.state not in {"waiting", "running"} for node in job.nodes)
    running = [node.node_id for node in job.nodes if node.state == "running"]
    named = f": {', '.join(running)}" if running else ""
    return f"{ended} of {len(job.nodes)} steps{named}"


def _facts(job: Job) -> None:
    facts = [
        f"version {job.api_version}",
        f"{job.created_at:%Y-%m-%d %H:%M:%S} UTC",
        f"by {escaped(job.created_by)} through {job.source}",
        f"queue {job.queue}, priority {job.priority}",
    ]
    st.caption(" · ".join(facts))


def _actions(job: Job, caller: Caller) -> None:
    jobs = engine().jobs
    if not job.has_ended:
        if st.button("Stop", icon=":material/stop:", key="stop", disabled=job.cancel_requested):
            jobs.cancel(job.id, caller)
            st.rerun()
        return
    if job.status != "success" and st.button(
        "Resume from what failed" if job.nodes else "Try again",
        icon=":material/restart_alt:",
        type="primary",
        key="retry",
        help="A new job; steps that ended well are not run again.",
    ):
        again = jobs.retry(job.id, caller)
        say("It goes on as a new job")
        open_job(again.id)
    if job.nodes and st.button("Run with pinned steps", icon=":material/keep:", key="pin"):
        run_with_pins(job, caller)
    if st.button("Open in the log", icon=":material/history:", type="tertiary", key="to-log"):
        open_run(job.execution_id)
    if job.retry_of is not None and st.button(
        "The job before", icon=":material/undo:", type="tertiary", key="before"
    ):
        open_job(job.retry_of)


@errors_shown()
def _answer(job: Job, caller: Caller) -> None:
    if job.status != "success":
        return
    st.subheader("Answer")
    found = engine().jobs.answer(job.id, caller)
    if tabular.rows_of(found):
        table_answer(tabular.frame_of(found), key="job-answer")
    else:
        json_answer(orjson.loads(found))


def _tree(job: Job, caller: Caller) -> Tree | None:
    """The workflow that runs, for who waits for whom."""
    if job.logic_type != "workflow":
        return None
    with errors_shown():
        found = engine().apis.version(str(job.api_id), job.api_version, caller)
        return read(found.snapshot.logic_body)
    return None


def _as_id(job_id: str) -> UUID:
    try:
        return UUID(job_id)
    except ValueError:
        raise NotFoundError(f"{job_id!r} is not the id of a job") from None
