"""What was done with the labels of a sheet: printed, voided, assigned to a site.

Safe while the app runs: a new table only. Prints from before are not counted.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

ROLE = "platform_app"


def upgrade() -> None:
    op.create_table(
        "label_change",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sheet", sa.Uuid(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("done_by", sa.Uuid(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("act IN ('print', 'void', 'assign')", name=op.f("ck_label_change_act")),
        sa.ForeignKeyConstraint(["sheet"], ["label_sheet.id"], name=op.f("fk_label_change_sheet")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_label_change")),
    )
    op.create_index(op.f("ix_label_change_sheet"), "label_change", ["sheet"])
    op.execute(f"GRANT SELECT, INSERT ON label_change TO {ROLE}")


def downgrade() -> None:
    op.drop_table("label_change")
