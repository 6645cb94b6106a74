"""Tables. They mirror the migrations; a test compares the two."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, Dialect, ForeignKey, Index, Integer, LargeBinary, MetaData, String, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import JSON, TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """A timezone-aware moment. SQLite keeps no timezone, so values are stored and read as UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value if value is None else value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if isinstance(value, datetime):
            return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        return None


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
        }
    )
    type_annotation_map = {datetime: UtcDateTime, dict[str, str]: JSON}  # noqa: RUF012 - SQLAlchemy's own idiom


class UserRow(Base):
    __tablename__ = "users"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    password_hash: Mapped[str] = mapped_column(String(255))
    registered_at: Mapped[datetime]


class LastSeenRow(Base):
    __tablename__ = "last_seen"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    at: Mapped[datetime]


class TokenRow(Base):
    __tablename__ = "tokens"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    expires_at: Mapped[datetime] = mapped_column(index=True)


class DailySignupsRow(Base):
    __tablename__ = "daily_signups"

    day: Mapped[date] = mapped_column(primary_key=True)
    count: Mapped[int]


class EventColumns:
    """The envelope, as the outbox and the dead letters store it."""

    type: Mapped[str] = mapped_column(String(100))
    version: Mapped[int]
    source: Mapped[str] = mapped_column(String(100))
    subject: Mapped[str] = mapped_column(String(100))
    time: Mapped[datetime]
    data: Mapped[bytes] = mapped_column(LargeBinary)
    headers: Mapped[dict[str, str]]


class OutboxRow(EventColumns, Base):
    __tablename__ = "outbox"

    seq: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    id: Mapped[UUID] = mapped_column(unique=True)
    published_at: Mapped[datetime | None]


class InboxRow(Base):
    __tablename__ = "inbox"

    consumer: Mapped[str] = mapped_column(String(100), primary_key=True)
    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    handled_at: Mapped[datetime] = mapped_column(index=True)


class DeliveryRow(Base):
    """A delivery that began and, for all we know, has not ended; `count` in a row."""

    __tablename__ = "deliveries"

    consumer: Mapped[str] = mapped_column(String(100), primary_key=True)
    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    count: Mapped[int]
    began_at: Mapped[datetime] = mapped_column(index=True)


class DeadLetterRow(EventColumns, Base):
    __tablename__ = "dead_letters"

    consumer: Mapped[str] = mapped_column(String(100), primary_key=True)
    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    reason: Mapped[str] = mapped_column(String(500))
    attempts: Mapped[int]
    failed_at: Mapped[datetime]


_UNPUBLISHED = text("published_at IS NULL")
Index("ix_outbox_unpublished", OutboxRow.seq, postgresql_where=_UNPUBLISHED, sqlite_where=_UNPUBLISHED)
_PUBLISHED = text("published_at IS NOT NULL")
Index("ix_outbox_published_at", OutboxRow.published_at, postgresql_where=_PUBLISHED, sqlite_where=_PUBLISHED)
