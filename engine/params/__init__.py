"""Parameters of an API: checked schemas, lossless conversion, JSON Schema, masked logging."""

from engine.params.binder import ParamBinder, compile_params
from engine.params.json_schema import from_json_schema, to_json_schema
from engine.params.logged import secret_names, to_logged
from engine.params.schema_check import check_schema

__all__ = [
    "ParamBinder",
    "check_schema",
    "compile_params",
    "from_json_schema",
    "secret_names",
    "to_json_schema",
    "to_logged",
]
