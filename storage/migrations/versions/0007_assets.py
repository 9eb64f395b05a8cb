"""The asset registry: assets, their versions and labels."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_JSON = sa.JSON(none_as_null=True)
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Go to this revision."""
    op.create_table(
        "tb_asset",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("asset_type", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("tags", _JSON, nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("updated_at", _TIME, nullable=False),
        sa.Column("draft_base_version", sa.Integer(), nullable=True),
        sa.Column("draft_updated_by", sa.Text(), nullable=True),
        sa.Column("draft_updated_at", _TIME, nullable=True),
        sa.Column("content", _JSON, nullable=False),
        sa.Column("draft_fields", _JSON, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tb_asset")),
        sa.UniqueConstraint("tenant_id", "name", name=op.f("uq_tb_asset_tenant_id_name")),
    )
    op.create_table(
        "tb_asset_version",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("tags", _JSON, nullable=False),
        sa.Column("change_note", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("content", _JSON, nullable=False),
        sa.ForeignKeyConstraint(
            ["asset_id"],
            ["tb_asset.id"],
            name=op.f("fk_tb_asset_version_asset_id_tb_asset"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("asset_id", "version", name=op.f("pk_tb_asset_version")),
    )
    op.create_table(
        "tb_asset_label",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["asset_id", "version"],
            ["tb_asset_version.asset_id", "tb_asset_version.version"],
            name=op.f("fk_tb_asset_label_asset_id_version_tb_asset_version"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("asset_id", "label", name=op.f("pk_tb_asset_label")),
    )


def downgrade() -> None:
    """Go back to the revision before."""
    for name in ("tb_asset_label", "tb_asset_version", "tb_asset"):
        op.drop_table(name)
