"""Each weakness of an instance is named, with what to do; a sound one has none."""

import pytest

from engine.connections import Connections, OpenTarget
from engine.errors import PermissionDeniedError
from engine.executor_core.sandbox.process import Isolation
from engine.model import Caller, Connection
from engine.ports import Dialect
from engine.settings import Settings
from engine.startup_audit import StartupAudit, setting_findings
from storage.connections import SqlConnectionStore
from storage.database import Database, default_url
from storage.instance_key import InstanceKey
from storage.migrations import migrate
from storage.settings import SqlSettingStore
from storage.targets.postgres import PostgresTarget

ADMIN = Caller(subject="ada", roles=frozenset({"admin"}))
STRONG = "kT3vQ9xLw2Zr7Yp5Nn8Bd4Mh6Gs1Fc0J"
FULL = Isolation(level="A", namespaces=True, landlock_abi=5, seccomp=True, files="")


@pytest.mark.parametrize(
    ("settings", "about", "word"),
    [
        ({"jwt_secret": "changeme" * 5}, "API_ENGINE_JWT_SECRET", "placeholder"),
        ({"jwt_secret": "My-Secret-" + STRONG}, "API_ENGINE_JWT_SECRET", "placeholder"),
        ({"jwt_secret": "ab" * 20}, "API_ENGINE_JWT_SECRET", "guessed"),
        ({"bootstrap_key": "admin"}, "API_ENGINE_BOOTSTRAP_KEY", "guessed"),
        ({"cors_origins": ("*",)}, "API_ENGINE_CORS_ORIGINS", "every web page"),
        ({"host": "0.0.0.0"}, "API_ENGINE_HOST", "in clear"),  # noqa: S104  # read only
        ({"sandbox_unsafe": True}, "API_ENGINE_SANDBOX_UNSAFE", "without isolation"),
    ],
)
def test_a_weak_setting_is_named_with_what_to_do(settings, about, word):
    (finding,) = setting_findings(Settings.load(**settings))

    assert finding.about == about
    assert word in finding.message
    assert finding.advice
    assert "kT3v" not in repr(finding)


def test_sound_settings_have_no_finding():
    settings = Settings.load(
        jwt_secret=STRONG, bootstrap_key=STRONG, cors_origins=("https://app.example.com",)
    )

    assert setting_findings(settings) == ()


@pytest.fixture
def audit(tmp_path):
    """A function that makes the audit of an instance with these connections."""
    migrate(default_url(tmp_path))
    database = Database(default_url(tmp_path))
    key = InstanceKey.load(tmp_path)
    store, settings = SqlConnectionStore(database, key), SqlSettingStore(database, key)
    opened = []

    def audit(*, isolation=FULL, **dsns):
        fixed = {
            name: Connection(name=name, dialect="postgres", dsn=dsn, origin="environment")
            for name, dsn in dsns.items()
        }
        openers: dict[Dialect, OpenTarget] = {
            "postgres": lambda each: PostgresTarget(each.dsn, pool_size=1)
        }
        opened.append(Connections(fixed, store, openers, settings))
        return StartupAudit(Settings.load(), opened[-1], lambda: isolation)

    yield audit
    for connections in opened:
        connections.close()
    database.close()


def test_a_role_that_may_do_everything_is_named_and_a_plain_one_is_not(
    audit, postgres_url, postgres_reader_url
):
    findings = audit(risky=postgres_url, plain=postgres_reader_url).findings(ADMIN)

    assert {each.about for each in findings} == {"connection risky"}
    assert any("superuser" in each.message for each in findings)


def test_a_target_that_is_away_is_named_and_hides_no_other_finding(audit, free_port):
    findings = audit(gone=f"postgresql://u@127.0.0.1:{free_port()}/x").findings(ADMIN)

    assert [each.about for each in findings] == ["connection gone"]
    assert "could not be looked at" in findings[0].message


def test_a_sandbox_below_full_strength_is_named_with_its_reasons(audit):
    weak = Isolation(
        level="B", namespaces=False, landlock_abi=5, seccomp=True, files="", why=("no namespaces",)
    )
    (finding,) = audit(isolation=weak).findings(ADMIN)

    assert finding.about == "sandbox"
    assert "level B, not A: no namespaces" in finding.message


def test_findings_are_for_admins(audit):
    with pytest.raises(PermissionDeniedError):
        audit().findings(Caller(subject="bo", roles=frozenset({"analyst"})))
