"""The tables of definitions, executions and access."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this revision."""
    op.create_table(
        "tb_api_definition",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("api_name", sa.Text(), nullable=False),
        sa.Column("api_type", sa.Text(), nullable=False),
        sa.Column("logic_type", sa.Text(), nullable=False),
        sa.Column("connection", sa.Text(), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("tool_name", sa.Text(), nullable=True),
        sa.Column("tags", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("draft_base_version", sa.Integer(), nullable=True),
        sa.Column("draft_updated_by", sa.Text(), nullable=True),
        sa.Column("draft_updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("param_schema", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("runtime_policy", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("logic_body", sa.Text(), nullable=False),
        sa.Column("draft_fields", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tb_api_definition")),
        sa.UniqueConstraint(
            "tenant_id", "api_name", name=op.f("uq_tb_api_definition_tenant_id_api_name")
        ),
    )
    op.create_table(
        "tb_api_execution_log",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("api_id", sa.Uuid(), nullable=True),
        sa.Column("api_name", sa.Text(), nullable=False),
        sa.Column("api_version", sa.Integer(), nullable=False),
        sa.Column("executed_by", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("parent_execution_id", sa.Uuid(), nullable=True),
        sa.Column("trace_id", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("duration_ms", sa.Double(), nullable=False),
        sa.Column("response_status", sa.Integer(), nullable=False),
        sa.Column("response_truncated", sa.Boolean(), nullable=False),
        sa.Column("rows_affected", sa.Integer(), nullable=True),
        sa.Column("cached", sa.Boolean(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("circuit_breaker_state", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("error_type", sa.Text(), nullable=True),
        sa.Column("error_message", sa.Text(), nullable=True),
        sa.Column("error_stacktrace", sa.Text(), nullable=True),
        sa.Column("metadata", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("request_params", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("response_data", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tb_api_execution_log")),
    )
    op.create_index(
        op.f("ix_tb_api_execution_log_api_id_created_at"),
        "tb_api_execution_log",
        ["api_id", "created_at"],
    )
    op.create_index(
        op.f("ix_tb_api_execution_log_parent_execution_id"),
        "tb_api_execution_log",
        ["parent_execution_id"],
    )
    op.create_index(
        op.f("ix_tb_api_execution_log_tenant_id_created_at"),
        "tb_api_execution_log",
        ["tenant_id", "created_at"],
    )
    op.create_index(op.f("ix_tb_api_execution_log_trace_id"), "tb_api_execution_log", ["trace_id"])

    op.create_table(
        "tb_api_key",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("secret_hmac", sa.LargeBinary(), nullable=False),
        sa.Column("roles", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("scope", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rate", sa.Text(), nullable=True),
        sa.Column("allowed_ips", sa.JSON(none_as_null=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tb_api_key")),
    )
    op.create_index(
        op.f("ix_tb_api_key_tenant_id_created_at"), "tb_api_key", ["tenant_id", "created_at"]
    )

    op.create_table(
        "tb_audit_log",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("detail", sa.JSON(none_as_null=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tb_audit_log")),
    )
    op.create_index(
        op.f("ix_tb_audit_log_tenant_id_created_at"), "tb_audit_log", ["tenant_id", "created_at"]
    )

    op.create_table(
        "tb_connection",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("dialect", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("dsn", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tb_connection")),
        sa.UniqueConstraint("tenant_id", "name", name=op.f("uq_tb_connection_tenant_id_name")),
    )
    op.create_table(
        "tb_role_binding",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tb_role_binding")),
        sa.UniqueConstraint(
            "tenant_id", "subject", "role", name=op.f("uq_tb_role_binding_tenant_id_subject_role")
        ),
    )
    op.create_table(
        "tb_secret",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ciphertext", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tb_secret")),
        sa.UniqueConstraint("tenant_id", "name", name=op.f("uq_tb_secret_tenant_id_name")),
    )
    op.create_table(
        "tb_setting",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("value", sa.JSON(none_as_null=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tb_setting")),
        sa.UniqueConstraint("tenant_id", "key", name=op.f("uq_tb_setting_tenant_id_key")),
    )
    op.create_table(
        "tb_user",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_login_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tb_user")),
        sa.UniqueConstraint("tenant_id", "user_name", name=op.f("uq_tb_user_tenant_id_user_name")),
    )
    op.create_table(
        "tb_api_version",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("api_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("change_note", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("snapshot", sa.JSON(none_as_null=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["api_id"],
            ["tb_api_definition.id"],
            name=op.f("fk_tb_api_version_api_id_tb_api_definition"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("api_id", "version", name=op.f("pk_tb_api_version")),
    )


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_table("tb_api_version")
    op.drop_table("tb_user")
    op.drop_table("tb_setting")
    op.drop_table("tb_secret")
    op.drop_table("tb_role_binding")
    op.drop_table("tb_connection")
    op.drop_index(op.f("ix_tb_audit_log_tenant_id_created_at"), "tb_audit_log")

    op.drop_table("tb_audit_log")
    op.drop_index(op.f("ix_tb_api_key_tenant_id_created_at"), "tb_api_key")

    op.drop_table("tb_api_key")
    op.drop_index(op.f("ix_tb_api_execution_log_trace_id"), "tb_api_execution_log")
    op.drop_index(op.f("ix_tb_api_execution_log_tenant_id_created_at"), "tb_api_execution_log")
    op.drop_index(op.f("ix_tb_api_execution_log_parent_execution_id"), "tb_api_execution_log")
    op.drop_index(op.f("ix_tb_api_execution_log_api_id_created_at"), "tb_api_execution_log")

    op.drop_table("tb_api_execution_log")
    op.drop_table("tb_api_definition")
