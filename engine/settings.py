"""Every setting of an instance, read from `API_ENGINE_*` variables and `.env`."""

import ipaddress
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from dotenv import dotenv_values
from pydantic import Field, SecretStr, TypeAdapter, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from engine.errors import SettingsError
from engine.model.job import QueueRules

PREFIX = "API_ENGINE_"
_QUEUES = TypeAdapter(
    Annotated[
        dict[Annotated[str, Field(pattern="^[a-z][a-z0-9-]{0,62}$")], QueueRules],
        Field(min_length=1),
    ]
)
_CONNECTION_PREFIX = f"{PREFIX}CONNECTION_"


class Settings(BaseSettings):
    """The effective settings; `Settings.load()` turns a bad value into a clear SettingsError."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file_encoding="utf-8", extra="ignore", frozen=True
    )

    data_dir: Path = Field(
        default=Path(".api-engine"),
        description="Folder of metadata, journal, sample database and instance key.",
    )
    host: str = Field(default="127.0.0.1", description="Address that dashboard and REST listen on.")
    port: int = Field(
        default=8501, ge=1, le=65535, description="Port of the dashboard (REST under `/api`)."
    )
    rest_port: int = Field(
        default=8600, ge=1, le=65535, description="Port of `api-engine serve`, REST alone."
    )
    metadata_url: SecretStr | None = Field(
        default=None,
        description="SQLAlchemy URL of the metadata database; SQLite in the data folder if unset.",
    )
    redis_url: SecretStr | None = Field(
        default=None, description="Redis for cache, limits and breakers; memory if unset."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="Lowest level that is logged."
    )
    log_format: Literal["json", "text"] = Field(
        default="json", description="One JSON object a line, or text for reading."
    )
    otlp_endpoint: str | None = Field(
        default=None,
        pattern=r"^https?://",
        description="OpenTelemetry collector (OTLP/HTTP, as `http://collector:4318`) for traces "
        "and metrics; `OTEL_EXPORTER_OTLP_ENDPOINT` if unset, none without either.",
    )
    bootstrap_key: SecretStr | None = Field(
        default=None, description="The first admin key, instead of a generated one."
    )
    instance_key: SecretStr | None = Field(
        default=None,
        description="Encrypts secrets and connections, the same on every host; a file if unset.",
    )
    jwt_secret: SecretStr | None = Field(
        default=None, description="Verifies HS256 tokens; at least 32 bytes."
    )
    jwt_jwks: str | None = Field(
        default=None, description="URL or file of the key set that verifies RS256 tokens."
    )
    jwt_audience: str | None = Field(
        default=None, description="What a token's `aud` must name; not looked at if unset."
    )
    jwt_issuer: str | None = Field(
        default=None, description="What a token's `iss` must be; not looked at if unset."
    )
    jwt_leeway_seconds: float = Field(
        default=30, ge=0, le=300, description="How far the clocks of token issuers may differ."
    )
    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Web origins that browsers may call REST from, separated by commas.",
    )
    sandbox_require: Literal["auto", "strict"] = Field(
        default="auto", description="`strict` refuses scripts below full isolation."
    )
    sandbox_slots: int | None = Field(
        default=None,
        ge=1,
        le=1024,
        description="Scripts at once, at most half for one tenant; twice the cores if unset.",
    )
    sandbox_unsafe: bool = Field(
        default=False,
        description="Run scripts without isolation where there is none; for development only.",
    )
    sample_data: bool = Field(
        default=True, description="Load the flight data and register the sample APIs at start."
    )
    breaking_changes: Literal["warn", "block"] = Field(
        default="warn",
        description="`block` refuses to publish what would break the APIs and tools that use it.",
    )
    max_rows_ceiling: int = Field(
        default=1_000_000, ge=1, description="The largest `max_rows` a policy may ask for."
    )
    max_held_rows: int = Field(
        default=10_000,
        ge=1,
        description="Rows of an answer that is held in memory; REST calls stream larger ones.",
    )
    max_timeout_seconds: float = Field(
        default=300, gt=0, description="The largest `timeout_seconds` a policy may ask for."
    )
    max_request_bytes: int = Field(
        default=1_048_576, ge=1024, description="The largest request body in bytes."
    )
    max_logged_bytes: int = Field(
        default=1_048_576, ge=1024, description="Bytes of params and of answer kept in the log."
    )
    max_concurrent_calls: int = Field(
        default=64,
        ge=1,
        description="REST calls running at once in one process; further ones wait.",
    )
    max_waiting_calls: int = Field(
        default=256,
        ge=0,
        description="REST calls that may wait for their turn; further ones get 503.",
    )
    duckdb_memory_mb: int = Field(
        default=512, ge=64, description="Memory limit of each DuckDB source in MB."
    )
    duckdb_threads: int = Field(default=2, ge=1, description="Threads of each DuckDB source.")
    postgres_pool_size: int = Field(
        default=8, ge=1, description="Connections kept for each PostgreSQL target."
    )
    jobs: Literal["embedded", "workers"] = Field(
        default="embedded",
        description="Who runs jobs: the processes of the doors, or `api-engine worker` alone.",
    )
    job_queues: str = Field(
        default='{"default": {}}',
        description="Queues and their rules, as JSON; `jobs.md` says which rules there are.",
    )
    job_timeout_seconds: float = Field(
        default=3600, gt=0, description="How long a job may take once a worker has begun it."
    )
    job_retention_days: int = Field(
        default=7, ge=1, description="Days that a job and its answer are kept after its end."
    )
    worker_lost_seconds: float = Field(
        default=8,
        ge=2,
        description="A worker not heard of for so long is lost: others go on with its jobs.",
    )
    drain_seconds: float = Field(
        default=30,
        ge=0,
        description="How long calls and jobs may finish when a process is asked to end.",
    )
    stop_delay_seconds: float = Field(
        default=0,
        ge=0,
        description="How long `serve` answers on once asked to end, while `/readyz` says so.",
    )
    cache_memory_mb: int = Field(
        default=64, ge=1, description="Memory of the in-process answer cache in MB."
    )
    run_rules: bool = Field(
        default=True, description="Let this process look at events and run rules."
    )
    event_retention_days: int = Field(
        default=7, ge=1, description="Days that posted events are kept, and known by their ids."
    )
    log_retention_days: int = Field(
        default=90,
        ge=1,
        description="Days that executions are kept in the log; metrics last longer.",
    )
    journal_max_mb: int = Field(
        default=1024,
        ge=1,
        description="MB of executions that may wait for the metadata database in one process "
        "before its calls are refused with 503.",
    )
    spool_max_mb: int = Field(
        default=1024,
        ge=1,
        description="MB on disk of the large answers that one process makes and sends at once.",
    )
    metrics_minute_days: int = Field(
        default=2, ge=1, description="Days that metrics are kept by the minute."
    )
    metrics_hour_days: int = Field(
        default=90, ge=2, description="Days that metrics are kept by the hour."
    )
    metrics_day_days: int = Field(
        default=730, ge=2, description="Days that metrics are kept by the day."
    )
    environment_connections: Annotated[Mapping[str, SecretStr], NoDecode] = Field(
        default_factory=dict,
        description="Targets given as `API_ENGINE_CONNECTION_<NAME>`: `postgresql://…` or `duckdb:///…`.",
        exclude=True,
    )

    @field_validator(
        "metadata_url",
        "redis_url",
        "otlp_endpoint",
        "bootstrap_key",
        "instance_key",
        "jwt_secret",
        "jwt_jwks",
        "jwt_audience",
        "jwt_issuer",
        mode="before",
    )
    @classmethod
    def _empty_is_unset(cls, value: object) -> object:
        return None if value == "" else value

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _comma_separated(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(origin for part in value.split(",") if (origin := part.strip().rstrip("/")))

    @field_validator("job_queues")
    @classmethod
    def _are_queues(cls, value: str) -> str:
        _QUEUES.validate_json(value)
        return value

    @property
    def queues(self) -> Mapping[str, QueueRules]:
        """The queues of jobs, by name."""
        return _QUEUES.validate_json(self.job_queues)

    @property
    def listens_on_loopback(self) -> bool:
        """Whether only this machine can reach the doors."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @classmethod
    def load(cls, **overrides: object) -> "Settings":
        """Read the environment and the file that `API_ENGINE_ENV_FILE` names, `.env` if unset.

        Raises:
            SettingsError: Names each variable that cannot be used.
        """
        env_file = os.environ.get(f"{PREFIX}ENV_FILE", ".env")
        environment = {**dotenv_values(env_file), **os.environ} if env_file else os.environ
        overrides.setdefault("environment_connections", _connections_from(environment))
        try:
            return cls(_env_file=env_file or None, **overrides)  # type: ignore[arg-type]  # pydantic checks
        except ValidationError as error:
            problems = "; ".join(
                f"{_variable(mistake['loc'])}: {mistake['msg']}"
                for mistake in error.errors(include_input=False)
            )
            raise SettingsError(f"settings cannot be used: {problems}") from error


def _variable(location: tuple[int | str, ...]) -> str:
    return PREFIX + "_".join(str(part) for part in location).upper()


def _connections_from(environment: Mapping[str, str | None]) -> dict[str, SecretStr]:
    return {
        name.removeprefix(_CONNECTION_PREFIX).lower().replace("_", "-"): SecretStr(dsn)
        for name, dsn in environment.items()
        if name.startswith(_CONNECTION_PREFIX) and dsn
    }
