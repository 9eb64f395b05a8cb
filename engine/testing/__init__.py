"""Test cases of APIs: kept with them, run against what is live, a draft or a version."""

from engine.testing.cases import ApiTests
from engine.testing.from_run import case_of_run
from engine.testing.junit import junit_xml
from engine.testing.rerun import Reruns

__all__ = ["ApiTests", "Reruns", "case_of_run", "junit_xml"]
