"""Alembic's environment: runs the scripts on the connection that `migrate` passes.

`alembic revision --autogenerate` passes none; then `-x url=…` names a database to compare with.
"""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection

from storage.columns import UtcDateTime
from storage.database import Database
from storage.tables import Row


def _as_written(kind: str, item: Any, _: AutogenContext) -> str | Literal[False]:
    # A script must not change its meaning with the code.
    is_time = kind == "type" and isinstance(item, UtcDateTime)
    return "sa.DateTime(timezone=True)" if is_time else False


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Row.metadata,
        render_as_batch=True,
        compare_server_default=True,
        render_item=_as_written,
    )
    with context.begin_transaction():
        context.run_migrations()


connection: Connection | None = context.config.attributes.get("connection")
if connection is None:
    with Database(context.get_x_argument(as_dictionary=True)["url"]).rebuild() as connection:
        _run(connection)
else:
    _run(connection)
