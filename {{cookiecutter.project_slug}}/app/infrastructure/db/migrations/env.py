"""Alembic's entry to the migrations of the business."""

from app.chassis.sql.migrating import run_migrations
from app.infrastructure.db.tables import HISTORY

run_migrations(HISTORY)
