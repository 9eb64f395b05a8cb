"""Two people at one API: nobody's work is lost without somebody being told."""

from uuid import uuid4

import pytest

from engine.errors import ConflictError

ANAS = {"description": "by ana"}
BOS = {"description": "by bo"}


@pytest.fixture
def ana(admin_caller):
    return admin_caller.model_copy(update={"subject": "ana"})


@pytest.fixture
def bo(admin_caller):
    return admin_caller.model_copy(update={"subject": "bo"})


@pytest.fixture
def apis(sample_engine):
    return sample_engine.apis


@pytest.fixture
def api(new_sql_api):
    return new_sql_api().api_name


def test_the_draft_of_somebody_else_is_not_written_over(apis, api, ana, bo):
    apis.save_draft(api, ANAS, ana)

    with pytest.raises(ConflictError, match="ana has unpublished changes") as refusal:
        apis.save_draft(api, BOS, bo)

    assert refusal.value.details["updated_by"] == "ana"
    with pytest.raises(ConflictError):
        apis.update(api, BOS, bo, publish=False)
    with pytest.raises(ConflictError):
        apis.drop_draft(api, bo)
    assert apis.draft(api, bo).fields["description"] == "by ana"


def test_who_loaded_a_draft_goes_on_with_it_until_it_is_saved_again(apis, api, ana, bo):
    seen = apis.save_draft(api, ANAS, ana).updated_at
    apis.save_draft(api, BOS, bo, seen=seen)
    assert apis.draft(api, ana).updated_by == "bo"

    with pytest.raises(ConflictError, match="bo has unpublished changes"):
        apis.save_draft(api, ANAS, ana, seen=seen)


def test_publishing_leaves_the_draft_of_somebody_else(apis, api, ana, bo):
    apis.save_draft(api, ANAS, ana)

    apis.update(api, {"logic_body": "SELECT 2 AS answer"}, bo)

    kept = apis.draft(api, ana)
    assert (kept.fields["description"], kept.base_version) == ("by ana", 1)
    with pytest.raises(ConflictError, match="at version 2, not 1"):
        apis.update(api, kept.fields, ana, expected_version=kept.base_version)


def test_publishing_ends_ones_own_draft_and_one_that_is_what_was_published(apis, api, ana, bo):
    apis.save_draft(api, ANAS, ana)
    apis.update(api, {"tags": ["x"]}, ana)
    assert apis.draft(api, ana) is None

    draft = apis.save_draft(api, {"description": "again"}, ana)
    apis.update(api, draft.fields, bo)
    assert apis.draft(api, ana) is None


def test_a_draft_keeps_the_version_it_was_begun_from(apis, api, ana, bo):
    apis.update(api, {"tags": ["x"]}, bo)

    assert apis.save_draft(api, ANAS, ana, base_version=1).base_version == 1


@pytest.fixture
def assets(sample_engine):
    return sample_engine.assets


@pytest.fixture
def asset(assets, admin_caller):
    fields = {"name": f"m-{uuid4().hex}", "asset_type": "mapping", "content": {"a": "1"}}
    return assets.create(fields, admin_caller, publish=True).name


def test_the_draft_of_an_asset_is_not_lost_to_somebody_else_either(assets, asset, ana, bo):
    assets.update(asset, ANAS, ana)

    for change in (
        lambda **seen: assets.update(asset, BOS, bo, **seen),
        lambda **seen: assets.publish(asset, bo, **seen),
        lambda **seen: assets.drop_draft(asset, bo, **seen),
    ):
        with pytest.raises(ConflictError, match="ana has unpublished changes"):
            change()
    seen = assets.draft(asset, bo).updated_at
    assets.update(asset, BOS, bo, seen=seen)
    with pytest.raises(ConflictError, match="bo has unpublished changes"):
        assets.update(asset, ANAS, ana, seen=seen)

    assert assets.publish(asset, bo).description == "by bo"


def test_of_two_drafts_of_an_asset_at_one_moment_one_is_refused(assets, asset, ana, bo):
    draft = assets.working_copy(asset, ana)
    store = assets._store
    store.save_draft("default", draft.model_copy(update={"updated_by": "ana"}))

    with pytest.raises(ConflictError, match="ana saved a draft of asset"):
        store.save_draft("default", draft.model_copy(update={"updated_by": "bo"}))
