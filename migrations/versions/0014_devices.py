"""The runs of events of each phone, by which alerts see what is missing or was changed.

Safe while the app runs: a new table only; the follower of alerts fills it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

ROLE = "platform_app"


def upgrade() -> None:
    op.create_table(
        "alert_device_run",
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("prev", sa.Text(), nullable=True),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("device", "first", name=op.f("pk_alert_device_run")),
    )
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON alert_device_run TO {ROLE}")


def downgrade() -> None:
    op.drop_table("alert_device_run")
