"""Photos: what is uploaded is looked at, drawn anew as JPEG without its metadata, and stored.

Drawing anew is the point: where the phone was, what it is, and anything hidden behind the picture
stay out, and what is served is always a JPEG of our own making.
"""

import asyncio
import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from PIL import Image, ImageOps, UnidentifiedImageError
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.cases.errors import PhotoNotValid, TooManyPhotos
from app.cases.models import CasePhoto

MOST_AT_ONCE = 6
MOST_IN_A_CASE = 60
MOST_PIXELS = 50_000_000
"""More than phones take; a small file may say that it is enormous."""
LONGEST_SIDE = 2_000
QUALITY = 82
FORMATS = ("JPEG", "PNG")
_TURN = asyncio.Semaphore(2)
"""A picture of fifty megapixels takes 150 MB while it is drawn."""


@dataclass(frozen=True)
class Drawn:
    """A picture made anew."""

    width: int
    height: int
    content: bytes


def draw(upload: bytes) -> Drawn:
    """Return an uploaded JPEG or PNG as an upright JPEG without metadata; PhotoNotValid."""
    try:
        with Image.open(io.BytesIO(upload), formats=FORMATS) as picture:
            _check_size(picture)
            picture.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
            upright = ImageOps.exif_transpose(picture)
            upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
            plain = Image.new("RGB", upright.size, "white")
            opaque = upright.convert("RGBA")
            plain.paste(opaque, mask=opaque.getchannel("A"))
    except UnidentifiedImageError:
        raise PhotoNotValid(
            reason="不是 JPEG 或 PNG 图片", reason_en="it is not a JPEG or PNG picture"
        ) from None
    except PhotoNotValid:
        raise
    except Exception:  # noqa: BLE001  a decoder may raise anything on hostile bytes
        raise PhotoNotValid(reason="文件已损坏", reason_en="the file is damaged") from None
    out = io.BytesIO()
    plain.save(out, "JPEG", quality=QUALITY)
    return Drawn(plain.width, plain.height, out.getvalue())


def _check_size(picture: Image.Image) -> None:
    if picture.width * picture.height > MOST_PIXELS:
        raise PhotoNotValid(reason="像素太多", reason_en="it has too many pixels")


async def draw_all(uploads: Sequence[bytes]) -> list[Drawn]:
    """Draw uploads one after another, away from the event loop; PhotoNotValid, TooManyPhotos."""
    if len(uploads) > MOST_AT_ONCE:
        raise PhotoNotValid(
            reason=f"一次至多 {MOST_AT_ONCE} 张", reason_en=f"send at most {MOST_AT_ONCE} at once"
        )
    found = []
    for upload in uploads:
        async with _TURN:
            found.append(await asyncio.to_thread(draw, upload))
    return found


async def keep_photos(
    session: AsyncSession, case: UUID, note: UUID, photos: Sequence[Drawn], ids: Sequence[UUID]
) -> None:
    """Store photos on a note; TooManyPhotos where the case, which is locked, would hold more."""
    count = select(func.count()).where(CasePhoto.case_id == case)
    stored = int(await session.scalar(count) or 0)
    if stored + len(photos) > MOST_IN_A_CASE:
        raise TooManyPhotos(most=MOST_IN_A_CASE, stored=stored)
    session.add_all(
        CasePhoto(
            id=id_,
            note_id=note,
            case_id=case,
            position=position,
            width=photo.width,
            height=photo.height,
            sha256=hashlib.sha256(photo.content).digest(),
            content=photo.content,
        )
        for position, (id_, photo) in enumerate(zip(ids, photos, strict=True))
    )
    await session.flush()
