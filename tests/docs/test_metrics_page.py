"""The tables of the metrics page are compared with the code."""

import re
from dataclasses import fields
from pathlib import Path
from typing import get_args

from engine.metrics import Figures, GroupBy
from engine.metrics_text import prometheus_text
from engine.metrics_window import COMFORTABLE_SLICES, MAX_SLICES
from engine.model.latency import RANK_ERROR
from engine.settings import Settings
from storage.rollup_keys import MAX_USERS, OTHERS

PAGE = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text(encoding="utf-8")


def test_every_figure_is_explained_in_order():
    table = PAGE.split("| Figure |")[1].split("\n\n")[0]

    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == [
        field.name for field in fields(Figures)
    ]


def test_every_prometheus_metric_is_listed_with_its_type_and_meaning():
    text = prometheus_text({}, {})
    kinds = dict(re.findall(r"^# TYPE (\w+) (\w+)$", text, re.MULTILINE))
    meanings = dict(re.findall(r"^# HELP (\w+) (.*?)(?: Over the last .*)?$", text, re.MULTILINE))

    rows = re.findall(r"^\| `(api_\w+)` \| (\w+) \| .* \| (.*) \|$", PAGE, re.MULTILINE)

    assert rows == [(name, kind, meanings[name]) for name, kind in kinds.items()]


def test_what_calls_can_be_grouped_by_is_listed():
    row = next(line for line in PAGE.splitlines() if line.startswith("| `group_by`"))

    assert re.findall(r"`(\w+)`", row)[1:] == list(get_args(GroupBy))


def test_the_numbers_are_those_of_the_code():
    assert f"at most {COMFORTABLE_SLICES} slices" in PAGE
    assert f"most {MAX_SLICES} slices" in PAGE
    assert f"within {RANK_ERROR:.1%}".replace("%", " %") in PAGE
    assert f"bounded at {MAX_USERS} in" in PAGE
    assert f"`{OTHERS}`" in PAGE
    defaults = {name: field.default for name, field in Settings.model_fields.items()}
    assert (
        f"Minutes are kept for {defaults['metrics_minute_days']} days, "
        f"hours for {defaults['metrics_hour_days']}, days for {defaults['metrics_day_days']}, "
        f"log rows for {defaults['log_retention_days']}:"
    ) in PAGE
