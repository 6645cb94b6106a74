"""The machine's own tables. They mirror its migrations; a test compares the two. The business has tables elsewhere."""

from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from app.chassis.sql.types import NAMING_CONVENTION, UtcDateTime

metadata = MetaData(naming_convention=NAMING_CONVENTION)

SHARDS = 32
WAITING, DONE, DEAD = 0, 1, 2  # deliveries.state

_Number = BigInteger().with_variant(Integer(), "sqlite")


def _envelope() -> list[Column[Any]]:
    """An event, as the outbox and the inbox keep it."""
    return [
        Column("type", String(100), nullable=False),
        Column("version", Integer, nullable=False),
        Column("source", String(100), nullable=False),
        Column("subject", String(100), nullable=False),
        Column("time", UtcDateTime, nullable=False),
        Column("data", LargeBinary, nullable=False),
        Column("headers", JSON, nullable=False),
    ]


outbox = Table(
    "outbox",
    metadata,
    Column("seq", _Number, primary_key=True),
    Column("id", Uuid, nullable=False, unique=True),
    Column("published_at", UtcDateTime),
    *_envelope(),
    sqlite_autoincrement=True,
)

received_events = Table(
    "received_events",
    metadata,
    Column("position", _Number, primary_key=True),  # the order in which events were stored; never changes
    Column("event_id", Uuid, nullable=False, unique=True),
    Column("lane", String(255), nullable=False),
    Column("shard", SmallInteger, nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    *_envelope(),
    sqlite_autoincrement=True,
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("seq", _Number, primary_key=True),  # arrival number: a lane is handled in this order; a replay renews it
    Column("consumer", String(100), nullable=False),
    Column("event_id", Uuid, nullable=False),
    Column("lane", String(255), nullable=False),
    Column("shard", SmallInteger, nullable=False),
    Column("state", SmallInteger, nullable=False, server_default="0"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("starts", SmallInteger, nullable=False, server_default="0"),  # noted attempts that never ended
    Column("due_at", UtcDateTime),
    Column("first_failed_at", UtcDateTime),
    Column("finished_at", UtcDateTime),
    Column("reason", String(500)),
    Column("traceback", Text),
    UniqueConstraint("event_id", "consumer"),
    sqlite_autoincrement=True,
)

consumers = Table(  # one row: a store that locks it sees the newest list of consumers, and stores take turns
    "inbox_consumers",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("consumers", JSON, nullable=False),
)

shards = Table(  # `clean`: its last owner gave it back with nothing in hand
    "inbox_shards",
    metadata,
    Column("shard", SmallInteger, primary_key=True, autoincrement=False),
    Column("clean", Boolean, nullable=False),
)

UNPUBLISHED = text("published_at IS NULL")
IS_WAITING = text("state = 0")
IS_OPEN = text("state <> 1")
IS_BLOCKING = text("(state = 2 OR (state = 0 AND due_at IS NOT NULL))")
IS_DEAD = text("state = 2")


def _partial(name: str, where: Any, *columns: Column[Any]) -> None:
    Index(name, *columns, postgresql_where=where, sqlite_where=where)


_partial("ix_outbox_unpublished", UNPUBLISHED, outbox.c.seq)
_partial("ix_deliveries_waiting", IS_WAITING, deliveries.c.consumer, deliveries.c.seq)
_partial("ix_deliveries_lane", IS_OPEN, deliveries.c.consumer, deliveries.c.lane, deliveries.c.seq)
_partial("ix_deliveries_blocking", IS_BLOCKING, deliveries.c.consumer, deliveries.c.lane, deliveries.c.seq)
_partial("ix_deliveries_due", text("state = 0 AND due_at IS NOT NULL"), deliveries.c.due_at)
_partial("ix_deliveries_dead", IS_DEAD, deliveries.c.consumer, deliveries.c.finished_at)
