"""A declared row is replaced at most once.

Safe while the app runs: one unique key on a small table.
"""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_unique_constraint(op.f("uq_supply_row_replaces"), "supply_row", ["replaces"])


def downgrade() -> None:
    op.drop_constraint(op.f("uq_supply_row_replaces"), "supply_row")
