"""The modules a script may import."""

import sys

from engine.executor_core import script_imports

FAVOURITES = {
    "collections": "counters, default dictionaries, queues",
    "csv, json": "reading and writing text formats",
    "datetime, zoneinfo": "dates, times, time zones",
    "decimal, fractions": "exact numbers",
    "itertools, functools": "loops and functions put together",
    "math, statistics": "numbers and their distributions",
    "re, difflib": "patterns in text, likeness of texts",
    "concurrent.futures": "threads, about 16 a script",
}


def allowed_modules() -> list[str]:
    """Public modules of the standard library that the sandbox has a use for."""
    return sorted(
        name
        for name in sys.stdlib_module_names
        if not name.startswith("_") and script_imports.refusal(name) is None
    )
