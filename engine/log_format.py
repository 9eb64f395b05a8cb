"""Sets up logging: one JSON object a line in production, plain text for reading."""

import logging
import sys
from datetime import UTC, datetime
from typing import Any

import orjson

from engine.log_values import storable_text
from engine.settings import Settings

_LOGGERS = ("engine", "storage")
_TEXT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"


class JsonFormatter(logging.Formatter):
    """One JSON object a record; `extra={"fields": {...}}` adds members of its own."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "timestamp": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname,
            "logger": record.name,
            "message": storable_text(record.getMessage()),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["exception"] = storable_text(self.formatException(record.exc_info))
        return orjson.dumps(line, default=str, option=orjson.OPT_UTC_Z).decode()


class _OwnHandler(logging.StreamHandler[Any]):
    """Marks the handler that `configure_logging` replaces when it is called again."""


def configure_logging(settings: Settings) -> None:
    """Send the log of engine and storage to standard error; may be called again."""
    handler = _OwnHandler(sys.stderr)
    as_json = settings.log_format == "json"
    handler.setFormatter(JsonFormatter() if as_json else logging.Formatter(_TEXT))
    for name in _LOGGERS:
        package = logging.getLogger(name)
        for old in [old for old in package.handlers if isinstance(old, _OwnHandler)]:
            package.removeHandler(old)
        package.addHandler(handler)
        package.setLevel(settings.log_level)
