"""outbox and inbox"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
SHARDS = 32


def envelope() -> list[sa.Column[object]]:
    return [
        sa.Column("type", sa.String(100), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(100), nullable=False),
        sa.Column("subject", sa.String(100), nullable=False),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("headers", sa.JSON(), nullable=False),
    ]


def partial_index(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(name, table, columns, postgresql_where=sa.text(where), sqlite_where=sa.text(where))


def upgrade() -> None:
    op.create_table(
        "outbox",
        sa.Column("seq", NUMBER, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        *envelope(),
        sa.PrimaryKeyConstraint("seq", name="pk_outbox"),
        sa.UniqueConstraint("id", name="uq_outbox_id"),
        sqlite_autoincrement=True,
    )
    partial_index("ix_outbox_unpublished", "outbox", ["seq"], "published_at IS NULL")
    op.create_table(
        "received_events",
        sa.Column("position", NUMBER, nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("lane", sa.String(255), nullable=False),
        sa.Column("shard", sa.SmallInteger(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        *envelope(),
        sa.PrimaryKeyConstraint("position", name="pk_received_events"),
        sa.UniqueConstraint("event_id", name="uq_received_events_event_id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "deliveries",
        sa.Column("seq", NUMBER, nullable=False),
        sa.Column("consumer", sa.String(100), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("lane", sa.String(255), nullable=False),
        sa.Column("shard", sa.SmallInteger(), nullable=False),
        sa.Column("state", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("starts", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(500), nullable=True),
        sa.Column("traceback", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("seq", name="pk_deliveries"),
        sa.UniqueConstraint("event_id", "consumer", name="uq_deliveries_event_id"),
        sqlite_autoincrement=True,
    )
    blocking = "(state = 2 OR (state = 0 AND due_at IS NOT NULL))"
    partial_index("ix_deliveries_waiting", "deliveries", ["consumer", "seq"], "state = 0")
    partial_index("ix_deliveries_lane", "deliveries", ["consumer", "lane", "seq"], "state <> 1")
    partial_index("ix_deliveries_blocking", "deliveries", ["consumer", "lane", "seq"], blocking)
    partial_index("ix_deliveries_due", "deliveries", ["due_at"], "state = 0 AND due_at IS NOT NULL")
    partial_index("ix_deliveries_dead", "deliveries", ["consumer", "finished_at"], "state = 2")
    consumers = op.create_table(
        "inbox_consumers",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("consumers", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_inbox_consumers"),
    )
    op.bulk_insert(consumers, [{"id": 1, "consumers": {}}])
    shards = op.create_table(
        "inbox_shards",
        sa.Column("shard", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("clean", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("shard", name="pk_inbox_shards"),
    )
    op.bulk_insert(shards, [{"shard": shard, "clean": True} for shard in range(SHARDS)])


def downgrade() -> None:
    for table in ("inbox_shards", "inbox_consumers", "deliveries", "received_events", "outbox"):
        op.drop_table(table)
