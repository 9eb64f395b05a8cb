"""The bodies and answers of the endpoints about secrets, keys, users and roles."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, SecretStr

from engine.model import Role, Scope

Roles = Annotated[list[Role], Field(min_length=1, examples=[["viewer"]])]


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SecretBody(_Body):
    """The value of a secret; no answer ever holds it."""

    value: SecretStr = Field(min_length=1)


class SignInBody(_Body):
    """A name and a password of this instance."""

    user_name: str = Field(max_length=200)
    password: SecretStr = Field(max_length=1024)
    tenant: str = Field(default="default", max_length=200)


class TicketBody(_Body):
    """What the dashboard gave the browser to hand in."""

    ticket: str = Field(max_length=4096)


class NewKeyBody(_Body):
    """An API key to make; without a scope it may do what its roles may."""

    name: str = Field(min_length=1, max_length=200, examples=["billing"])
    roles: Roles
    scope: Scope | None = None
    expires_at: AwareDatetime | None = None
    allowed_ips: list[str] = Field(default_factory=list, examples=[["192.0.2.0/24"]])
    rate: str | None = Field(default=None, examples=["100/minute"])


class NewUserBody(_Body):
    """A user to create; the first one of a tenant must be an admin."""

    user_name: str = Field(examples=["ada"])
    password: SecretStr
    roles: Roles


class UserChangeBody(_Body):
    """What to change; a new password and a user who is switched off end the user's sessions."""

    password: SecretStr | None = None
    is_active: bool | None = None


class BindingBody(_Body):
    """A role for a subject."""

    subject: str = Field(
        examples=["group:data"],
        description="user:NAME, sub:SUBJECT, email:ADDRESS, group:NAME or claim:NAME=VALUE.",
    )
    role: Role


class TokenView(BaseModel):
    """A token for `Authorization: Bearer`; `expires_in` is in seconds."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - a kind, not a token
    expires_in: int


class KeyView(BaseModel):
    """An API key without its secret."""

    id: str
    name: str
    roles: list[Role]
    scope: Scope | None
    rate: str | None
    allowed_ips: list[str]
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


class NewKeyView(KeyView):
    """A key that was just made; `key` is shown this one time."""

    key: str


class UserView(BaseModel):
    """A user without the password."""

    user_name: str
    is_active: bool
    roles: list[Role]
    created_at: datetime
    last_login_at: datetime | None


class BindingView(BaseModel):
    """A role that a subject has."""

    subject: str
    role: Role
    created_by: str
    created_at: datetime
