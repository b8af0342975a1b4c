"""Money: tariffs, deposits, what is due for each event, settlements with their lines.

Safe while the app runs: new tables only. The follower `money` fills its own from leaf 0.
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

ROLE = "platform_app"
FREE = ("tariff", "deposit_sold", "unit_return", "payable")
SCHEME = "scheme IN ('deposit_taken','deposit_refund','buyback','subsidy')"
PAYEE = "payee_kind IN ('shop','hauler','plant')"


def _text(*names: str) -> list[sa.Column]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _whole(*names: str, nullable: bool = False) -> list[sa.Column]:
    return [sa.Column(name, sa.BigInteger(), nullable=nullable) for name in names]


def upgrade() -> None:
    op.create_table(
        "tariff",
        *_text("county", "scheme", "payee", "per", "material", "form", "size"),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        *_whole("fen"),
        *_text("document"),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "valid_to IS NULL OR valid_to >= valid_from", name=op.f("ck_tariff_span")
        ),
        sa.CheckConstraint("scheme IN ('deposit','buyback','subsidy')", name=op.f("ck_tariff_scheme")),
        sa.CheckConstraint("payee IN ('shop','hauler','plant')", name=op.f("ck_tariff_payee")),
        sa.CheckConstraint("per IN ('piece','kg','tonne')", name=op.f("ck_tariff_per")),
        sa.CheckConstraint("fen >= 0", name=op.f("ck_tariff_fen")),
        sa.ForeignKeyConstraint(["county"], ["county.code"], name=op.f("fk_tariff_county")),
        sa.PrimaryKeyConstraint(
            "county", "scheme", "payee", "per", "material", "form", "size", "valid_from",
            name=op.f("pk_tariff"),
        ),
    )  # fmt: skip
    op.create_table(
        "deposit_sold",
        *_text("code"),
        sa.Column("event", sa.Uuid(), nullable=False),
        *_text("site"),
        sa.Column("occurred_on", sa.Date(), nullable=False),
        *_whole("fen", "leaf_index"),
        sa.PrimaryKeyConstraint("code", "event", name=op.f("pk_deposit_sold")),
    )
    op.create_index("ix_deposit_sold_event", "deposit_sold", ["event"])
    op.create_table(
        "unit_return",
        *_text("code"),
        sa.Column("event", sa.Uuid(), nullable=False),
        *_text("site"),
        sa.Column("occurred_on", sa.Date(), nullable=False),
        *_whole("leaf_index", "times", "fen"),
        sa.Column("why", sa.Text(), nullable=True),
        sa.CheckConstraint("(fen > 0) = (why IS NULL)", name=op.f("ck_unit_return_why")),
        sa.PrimaryKeyConstraint("code", "event", name=op.f("pk_unit_return")),
    )
    op.create_index("ix_unit_return_event", "unit_return", ["event"])
    op.create_index("ix_unit_return_site_occurred_on", "unit_return", ["site", "occurred_on"])
    op.create_table(
        "payable",
        sa.Column("event", sa.Uuid(), nullable=False),
        *_text("scheme", "county", "payee", "payee_kind", "site"),
        sa.Column("occurred_on", sa.Date(), nullable=False),
        *_whole("pieces", "mass_g", "paid_fen", "worth_fen", nullable=True),
        *_whole("fen"),
        sa.CheckConstraint(SCHEME, name=op.f("ck_payable_scheme")),
        sa.CheckConstraint(PAYEE, name=op.f("ck_payable_payee_kind")),
        sa.PrimaryKeyConstraint("event", "scheme", "county", "payee", name=op.f("pk_payable")),
    )
    op.create_index(
        "ix_payable_county_payee", "payable", ["county", "payee_kind", "payee", "occurred_on"]
    )
    _settlements()
    for table in FREE:
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {ROLE}")
    op.execute(f"GRANT SELECT, INSERT, UPDATE ON settlement TO {ROLE}")
    op.execute(f"GRANT SELECT, INSERT, DELETE ON settlement_line TO {ROLE}")
    _rules()


def _settlements() -> None:
    op.create_table(
        "settlement",
        sa.Column("id", sa.Uuid(), nullable=False),
        *_text("number", "county", "payee_kind", "payee"),
        sa.Column("until", sa.Date(), nullable=False),
        *_text("status"),
        *_whole("lines", "deposit_fen", "buyback_fen", "subsidy_fen", "total_fen", "log_size"),
        sa.Column("drafted_by", sa.Uuid(), nullable=False),
        sa.Column("drafted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_by", sa.Uuid(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paid_by", sa.Uuid(), nullable=True),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paid_on", sa.Date(), nullable=True),
        sa.Column("voucher", sa.Text(), nullable=True),
        sa.Column("discarded_by", sa.Uuid(), nullable=True),
        sa.Column("discarded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "status IN ('draft','approved','paid','discarded')", name=op.f("ck_settlement_status")
        ),
        sa.CheckConstraint(PAYEE, name=op.f("ck_settlement_payee_kind")),
        sa.CheckConstraint(
            "total_fen = deposit_fen + buyback_fen + subsidy_fen", name=op.f("ck_settlement_total")
        ),
        sa.CheckConstraint(
            "(status IN ('approved','paid')) = (approved_at IS NOT NULL)"
            " AND (status = 'paid') = (paid_at IS NOT NULL AND paid_on IS NOT NULL AND voucher IS NOT NULL)"
            " AND (status = 'discarded') = (discarded_at IS NOT NULL)",
            name=op.f("ck_settlement_dated"),
        ),
        sa.ForeignKeyConstraint(["county"], ["county.code"], name=op.f("fk_settlement_county")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_settlement")),
        sa.UniqueConstraint("number", name=op.f("uq_settlement_number")),
    )
    op.create_index("ix_settlement_county_drafted_at", "settlement", ["county", "drafted_at", "id"])
    op.create_index("ix_settlement_payee_drafted_at", "settlement", ["payee", "drafted_at", "id"])
    op.create_table(
        "settlement_line",
        sa.Column("event", sa.Uuid(), nullable=False),
        *_text("scheme", "county", "payee"),
        *_whole("n"),
        sa.Column("settlement", sa.Uuid(), nullable=False),
        *_text("site"),
        sa.Column("occurred_on", sa.Date(), nullable=False),
        *_whole("pieces", "mass_g", "paid_fen", "worth_fen", nullable=True),
        *_whole("fen"),
        sa.CheckConstraint(SCHEME, name=op.f("ck_settlement_line_scheme")),
        sa.CheckConstraint("fen <> 0", name=op.f("ck_settlement_line_fen")),
        sa.ForeignKeyConstraint(
            ["settlement"], ["settlement.id"], name=op.f("fk_settlement_line_settlement")
        ),
        sa.PrimaryKeyConstraint(
            "event", "scheme", "county", "payee", "n", name=op.f("pk_settlement_line")
        ),
    )
    op.create_index(
        "ix_settlement_line_settlement",
        "settlement_line",
        ["settlement", "occurred_on", "event", "scheme"],
    )
    op.create_index("ix_settlement_line_county_payee", "settlement_line", ["county", "payee"])


def _rules() -> None:
    """Let the database refuse what no settlement may do: go back, or change after a draft."""
    op.execute(
        """
        CREATE FUNCTION keep_settlement() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF NOT ((OLD.status = 'draft' AND NEW.status IN ('draft', 'approved', 'discarded'))
               OR (OLD.status = 'approved' AND NEW.status = 'paid')) THEN
            RAISE EXCEPTION 'a settlement does not go from % to %', OLD.status, NEW.status
              USING ERRCODE = 'check_violation';
          END IF;
          IF (OLD.id, OLD.number, OLD.county, OLD.payee_kind, OLD.payee, OLD.until)
             IS DISTINCT FROM (NEW.id, NEW.number, NEW.county, NEW.payee_kind, NEW.payee, NEW.until)
             OR (NEW.status <> 'draft' AND (OLD.lines, OLD.deposit_fen, OLD.buyback_fen, OLD.subsidy_fen)
               IS DISTINCT FROM (NEW.lines, NEW.deposit_fen, NEW.buyback_fen, NEW.subsidy_fen)) THEN
            RAISE EXCEPTION 'what a settlement says is not changed' USING ERRCODE = 'check_violation';
          END IF;
          RETURN NEW;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER keep_settlement BEFORE UPDATE ON settlement"
        " FOR EACH ROW EXECUTE FUNCTION keep_settlement()"
    )
    op.execute(
        """
        CREATE FUNCTION keep_settlement_lines() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE found text;
        BEGIN
          SELECT status INTO found FROM settlement
            WHERE id = CASE TG_OP WHEN 'DELETE' THEN OLD.settlement ELSE NEW.settlement END;
          IF TG_OP = 'UPDATE' OR found IS DISTINCT FROM 'draft' THEN
            RAISE EXCEPTION 'the lines of a settlement stand once it is approved'
              USING ERRCODE = 'check_violation';
          END IF;
          RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER keep_settlement_lines BEFORE INSERT OR UPDATE OR DELETE ON settlement_line"
        " FOR EACH ROW EXECUTE FUNCTION keep_settlement_lines()"
    )


def downgrade() -> None:
    if op.get_bind().scalar(sa.text("SELECT EXISTS (SELECT 1 FROM settlement)")):
        raise RuntimeError(
            "已有结算单，不能降级：降级会删除付款凭据。 There are settlements;"
            " downgrading would destroy evidence of payments and is refused."
        )
    for table in (
        "settlement_line",
        "settlement",
        "payable",
        "unit_return",
        "deposit_sold",
        "tariff",
    ):
        op.drop_table(table)
    op.execute("DROP FUNCTION keep_settlement_lines()")
    op.execute("DROP FUNCTION keep_settlement()")
