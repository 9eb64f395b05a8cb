"""A workflow of three steps, each of which adds one, and what its runs leave in the log."""

from uuid import UUID

import orjson

from engine.facade import Engine
from engine.jobs import JobOrder
from engine.model import Caller, ExecutionQuery
from engine.model.job import Job
from engine.settings import Settings

STEP = """
import time
def main(params, input_payload):
    time.sleep({seconds})
    return {{"n": input_payload["n"] + 1}}
"""
NODES = (
    {"id": "a", "input": {"n": "{{params.n}}"}},
    {"id": "b", "input": "{{steps.a.data}}"},
    {"id": "c", "input": "{{steps.b.data}}"},
)


def publish_chain(engine: Engine, caller: Caller, name: str, *, seconds: float = 0.05) -> None:
    """Make the workflow `name` and its step `name`-step, which takes some seconds."""
    step, source = f"{name}-step", STEP.format(seconds=seconds)
    engine.apis.create({"api_name": step, "logic_type": "script", "logic_body": source}, caller)
    nodes = [{**node, "api_id": step} for node in NODES]
    engine.apis.create(
        {
            "api_name": name,
            "logic_type": "workflow",
            "logic_body": orjson.dumps({"nodes": nodes}).decode(),
            "param_schema": {"n": {"type": "integer", "required": True}},
        },
        caller,
    )


def submit(engine: Engine, caller: Caller, api: str, n: int) -> UUID:
    return engine.jobs.submit(JobOrder(api=api, params={"n": n}), caller).id


def begun_at_its_second_step(job: Job) -> bool:
    return job.nodes[0].state == "success"


def logged(settings: Settings, caller: Caller, api: str) -> list[UUID]:
    """The ids of every record of an API; a start takes in what killed workers left behind."""
    with Engine.open(settings) as engine:
        query = ExecutionQuery(api_id=engine.apis.get(api, caller).id, limit=1000)
        return sorted(record.id for record in engine.logs.search(query, caller).items)
