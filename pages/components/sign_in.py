"""Signing in and out: by a provider (OpenID Connect), or with a password of this instance."""

import time
from collections.abc import Mapping
from datetime import date
from datetime import time as clock_time
from typing import Any, NoReturn

import streamlit as st

from engine.auth import Auth
from engine.auth.sessions import COOKIE, lifetime
from engine.errors import AuthenticationError
from engine.model import Caller
from pages.components.browser_session import ask_browser, browser_session
from pages.components.errors import errors_shown
from pages.components.state import BROWSER_TASK, LAST_PERSON, SESSION_TOKEN

_PROVIDERS_KEY = "auth"
_TYPED = (str, int, float, date, clock_time, list, tuple)


def signed_in_caller(auth: Auth) -> Caller | None:
    """Who signed in, in this tab or in this browser before; None when nobody did."""
    return _caller_of_session(auth) or _caller_of_provider(auth)


def is_sign_in_set_up(auth: Auth) -> bool:
    """Whether there is anybody who could sign in."""
    return bool(_providers()) or auth.users.exist()


def sign_in_page(auth: Auth) -> NoReturn:
    """Ask who it is; what was typed on the page behind stays, and so does its link."""
    _keep_typed()
    st.title("Sign in")
    with st.container(width=420):
        if auth.users.exist():
            _password_form(auth)
        for provider, label in _providers().items():
            st.button(
                label,
                icon=":material/login:",
                key=f"sign-in-{provider or 'provider'}",
                on_click=st.login,
                args=(provider,) if provider else (),
            )
    if _providers() and not BROWSER_TASK.get():
        ask_browser("remember")
    browser_session()
    st.stop()


def no_role_page(auth: Auth, caller: Caller) -> NoReturn:
    """Tell somebody who signed in and has no role what to ask for."""
    st.title("No role yet")
    st.warning(
        f"You are signed in as `{caller.subject}` and have no role in the tenant "
        f"`{caller.tenant_id}`. Ask an admin for one.",
        icon=":material/lock:",
    )
    st.caption(f"For the admin: `api-engine users bind sub:{caller.subject} viewer`")
    _sign_out_button(auth, caller)
    browser_session()
    st.stop()


def account(auth: Auth, caller: Caller) -> None:
    """Who is using the dashboard, and the way out."""
    if not LAST_PERSON.get() and _caller_of_provider(auth) == caller:
        ask_browser("return")
    _forget_others_work(caller)
    st.caption(f":material/person: {caller.subject} · {caller.tenant_id}", width="content")
    if signed_in_caller(auth) is not None:
        _sign_out_button(auth, caller)
    browser_session()


def _password_form(auth: Auth) -> None:
    tenant = st.query_params.get("tenant", "default")
    with st.form("sign-in", enter_to_submit=True):
        if tenant != "default":
            st.caption(f"Tenant: {tenant}")
        name = st.text_input("User name", autocomplete="username", max_chars=100, key="user-name")
        password = st.text_input(
            "Password",
            type="password",
            autocomplete="current-password",
            max_chars=1024,
            key="password",
        )
        is_sent = st.form_submit_button("Sign in", type="primary", key="sign-in")
    if is_sent:
        with errors_shown():
            _sign_in(auth, tenant, name, password)
            st.rerun()


def _sign_in(auth: Auth, tenant: str, name: str, password: str) -> None:
    address = st.context.ip_address
    token = auth.sign_in(tenant, name, password, address=address, audience="dashboard")
    del st.session_state["password"]
    SESSION_TOKEN.put(token)
    ask_browser("keep", auth.sessions.ticket(token))


def _sign_out_button(auth: Auth, caller: Caller) -> None:
    st.button(
        "Sign out",
        icon=":material/logout:",
        type="tertiary",
        key="sign-out",
        on_click=_sign_out,
        args=(auth, caller),
    )


def _sign_out(auth: Auth, caller: Caller) -> None:
    by_provider = _caller_of_provider(auth) == caller
    for token in filter(None, (SESSION_TOKEN.get(), st.context.cookies.get(COOKIE))):
        auth.sessions.end(token, "dashboard")
    st.session_state.clear()
    ask_browser("forget")
    if by_provider:
        st.logout()


def _caller_of_session(auth: Auth) -> Caller | None:
    for token in filter(None, (SESSION_TOKEN.get(), st.context.cookies.get(COOKIE))):
        try:
            return auth.sessions.caller(token, "dashboard")
        except AuthenticationError:
            continue
    return None


def _caller_of_provider(auth: Auth) -> Caller | None:
    if not _providers() or not st.user.is_logged_in:
        return None
    claims: dict[str, Any] = {
        name: value for name, value in st.user.to_dict().items() if name != "tokens"
    }
    if _is_too_old(claims.get("iat")):
        return None
    return auth.of_claims(claims)


def _is_too_old(issued_at: Any) -> bool:
    """Streamlit keeps an identity for 30 days; here it counts no longer than a session."""
    is_time = isinstance(issued_at, (int, float))
    return is_time and time.time() - issued_at > lifetime("dashboard").total_seconds()


def _providers() -> dict[str, str]:
    """Each OpenID Connect provider that is set up, with the words of its button."""
    if not st.secrets.load_if_toml_exists() or _PROVIDERS_KEY not in st.secrets:
        return {}
    section = st.secrets[_PROVIDERS_KEY]
    if "client_id" in section:
        return {"": "Sign in with your organisation"}
    named = [name for name, value in section.items() if isinstance(value, Mapping)]
    return {name: f"Sign in with {name}" for name in named if "client_id" in section[name]}


def _keep_typed() -> None:
    """Keep the values of widgets that are not drawn now; Streamlit forgets them otherwise."""
    for key, value in list(st.session_state.items()):
        if isinstance(value, _TYPED) and not isinstance(value, bool):
            st.session_state[key] = value


def _forget_others_work(caller: Caller) -> None:
    """Empty the session when somebody else signs in where another person worked before."""
    person = f"{caller.tenant_id}/{caller.subject}"
    if LAST_PERSON.get() not in {"", person}:
        token, task = SESSION_TOKEN.get(), BROWSER_TASK.get()
        st.session_state.clear()
        SESSION_TOKEN.put(token)
        BROWSER_TASK.put(task)
    LAST_PERSON.put(person)
