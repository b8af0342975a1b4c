"""The people who share a site's phone, each with a PIN; this table can forget.

Safe while the app runs: a new table only.
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

ROLE = "platform_app"


def upgrade() -> None:
    op.create_table(
        "site_person",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("pin_check", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site_person")),
    )
    op.create_index("ix_site_person_site", "site_person", ["site"])
    op.execute(f"GRANT SELECT, INSERT, DELETE ON site_person TO {ROLE}")


def downgrade() -> None:
    op.drop_table("site_person")
