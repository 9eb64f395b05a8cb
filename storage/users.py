"""Keeps users, role bindings and sessions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete, exc, exists, select
from sqlalchemy.dialects import postgresql, sqlite

from engine.errors import ConflictError, NotFoundError
from engine.ports import RoleBinding, Session, User
from storage.database import Database
from storage.tables import RoleBindingRow, SessionRow, UserRow, table_of


class SqlUserStore:
    """The `UserStore` on the metadata database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, tenant_id: str, name: str) -> User | None:
        """A user by name, one who may not sign in included."""
        return next(iter(self._users(tenant_id, UserRow.user_name == name)), None)

    def all(self, tenant_id: str) -> tuple[User, ...]:
        """Every user of a tenant, by name."""
        return self._users(tenant_id)

    def any_exist(self) -> bool:
        """Whether there is a user in any tenant."""
        with self._database.read() as connection:
            return bool(connection.execute(select(exists(select(UserRow.id)))).scalar_one())

    def add(self, user: User) -> None:
        """Insert; raises ConflictError when the name is taken."""
        try:
            with self._database.writing(user.tenant_id) as rows:
                rows.execute(
                    rows.insert(
                        UserRow,
                        user_name=user.name,
                        password_hash=user.password_hash,
                        is_active=user.is_active,
                        created_at=user.created_at,
                        last_login_at=user.last_login_at,
                    )
                )
        except exc.IntegrityError as error:
            raise ConflictError(f"there is a user {user.name!r} already") from error

    def change(
        self,
        tenant_id: str,
        name: str,
        *,
        password_hash: str | None = None,
        is_active: bool | None = None,
        last_login_at: datetime | None = None,
    ) -> None:
        """Set what is given; raises NotFoundError."""
        given = {
            "password_hash": password_hash,
            "is_active": is_active,
            "last_login_at": last_login_at,
        }
        values = {column: value for column, value in given.items() if value is not None}
        with self._database.writing(tenant_id) as rows:
            change = rows.update(UserRow).where(UserRow.user_name == name).values(values)
            if rows.execute(change).rowcount == 0:
                raise NotFoundError(f"there is no user {name!r}")

    def bindings(self, tenant_id: str) -> tuple[RoleBinding, ...]:
        """Every role binding of a tenant, by subject."""
        row = RoleBindingRow
        with self._database.reading(tenant_id) as rows:
            found = rows.execute(
                rows.select(row, row.subject, row.role, row.created_by, row.created_at).order_by(
                    row.subject, row.role
                )
            ).mappings()
            return tuple(RoleBinding(tenant_id=tenant_id, **values) for values in found)

    def bind(self, binding: RoleBinding) -> None:
        """Add; without effect when it is there."""
        with self._database.writing(binding.tenant_id) as rows:
            on_sqlite = self._database.is_sqlite
            insert = sqlite.insert if on_sqlite else postgresql.insert
            addition: Any = insert(table_of(RoleBindingRow)).values(
                tenant_id=binding.tenant_id,
                subject=binding.subject,
                role=binding.role,
                created_by=binding.created_by,
                created_at=binding.created_at,
            )
            rows.execute(addition.on_conflict_do_nothing())

    def unbind(self, tenant_id: str, subject: str, role: str) -> None:
        """Remove; raises NotFoundError."""
        with self._database.writing(tenant_id) as rows:
            removal = rows.delete(RoleBindingRow).where(
                RoleBindingRow.subject == subject, RoleBindingRow.role == role
            )
            if rows.execute(removal).rowcount == 0:
                raise NotFoundError(f"{subject!r} has no role {role!r} here")

    def open_session(self, session: Session) -> None:
        """Insert, and forget the sessions that ended before it began."""
        with self._database.writing(session.tenant_id) as rows:
            rows.execute(
                delete(table_of(SessionRow)).where(SessionRow.expires_at <= session.created_at)
            )
            rows.execute(
                rows.insert(
                    SessionRow,
                    id=session.id,
                    user_name=session.user_name,
                    created_at=session.created_at,
                    expires_at=session.expires_at,
                )
            )

    def session(self, tenant_id: str, session_id: str) -> Session | None:
        """A session that nobody ended."""
        with self._database.reading(tenant_id) as rows:
            found = rows.execute(
                rows.select(SessionRow).where(SessionRow.id == session_id)
            ).mappings()
            row = found.one_or_none()
        return None if row is None else Session(**row)

    def end_session(self, tenant_id: str, session_id: str) -> None:
        """End a session; without effect when it has ended."""
        with self._database.writing(tenant_id) as rows:
            rows.execute(rows.delete(SessionRow).where(SessionRow.id == session_id))

    def end_sessions(self, tenant_id: str, user_name: str) -> None:
        """End every session of a user."""
        with self._database.writing(tenant_id) as rows:
            rows.execute(rows.delete(SessionRow).where(SessionRow.user_name == user_name))

    def _users(self, tenant_id: str, *conditions: Any) -> tuple[User, ...]:
        row = UserRow
        with self._database.reading(tenant_id) as rows:
            found = rows.execute(
                rows.select(
                    row,
                    row.user_name.label("name"),
                    row.password_hash,
                    row.is_active,
                    row.created_at,
                    row.last_login_at,
                )
                .where(*conditions)
                .order_by(row.user_name)
            ).mappings()
            return tuple(User(tenant_id=tenant_id, **values) for values in found)
