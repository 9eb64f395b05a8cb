"""Only what an author wrote is kept, and nothing of it is lost."""

import pytest

from engine.model import RuntimePolicy
from pages.components.defaults import POLICY_DEFAULTS, with_defaults, without_defaults

WRITTEN = {
    "timeout_seconds": 2.5,
    "cache": {"enabled": True, "tags": ["a"]},
    "rate_limit": {"per_api": "5/second"},
    "mask": {"columns": {"name": "hash"}},
}


@pytest.mark.parametrize("policy", [{}, WRITTEN])
def test_a_policy_survives_completion_and_shortening(policy):
    assert without_defaults(with_defaults(policy, POLICY_DEFAULTS), POLICY_DEFAULTS) == policy


def test_a_completed_policy_means_the_same():
    complete = with_defaults(WRITTEN, POLICY_DEFAULTS)

    assert RuntimePolicy.model_validate(complete) == RuntimePolicy.model_validate(WRITTEN)


def test_what_has_no_default_is_kept_as_it_is():
    assert without_defaults({"odd": {"a": 1}}, POLICY_DEFAULTS) == {"odd": {"a": 1}}
