"""${message}

Safe while the app runs? Say so here: append-only tables only gain nullable columns or side
tables, never a backfill; an index on a large table is built CONCURRENTLY in its own migration.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
