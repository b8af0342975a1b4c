"""Indexes by which a cell of a balance finds its postings.

Not while many people record: writers of postings wait while the indexes are built, some six seconds a
million postings. They take 30 MB a million beside the 280 MB of the table and its other indexes, and
cost a recorded event 13 µs of about a millisecond.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

TO_SITE, FROM_SITE = "starts_with(to_account, 'site/')", "starts_with(from_account, 'site/')"
TO_TRIP, FROM_TRIP = "starts_with(to_account, 'transit/')", "starts_with(from_account, 'transit/')"


def upgrade() -> None:
    op.create_index(
        "ix_posting_site",
        "posting",
        [sa.text(f"(CASE WHEN {TO_SITE} THEN to_account ELSE from_account END)"), "occurred_on"],
        postgresql_where=sa.text(f"{TO_SITE} OR {FROM_SITE}"),
    )
    op.create_index(
        "ix_posting_trip",
        "posting",
        ["place", sa.text(f"(CASE WHEN {TO_TRIP} THEN to_account ELSE from_account END)")],
        postgresql_where=sa.text(f"{TO_TRIP} OR {FROM_TRIP}"),
    )
    op.create_index(
        "ix_posting_between_sites",
        "posting",
        ["from_account", "occurred_on"],
        postgresql_where=sa.text(f"{TO_SITE} AND {FROM_SITE}"),
    )
    op.create_index(
        "ix_posting_lost_on_trip",
        "posting",
        ["place", "occurred_on"],
        postgresql_where=sa.text(f"({TO_TRIP} OR {FROM_TRIP}) AND NOT ({TO_SITE} OR {FROM_SITE})"),
    )


def downgrade() -> None:
    for name in ("lost_on_trip", "between_sites", "trip", "site"):
        op.drop_index(f"ix_posting_{name}", "posting")
