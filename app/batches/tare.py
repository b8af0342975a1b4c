"""Say what a container weighs empty: by the staff of its label's site, or officials."""

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.scope import reach_of
from app.auth.caller import Caller
from app.auth.permissions import require
from app.batches.errors import BagHasNoTare
from app.batches.models import Batch, Label
from app.batches.read import LabelFound, labels_within
from app.db import WriteSession
from app.errors import NotFound


async def container_label(session: AsyncSession, caller: Caller, code: str) -> Label:
    """Return a container's label whose tare the caller may set.

    Raises Forbidden, NotFound for a label that is absent or out of reach, BagHasNoTare.
    """
    require(caller, "labels.tare")
    reach = await reach_of(session, caller)
    query = select(Label).where(Label.code == code, labels_within(reach))
    label = await session.scalar(query)
    if label is None:
        raise NotFound(what=code)
    if label.kind != "container":
        raise BagHasNoTare(batch=code, pointer="/path/code")
    return label


async def set_tare(session: WriteSession, caller: Caller, code: str, tare_g: int) -> LabelFound:
    """Set a container's tare and return its label; weighings so far keep the net they had.

    Raises as container_label does.
    """
    label = await container_label(session, caller, code)
    label.tare_g = tare_g
    used = await session.scalar(select(exists().where(Batch.code == code)))
    return LabelFound(label, bool(used))
