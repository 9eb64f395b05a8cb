"""What a new API begins with: one working example per logic type."""

from collections.abc import Mapping
from typing import Any

from engine.model import LogicType

STARTERS: Mapping[LogicType, Mapping[str, Any]] = {
    "sql": {
        "logic_body": (
            "SELECT carrier, count(*) AS flights, avg(dep_delay) AS avg_delay\n"
            "FROM flights\n"
            "WHERE origin = :origin\n"
            "GROUP BY carrier\n"
            "ORDER BY avg_delay DESC"
        ),
        "param_schema": {
            "origin": {
                "type": "text",
                "default": "JFK",
                "enum": ["EWR", "JFK", "LGA"],
                "description": "Airport of departure",
            }
        },
    },
    "http": {
        "logic_body": (
            '{\n  "method": "GET",\n  "url": "https://example.com/items/{{params.id}}",\n'
            '  "headers": {"Accept": "application/json"},\n  "response_path": ""\n}'
        ),
        "param_schema": {"id": {"type": "integer", "required": True}},
    },
    "script": {
        "logic_body": (
            "def main(params, input_payload):\n"
            '    numbers = params["numbers"]\n'
            '    return {"count": len(numbers), "total": sum(numbers)}'
        ),
        "param_schema": {
            "numbers": {"type": "array", "items": {"type": "number"}, "default": [1, 2, 3]}
        },
    },
    "workflow": {
        "logic_body": (
            '{\n  "version": 1,\n  "nodes": [\n'
            '    {"id": "delays", "type": "sql", "api_id": "delays-by-carrier", '
            '"params": {"limit": "{{params.carriers}}"}},\n'
            '    {"id": "digest", "type": "script", "api_id": "rows-digest", '
            '"input": "{{steps.delays.rows}}"}\n'
            '  ],\n  "edges": [\n    {"source": "delays", "target": "digest"}\n  ],\n'
            '  "output": "{{steps.digest.data}}"\n}'
        ),
        "param_schema": {
            "carriers": {
                "type": "integer",
                "default": 5,
                "min": 1,
                "max": 100,
                "description": "How many carriers to look at",
            }
        },
    },
}
