"""The notebook of the magics is true: it runs from top to bottom on a fresh data folder."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("API_ENGINE_DATA_DIR", str(tmp_path_factory.mktemp("data")))
        environment.setenv("PYTHONPATH", str(ROOT))
        notebook = nbformat.read(ROOT / "notebooks" / "sql_cells.ipynb", as_version=4)
        NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
    return notebook


def cell(notebook, beginning):
    return next(cell for cell in notebook.cells if cell.source.startswith(beginning))


def shown(notebook, beginning):
    return str(cell(notebook, beginning).outputs[-1].data["text/html"])


def said(notebook, beginning):
    return "".join(str(each.get("text", each)) for each in cell(notebook, beginning).outputs)


def test_a_call_answers_with_a_dataframe(executed):
    assert "avg_dep_delay" in shown(executed, "delays = ")


def test_a_statement_is_tried_with_its_parameters(executed):
    assert "LAX" in shown(executed, "%%api_sql origin=JFK")


def test_what_is_wrong_is_said_in_a_sentence(executed):
    statement = said(executed, "%%api_sql\nSELECT carier")
    call = said(executed, "%api delays-by-carrier limitt")

    assert "carier" in statement
    assert "limitt" in call
    assert "Traceback" not in statement + call


def test_what_was_published_can_be_called(executed):
    assert "LAX" in shown(executed, "%%api_sql top-destinations")
    assert "flights" in shown(executed, "%api top-destinations")
