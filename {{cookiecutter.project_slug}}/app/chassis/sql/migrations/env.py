"""Alembic's entry to the machine's migrations."""

from app.chassis.sql.migrating import run_migrations
from app.chassis.sql.revision import MACHINE

run_migrations(MACHINE)
