import re

from engine.definition_fields import new_definition
from engine.definitions import read_folder
from engine.executor_workflow import WorkflowExecutor
from engine.executor_workflow.model import Node
from engine.model import Caller
from sample_data.source import DEFINITIONS, FOLDER

PAGE = (FOLDER.parent / "docs" / "workflow.md").read_text()


class Samples:
    def __init__(self):
        files = read_folder(DEFINITIONS, {"rest_host": "h", "rest_url": "http://h"})
        caller = Caller(subject="test")
        self.apis = {file.name: new_definition(file.fields, caller) for file in files}

    def find(self, tenant_id, ref):
        return self.apis.get(ref)

    def names(self, tenant_id):
        return tuple(self.apis)


def test_the_example_is_a_workflow_over_the_samples():
    (example,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    fields = {
        "api_name": "example",
        "logic_type": "workflow",
        "logic_body": example,
        "param_schema": {"origin": {"type": "text"}},
    }

    compiled = WorkflowExecutor(Samples()).compile(new_definition(fields, Caller(subject="test")))

    assert compiled.graph.order == ("worst", "days", "digest")
    assert compiled.warnings == ()


def test_the_page_lists_the_fields_of_a_node():
    assert re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE) == list(Node.model_fields)
