"""What a script may import, and what to use instead of the rest.

These refusals spare the author a failure at run time; what keeps a script in are its sandbox's
walls, which do not look at names.
"""

import sys
from collections.abc import Mapping

_NO_NETWORK = "scripts have no network: fetch in an HTTP API and pass its answer on in a workflow"
_NO_PROCESSES = "scripts cannot start processes: use concurrent.futures.ThreadPoolExecutor"
_NO_NATIVE_CODE = "native code cannot be loaded in the sandbox"
_NO_SCREEN = "a script has no screen: return data, and show it on a page"

_DENIED: Mapping[str, str] = {
    "subprocess": _NO_PROCESSES,
    "multiprocessing": _NO_PROCESSES,
    "concurrent.futures.process": _NO_PROCESSES,
    "pty": _NO_PROCESSES,
    "ctypes": _NO_NATIVE_CODE,
    "_ctypes": _NO_NATIVE_CODE,
    "socket": _NO_NETWORK,
    "_socket": _NO_NETWORK,
    "socketserver": _NO_NETWORK,
    "ssl": _NO_NETWORK,
    "urllib.request": _NO_NETWORK,
    "http.client": _NO_NETWORK,
    "http.server": _NO_NETWORK,
    "ftplib": _NO_NETWORK,
    "smtplib": _NO_NETWORK,
    "poplib": _NO_NETWORK,
    "imaplib": _NO_NETWORK,
    "telnetlib": _NO_NETWORK,
    "nntplib": _NO_NETWORK,
    "xmlrpc": _NO_NETWORK,
    "wsgiref.simple_server": _NO_NETWORK,
    "webbrowser": _NO_SCREEN,
    "tkinter": _NO_SCREEN,
    "turtle": _NO_SCREEN,
    "curses": _NO_SCREEN,
    "ensurepip": "only the standard library is there: nothing can be installed",
    "venv": "only the standard library is there: nothing can be installed",
    "antigravity": _NO_SCREEN,
    "idlelib": _NO_SCREEN,
    "test": "it is Python's own test suite",
}
_INSTEAD: Mapping[str, str] = {
    "requests": _NO_NETWORK,
    "httpx": _NO_NETWORK,
    "aiohttp": _NO_NETWORK,
    "urllib3": _NO_NETWORK,
    "pandas": "use lists of dicts with statistics, itertools and collections, or do it in SQL",
    "polars": "use lists of dicts with statistics, itertools and collections, or do it in SQL",
    "numpy": "use math, statistics, fractions and array",
    "scipy": "use math and statistics",
    "dateutil": "use datetime and zoneinfo",
    "pytz": "use zoneinfo",
    "arrow": "use datetime and zoneinfo",
    "pendulum": "use datetime and zoneinfo",
    "orjson": "use json",
    "ujson": "use json",
    "simplejson": "use json",
    "yaml": "use json, or tomllib",
    "toml": "use tomllib",
    "bs4": "use html.parser",
    "lxml": "use xml.etree.ElementTree",
    "pydantic": "use dataclasses",
    "attr": "use dataclasses",
    "attrs": "use dataclasses",
    "duckdb": "query in an SQL API and pass its rows on in a workflow",
    "psycopg": "query in an SQL API and pass its rows on in a workflow",
    "psycopg2": "query in an SQL API and pass its rows on in a workflow",
    "sqlalchemy": "query in an SQL API and pass its rows on in a workflow",
    "redis": _NO_NETWORK,
    "boto3": _NO_NETWORK,
    "engine": "call other APIs from a workflow",
    "storage": "call other APIs from a workflow",
}


def refusal(module: str) -> tuple[str, str] | None:
    """Why a module cannot be imported and what to use instead; None when it can."""
    names = module.split(".")
    for length in range(1, len(names) + 1):
        name = ".".join(names[:length])
        if name in _DENIED:
            return f"module {name} is not available to scripts", _DENIED[name]
    if names[0] not in sys.stdlib_module_names:
        instead = _INSTEAD.get(names[0], "only the standard library is there")
        return f"module {names[0]} is not part of the standard library", instead
    return None
