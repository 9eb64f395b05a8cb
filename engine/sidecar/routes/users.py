"""Users who sign in with a password, and the roles that subjects are given."""

from functools import partial

from fastapi import APIRouter, Response

from engine.auth.subjects import user_subject
from engine.facade import Engine
from engine.model import Caller
from engine.sidecar.access_schemas import (
    BindingBody,
    BindingView,
    NewUserBody,
    UserChangeBody,
    UserView,
)
from engine.sidecar.deps import VisitDep
from engine.sidecar.envelope import answer
from engine.sidecar.openapi import documented
from engine.sidecar.schemas import Envelope

router = APIRouter(prefix="/auth", tags=["users"])


@router.get("/users", **documented(Envelope[list[UserView]]))
async def list_users(visit: VisitDep) -> Response:
    """List the users of the tenant, by name."""
    return answer(await visit.run(_users, visit.engine, visit.caller))


@router.post("/users", status_code=201, **documented(Envelope[None], 409))
async def create_user(body: NewUserBody, visit: VisitDep) -> Response:
    """Create a user; from the first one on the dashboard asks everybody to sign in."""
    create = partial(
        visit.engine.auth.users.create,
        body.user_name,
        body.password.get_secret_value(),
        body.roles,
        visit.caller,
    )
    await visit.run(create)
    return answer(None, status=201)


@router.patch("/users/{user_name}", **documented(Envelope[None], 404, 409))
async def change_user(user_name: str, body: UserChangeBody, visit: VisitDep) -> Response:
    """Set a user's password, or let the user sign in or no longer."""
    return answer(await visit.run(_change, visit.engine, user_name, body, visit.caller))


@router.get("/role-bindings", **documented(Envelope[list[BindingView]]))
async def list_role_bindings(visit: VisitDep) -> Response:
    """List who was given which role."""
    bindings = await visit.run(visit.engine.auth.bindings.all, visit.caller)
    return answer([BindingView.model_validate(each, from_attributes=True) for each in bindings])


@router.post("/role-bindings", status_code=201, **documented(Envelope[None]))
async def bind_role(body: BindingBody, visit: VisitDep) -> Response:
    """Give a subject a role; without effect when it has it."""
    bind = visit.engine.auth.bindings.bind
    await visit.run(bind, body.subject, body.role, visit.caller)
    return answer(None, status=201)


@router.delete("/role-bindings/{subject}/{role}", **documented(Envelope[None], 404, 409))
async def unbind_role(subject: str, role: str, visit: VisitDep) -> Response:
    """Take a role from a subject."""
    unbind = visit.engine.auth.bindings.unbind
    return answer(await visit.run(unbind, subject, role, visit.caller))


def _users(engine: Engine, caller: Caller) -> list[UserView]:
    users = engine.auth.users.all(caller)
    bindings = engine.auth.bindings.all(caller)
    return [
        UserView(
            user_name=user.name,
            is_active=user.is_active,
            roles=[each.role for each in bindings if each.subject == user_subject(user.name)],
            created_at=user.created_at,
            last_login_at=user.last_login_at,
        )
        for user in users
    ]


def _change(engine: Engine, name: str, body: UserChangeBody, caller: Caller) -> None:
    users = engine.auth.users
    if body.password is not None:
        users.set_password(name, body.password.get_secret_value(), caller)
    if body.is_active is not None:
        users.set_active(name, caller, active=body.is_active)
