"""docs/dashboard.md lists the pages there are."""

from pathlib import Path

from pages.components.running import AT_ONCE_S
from pages.components.site_map import SECTIONS

PAGE = (Path(__file__).parents[2] / "docs" / "dashboard.md").read_text(encoding="utf-8")


def test_every_page_of_the_sidebar_is_listed_with_its_address():
    rows = [
        f"| {section} | {entry.title} | `/{entry.address}` |"
        for section, entries in SECTIONS.items()
        for entry in entries
        if entry.is_listed
    ]

    assert [row for row in rows if row not in PAGE] == []


def test_the_time_after_which_work_shows_its_progress_is_the_one_in_force():
    assert f"not over after {AT_ONCE_S:g} s" in PAGE
