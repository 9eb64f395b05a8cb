"""Jobs, and the processes that run them."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this revision."""
    op.create_table(
        "tb_job",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("api_id", sa.Uuid(), nullable=False),
        sa.Column("api_name", sa.Text(), nullable=False),
        sa.Column("api_version", sa.Integer(), nullable=False),
        sa.Column("logic_type", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("trace_id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("worker", sa.Text(), nullable=True),
        sa.Column("runs", sa.Integer(), nullable=False),
        sa.Column("cancel_requested", sa.Boolean(), nullable=False),
        sa.Column("retry_of", sa.Uuid(), nullable=True),
        sa.Column("execution_id", sa.Uuid(), nullable=False),
        sa.Column("row_count", sa.Integer(), nullable=True),
        sa.Column("error", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("nodes", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("work", sa.Text(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tb_job")),
    )
    op.create_index(op.f("ix_tb_job_tenant_id_created_at"), "tb_job", ["tenant_id", "created_at"])
    op.create_index(op.f("ix_tb_job_api_id_created_at"), "tb_job", ["api_id", "created_at"])
    op.create_index(op.f("ix_tb_job_status_worker"), "tb_job", ["status", "worker"])
    op.create_table(
        "tb_job_worker",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("queues", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tb_job_worker")),
    )


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_table("tb_job_worker")
    for name in ("status_worker", "api_id_created_at", "tenant_id_created_at"):
        op.drop_index(op.f(f"ix_tb_job_{name}"), "tb_job")
    op.drop_table("tb_job")
