"""Trips are found by vehicle and by carrier, announced stops by either of their sites.

Safe while the app runs: indexes only, on small tables.
"""

from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_index("ix_trip_carrier_opened_at", "trip", ["carrier", "opened_at"])
    op.create_index("ix_trip_vehicle_opened_at", "trip", ["vehicle", "opened_at"])
    op.create_index("ix_trip_stop_origin", "trip_stop", ["origin"])
    op.create_index("ix_trip_stop_destination", "trip_stop", ["destination"])


def downgrade() -> None:
    op.drop_index("ix_trip_stop_destination", "trip_stop")
    op.drop_index("ix_trip_stop_origin", "trip_stop")
    op.drop_index("ix_trip_vehicle_opened_at", "trip")
    op.drop_index("ix_trip_carrier_opened_at", "trip")
