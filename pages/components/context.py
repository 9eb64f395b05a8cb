"""Who is using the dashboard, and the one engine of this process."""

import ipaddress
from collections.abc import Mapping
from typing import NoReturn
from urllib.parse import urlsplit

import streamlit as st

from engine.bootstrap import default_engine
from engine.facade import Engine, local_caller
from engine.model import Caller
from engine.ports import TableInfo
from pages.components.sign_in import (
    is_sign_in_set_up,
    no_role_page,
    sign_in_page,
    signed_in_caller,
)


@st.cache_resource(show_spinner="Opening the engine")
def engine() -> Engine:
    """The engine that the REST API of this process uses as well."""
    return default_engine()


def require_caller() -> Caller:
    """The caller of this session; asks to sign in and stops where there is none.

    Where nobody can sign in the dashboard serves one local user, as admin, and only where nobody
    else can
    reach it: the server listens on loopback, and the browser asked for it by a loopback name. The
    name is checked as well because a web page elsewhere can make its own name resolve to
    127.0.0.1 (DNS rebinding), and a reverse proxy brings callers from outside.
    """
    auth = engine().auth
    caller = _caller()
    if caller is None and is_sign_in_set_up(auth):
        sign_in_page(auth)
    if caller is None:
        _refuse(st.get_option("server.address"))
    if not caller.roles:
        no_role_page(auth, caller)
    return caller


def is_open() -> bool:
    """Whether this session has a caller who may look around."""
    caller = _caller()
    return caller is not None and bool(caller.roles)


def _caller() -> Caller | None:
    """Who signed in, or the local user where nobody can; None for anybody else."""
    auth = engine().auth
    if is_sign_in_set_up(auth):
        return signed_in_caller(auth)
    is_local = (
        engine().settings.listens_on_loopback
        and is_loopback(st.get_option("server.address"))
        and asked_locally(st.context.headers)
    )
    return local_caller() if is_local else None


def _refuse(listens_on: str | None) -> NoReturn:
    st.title("Sign-in is not set up")
    st.warning(
        f"This dashboard listens on {listens_on or 'every address'} and can be reached by others, "
        "so it opens only for people who have signed in, and nobody can yet.",
        icon=":material/lock:",
    )
    st.markdown(
        "Let people sign in with a password: `api-engine users create NAME --role admin` makes "
        "the first of them. Or name a provider in `.streamlit/secrets.toml`: `docs/security.md` "
        "says how."
    )
    st.markdown(
        "To use it alone on this machine, start it with `make run`, or with "
        "`streamlit run app.py --server.address=127.0.0.1`, and open it as "
        "`http://127.0.0.1:8501`. The REST API at `/api` needs an API key in every case."
    )
    st.stop()


def caller_key(caller: Caller) -> tuple[str, str]:
    """What a cached answer depends on of its caller."""
    return caller.tenant_id, caller.subject


@st.cache_data(ttl="1m", max_entries=200, show_spinner=False, hash_funcs={Caller: caller_key})
def tables_of(connection: str, caller: Caller) -> tuple[TableInfo, ...]:
    """Tables and views behind a connection, asked for once a minute."""
    return engine().connections.schema(connection, caller)


def origin() -> str:
    """Scheme, host and port of this dashboard as the browser sees them."""
    parts = urlsplit(st.context.url or "")
    settings = engine().settings
    return (
        f"{parts.scheme}://{parts.netloc}"
        if parts.netloc
        else f"http://{settings.host}:{settings.port}"
    )


def asked_locally(headers: Mapping[str, str]) -> bool:
    """Whether a request was made to a loopback name and passed no proxy on its way."""
    if any(name in headers for name in ("X-Forwarded-For", "Forwarded", "X-Real-Ip")):
        return False
    host = headers.get("Host")
    return host is None or is_loopback(_without_port(host))


def is_loopback(address: str | None) -> bool:
    """Whether an address or host name can only mean this machine; unknown is no."""
    if address == "localhost":
        return True
    try:
        return address is not None and ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]
