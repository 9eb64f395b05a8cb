import re
from pathlib import Path

from engine.definition_tests import read_cases
from engine.model.policy import PublishGatePolicy
from engine.model.testing import Expectation
from engine.yaml_source import YamlSource

PAGE = (Path(__file__).parents[2] / "docs" / "lifecycle.md").read_text(encoding="utf-8")


def test_the_example_of_a_test_case_is_one():
    [text] = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)

    [case] = read_cases(YamlSource.parse(text).value["tests"])

    assert case.expect.values[1].max == 100


def test_the_page_says_everything_that_can_be_expected():
    table = PAGE.partition("| field of `expect` |")[2].partition("\n\n")[0]

    assert set(Expectation.model_fields) <= set(re.findall(r"`(\w+)`", table))


def test_the_page_says_every_setting_of_the_gate_with_its_default():
    table = PAGE.partition("| `publish_gate` in the policy |")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| `(\w+)` \| `?([\w.]+)`? \|", table, re.MULTILINE)

    fields = PublishGatePolicy.model_fields.items()
    assert dict(rows) == {name: f"{field.default}" for name, field in fields}
