"""Indexes over the executions that did not succeed, and over those of an API in its tenant."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_TABLE = "tb_api_execution_log"
_UNSUCCESSFUL = "ix_tb_api_execution_log_unsuccessful"
_OF_API = "ix_tb_api_execution_log_tenant_id_api_id_created_at"
_OF_API_ALONE = "ix_tb_api_execution_log_api_id_created_at"


def upgrade() -> None:
    """Go to this revision."""
    unsuccessful = sa.text("status <> 'success'")
    op.create_index(
        _UNSUCCESSFUL,
        _TABLE,
        ["tenant_id", "created_at"],
        sqlite_where=unsuccessful,
        postgresql_where=unsuccessful,
    )
    op.create_index(_OF_API, _TABLE, ["tenant_id", "api_id", "created_at"])
    op.drop_index(_OF_API_ALONE, _TABLE)


def downgrade() -> None:
    """Go back to the revision before."""
    op.create_index(_OF_API_ALONE, _TABLE, ["api_id", "created_at"])
    op.drop_index(_OF_API, _TABLE)
    op.drop_index(_UNSUCCESSFUL, _TABLE)
