"""Alerts over a real engine's figures: they fire once, clear, and tell a webhook until it hears."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from uuid import uuid4

import orjson
import pytest

from engine.alerting import Alerts, AlertWatch, WebhookSender, compile_alert, compile_delivery
from engine.errors import (
    ConflictError,
    DefinitionInvalidError,
    NotFoundError,
    PermissionDeniedError,
    TemplateFailedError,
)
from engine.metrics import Metrics
from engine.metrics_window import Kept
from engine.model import Caller, ExecutionRecord
from storage.alerts import SqlAlertStore
from storage.database import Database, default_url
from storage.executions import SqlExecutionStore
from storage.journal import FileJournal
from storage.leases import SqlLeases
from storage.migrations import migrate
from storage.rollup_reading import SqlRollupStore

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
LOW = {"field": "success_rate", "op": "<", "value": 0.9, "clear_value": 0.95, "window": "5m"}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database(request, tmp_path_factory):
    if request.param == "sqlite":
        url = default_url(tmp_path_factory.mktemp("alerts"))
    else:
        cluster = request.getfixturevalue("postgres_cluster")
        with cluster.connect() as connection:
            connection.execute("CREATE DATABASE alerts")
        url = str(cluster.url("alerts"))
    migrate(url)
    database = Database(url)
    yield database
    database.close()


class Hook:
    """A webhook on loopback that remembers what it was told, and may answer with errors."""

    def __init__(self) -> None:
        self.told: list[dict[str, object]] = []
        self.keys: list[str] = []
        self.status = 200

        class Handler(BaseHTTPRequestHandler):
            def do_POST(handler):  # noqa: N805 - the hook is self
                body = handler.rfile.read(int(handler.headers["Content-Length"]))
                self.told.append(orjson.loads(body))
                self.keys.append(handler.headers["Idempotency-Key"])
                handler.send_response(self.status)
                handler.send_header("Content-Length", "0")
                handler.end_headers()

            def log_message(handler, *_):  # noqa: N805
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.01,), daemon=True
        )
        self._thread.start()

    @property
    def delivery(self):
        url = f"http://127.0.0.1:{self._server.server_port}/{{{{secrets.hook}}}}"
        return {"type": "webhook", "url": url, "allow_hosts": ["127.0.0.1"]}

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def hook() -> Iterator[Hook]:
    hook = Hook()
    yield hook
    hook.close()


class Site:
    """One tenant's calls, its alerts, and several processes that look at them."""

    def __init__(self, database, folder):
        self.now = NOON
        self.caller = Caller(
            subject="ana", tenant_id=f"t-{uuid4().hex[:8]}", roles=frozenset({"analyst"})
        )
        self._executions = SqlExecutionStore(database)
        self._journal = FileJournal(folder, self._executions)
        self.store = SqlAlertStore(database)
        self.alerts = Alerts(self.store, self._find, clock=lambda: self.now)
        self.sender = WebhookSender(lambda _tenant, name: self._secret(name))
        kept = Kept(minutes=timedelta(days=2), hours=timedelta(days=90))
        metrics = Metrics(SqlRollupStore(database), self._journal, kept, clock=lambda: self.now)
        self.watches = [
            AlertWatch(self.store, metrics, lambda *_: None, self.sender, clock=lambda: self.now)
            for _ in range(3)
        ]

    def _find(self, ref, caller):
        raise NotFoundError(f"there is no API {ref!r}")

    def _secret(self, name):
        if name != "hook":
            raise TemplateFailedError(f"no secret {name!r}")
        return "s3cret-path"

    def calls(self, *statuses):
        self._executions.insert(
            [
                ExecutionRecord.model_validate(
                    {
                        "id": uuid4(),
                        "api_id": None,
                        "api_name": "delays",
                        "api_version": 1,
                        "tenant_id": self.caller.tenant_id,
                        "executed_by": "bo",
                        "source": "rest",
                        "trace_id": uuid4().hex,
                        "status": status,
                        "duration_ms": 10,
                        "response_status": 200 if status == "success" else 502,
                        "created_at": self.now,
                    }
                )
                for status in statuses
            ]
        )

    def look(self, minutes=0):
        """Every process looks, later."""
        self.now += timedelta(minutes=minutes)
        for watch in self.watches:
            watch.look()

    def told(self):
        return [each.change for each in reversed(self.alerts.events(self.caller))]

    def close(self):
        for alert in self.alerts.list(self.caller):
            self.alerts.delete(str(alert.id), self.caller)
        self._journal.close()
        self.sender.close()


@pytest.fixture
def site(database, tmp_path):
    site = Site(database, tmp_path / "journal")
    yield site
    site.close()


def test_an_alert_fires_once_however_many_look_and_clears_at_its_own_value(site):
    site.alerts.create({"alert_name": "low", "spec": LOW}, site.caller)
    site.look()
    assert site.alerts.get("low", site.caller).phase == "quiet"

    site.calls("success", "fail")
    site.look()
    site.look(minutes=1)

    alert = site.alerts.get("low", site.caller)
    assert (alert.phase, alert.value) == ("firing", 0.5)
    assert site.told() == ["fired"]
    site.now += timedelta(minutes=10)
    site.calls(*["success"] * 12, "fail")  # between the two lines
    site.look()
    assert site.told() == ["fired"]
    site.now += timedelta(minutes=10)
    site.calls("success")
    site.look()
    assert site.told() == ["fired", "cleared"]


def test_two_that_look_at_the_same_moment_record_one_change(site):
    site.alerts.create({"alert_name": "low", "spec": LOW}, site.caller)
    site.calls("fail")
    [seen] = [each for each in site.store.active() if each.tenant_id == site.caller.tenant_id]
    fired = seen.model_copy(update={"phase": "firing"})

    assert site.store.advance(fired, None)
    assert not site.store.advance(fired, None)


def test_a_hold_time_lets_a_short_dip_pass(site):
    site.alerts.create({"alert_name": "low", "spec": {**LOW, "hold": "2m"}}, site.caller)
    site.calls("fail")
    site.look()
    site.look(minutes=1)
    assert site.alerts.get("low", site.caller).phase == "pending"

    site.look(minutes=1)

    assert site.told() == ["fired"]


def test_without_calls_nothing_changes(site):
    site.alerts.create({"alert_name": "low", "spec": LOW}, site.caller)
    site.calls("fail")
    site.look()

    site.look(minutes=30)

    assert site.alerts.get("low", site.caller).phase == "firing"


def test_a_condition_over_several_figures_fires_and_clears(site):
    spec = {
        "condition": "calls >= 2 && fail > 0",
        "clear_condition": {"field": "fail", "op": "==", "value": 0},
        "window": "1m",
    }
    site.alerts.create({"alert_name": "some", "spec": spec}, site.caller)
    site.calls("fail")
    site.look()
    assert site.told() == []

    site.calls("success")
    site.look()
    site.look(minutes=5)

    assert site.told() == ["fired", "cleared"]


def test_a_condition_reads_as_a_sentence():
    calls = {"field": "calls", "op": ">=", "value": 10}
    either = {"any": [{"field": "fail", "op": ">", "value": 0}, {"expression": "timeout > 3"}]}

    assert compile_alert({"condition": {"all": [calls, either]}}).words == (
        "calls >= 10 and (fail > 0 or timeout > 3)"
    )
    assert compile_alert({"condition": {"not": calls}}).words == "not (calls >= 10)"


def test_a_webhook_is_called_until_it_hears_with_the_same_key(site, hook):
    hook.status = 500
    site.alerts.create({"alert_name": "low", "spec": LOW, "delivery": hook.delivery}, site.caller)
    site.calls("fail")
    site.look()

    for watch in site.watches:
        watch.deliver()
    [event] = site.alerts.events(site.caller, "low")
    assert (event.status, event.attempts, len(hook.told)) == ("waiting", 1, 1)
    assert "upstream_status" in event.error
    assert "s3cret" not in event.error
    hook.status = 204
    site.now += timedelta(minutes=1)
    for watch in site.watches:
        watch.deliver()

    [event] = site.alerts.events(site.caller, "low")
    assert (event.status, event.attempts, event.error) == ("delivered", 2, None)
    assert [each["change"] for each in hook.told] == ["fired", "fired"]
    assert hook.told[0]["message"] == "low fired: success_rate < 0.9 of all APIs, at 0"
    assert hook.keys == [str(event.id)] * 2


def test_a_webhook_that_never_hears_is_given_up(site, hook):
    hook.status = 500
    site.alerts.create({"alert_name": "low", "spec": LOW, "delivery": hook.delivery}, site.caller)
    site.alerts.tell("low", site.caller)

    for _ in range(7):
        site.watches[0].deliver()
        site.now += timedelta(hours=2)

    [event] = site.alerts.events(site.caller)
    assert (event.change, event.status, event.attempts) == ("tried", "failed", 6)


def test_a_watch_that_was_stopped_begins_nothing(site, hook):
    site.alerts.create({"alert_name": "low", "spec": LOW, "delivery": hook.delivery}, site.caller)
    site.alerts.tell("low", site.caller)
    site.calls("fail")
    site.watches[0].stop()

    site.watches[0].look()
    site.watches[0].deliver()

    assert site.told() == ["tried"]
    assert not hook.told


def test_a_private_address_is_refused_unless_it_is_named(site, hook):
    delivery = {**hook.delivery, "allow_hosts": []}
    site.alerts.create({"alert_name": "low", "spec": LOW, "delivery": delivery}, site.caller)
    site.alerts.tell("low", site.caller)

    site.watches[0].deliver()

    [event] = site.alerts.events(site.caller)
    assert "outbound_refused" in event.error
    assert not hook.told


def test_a_changed_alert_begins_anew_and_is_not_overtaken(site):
    site.alerts.create({"alert_name": "low", "spec": LOW}, site.caller)
    site.calls("fail")
    site.look()
    [old] = [each for each in site.store.active() if each.tenant_id == site.caller.tenant_id]

    site.alerts.update("low", {"description": "new"}, site.caller)

    assert site.alerts.get("low", site.caller).phase == "quiet"
    assert not site.store.advance(old, None)


def test_only_one_process_looks_at_a_time(database):
    first, second = SqlLeases(database), SqlLeases(database)

    assert first.take("alerts", 45)
    assert not second.take("alerts", 45)


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        ({}, "spec.field"),
        ({**LOW, "field": "moon"}, "spec.field"),
        ({**LOW, "op": "~"}, "spec.op"),
        ({**LOW, "value": "much"}, "spec.value"),
        ({**LOW, "clear_value": 0.5}, "spec.clear_value"),
        ({**LOW, "window": "5 minutes"}, "spec.window"),
        ({**LOW, "window": "30s"}, "spec.window"),
        ({**LOW, "hold": "30d"}, "spec.hold"),
        ({**LOW, "wndow": "5m"}, "spec.wndow"),
        ({"condition": "calls >"}, "spec.condition"),
        ({"condition": {"field": "moon", "op": ">", "value": 1}}, "spec.condition.field"),
    ],
)
def test_what_cannot_be_watched_is_refused_by_its_place(spec, path):
    with pytest.raises(DefinitionInvalidError) as caught:
        compile_alert(spec)

    assert path in [issue.path for issue in caught.value.issues]


@pytest.mark.parametrize(
    "delivery",
    [
        {},
        {"type": "pigeon"},
        {"type": "webhook"},
        {"type": "webhook", "url": "ftp://example.com"},
        {"type": "webhook", "url": "https://example.com", "body": {"x": "{{params.moon}}"}},
        {"type": "webhook", "url": "https://example.com", "allow_hosts": "example.com"},
        {"type": "log", "url": "https://example.com"},
    ],
)
def test_who_cannot_be_told_is_refused(delivery):
    with pytest.raises(DefinitionInvalidError):
        compile_delivery(delivery)


def test_names_roles_and_apis_are_checked_and_nothing_is_half_saved(site):
    create = site.alerts.create
    viewer = site.caller.model_copy(update={"roles": frozenset({"viewer"})})
    create({"alert_name": "low", "spec": LOW}, site.caller)

    with pytest.raises(ConflictError):
        create({"alert_name": "low", "spec": LOW}, site.caller)
    with pytest.raises(NotFoundError):
        create({"alert_name": "other", "spec": {**LOW, "api": "nowhere"}}, site.caller)
    with pytest.raises(DefinitionInvalidError):
        create({"alert_name": "No Name", "spec": LOW}, site.caller)
    with pytest.raises(PermissionDeniedError):
        create({"alert_name": "other", "spec": LOW}, viewer)

    assert [each.alert_name for each in site.alerts.list(viewer)] == ["low"]
    stranger = site.caller.model_copy(update={"tenant_id": "strangers"})
    assert site.alerts.list(stranger) == ()
