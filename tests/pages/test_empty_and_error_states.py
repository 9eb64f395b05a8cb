"""Every page says how to begin where nothing is yet, and what is wrong where it cannot read."""

import contextlib
import sqlite3

from engine.settings import Settings
from pages.components.site_map import SECTIONS

PAGES = [entry.path for entries in SECTIONS.values() for entry in entries]

SAID_WHERE_NOTHING_IS = {
    "home.py": "There are no APIs yet. **New API** starts one",
    "build/apis.py": "There are no APIs here yet. **New API** starts one",
    "build/policy_lab.py": "There are no APIs yet. **New API** starts one",
    "build/assets.py": "There are no assets yet. **New asset** keeps",
    "build/one_asset.py": "Choose an asset from the list",
    "build/api.py": "Choose an API from the list",
    "operate/runs.py": "No run matches. Clear a filter, widen the time, or run an API",
    "operate/compare.py": "Open a run and choose **Compare**",
    "operate/jobs.py": "Start one on the **Run** tab of an API",
    "operate/metrics.py": "No calls in this time. Run an API",
    "operate/breakers.py": "No published API has a circuit breaker. **New API** starts one",
    "operate/cache.py": "An API's policy has a tab **Cache**",
    "operate/limits.py": "Set a rate in an API's policy, under **Limits**",
    "operate/alerts.py": "Nothing is watched yet. **New alert** tells you",
    "operate/rules.py": "**New rule** calls an API",
    "share/screens.py": "There are no screens yet. **New screen** puts",
    "share/tools.py": "There are no tools yet. **Export an API** makes one",
    "share/tool.py": "Choose a tool from the list",
    "share/screen.py": "Choose a screen from the list",
    "share/screen_editor.py": "There are no screens yet. **New screen** puts",
    "admin/connections.py": "There are none. A query needs one",
    "admin/secrets.py": "There are no secrets yet. Store one below",
    "admin/security.py": "Nothing was found",
}
FORMS_AND_SETTINGS = {
    "build/new.py",
    "build/import_apis.py",
    # A key and the settings are there from the beginning; users and roles have tests of their own.
    "admin/access.py",
    "admin/settings.py",
}
"""Pages that are never empty."""

READ_NOTHING = {
    "build/import_apis.py",
    # They send to their lists, or ask to choose, where the link names nothing.
    "build/one_asset.py",
    "build/api.py",
    "operate/compare.py",
    "share/tool.py",
    "share/screen.py",
}


def words(visit):
    """Everything that a page says in notes."""
    return " | ".join(each.value for each in [*visit.info, *visit.success])


def test_every_page_has_a_row_here():
    assert {*SAID_WHERE_NOTHING_IS} | FORMS_AND_SETTINGS == {*PAGES}


def test_where_nothing_is_each_page_says_how_to_begin(empty_eng, open_page):
    visits = {path: open_page(path) for path in PAGES}

    assert not [path for path, visit in visits.items() if visit.exception]
    said = {path: words(visits[path]) for path in SAID_WHERE_NOTHING_IS}
    assert not {
        path: said[path] for path, text in SAID_WHERE_NOTHING_IS.items() if text not in said[path]
    }


def test_where_the_database_cannot_be_read_each_page_says_so(eng, open_page):
    open_page("home.py")
    _lose_every_table()

    visits = {path: open_page(path) for path in PAGES if path not in READ_NOTHING}

    assert not {path: visit.exception for path, visit in visits.items() if visit.exception}
    assert not [path for path, visit in visits.items() if not visit.error]


def _lose_every_table():
    database = sqlite3.connect(Settings.load().data_dir / "metadata.sqlite3", isolation_level=None)
    with contextlib.closing(database):
        found = database.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
        ).fetchall()
        for (name,) in found:
            database.execute(f'ALTER TABLE "{name}" RENAME TO "lost_{name}"')
