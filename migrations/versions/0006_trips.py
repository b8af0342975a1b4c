"""Trips with many pick-ups: announced stops, the events of each trip, confirmations, legs, policies.

Safe while the app runs: new tables and nullable columns only.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

ROLE = "platform_app"
INSERT_ONLY = ("trip_stop", "trip_event", "trip_confirmation")
FREE = ("trip_driver", "trip_leg", "transport_policy")


def upgrade() -> None:
    op.add_column("trip", sa.Column("announced_by", sa.Uuid(), nullable=True))
    op.create_index("ix_trip_opened_at_id", "trip", ["opened_at", "id"])
    op.add_column("site", sa.Column("plant_kind", sa.Text(), nullable=True))
    op.create_check_constraint(op.f("ck_site_plant_kind"), "site", "plant_kind IN ('cement_kiln')")
    op.create_table(
        "trip_stop",
        sa.Column("trip", sa.Uuid(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("destination", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["trip"], ["trip.id"], name=op.f("fk_trip_stop_trip")),
        sa.ForeignKeyConstraint(["origin"], ["site.code"], name=op.f("fk_trip_stop_origin")),
        sa.ForeignKeyConstraint(
            ["destination"], ["site.code"], name=op.f("fk_trip_stop_destination")
        ),
        sa.PrimaryKeyConstraint("trip", "n", name=op.f("pk_trip_stop")),
    )
    op.create_table(
        "trip_driver",
        sa.Column("trip", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["trip"], ["trip.id"], name=op.f("fk_trip_driver_trip")),
        sa.PrimaryKeyConstraint("trip", name=op.f("pk_trip_driver")),
    )
    op.create_table(
        "trip_event",
        sa.Column("trip", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("site", sa.Text(), nullable=True),
        sa.Column("destination", sa.Text(), nullable=True),
        sa.Column("regime", sa.Text(), nullable=True),
        sa.Column("manifest", sa.Text(), nullable=True),
        sa.CheckConstraint("regime IN ('internal','hazardous')", name=op.f("ck_trip_event_regime")),
        sa.PrimaryKeyConstraint("trip", "event_id", name=op.f("pk_trip_event")),
    )
    op.create_index("ix_trip_event_event_id", "trip_event", ["event_id"])
    op.create_table(
        "trip_confirmation",
        sa.Column("trip", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("by", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("side IN ('origin','carrier')", name=op.f("ck_trip_confirmation_side")),
        sa.ForeignKeyConstraint(["trip"], ["trip.id"], name=op.f("fk_trip_confirmation_trip")),
        sa.PrimaryKeyConstraint("trip", "event_id", name=op.f("pk_trip_confirmation")),
    )
    op.create_table(
        "trip_leg",
        sa.Column("trip", sa.Uuid(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("destination", sa.Text(), nullable=False),
        sa.Column("settled", sa.Text(), nullable=False),
        sa.Column("waiting", sa.Boolean(), nullable=False),
        sa.Column("unconfirmed", sa.Boolean(), nullable=False),
        sa.Column("departed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("bags", sa.BigInteger(), nullable=False),
        sa.Column("out_g", sa.BigInteger(), nullable=False),
        sa.Column("moving_g", sa.BigInteger(), nullable=False),
        sa.Column("difference_g", sa.BigInteger(), nullable=False),
        sa.Column("seen_by", sa.ARRAY(sa.Text()), nullable=False),
        sa.CheckConstraint(
            "settled IN ('open','under_way','delivered','in_dispute')",
            name=op.f("ck_trip_leg_settled"),
        ),
        sa.ForeignKeyConstraint(["trip"], ["trip.id"], name=op.f("fk_trip_leg_trip")),
        sa.PrimaryKeyConstraint("trip", "origin", "destination", name=op.f("pk_trip_leg")),
    )
    op.create_index("ix_trip_leg_seen_by", "trip_leg", ["seen_by"], postgresql_using="gin")
    op.create_index(
        "ix_trip_leg_waiting", "trip_leg", ["due_at"], postgresql_where=sa.text("waiting")
    )
    op.create_table(
        "transport_policy",
        sa.Column("area", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("unlisted_recycler", sa.Text(), nullable=False),
        sa.Column("expired_permit", sa.Text(), nullable=False),
        sa.Column("cement_kiln", sa.Text(), nullable=False),
        sa.Column("deliver_within_h", sa.BigInteger(), nullable=False),
        sa.Column("confirm_workdays", sa.BigInteger(), nullable=False),
        sa.Column("difference_permille", sa.BigInteger(), nullable=False),
        sa.Column("difference_g", sa.BigInteger(), nullable=False),
        sa.Column("document", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "valid_to IS NULL OR valid_to >= valid_from", name=op.f("ck_transport_policy_span")
        ),
        *(
            sa.CheckConstraint(
                f"{name} IN ('internal','hazardous')", name=op.f(f"ck_transport_policy_{name}")
            )
            for name in ("unlisted_recycler", "expired_permit", "cement_kiln")
        ),
        sa.CheckConstraint(
            "deliver_within_h > 0 AND confirm_workdays > 0 AND difference_permille > 0"
            " AND difference_g > 0",
            name=op.f("ck_transport_policy_positive"),
        ),
        sa.PrimaryKeyConstraint("area", "valid_from", name=op.f("pk_transport_policy")),
    )
    for table in INSERT_ONLY:
        op.execute(f"GRANT SELECT, INSERT ON {table} TO {ROLE}")
    for table in FREE:
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {ROLE}")
    # What was on the road before this version. The trips of departures that moved nothing yet, and
    # of arrivals without postings, are noted when something moves.
    op.execute(
        """
        INSERT INTO trip_event (trip, event_id, kind, site, destination, regime, manifest)
        SELECT p.trip, e.id, e.kind, e.site, l.said ->> 'destination',
               CASE WHEN e.kind = 'depart' THEN t.regime END, l.said ->> 'manifest'
        FROM (
          SELECT DISTINCT cause, CAST(substr(account, 9) AS uuid) AS trip
          FROM posting, unnest(ARRAY[from_account, to_account]) AS account
          WHERE account LIKE 'transit/%'
        ) AS p
        JOIN event e ON e.id = p.cause
        JOIN trip t ON t.id = p.trip
        CROSS JOIN LATERAL (SELECT CAST(e.leaf AS jsonb) -> 'event' AS said) AS l
        """
    )


def downgrade() -> None:
    if op.get_bind().scalar(sa.text("SELECT EXISTS (SELECT 1 FROM trip_confirmation)")):
        raise RuntimeError(
            "已有交接确认，不能降级：降级会删除证据。 There are confirmations of departures;"
            " downgrading would destroy evidence and is refused."
        )
    for table in (*FREE, *INSERT_ONLY):
        op.drop_table(table)
    op.drop_constraint(op.f("ck_site_plant_kind"), "site")
    op.drop_column("site", "plant_kind")
    op.drop_index("ix_trip_opened_at_id", "trip")
    op.drop_column("trip", "announced_by")
