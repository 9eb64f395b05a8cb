"""Tools that APIs are exported as, and their calls."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Go to this revision."""
    op.create_table(
        "tb_tool",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("api_id", sa.Uuid(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("read_only", sa.Boolean(), nullable=False),
        sa.Column("offers_dry_run", sa.Boolean(), nullable=False),
        sa.Column("max_chars", sa.Integer(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("api_version", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("updated_at", _TIME, nullable=False),
        sa.Column("schema_at_export", sa.JSON(none_as_null=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["api_id"],
            ["tb_api_definition.id"],
            name=op.f("fk_tb_tool_api_id_tb_api_definition"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tb_tool")),
        sa.UniqueConstraint("tenant_id", "name", name=op.f("uq_tb_tool_tenant_id_name")),
        sa.UniqueConstraint("api_id", name=op.f("uq_tb_tool_api_id")),
    )
    op.create_table(
        "tb_tool_call_log",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tool_id", sa.Uuid(), nullable=False),
        sa.Column("tool_name", sa.Text(), nullable=False),
        sa.Column("execution_id", sa.Uuid(), nullable=True),
        sa.Column("called_by", sa.Text(), nullable=False),
        sa.Column("door", sa.Text(), nullable=False),
        sa.Column("dry_run", sa.Boolean(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("error_type", sa.Text(), nullable=True),
        sa.Column("chars", sa.Integer(), nullable=False),
        sa.Column("truncated", sa.Boolean(), nullable=False),
        sa.Column("duration_ms", sa.Double(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tb_tool_call_log")),
    )
    op.create_index(
        op.f("ix_tb_tool_call_log_tenant_id_tool_id_created_at"),
        "tb_tool_call_log",
        ["tenant_id", "tool_id", "created_at"],
    )
    op.create_index(op.f("ix_tb_tool_call_log_created_at"), "tb_tool_call_log", ["created_at"])


def downgrade() -> None:
    """Go back to the revision before."""
    for name in ("tb_tool_call_log", "tb_tool"):
        op.drop_table(name)
