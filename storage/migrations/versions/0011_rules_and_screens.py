"""Rules, the events they watch and what they fired; screens."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this revision."""
    json, moment = sa.JSON(none_as_null=True), sa.DateTime(timezone=True)
    op.create_table(
        "tb_cep_rule",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("rule_name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("trigger_type", sa.Text(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("from_seq", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("updated_at", moment, nullable=False),
        sa.Column("owner", json, nullable=False),
        sa.Column("trigger_spec", json, nullable=False),
        sa.Column("action_spec", json, nullable=False),
        sa.Column("state", json, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tb_cep_rule")),
        sa.UniqueConstraint(
            "tenant_id", "rule_name", name=op.f("uq_tb_cep_rule_tenant_id_rule_name")
        ),
    )
    op.create_table(
        "tb_cep_event",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column(
            "seq",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("occurred_at", moment, nullable=False),
        sa.Column("received_at", moment, nullable=False),
        sa.Column("trace_id", sa.Text(), nullable=False),
        sa.Column("data", json, nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_tb_cep_event")),
        sa.UniqueConstraint(
            "tenant_id", "event_id", name=op.f("uq_tb_cep_event_tenant_id_event_id")
        ),
        sqlite_autoincrement=True,
    )
    for columns in (["tenant_id", "seq"], ["tenant_id", "occurred_at"], ["received_at"]):
        name = op.f(f"ix_tb_cep_event_{'_'.join(columns)}")
        op.create_index(name, "tb_cep_event", columns)
    op.create_table(
        "tb_cep_cursor",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_tb_cep_cursor")),
    )
    op.create_table(
        "tb_cep_exec_log",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("rule_id", sa.Uuid(), nullable=False),
        sa.Column("rule_name", sa.Text(), nullable=False),
        sa.Column("rule_version", sa.Integer(), nullable=False),
        sa.Column("firing_key", sa.Text(), nullable=False),
        sa.Column("group_key", sa.Text(), nullable=False),
        sa.Column("value", sa.Double(), nullable=True),
        sa.Column("event_id", sa.Text(), nullable=True),
        sa.Column("trace_id", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("fired_at", moment, nullable=False),
        sa.Column("claimed_until", moment, nullable=True),
        sa.Column("finished_at", moment, nullable=True),
        sa.Column("execution_id", sa.Uuid(), nullable=True),
        sa.Column("error_type", sa.Text(), nullable=True),
        sa.Column("error_message", sa.Text(), nullable=True),
        sa.Column("names", json, nullable=False),
        sa.Column("result", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tb_cep_exec_log")),
        sa.UniqueConstraint(
            "rule_id", "firing_key", name=op.f("uq_tb_cep_exec_log_rule_id_firing_key")
        ),
    )
    for columns in (
        ["tenant_id", "fired_at"],
        ["rule_id", "fired_at"],
        ["status", "claimed_until"],
        ["trace_id"],
    ):
        name = op.f(f"ix_tb_cep_exec_log_{'_'.join(columns)}")
        op.create_index(name, "tb_cep_exec_log", columns)
    op.create_table(
        "tb_ui_screen",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("screen_id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("updated_by", sa.Text(), nullable=False),
        sa.Column("updated_at", moment, nullable=False),
        sa.Column("spec", json, nullable=False),
        sa.Column("draft", json, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tb_ui_screen")),
        sa.UniqueConstraint(
            "tenant_id", "screen_id", name=op.f("uq_tb_ui_screen_tenant_id_screen_id")
        ),
    )


def downgrade() -> None:
    """Go back to the revision before."""
    for table in (
        "tb_ui_screen",
        "tb_cep_exec_log",
        "tb_cep_cursor",
        "tb_cep_event",
        "tb_cep_rule",
    ):
        op.drop_table(table)
