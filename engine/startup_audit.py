"""Names what makes this instance easier to attack, each with what to do about it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pydantic import SecretStr

from engine.auth import authorize
from engine.connections import Connections
from engine.errors import EngineError
from engine.executor_core.sandbox.process import Isolation
from engine.model import Caller
from engine.settings import PREFIX, Settings

FEWEST_CHARACTERS = 12
"""Different ones: less is a word, a date, or one key held down."""
PLACEHOLDERS = (
    "changeme",
    "change-me",
    "change_me",
    "secret",
    "password",
    "example",
    "placeholder",
)


@dataclass(frozen=True)
class Finding:
    """One weakness: what it is about, what is wrong, and what to do."""

    about: str
    message: str
    advice: str


class StartupAudit:
    """Looks at settings, connections and the sandbox.

    Args:
        settings: What was set.
        connections: The query targets.
        isolation: How well scripts are isolated here.
    """

    def __init__(
        self, settings: Settings, connections: Connections, isolation: Callable[[], Isolation]
    ) -> None:
        self._settings = settings
        self._connections = connections
        self._isolation = isolation

    def findings(self, caller: Caller) -> tuple[Finding, ...]:
        """Everything that was found, for an admin; asks each target of the caller's tenant."""
        authorize(caller, "settings:manage")
        return (
            *setting_findings(self._settings),
            *_sandbox_findings(self._isolation()),
            *self._connection_findings(caller),
        )

    def _connection_findings(self, caller: Caller) -> Iterator[Finding]:
        for connection in self._connections.all(caller):
            about = f"connection {connection.name}"
            try:
                dangers = self._connections.audit(connection.name, caller)
            except EngineError as error:
                yield Finding(about, f"it could not be looked at: {error.message}", "Try again.")
                continue
            for danger in dangers:
                yield Finding(about, danger, "Connect as a role that may only read what it needs.")


def setting_findings(settings: Settings) -> tuple[Finding, ...]:
    """What the settings alone tell; quick, so that every start can say it."""
    return (
        *_secret_findings("JWT_SECRET", settings.jwt_secret),
        *_secret_findings("BOOTSTRAP_KEY", settings.bootstrap_key),
        *_reach_findings(settings),
    )


def _secret_findings(name: str, secret: SecretStr | None) -> Iterator[Finding]:
    if secret is None:
        return
    text = secret.get_secret_value().lower()
    if any(each in text for each in PLACEHOLDERS):
        yield Finding(
            PREFIX + name, "it looks like a placeholder", "Make one: openssl rand -base64 48"
        )
    elif len(set(text)) < FEWEST_CHARACTERS:
        yield Finding(PREFIX + name, "it can be guessed", "Make one: openssl rand -base64 48")


def _reach_findings(settings: Settings) -> Iterator[Finding]:
    if "*" in settings.cors_origins:
        yield Finding(
            f"{PREFIX}CORS_ORIGINS",
            "every web page may call REST from its visitors' browsers",
            "Name the origins that need it.",
        )
    if not settings.listens_on_loopback:
        yield Finding(
            f"{PREFIX}HOST",
            f"{settings.host} can be reached by others, and keys and passwords travel in clear",
            "Put a proxy with TLS in front, and let nobody reach this port but the proxy.",
        )
    if settings.sandbox_unsafe:
        yield Finding(
            f"{PREFIX}SANDBOX_UNSAFE",
            "scripts run without isolation where this machine gives none",
            "Unset it anywhere but on a developer's own machine.",
        )


def _sandbox_findings(isolation: Isolation) -> Iterator[Finding]:
    if isolation.level != "A":
        yield Finding(
            "sandbox",
            f"isolation is at level {isolation.level}, not A: {'; '.join(isolation.why)}",
            "docs/sandbox.md says what each level needs of the machine; "
            f"{PREFIX}SANDBOX_REQUIRE=strict refuses scripts below A.",
        )
