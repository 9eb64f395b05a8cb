"""Calls made under an idempotency key."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this revision."""
    op.create_table(
        "tb_idempotency_key",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("holder", sa.Uuid(), nullable=False),
        sa.Column("running_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("headers", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "name", name=op.f("pk_tb_idempotency_key")),
    )
    op.create_index(op.f("ix_tb_idempotency_key_expires_at"), "tb_idempotency_key", ["expires_at"])


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_index(op.f("ix_tb_idempotency_key_expires_at"), "tb_idempotency_key")
    op.drop_table("tb_idempotency_key")
