"""Test cases of APIs."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.row import TenantRow


class ApiTestCaseRow(TenantRow):
    """A test case of an API; it goes with its API."""

    __tablename__ = "tb_api_test_case"
    __table_args__ = (UniqueConstraint("api_id", "name"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    api_id: Mapped[UUID] = mapped_column(ForeignKey("tb_api_definition.id", ondelete="CASCADE"))
    name: Mapped[str]
    revision: Mapped[int]
    created_by: Mapped[str]
    created_at: Mapped[datetime]
    updated_by: Mapped[str]
    updated_at: Mapped[datetime]
    description: Mapped[str]
    params: Mapped[dict[str, Any]]
    input_payload: Mapped[Any] = mapped_column(JSON(none_as_null=True), nullable=True)
    expect: Mapped[dict[str, Any]]
