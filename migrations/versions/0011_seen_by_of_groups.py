"""A weighing of many bags remembers whose scope they came from, as one of a single bag does.

Safe while the app runs: one column with a default, of a follower's own table. What was weighed
before is told to the weighing site's scope alone, as it was, until the alerts are made again.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column(
        "alert_group",
        sa.Column("seen_by", postgresql.ARRAY(sa.Text()), nullable=False, server_default="{}"),
    )


def downgrade() -> None:
    op.drop_column("alert_group", "seen_by")
