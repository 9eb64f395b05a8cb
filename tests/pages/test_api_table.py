"""The rows of the API list and the menu of a row."""

from datetime import UTC, datetime
from uuid import uuid4

from engine.model import ApiDefinition
from engine.ports import ApiUsage
from pages.build.api_table import DELETE, DISABLE, ENABLE, action_of, api_frame, menu_of, state_of

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def definition(**fields):
    defaults = {
        "id": uuid4(),
        "api_name": "late",
        "logic_type": "sql",
        "logic_body": "SELECT 1",
        "version": 1,
        "created_at": NOW,
        "updated_at": NOW,
    }
    return ApiDefinition.model_validate(defaults | fields)


def test_an_api_without_calls_has_no_success_rate():
    row = api_frame([definition()], [], ()).iloc[0]

    assert row["Calls"] == 0
    assert row["Success"] is None
    assert row["24 h"] == []


def test_success_counts_what_did_not_fail():
    api = definition()
    usage = ApiUsage(api.id, calls=8, failures=2, p50_ms=1, p95_ms=9, last_at=NOW, series=(3, 5))

    row = api_frame([api], [usage], ()).iloc[0]

    assert row["Success"] == 75
    assert row["24 h"] == [3, 5]


def test_unpublished_work_on_a_live_api_is_shown_beside_its_state():
    live, new = definition(), definition(version=0)

    states = api_frame([live, new], [], {live.id, new.id})["Status"]

    assert list(states) == [["published", "edited"], ["draft"]]


def test_the_table_of_nothing_still_has_its_columns():
    assert "Actions" in api_frame([], [], ()).columns


def test_state_tells_a_draft_from_what_is_switched_off():
    assert state_of(definition(version=0)) == "draft"
    assert state_of(definition()) == "published"
    assert state_of(definition(is_active=False)) == "off"


def test_a_clicked_label_is_understood_with_its_icon():
    labels = menu_of(definition(is_active=False))

    actions = [action_of(label) for label in labels]

    assert ENABLE in actions
    assert DISABLE not in actions
    assert actions[-1] == DELETE
