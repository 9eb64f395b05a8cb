import pytest

from engine.sidecar.results import negotiate

PARQUET = "application/vnd.apache.parquet"


@pytest.mark.parametrize(
    ("accept", "asked", "fmt"),
    [
        ("", None, "json"),
        ("*/*", None, "json"),
        ("application/json", None, "json"),
        ("text/csv", None, "csv"),
        ("TEXT/CSV; charset=utf-8", None, "csv"),
        (PARQUET, None, "parquet"),
        ("application/vnd.apache.arrow.stream", None, "arrow"),
        (f"text/csv;q=0.5, {PARQUET}", None, "parquet"),
        (f"{PARQUET};q=0, text/csv;q=0.1", None, "csv"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", None, "json"),
        ("image/png", None, "json"),
        ("text/csv;q=x", None, "json"),
        ("text/csv", "arrow", "arrow"),
        ("text/csv", "json", "json"),
    ],
)
def test_the_best_known_type_is_chosen_and_the_parameter_wins(accept, asked, fmt):
    assert negotiate(accept, asked) == fmt
