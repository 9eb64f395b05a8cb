"""The notebook is true: it runs from top to bottom on a fresh data folder."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "notebooks" / "quickstart.ipynb"


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("API_ENGINE_DATA_DIR", str(tmp_path_factory.mktemp("data")))
        environment.setenv("PYTHONPATH", str(ROOT))
        notebook = nbformat.read(NOTEBOOK, as_version=4)
        NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
    return notebook


def shown(notebook, beginning, mime="text/plain"):
    """What the cell that begins so shows."""
    cell = next(cell for cell in notebook.cells if cell.source.startswith(beginning))
    return str(cell.outputs[-1].data[mime])


def test_a_result_shows_itself_as_a_table(executed):
    assert "Frontier Airlines" not in shown(executed, "delays = ", "text/html")
    assert "<td>JetBlue Airways</td>" in shown(executed, "delays = ", "text/html")


def test_a_chart_is_drawn(executed):
    assert "Out of JFK, 2013" in shown(executed, "import plotly", "application/vnd.plotly.v1+json")


def test_a_refused_call_says_everything_that_is_wrong(executed):
    refusal = shown(executed, "refused = ")

    assert "rejected" in refusal
    assert "origin" in refusal
    assert "limitt" in refusal


def test_a_wrong_definition_has_line_and_column(executed):
    issues = shown(executed, "definition = ")

    assert "carier" in issues
    assert ", 1, 34)" in issues


def test_a_definition_is_published_and_called(executed):
    assert shown(executed, "api = ") == "('longest-flights', 1)"
    assert "HNL" in shown(executed, 'eng.execute("longest-flights"')


def test_the_log_has_every_call(executed):
    log = shown(executed, "import pandas")

    assert log.count("success") == 2
    assert "rejected" in log
    assert "params_invalid" in log


def test_a_workflow_scores_carriers(executed):
    assert "score" in shown(executed, "report = ")
    assert shown(executed, "shown = ").count("success") == 4


def test_the_notebook_is_kept_without_outputs():
    cells = [cell for cell in nbformat.read(NOTEBOOK, as_version=4).cells if "outputs" in cell]

    assert cells
    assert all(cell.outputs == [] and cell.execution_count is None for cell in cells)
