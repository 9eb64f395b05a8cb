"""The tables of the metadata database, the same on SQLite and PostgreSQL.

JSON columns are `JSON`, not `JSONB`: it keeps the order of keys, in which an author's parameters
are shown, and takes every text that JSON can write. Columns that may be large come last, so that
SQLite reads the others without them.
"""

from storage.tables.access import ApiKeyRow, AuditRow, RoleBindingRow, SessionRow, UserRow
from storage.tables.alerting import AlertEventRow, AlertRow
from storage.tables.apis import ApiDefinitionRow, ApiVersionRow, ConnectionRow
from storage.tables.assets import AssetLabelRow, AssetRow, AssetVersionRow
from storage.tables.cep import CursorRow, EventRow, FiringRow, RuleRow
from storage.tables.executions import ExecutionRow, IdempotencyRow, LeaseRow, RollupRow
from storage.tables.jobs import JobRow, JobWorkerRow
from storage.tables.row import Row, TenantRow, table_of
from storage.tables.screens import ScreenRow
from storage.tables.settings import SecretRow, SettingRow
from storage.tables.testing import ApiTestCaseRow
from storage.tables.tools import ToolCallRow, ToolRow

__all__ = [
    "AlertEventRow",
    "AlertRow",
    "ApiDefinitionRow",
    "ApiKeyRow",
    "ApiTestCaseRow",
    "ApiVersionRow",
    "AssetLabelRow",
    "AssetRow",
    "AssetVersionRow",
    "AuditRow",
    "ConnectionRow",
    "CursorRow",
    "EventRow",
    "ExecutionRow",
    "FiringRow",
    "IdempotencyRow",
    "JobRow",
    "JobWorkerRow",
    "LeaseRow",
    "RoleBindingRow",
    "RollupRow",
    "Row",
    "RuleRow",
    "ScreenRow",
    "SecretRow",
    "SessionRow",
    "SettingRow",
    "TenantRow",
    "ToolCallRow",
    "ToolRow",
    "UserRow",
    "table_of",
]
