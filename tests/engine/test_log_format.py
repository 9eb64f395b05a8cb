import io
import logging

import orjson
import pytest

from engine.log_format import JsonFormatter, configure_logging
from engine.settings import Settings


@pytest.fixture
def restored_loggers():
    loggers = [logging.getLogger(name) for name in ("engine", "storage")]
    before = [(list(one.handlers), one.level) for one in loggers]
    yield
    for one, (handlers, level) in zip(loggers, before, strict=True):
        one.handlers, one.level = handlers, level


def formatted(**fields):
    record = logging.makeLogRecord({"name": "engine.x", "levelname": "INFO", **fields})
    return orjson.loads(JsonFormatter().format(record))


def test_a_record_is_one_json_object_with_its_fields():
    line = formatted(msg="%s done", args=("é\n",), created=0.5, fields={"api_id": None, "n": 1})

    assert line == {
        "timestamp": "1970-01-01T00:00:00.500000Z",
        "level": "INFO",
        "logger": "engine.x",
        "message": "é\n done",
        "api_id": None,
        "n": 1,
    }


def test_no_message_can_break_the_line():
    line = JsonFormatter().format(logging.makeLogRecord({"msg": "a\nb\0\ud800"}))

    assert "\n" not in line
    assert orjson.loads(line)["message"] == "a\nb\ufffd\ufffd"


def test_an_exception_is_a_member_of_the_object():
    try:
        int("wrong")
    except ValueError as error:
        line = formatted(msg="failed", exc_info=(type(error), error, error.__traceback__))

    assert line["exception"].endswith("base 10: 'wrong'")


@pytest.mark.usefixtures("restored_loggers")
def test_configuring_twice_writes_each_line_once_to_standard_error(monkeypatch):
    error_output = io.StringIO()
    monkeypatch.setattr("sys.stderr", error_output)
    for _ in range(2):
        configure_logging(Settings.load(log_level="WARNING"))

    logging.getLogger("engine.pipeline").warning("slow")
    logging.getLogger("storage.journal").info("not wanted")

    [line] = error_output.getvalue().splitlines()
    assert orjson.loads(line)["message"] == "slow"


@pytest.mark.usefixtures("restored_loggers")
def test_text_is_for_reading(monkeypatch):
    error_output = io.StringIO()
    monkeypatch.setattr("sys.stderr", error_output)
    configure_logging(Settings.load(log_format="text"))

    logging.getLogger("engine").error("broken")

    assert "ERROR   engine: broken" in error_output.getvalue()
