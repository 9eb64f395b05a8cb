"""The workflow executor: graphs of nodes, each calling another API."""

from engine.executor_workflow.calls import ApiLookup, StoredApis
from engine.executor_workflow.compiled import CompiledWorkflow
from engine.executor_workflow.executor import WorkflowExecutor
from engine.executor_workflow.node_result import NodeResult

__all__ = ["ApiLookup", "CompiledWorkflow", "NodeResult", "StoredApis", "WorkflowExecutor"]
