"""What a version promised its callers, and what it broke."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this revision."""
    for name in ("response_columns", "breaking"):
        op.add_column("tb_api_version", sa.Column(name, sa.JSON(none_as_null=True), nullable=True))


def downgrade() -> None:
    """Go back to the revision before."""
    for name in ("response_columns", "breaking"):
        op.drop_column("tb_api_version", name)
