"""Test cases of APIs, and what the publish gate found of a version."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this revision."""
    op.add_column("tb_api_version", sa.Column("gate", sa.JSON(none_as_null=True), nullable=True))
    op.create_table(
        "tb_api_test_case",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("api_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("params", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("input_payload", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("expect", sa.JSON(none_as_null=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["api_id"],
            ["tb_api_definition.id"],
            name=op.f("fk_tb_api_test_case_api_id_tb_api_definition"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tb_api_test_case")),
        sa.UniqueConstraint("api_id", "name", name=op.f("uq_tb_api_test_case_api_id_name")),
    )


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_table("tb_api_test_case")
    op.drop_column("tb_api_version", "gate")
