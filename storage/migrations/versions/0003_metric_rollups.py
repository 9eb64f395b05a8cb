"""Sums of the execution log, and leases for what one process at a time does."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this revision."""
    op.create_table(
        "tb_lease",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("holder", sa.Uuid(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_tb_lease")),
    )
    op.create_table(
        "tb_metric_rollup",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("by_api", sa.Boolean(), nullable=False),
        sa.Column("api_id", sa.Uuid(), nullable=True),
        sa.Column("facet", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("grain", sa.Text(), nullable=False),
        sa.Column("start_s", sa.BigInteger(), nullable=False),
        sa.Column("writer", sa.Uuid(), nullable=False),
        sa.Column("calls", sa.BigInteger(), nullable=False),
        sa.Column("success", sa.BigInteger(), nullable=False),
        sa.Column("fail", sa.BigInteger(), nullable=False),
        sa.Column("timeout", sa.BigInteger(), nullable=False),
        sa.Column("rejected", sa.BigInteger(), nullable=False),
        sa.Column("cached", sa.BigInteger(), nullable=False),
        sa.Column("cache_lookups", sa.BigInteger(), nullable=False),
        sa.Column("retries", sa.BigInteger(), nullable=False),
        sa.Column("breaker_trips", sa.BigInteger(), nullable=False),
        sa.Column("rate_limited", sa.BigInteger(), nullable=False),
        sa.Column("total_ms", sa.Double(), nullable=False),
        sa.Column("min_ms", sa.Double(), nullable=True),
        sa.Column("max_ms", sa.Double(), nullable=True),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_id", sa.Uuid(), nullable=True),
        sa.Column("buckets", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("latency", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tb_metric_rollup")),
    )
    op.create_index(
        op.f("ix_tb_metric_rollup_grain_start_s"), "tb_metric_rollup", ["grain", "start_s"]
    )
    op.create_index(
        op.f("ix_tb_metric_rollup_tenant_id_by_api_api_id_facet_grain_start_s"),
        "tb_metric_rollup",
        ["tenant_id", "by_api", "api_id", "facet", "grain", "start_s"],
    )
    op.create_index(
        op.f("ix_tb_metric_rollup_tenant_id_facet_by_api_grain_start_s"),
        "tb_metric_rollup",
        ["tenant_id", "facet", "by_api", "grain", "start_s"],
    )


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_index(
        op.f("ix_tb_metric_rollup_tenant_id_facet_by_api_grain_start_s"), "tb_metric_rollup"
    )
    op.drop_index(
        op.f("ix_tb_metric_rollup_tenant_id_by_api_api_id_facet_grain_start_s"), "tb_metric_rollup"
    )
    op.drop_index(op.f("ix_tb_metric_rollup_grain_start_s"), "tb_metric_rollup")
    op.drop_table("tb_metric_rollup")
    op.drop_table("tb_lease")
