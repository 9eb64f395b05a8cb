"""Every value the pages keep in the session, with its type, in one place.

Keys of widgets that are bound to the URL are listed too: they are public, since links carry them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

import streamlit as st

from engine.checking import CheckReport
from engine.model import ExecutionResult
from engine.model.testing import CaseReport
from engine.publication import PublishPreview
from engine.testing.rerun import Comparison
from pages.components.http.request_form import RequestForm
from pages.components.running import Running
from pages.components.sql.built_query import BuiltQuery
from pages.components.workflow.desk import WorkflowDesk

T = TypeVar("T")


class SessionValue(Generic[T]):
    """One named value of the browser session, made when first asked for."""

    def __init__(self, name: str, make: Callable[[], T]) -> None:
        self.name = name
        self._make = make

    def get(self) -> T:
        """The value, made now if the session has none."""
        if self.name not in st.session_state:
            st.session_state[self.name] = self._make()
        value: T = st.session_state[self.name]
        return value

    def put(self, value: T) -> None:
        """Keep a value for the rest of the session."""
        st.session_state[self.name] = value

    def take(self) -> T:
        """The value, and forget it."""
        value = self.get()
        del st.session_state[self.name]
        return value


@dataclass(slots=True)
class WorkingCopy:
    """Unsaved work on one API: what the widgets show, kept across reruns and pages.

    Attributes:
        of: The id of the API.
        fields: The authored fields as they stand.
        saved: The fields as last saved, to tell whether anything is unsaved.
        base_version: The live version the work was begun from.
        rev: Raised when something else than the author's typing replaced the fields.
        params_rev: The same for the parameter table alone.
        body_rev: The same for the body alone.
        touched: There is work in it, saved or not: it does not follow what others publish.
        query: The visual builder's question, and the statement it was compiled to.
        form: The form of an HTTP request, and the body it stands for.
        report: What the last check found, and the fields it looked at.
        test: The preview that is running, and the logic body it runs.
        result: The last preview, and the logic body it ran.
        desk: The builder's state where the work is a workflow.
        seen_draft: When the draft was saved that the work is, or was loaded from.
        preview: What publishing was found to change, and the fields it would publish.
    """

    of: str
    fields: dict[str, Any]
    saved: dict[str, Any]
    base_version: int
    rev: int = 0
    params_rev: int = 0
    report: tuple[CheckReport, dict[str, Any]] | None = None
    test: tuple[Running[ExecutionResult], str] | None = None
    result: tuple[ExecutionResult, str] | None = None
    desk: WorkflowDesk | None = None
    preview: tuple[PublishPreview, dict[str, Any]] | None = None
    seen_draft: datetime | None = None
    body_rev: int = 0
    touched: bool = False
    query: BuiltQuery | None = None
    form: RequestForm | None = None

    @property
    def is_unsaved(self) -> bool:
        """Whether there is work that only this session has."""
        return self.fields != self.saved

    def set_body(self, text: str) -> None:
        """Take over what was typed."""
        self.fields["logic_body"] = text

    def write_body(self, text: str) -> None:
        """Show another body in the editor: a builder made it."""
        self.fields["logic_body"] = text
        self.body_rev += 1

    @property
    def key(self) -> str:
        """What the keys of its widgets end with, so that no widget shows the work on another API.

        Who goes from one editor straight to another would take the fields along.
        """
        return f"{self.of}-{self.rev}"

    @property
    def payload_key(self) -> str:
        """The key of the widget with the input payload to test with."""
        return f"preview-payload-{self.key}"

    @property
    def editor_rev(self) -> int:
        """Raised whenever something else than typing changed the body."""
        return self.rev + self.body_rev

    def replace(self, fields: Mapping[str, Any], base_version: int) -> None:
        """Show other fields in every widget and take them as saved."""
        self.fields, self.saved = dict(fields), dict(fields)
        self.base_version = base_version
        self.touched = False
        self.rev += 1
        self.report = self.result = None


WORKING_COPIES: SessionValue[dict[str, WorkingCopy]] = SessionValue("working_copies", dict)
"""Unsaved work by API id."""

NOTICE: SessionValue[str] = SessionValue("notice", str)
"""What to say after the next rerun: a toast outlives no page change otherwise."""

SESSION_TOKEN: SessionValue[str] = SessionValue("session_token", str)
"""The token of a sign-in with a password in this tab."""

LAST_PERSON: SessionValue[str] = SessionValue("last_person", str)
"""Who used this tab last: what it holds is nobody else's."""

BROWSER_TASK: SessionValue[dict[str, str]] = SessionValue("browser_task", dict)
"""What the browser has to do about its session next; empty when nothing."""

NEXT_TAB: SessionValue[str] = SessionValue("next_tab", str)
"""The tab to show when an API's page opens; empty leaves it to the URL."""

LAST_API: SessionValue[str] = SessionValue("last_api", str)
"""The API looked at last: going back in the browser loses the query parameters."""

EDITOR_REVS: SessionValue[dict[str, int]] = SessionValue("editor_revs", dict)
"""The revision each code editor was last given."""

EDITOR_INSERTS: SessionValue[dict[str, tuple[int, str]]] = SessionValue("editor_inserts", dict)
"""The last text each code editor was asked to insert at its cursor, with a running number."""

LAST_RESULTS: SessionValue[dict[str, ExecutionResult]] = SessionValue("last_results", dict)
"""The last outcome of the run form, by API id."""

RUNNING_CALLS: SessionValue[dict[str, Running[ExecutionResult]]] = SessionValue(
    "running_calls", dict
)
"""What the run form has begun and not yet shown, by API id."""


@dataclass(frozen=True)
class LabRun:
    """A run of the policy lab, going on or over; `ended` grows while it goes on."""

    work: Running[tuple[ExecutionResult, ...]]
    calls: int
    ended: Sequence[ExecutionResult]

    def words(self) -> str:
        """How far it is."""
        return f"{len(self.ended)} of {self.calls} calls are over"


COMPARISONS: SessionValue[dict[str, Comparison]] = SessionValue("comparisons", dict)
"""What the last comparison of a run found, by its id."""

TEST_REPORTS: SessionValue[dict[str, CaseReport]] = SessionValue("test_reports", dict)
"""What the last run of its test cases said, by API id."""

LAB_RUNS: SessionValue[dict[str, LabRun]] = SessionValue("lab_runs", dict)
"""The last run of the policy lab, by API id."""


@dataclass(frozen=True)
class GivenInputs:
    """What a run form begins with instead of the defaults; `rev` makes its widgets new ones."""

    params: Mapping[str, Any]
    input_payload: Any
    rev: int


RUN_LINKS: SessionValue[dict[str, str]] = SessionValue("run_links", dict)
"""The inputs of the link that each run form has followed last, by API id."""

RUN_INPUTS: SessionValue[dict[str, GivenInputs]] = SessionValue("run_inputs", dict)
"""Inputs of a logged run that the run form was asked to show, by API id."""


@dataclass(frozen=True)
class UrlKeys:
    """Names of query parameters, as widgets use them."""

    api: str = "api"
    tab: str = "tab"
    search: str = "q"
    logic_type: str = "type"
    activity: str = "status"
    tag: str = "tag"
    page: str = "page"
    sort: str = "sort"
    run: str = "run"
    job: str = "job"
    job_status: str = "state"
    jobs_page: str = "j"
    outcome: str = "outcome"
    source: str = "source"
    since: str = "since"
    of_api: str = "of"
    error: str = "error"
    runs_page: str = "p"
    connection: str = "connection"
    table: str = "table"
    breaker: str = "breaker"
    cached_search: str = "cached"
    cached_page: str = "cached-page"
    window: str = "window"
    begin: str = "from"
    end: str = "to"
    metrics_window: str = "last"
    cause: str = "cause"
    params: str = "params"
    least_ms: str = "least"
    most_ms: str = "most"
    executed_by: str = "by"
    version: str = "v"
    trace: str = "trace"
    alert: str = "alert"
    given: str = "with"
    asset: str = "asset"
    asset_tab: str = "part"
    asset_search: str = "find"
    asset_type: str = "asset-type"
    asset_status: str = "asset-status"
    asset_tag: str = "asset-tag"
    asset_page: str = "asset-page"
    tool: str = "tool"
    tool_tab: str = "view"
    tool_search: str = "tools"
    tool_page: str = "tools-page"


URL = UrlKeys()


EDITOR_BASES: SessionValue[dict[str, Any]] = SessionValue("editor_bases", dict)
"""What each table editor was first drawn with."""


def first_value(key: str, value: T) -> T:
    """The value the widget `key` was first drawn with, for as long as it stays on the page.

    A table editor keeps edits apart from its data and adds them again to whatever it is given:
    fed with its own result, it would add each row twice.
    """
    bases = EDITOR_BASES.get()
    if key not in st.session_state or key not in bases:
        bases[key] = value
    kept: T = bases[key]
    return kept
