from uuid import UUID, uuid4

import pytest

from engine.trace_context import (
    SpanParent,
    attempt_span_id,
    execution_span_id,
    traceparent,
    w3c_trace_id,
)

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.mark.parametrize(
    ("header", "sampled"),
    [
        (f"00-{TRACE}-{SPAN}-01", True),
        (f"00-{TRACE}-{SPAN}-00", False),
        (f" 00-{TRACE}-{SPAN}-03 ", True),
        (f"01-{TRACE}-{SPAN}-01-what-may-come", True),
    ],
)
def test_a_header_names_trace_span_and_whether_it_is_recorded(header, sampled):
    assert SpanParent.read(header) == SpanParent(TRACE, SPAN, sampled=sampled)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "nonsense",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}",
    ],
)
def test_a_header_that_breaks_the_standard_is_none(header):
    assert SpanParent.read(header) is None


def test_a_written_header_reads_back():
    execution = uuid4()

    header = traceparent(TRACE, execution_span_id(execution), sampled=False)

    assert SpanParent.read(header) == SpanParent(TRACE, execution_span_id(execution), sampled=False)


def test_attempts_have_spans_of_their_own():
    execution = UUID(int=0, version=4)

    spans = {execution_span_id(execution), *(attempt_span_id(execution, n) for n in (1, 2, 3))}

    assert len(spans) == 4
    assert all(int(span, 16) for span in spans)


def test_a_trace_id_of_the_callers_own_making_becomes_one_of_the_standard():
    made = w3c_trace_id("order 4711")

    assert SpanParent.read(f"00-{made}-{SPAN}-01") is not None
    assert made == w3c_trace_id("order 4711") != w3c_trace_id("order 4712")
    assert w3c_trace_id(TRACE) == TRACE
