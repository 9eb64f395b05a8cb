"""Writes a report of test cases as JUnit XML, which every CI system reads."""

import re
from itertools import groupby
from xml.etree import ElementTree as ET

from engine.model.testing import CaseOutcome, CaseReport

_NO_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold, not even escaped."""


def junit_xml(report: CaseReport) -> bytes:
    """The report: a suite for each API, a case for each test case."""
    root = ET.Element(
        "testsuites",
        name="api-engine",
        tests=str(len(report.outcomes)),
        failures=str(len(report.failed)),
        time=_seconds(report.duration_ms),
    )
    for api_name, outcomes in groupby(report.outcomes, lambda each: each.api_name):
        _add_suite(root, api_name, tuple(outcomes), report)
    ET.indent(root)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def _add_suite(
    root: ET.Element, api_name: str, outcomes: tuple[CaseOutcome, ...], report: CaseReport
) -> None:
    suite = ET.SubElement(
        root,
        "testsuite",
        name=api_name,
        tests=str(len(outcomes)),
        failures=str(sum(not each.passed for each in outcomes)),
        errors="0",
        skipped="0",
        time=_seconds(sum(each.duration_ms for each in outcomes)),
        timestamp=report.started_at.isoformat(timespec="seconds"),
    )
    for outcome in outcomes:
        case = ET.SubElement(
            suite,
            "testcase",
            name=_xml(outcome.name),
            classname=api_name,
            time=_seconds(outcome.duration_ms),
        )
        if not outcome.passed:
            text = "\n".join((*outcome.failures, f"execution {outcome.execution_id}"))
            failure = ET.SubElement(case, "failure", message=_xml(outcome.failures[0]))
            failure.text = _xml(text)


def _seconds(milliseconds: float) -> str:
    return f"{milliseconds / 1000:.3f}"


def _xml(text: str) -> str:
    return _NO_XML.sub("\ufffd", text)
