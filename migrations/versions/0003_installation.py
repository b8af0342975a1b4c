"""What kind of installation a database belongs to: one row, never removed.

Safe while the app runs: one new table.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "installation",
        sa.Column("one", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("demo", sa.Boolean(), nullable=False),
        sa.Column("log_origin", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("one = 1", name=op.f("ck_installation_only_one")),
        sa.PrimaryKeyConstraint("one", name=op.f("pk_installation")),
    )
    op.execute("GRANT SELECT, INSERT, UPDATE ON installation TO platform_app")


def downgrade() -> None:
    op.drop_table("installation")
