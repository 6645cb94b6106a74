"""Tables of the business. They mirror the migrations beside this file; a test compares the two."""

from datetime import date, datetime
from pathlib import Path
from uuid import UUID

from sqlalchemy import ForeignKey, MetaData, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from app.chassis.sql.revision import History
from app.chassis.sql.types import NAMING_CONVENTION, UtcDateTime


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING_CONVENTION)
    type_annotation_map = {datetime: UtcDateTime}  # noqa: RUF012 - SQLAlchemy's own idiom


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


HISTORY = History(Path(__file__).parent / "migrations", "alembic_version", Base.metadata)
