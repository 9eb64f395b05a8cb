"""The palette of the canvas where there are more APIs than it holds."""

import pytest

from pages.build.workflow import apis
from pages.build.workflow.apis import callable_apis


@pytest.fixture
def few_fit(monkeypatch):
    monkeypatch.setattr(apis, "OFFERED", 2)


def offered(found):
    return [api.api_name for api in found.offered]


def test_all_are_offered_where_they_fit(eng, caller):
    found = callable_apis(caller, but="worst-routes", wanted="ignored")

    assert found.is_whole
    assert "airport-lookup" in offered(found)
    assert "worst-routes" not in offered(found)


def test_what_is_typed_is_looked_for_among_all(eng, caller, few_fit):
    first = callable_apis(caller, but="", wanted="")
    later = callable_apis(caller, but="", wanted="worst-routes")

    assert not first.is_whole
    assert len(first.offered) == 2
    assert "worst-routes" in offered(later)


def test_a_step_finds_its_api_beyond_the_palette(eng, caller, few_fit):
    found = callable_apis(caller, but="", wanted="")

    assert "worst-routes" not in offered(found)
    assert found.find("worst-routes") == eng.apis.get("worst-routes", caller)
    assert found.find("no-such-api") is None
    assert found.find(None) is None


def test_what_is_switched_off_is_not_found(eng, caller, few_fit):
    eng.apis.set_active("flight-history", caller, active=False)

    assert callable_apis(caller, but="", wanted="").find("flight-history") is None
