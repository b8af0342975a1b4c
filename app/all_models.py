"""Imports every table, so that migrations and tests see one whole metadata."""

import app.alerts.journal
import app.alerts.models
import app.alerts.running
import app.areas.models
import app.auth.models
import app.balance.models
import app.batches.models
import app.cases.models
import app.events.models
import app.ledger.models
import app.money.models
import app.ops.models
import app.packaging.models
import app.parties.models
import app.plan.models
import app.plan.tables
import app.progress.models
import app.registers.models
import app.supply.models
import app.tariffs.models
import app.transparency.models
import app.trips.models
import app.webhooks.models
import app.workdays.models  # noqa: F401  imported for the table that it makes
from app.orm import Base

__all__ = ["Base"]
