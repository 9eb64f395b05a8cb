"""The sign-ins that are in force."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this revision."""
    op.create_table(
        "tb_session",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user_name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tb_session")),
    )
    op.create_index(
        op.f("ix_tb_session_tenant_id_user_name"), "tb_session", ["tenant_id", "user_name"]
    )
    op.create_index(op.f("ix_tb_session_expires_at"), "tb_session", ["expires_at"])


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_index(op.f("ix_tb_session_expires_at"), "tb_session")
    op.drop_index(op.f("ix_tb_session_tenant_id_user_name"), "tb_session")
    op.drop_table("tb_session")
