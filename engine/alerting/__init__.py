"""Alerts: thresholds on the engine's figures that tell a webhook or the log."""

from engine.alerting.service import ALERT_FIELDS, Alerts, alert_issues
from engine.alerting.trigger import FIGURES, AlertTrigger, compile_alert
from engine.alerting.watch import AlertWatch
from engine.alerting.webhook import TOLD, WebhookSender, compile_delivery

__all__ = [
    "ALERT_FIELDS",
    "FIGURES",
    "TOLD",
    "AlertTrigger",
    "AlertWatch",
    "Alerts",
    "WebhookSender",
    "alert_issues",
    "compile_alert",
    "compile_delivery",
]
