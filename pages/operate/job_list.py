"""The jobs of the tenant as a filtered, paged list that keeps itself current."""

from collections.abc import Sequence
from typing import get_args

import pandas as pd
import streamlit as st

from engine.model import Caller
from engine.model.job import Job, JobQuery, JobStatus, JobWorker
from pages.components.colors import JOB_COLORS
from pages.components.context import engine
from pages.components.errors import errors_shown
from pages.components.listing import PAGE_SIZE, choice_of, filter_row, page_of
from pages.components.navigation import open_job
from pages.components.result_view import counted
from pages.components.state import URL
from pages.operate.job_words import ago, lasted

LOOK_EVERY_S = 2.0
STATUSES = get_args(JobStatus)
COLUMNS = ("When", "API", "Status", "Took", "Queue", "Priority", "By", "Runs", "Error")


def job_list(caller: Caller) -> None:
    """Draw the filters, and the list below them."""
    names = engine().apis.names(caller)
    with filter_row():
        status = st.pills(
            "Status",
            STATUSES,
            key=URL.job_status,
            bind="query-params",
            label_visibility="collapsed",
        )
        api = choice_of("API", list(names), URL.of_api, placeholder="any API", width=180)
    query = JobQuery(status=status, api_id=names[api] if api else None, limit=PAGE_SIZE)
    _current(query, caller)


@st.fragment(run_every=LOOK_EVERY_S)
@errors_shown()
def _current(query: JobQuery, caller: Caller) -> None:
    jobs = engine().jobs
    slot, pager = st.container(), st.container(horizontal=True, vertical_alignment="center")
    with pager:
        page = page_of(
            lambda offset: jobs.search(query.model_copy(update={"offset": offset}), caller),
            URL.jobs_page,
        )
        if page.total:
            st.caption(f"{counted(page.total, 'job')}, times in UTC")
        st.caption(workers_line(jobs.workers(caller)))
    with slot:
        if page.total:
            jobs_table(page.items)
        else:
            st.info(
                "No job matches. Start one on the **Run** tab of an API, or by "
                "`POST /api-manager/apis/{api}/jobs`.",
                icon=":material/pending_actions:",
            )


def jobs_table(jobs: Sequence[Job]) -> None:
    """Draw the rows; a click on the time opens that job."""
    st.dataframe(
        jobs_frame(jobs),
        key="jobs",
        hide_index=True,
        height="content",
        alt="Jobs",
        column_config={
            "When": st.column_config.ButtonColumn(
                type="tertiary", alignment="left", pinned=True, key="jobs-open"
            ),
            "Status": st.column_config.MultiselectColumn(
                options=STATUSES, color=[JOB_COLORS[each] for each in STATUSES]
            ),
            "Error": st.column_config.TextColumn(width="large"),
        },
    )
    if opened := st.session_state.get("jobs-open"):
        open_job(jobs[opened.row].id)


def jobs_frame(jobs: Sequence[Job]) -> pd.DataFrame:
    """One row per job, in the order given; times are UTC."""
    return pd.DataFrame([_row(job) for job in jobs], columns=list(COLUMNS))


def workers_line(workers: Sequence[JobWorker]) -> str:
    """Who runs jobs, in words."""
    if not workers:
        return "No process runs jobs yet; the first job starts one"
    names = ", ".join(sorted({worker.host for worker in workers}))
    count = f"{len(workers)} {'process runs' if len(workers) == 1 else 'processes run'} jobs"
    return f"{count} on {names}, last heard of {ago(max(each.seen_at for each in workers))}"


def _row(job: Job) -> tuple[object, ...]:
    return (
        f"{job.created_at:%Y-%m-%d %H:%M:%S}",
        job.api_name,
        [job.status],
        lasted(job),
        job.queue,
        job.priority,
        job.created_by,
        job.runs or None,
        job.error.message if job.error else "",
    )
