"""Traces and metrics for an OpenTelemetry collector, where there is one to send them to."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import ExitStack

from engine.executor_monitoring import Observe
from engine.settings import Settings

_ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"


def open_telemetry(
    settings: Settings, opening: ExitStack, environment: Mapping[str, str] = os.environ
) -> Observe | None:
    """What is told of every execution; None, and nothing is imported, without a collector."""
    base = settings.otlp_endpoint
    traces = _is_on("TRACES", base, environment)
    metrics = _is_on("METRICS", base, environment)
    if not (traces or metrics):
        return None
    # Half a second and 20 MB, which an instance without a collector does not pay.
    from engine.telemetry import Telemetry  # noqa: PLC0415

    telemetry = Telemetry(
        traces_url=f"{base.rstrip('/')}/v1/traces" if base else None,
        metrics_url=f"{base.rstrip('/')}/v1/metrics" if base else None,
        traces=traces,
        metrics=metrics,
    )
    opening.callback(telemetry.close)
    return telemetry.record


def _is_on(signal: str, base: str | None, environment: Mapping[str, str]) -> bool:
    """Whether a signal has somewhere to go and is not switched off by the standard's variables."""
    if environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return False
    if environment.get(f"OTEL_{signal}_EXPORTER", "otlp").strip().lower() == "none":
        return False
    own = f"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT"
    return bool(base or environment.get(_ENDPOINT) or environment.get(own))
