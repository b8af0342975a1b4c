"""Announced trips say when they load and deliver; policies are declared; manifests are found again.

Safe while the app runs: nullable columns and a partial index only.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("trip_stop", sa.Column("pick_up_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("trip_stop", sa.Column("deliver_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("transport_policy", sa.Column("event_id", sa.Uuid(), nullable=True))
    op.create_index(
        "ix_trip_event_manifest",
        "trip_event",
        ["manifest"],
        postgresql_where=sa.text("manifest IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_trip_event_manifest", "trip_event")
    op.drop_column("transport_policy", "event_id")
    op.drop_column("trip_stop", "deliver_at")
    op.drop_column("trip_stop", "pick_up_at")
