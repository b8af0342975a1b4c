"""A log with its keys, as `serve` makes it at its start: introduced by leaves, in files of a folder.

places = await begin_log(database, tmp_path)
signer = Signer(places.signer)
size = await published(database, signer)
"""

from datetime import UTC, datetime
from pathlib import Path

from app.db import Database
from app.ledger.sequence import sequence
from app.ops.installation import install
from app.ops.log_keys import KeyPlaces, prepare_keys
from app.transparency.integrate import integrate
from app.transparency.signer import Signer
from app.transparency.signer_folder import SignerFolder

ORIGIN = "log.test/hebei"
NOW = datetime(2026, 11, 1, tzinfo=UTC)


async def begin_log(database: Database, folder: Path, *, origin: str = ORIGIN) -> KeyPlaces:
    """Make the keys of a log in a folder and introduce them."""
    places = KeyPlaces(SignerFolder(folder / "signer"), folder / "receipt.key")
    await install(database, demo=False, log_origin=origin, now=NOW)
    await prepare_keys(database, places, NOW)
    return places


async def published(database: Database, signer: Signer, now: datetime = NOW) -> int:
    """Take everything that was recorded into the tree and sign its head; return its size."""
    while await sequence(database):
        pass
    while await integrate(database):
        pass
    return await signer.sign_head(database, now)
