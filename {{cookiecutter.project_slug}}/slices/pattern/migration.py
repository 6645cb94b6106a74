"""The body of the migration; alembic writes its file."""

import sqlalchemy as sa
from alembic import op


def upgrade() -> None:
    op.create_table(
        "some_things",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(100), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_some_things"),
    )


def downgrade() -> None:
    op.drop_table("some_things")
