"""The policy form: what is shown and not touched is the policy as it was."""

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from engine.model import RuntimePolicy


def form(logic_type: str) -> None:
    import streamlit as st

    from engine.model import RuntimePolicy
    from pages.components.policy_form import policy_form

    policy = RuntimePolicy().model_dump(mode="json")
    st.session_state["filled"] = policy_form(policy, logic_type=logic_type, key="policy")


def filled(logic_type: str) -> dict[str, Any]:
    page = AppTest.from_function(form, kwargs={"logic_type": logic_type}).run()
    assert not page.exception
    result: dict[str, Any] = page.session_state["filled"]
    return result


@pytest.mark.parametrize("logic_type", ["sql", "http", "script", "workflow"])
def test_an_untouched_form_is_the_default_policy(logic_type: str) -> None:
    assert RuntimePolicy.model_validate(filled(logic_type)) == RuntimePolicy()
