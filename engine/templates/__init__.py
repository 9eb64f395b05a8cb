"""Templates: `{{...}}` in parsed JSON, filled value by value from data and nothing else."""

from engine.templates.expression import Expression, compile_expression
from engine.templates.spelling import to_text
from engine.templates.text import parse_text
from engine.templates.tree import Template, check_template, compile_template

__all__ = [
    "Expression",
    "Template",
    "check_template",
    "compile_expression",
    "compile_template",
    "parse_text",
    "to_text",
]
