"""Definitions with a policy."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from engine.model import ApiDefinition


@pytest.fixture
def api():
    """A function that makes an API with a policy."""

    def make(policy=None, *, number=1, tenant="default", logic_type="sql"):
        now = datetime(2026, 2, 8, tzinfo=UTC)
        return ApiDefinition.model_validate(
            {
                "id": UUID(int=number),
                "tenant_id": tenant,
                "api_name": f"api-{number}",
                "logic_type": logic_type,
                "logic_body": "select 1",
                "runtime_policy": policy or {},
                "created_at": now,
                "updated_at": now,
            }
        )

    return make
