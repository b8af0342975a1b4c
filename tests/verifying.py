"""A small real log as an auditor gets it, and the auditor's tool, run inside the test's process.

log = await make_log(database, tmp_path)
lines = await log.lines()
outcome = verified(tmp_path, lines, "--checkpoint", log.kept)
"""

import base64
import contextlib
import importlib.util
import io
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.machinery import SourceFileLoader
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any

import httpx

from app.config import ROOT
from app.db import Database
from app.evidence.export import export_lines
from app.ids import uuid7
from app.ledger.follow import catch_up
from app.ledger.leaf import jcs, leaf_hash
from app.main import FOLLOWERS
from app.ops.installation import install
from app.ops.log_keys import KeyPlaces, prepare_keys, receipts_of
from app.transparency.checkpoint import Checkpoint
from app.transparency.integrate import integrate
from app.transparency.keys import SignerKey
from app.transparency.note import sign
from app.transparency.signer import Signer
from app.transparency.signer_folder import SignerFolder
from app.transparency.witnesses import WitnessAddress, Witnesses
from app.witness.door import create_app
from app.witness.keep import Witness
from tests import reference as ref
from tests.histories import history, send_in
from tests.recording import make_wide_world
from tests.test_tree import naive_root
from tests.witnessing import open_witness
from tests.world import World

VERIFY = ROOT / "scripts" / "verify"
ORIGIN = "log.test/hebei"
AREAS = [
    {"code": "130000", "name": "河北省", "pinyin": "hebeisheng", "kind": "province", "valid_from": "1980-01-01"},
    {"code": "130100", "name": "石家庄市", "pinyin": "shijiazhuang", "kind": "city", "parent": "130000", "valid_from": "1980-01-01"},
    {"code": "130600", "name": "保定市", "pinyin": "baoding", "kind": "city", "parent": "130000", "valid_from": "1983-01-01"},
    {"code": "130181", "name": "辛集市", "pinyin": "xinji", "kind": "direct_city", "parent": "130000", "valid_from": "2013-01-01"},
    {"code": "133100", "name": "雄安新区", "pinyin": "xiongan", "kind": "new_area", "parent": "130000", "valid_from": "2017-04-01"},
    {"code": "130110", "name": "鹿泉区", "pinyin": "luquan", "kind": "district", "parent": "130100", "valid_from": "1980-01-01"},
    {"code": "130181", "name": "辛集市", "pinyin": "xinji", "kind": "county_city", "parent": "130181", "valid_from": "2013-01-01"},
    {"code": "130632", "name": "安新县", "pinyin": "anxin", "kind": "county", "parent": "130600", "valid_from": "1983-01-01", "valid_to": "2017-03-31"},
    {"code": "130632", "name": "安新县", "pinyin": "anxin", "kind": "county", "parent": "133100", "valid_from": "2017-04-01"},
]  # fmt: skip
"""As tests/reference.py has them, and now in the log."""
GIVER = {"kind": "farmer", "name": "张无名", "phone": "13900001111"}


def load_verify() -> ModuleType:
    """Return the tool as a module; it has no suffix."""
    loader = SourceFileLoader("verify", str(VERIFY))
    spec = importlib.util.spec_from_loader("verify", loader)
    assert spec
    module = importlib.util.module_from_spec(spec)
    sys.modules["verify"] = module
    loader.exec_module(module)
    return module


verify = load_verify()


@dataclass(frozen=True)
class Outcome:
    """How the tool ended and what it said."""

    code: int
    said: str


def run(*arguments: object) -> Outcome:
    """Run the tool as its command line would."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        code = verify.main([str(one) for one in arguments])
    return Outcome(code, said.getvalue())


def verified(folder: Path, lines: Sequence[str], *arguments: object) -> Outcome:
    """Run the tool on an export."""
    export = folder / "log.jsonl"
    export.write_text("".join(lines), encoding="utf-8")
    return run(export, *arguments)


@dataclass
class SmallLog:
    """A world whose log has keys, heads, checkpoints and a witness."""

    world: World
    database: Database
    places: KeyPlaces
    signer: Signer
    witness: Witness
    exports: dict[int, list[str]] = field(default_factory=dict)
    """What was exported at each published size."""

    async def publish(self, now: datetime | None = None) -> int:
        """Bring followers, tree and signatures up to date; return the published size."""
        await catch_up(self.database, FOLLOWERS)
        while await integrate(self.database):
            pass
        size = await self.signer.sign_head(self.database, now or datetime.now(UTC))
        self.exports[size] = await self.lines()
        return size

    async def lines(self, *, private: bool = False) -> list[str]:
        """Return the export."""
        async with self.database.read() as session:
            return [line async for line in export_lines(session, private=private)]

    async def checkpoint(self) -> str:
        """Return the published note."""
        return (await self.world.client(None).get("/log/checkpoint")).text

    async def declare(self, subject: str, rows: list[dict[str, Any]], by: str = "province") -> None:
        """Declare reference data."""
        now = datetime.now(UTC)
        body = {
            "id": str(uuid7(self.world.rng, now)), "kind": "declare", "subject": subject,
            "occurred_at": now.isoformat(), "rows": rows,
        }  # fmt: skip
        answer = await self.world.client(by).post("/api/v1/events", json=body)
        assert answer.status_code == 201, answer.text

    async def supply(self, *rows: dict[str, Any]) -> None:
        """Declare supply of 鹿泉区."""
        usual = {"county": ref.LUQUAN, "on": "2026-08-31", "method": "A"}
        body = {"rows": [{**usual, **row} for row in rows]}
        answer = await self.world.client("county").post("/api/v1/supply", json=body)
        assert answer.status_code == 201, answer.text

    async def close(self) -> None:
        """End all of it."""
        self.signer.close()
        self.witness.close()
        await self.world.close()


async def begin(database: Database, folder: Path) -> SmallLog:
    """Return a log that has its keys and its reference data, and nothing else yet."""
    now = datetime.now(UTC)
    await install(database, demo=False, log_origin=ORIGIN, now=now)
    places = KeyPlaces(SignerFolder(folder / "signer"), folder / "receipt.key")
    await prepare_keys(database, places, now)
    witness = open_witness(folder / "witness", places.signer.ring().current)
    transport = httpx.ASGITransport(create_app(witness))
    address = WitnessAddress("http://cz.test", witness.key.verifier)
    signer = Signer(places.signer, Witnesses([address], httpx.AsyncClient(transport=transport)))
    world = await make_wide_world(database)
    world.app.state.receipts = receipts_of(places.receipt)
    log = SmallLog(world, database, places, signer, witness)
    await log.declare("areas", AREAS)
    ended = {"county": ref.XINJI, "valid_from": "2022-01-01", "valid_to": "2023-12-31"}
    await log.declare("pilots", [{"county": ref.LUQUAN, "valid_from": "2022-01-01"}, ended])
    return log


async def make_log(database: Database, folder: Path, *, lives: int = 6) -> SmallLog:
    """Return a log of all that can stand in one: late events that rebook, supply, private parts."""
    log = await begin(database, folder)
    await log.publish()
    world = log.world
    bags = await world.issue_labels(3)
    await world.event("hand_in", bags[0], giver=GIVER, note='见 \u2028 "纸" 条')
    await world.event("collect", bags[0], mass_g=4_000)
    await world.whole_life(bags[1])
    await log.publish()
    await log.supply(
        {"id": "a-1", "units": 1_000, "unit_weight_g": 14, "dealer": "张家庄农资店"},
        {"id": "a-2", "units": -20, "unit_weight_g": 14},
        {"id": "b-1", "units": 100, "mass_g": 30_000, "method": "B", "on": "2025-04-01"},
    )
    await log.supply({"id": "a-3", "units": 900, "unit_weight_g": 14, "replaces": "a-1"})
    await rebook(world, bags[2])
    await log.publish()
    rng = Random(3)
    for bag in await world.issue_labels(lives):
        await send_in(world, rng, history(world, rng, bag))
        await catch_up(database, FOLLOWERS)
    await log.publish()
    return log


async def rebook(world: World, bag: str) -> None:
    """Let a bag arrive before its shop's phone tells that it was sealed and sent."""
    sealed = world.body("collect", bag, mass_g=5_000)
    sent = world.body("depart", bag, destination=ref.STATION)
    await world.event("arrive", bag, site=ref.STATION, mass_g=4_900)
    await catch_up(world.database, FOLLOWERS)
    for body in (sent, sealed):
        answer = await world.post(body)
        assert answer.status_code == 201, answer.text
        await catch_up(world.database, FOLLOWERS)


def parsed(lines: Sequence[str]) -> list[Any]:
    """Return lines as JSON."""
    return [json.loads(line) for line in lines]


def resigned(
    lines: Sequence[str],
    index: int,
    change: Callable[[dict[str, Any]], None],
    signers: Sequence[SignerKey],
) -> list[str]:
    """Return the export of a history in which one leaf says something else, all made to fit again.

    Tree, heads and checkpoints are made anew and signed with the real keys. What a witness signed
    cannot be made anew, and is left out.
    """
    head, *rest = parsed(lines)
    entries = [line for line in rest if line[0] == "leaf"]
    row = entries[index][3]
    leaf = json.loads(row["leaf"])
    change(leaf)
    row["leaf"] = jcs(leaf).decode()
    row["leaf_hash"] = leaf_hash(row["leaf"].encode()).hex()
    row["actor"] = leaf["stamps"]["actor"]
    hashes = [bytes.fromhex(line[3]["leaf_hash"]) for line in entries]
    notes = {}
    for line in rest:
        if line[0] == "tile":
            line[3] = base64.b64encode(_tile(hashes, line[1], line[2])).decode()
        elif line[0] == "head":
            line[2] = naive_root(hashes[: line[1]]).hex()
        elif line[0] == "checkpoint":
            point = Checkpoint(head["origin"], line[1], naive_root(hashes[: line[1]]))
            line[2] = notes[line[1]] = sign(point.text, signers).encode().decode()
        elif line[0] == "end":
            line[1]["cosignature"] = 0
    head["checkpoint"] = notes[max(notes)]
    return as_lines(head, *(line for line in rest if line[0] != "cosignature"))


def _tile(hashes: Sequence[bytes], level: int, index: int) -> bytes:
    below = 256**level
    begin = 256 * below * index
    nodes = range(begin, min(begin + 256 * below, len(hashes) // below * below), below)
    return b"".join(naive_root(hashes[node : node + below]) for node in nodes)


def as_lines(*values: Any) -> list[str]:
    """Return values as an export has them."""
    return [json.dumps(one, ensure_ascii=False, separators=(",", ":")) + "\n" for one in values]
