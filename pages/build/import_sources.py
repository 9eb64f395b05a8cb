"""The sources that APIs can be made of, and what is asked for each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import streamlit as st

from engine.importing import Proposal, read_curl, read_openapi, read_postman, read_sql_files
from engine.model import Caller
from pages.components.context import engine


@dataclass(frozen=True)
class Source:
    """A kind of source: what it becomes, and what draws its inputs and reads them."""

    becomes: str
    read: Callable[[Caller], Proposal | None]


def _openapi(_: Caller) -> Proposal | None:
    server = st.text_input(
        "Server URL",
        key="import-server",
        placeholder="the document's own",
        help="What the paths are below, where the document says none or another one.",
    )
    text = _text("document", ["json", "yaml", "yml"], 'openapi: 3.1.0 …, or {"openapi": …}')
    return read_openapi(text, server=server.strip() or None) if text else None


def _sql(caller: Caller) -> Proposal | None:
    names = [each.name for each in engine().connections.all(caller)]
    connection = st.selectbox("Connection of files that name none", names, key="import-connection")
    files = st.file_uploader(
        "SQL files", ["sql"], accept_multiple_files=True, max_upload_size=1, key="import-files"
    )
    contents = {each.name: each.getvalue() for each in files}
    pasted = st.text_area(
        "Or paste a statement",
        key="import-sql",
        placeholder="-- name: top-carriers\n-- description: …\nSELECT … WHERE origin = :origin",
    )
    if pasted.strip():
        contents["pasted.sql"] = pasted.encode()
    return read_sql_files(contents, connection=connection) if contents else None


def _curl(_: Caller) -> Proposal | None:
    text = st.text_area(
        "cURL command",
        key="import-curl",
        placeholder="curl https://api.example.org/items -H 'Accept: application/json'",
    )
    name = st.text_input("Name", key="import-name", placeholder="from the URL")
    return read_curl(text, name=name.strip() or None) if text.strip() else None


def _postman(_: Caller) -> Proposal | None:
    text = _text("collection", ["json"], '{"info": …, "item": […]}')
    rows = st.text_area(
        "Values of variables",
        key="import-variables",
        placeholder="baseUrl=https://api.example.org",
        help="One NAME=VALUE a line, besides those of the collection.",
    )
    values = dict(row.split("=", 1) for row in rows.splitlines() if "=" in row)
    return read_postman(text, values=values) if text else None


def _text(what: str, types: list[str], placeholder: str) -> str:
    """A text from a file or pasted."""
    file = st.file_uploader(f"The {what}", types, max_upload_size=10, key=f"import-{what}-file")
    pasted = st.text_area(f"Or paste the {what}", key=f"import-{what}", placeholder=placeholder)
    if file is not None:
        return file.getvalue().decode("utf-8-sig", errors="replace")
    return pasted.strip()


SOURCES: Mapping[str, Source] = {
    "OpenAPI": Source("An HTTP API for each operation of an OpenAPI 3 document.", _openapi),
    "SQL files": Source("A SQL API for each file; a comment at its top describes it.", _sql),
    "cURL": Source("An HTTP API of a cURL command.", _curl),
    "Postman": Source("An HTTP API for each request of a Postman collection, v2.1.", _postman),
}
