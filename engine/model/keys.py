"""Names of what processes share, each bound to its tenant."""

from functools import lru_cache
from urllib.parse import quote, unquote

_quoted = lru_cache(maxsize=1024)(quote)


def tenant_key(tenant_id: str, *parts: str) -> str:
    """The name of a tenant's `parts`; no tenant's names ever begin with another's prefix."""
    return "/".join((_quoted(tenant_id, safe=""), *parts))


def key_of_tenant(key: str) -> str:
    """The tenant a key belongs to."""
    return unquote(key.partition("/")[0])


def key_without_tenant(key: str) -> str:
    """The parts of a key after its tenant."""
    return key.partition("/")[2]
