"""Alerts go on from what is kept of each bag; addresses of webhooks can be paused.

The follower of alerts begins again at leaf 0 and makes the same findings under the same ids: cases
and outboxes, which hang on those, stay. Safe while the app runs: it catches up by itself, and until
then lists of alerts are shorter than they were.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"

ROLE = "platform_app"
FOLLOWED = (
    "finding", "alert_mark", "alert_clock", "alert_group", "alert_stock", "alert_month",
    "alert_quarter", "alert_digits", "alert_year", "alert_fix", "alert_unit_code",
    "alert_container", "alert_device_run",
)  # fmt: skip


def upgrade() -> None:
    _begin_again()
    op.create_table(
        "alert_bag",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("state", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("trail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_alert_bag")),
    )
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON alert_bag TO {ROLE}")
    op.add_column(
        "webhook_endpoint", sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True)
    )


def downgrade() -> None:
    op.drop_column("webhook_endpoint", "paused_at")
    _begin_again()
    op.drop_table("alert_bag")


def _begin_again() -> None:
    for table in FOLLOWED:
        op.execute(f"DELETE FROM {table}")
    op.execute("DELETE FROM follower WHERE name = 'alerts'")
