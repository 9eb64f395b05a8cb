"""How a role binding names those it is for, and which names fit a caller's claims.

A subject is a kind and a value:

- `user:ada`: the person who signs in here as `ada`;
- `sub:00u1`: the token subject `00u1` of the identity provider;
- `email:ada@example.com`: its address, which counts only when the provider says it is verified
  (anybody can write another's address into an account of their own);
- `group:data`: a member of one of the token's `groups`;
- `claim:department=sales`: a token whose claim has this text, or holds it in a list.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Literal, get_args

from engine.errors import BadRequestError

SubjectKind = Literal["user", "sub", "email", "group", "claim"]


def user_subject(name: str) -> str:
    """The subject of a user of this instance."""
    return f"user:{name}"


def parse_subject(text: str) -> str:
    """A subject as it is stored.

    Raises:
        BadRequestError: It is not written as one.
    """
    kind, _, value = text.strip().partition(":")
    if kind not in get_args(SubjectKind) or not value or (kind == "claim" and "=" not in value):
        raise BadRequestError(
            f"{text!r} names nobody a role can be bound to",
            hint="Write user:NAME, sub:SUBJECT, email:ADDRESS, group:NAME or claim:NAME=VALUE.",
        )
    return f"{kind}:{value.lower()}" if kind == "email" else f"{kind}:{value}"


def is_named_by(subject: str, claims: Mapping[str, Any]) -> bool:
    """Whether a subject names the holder of a token with these claims; `user:` never does."""
    kind, _, value = subject.partition(":")
    if kind == "sub":
        return bool(claims.get("sub") == value)
    if kind == "email":
        is_verified = claims.get("email_verified") in (True, "true")
        return is_verified and str(claims.get("email", "")).lower() == value
    if kind == "group":
        return value in _texts(claims.get("groups"))
    if kind == "claim":
        name, _, wanted = value.partition("=")
        return wanted in _texts(claims.get(name))
    return False


def _texts(claim: Any) -> Iterable[str]:
    values = claim if isinstance(claim, (list, tuple)) else (claim,)
    return [str(each) for each in values if isinstance(each, (str, int))]
