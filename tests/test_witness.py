"""The witness as a log meets it: over HTTP, through crashes, with other requests at once."""

import asyncio
import contextlib
import os
import random
import signal
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from app.durable_file import write_durably
from app.transparency.checkpoint import parse_checkpoint
from app.transparency.keys import Algorithm, SignerKey, parse_verifier
from app.transparency.note import open_note
from app.witness.door import MOST_BODY_BYTES, create_app
from app.witness.judge import Verdict
from app.witness.keep import CannotWitness
from tests.witnessing import (
    HONEST,
    LOG_KEY,
    NEXT_KEY,
    REWRITTEN,
    STRANGER,
    History,
    client_of,
    client_of_witness,
    open_witness,
)

ROOT = Path(__file__).resolve().parent.parent
OTHER = SignerKey("other.test/log", Algorithm.ED25519, b"o" * 32)
NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


@pytest.fixture
def witness(tmp_path):
    made = open_witness(tmp_path / "witness", LOG_KEY, NEXT_KEY, OTHER)
    yield made
    made.close()


async def add(client, request) -> httpx.Response:
    body = request if isinstance(request, bytes) else request.encode()
    return await client.post("/add-checkpoint", content=body)


async def test_growth_is_cosigned_and_the_cosignature_verifies(witness):
    client = client_of(create_app(witness, lambda: NOW))
    for old, size in ((0, 3), (3, 3), (3, 20)):
        answer = await add(client, HONEST.request(old, size))
        assert answer.status_code == 200
        note = (HONEST.note(size) + answer.text).encode()
        opened = open_note(note, [LOG_KEY.verifier, witness.key.verifier])
        assert opened.names == {LOG_KEY.name, "cz.test/witness"}
        assert opened.signed[-1].at == int(NOW.timestamp())


async def test_each_refusal_has_its_status(witness):
    client = client_of_witness(witness)
    assert (await add(client, HONEST.request(0, 5))).status_code == 200
    for request, status in (
        (b"", 400),
        (b"old 5\n\nlog.test/hebei\n", 400),
        (HONEST.request(5, 9).encode().replace(b"old 5", b"old 10"), 400),
        (HONEST.request(5, 9, STRANGER), 403),
        (History(HONEST.leaves, "no.test/log").request(0, 5), 404),
        (HONEST.request(0, 9), 409),
        (HONEST.request(0, 3), 409),
        (REWRITTEN.request(5, 5), 409),
        (REWRITTEN.request(5, 9), 422),
        (HONEST.request(0, 9).encode().replace(b"old 0", b"old 5"), 422),
        (b"old 5\n" + b"\n" * MOST_BODY_BYTES, 413),
    ):
        answer = await add(client, request)
        assert answer.status_code == status, request
        if status == 409:
            assert answer.headers["content-type"] == "text/x.tlog.size"
            assert answer.content == b"5\n"
    assert (await client.get("/add-checkpoint")).status_code == 405
    # none of them moved it
    assert (await add(client, HONEST.request(5, 9))).status_code == 200


async def test_logs_are_kept_apart_and_one_may_change_its_key(witness):
    client = client_of_witness(witness)
    other = History(REWRITTEN.leaves, OTHER.name)
    assert (await add(client, HONEST.request(0, 5, LOG_KEY))).status_code == 200
    assert (await add(client, other.request(0, 7, OTHER))).status_code == 200
    assert (await add(client, HONEST.request(5, 6, NEXT_KEY, LOG_KEY))).status_code == 200
    assert (await add(client, HONEST.request(6, 8, NEXT_KEY))).status_code == 200
    # another log's key does not speak for this one
    assert (await add(client, HONEST.request(8, 9, OTHER))).status_code == 403


async def test_anyone_reads_who_it_is_and_what_it_cosigned_last(witness):
    client = client_of_witness(witness)
    assert "还没有签过" in (await client.get("/")).text
    await add(client, HONEST.request(0, 5))
    page = await client.get("/")
    assert "见证" in page.text
    assert "witness" in page.text
    assert str(witness.key.verifier) in page.text
    assert page.headers["content-type"].startswith("text/plain")
    kept = witness.last(HONEST.origin)
    assert kept is not None
    assert kept.encode().decode() in page.text
    assert (await client.get("/key")).text == f"{witness.key.verifier}\n"


async def test_the_promise_outlives_the_process(witness, tmp_path):
    await add(client_of_witness(witness), HONEST.request(0, 5))
    witness.close()
    again = open_witness(tmp_path / "witness")
    assert again.key == witness.key
    client = client_of_witness(again)
    assert (await add(client, REWRITTEN.request(5, 5))).status_code == 409
    assert (await add(client, HONEST.request(0, 9))).content == b"5\n"
    assert (await add(client, HONEST.request(5, 9))).status_code == 200
    again.close()


async def test_whatever_comes_at_once_only_one_history_is_cosigned(witness):
    """Two histories and older sizes race; each asker follows what it is told."""
    client = client_of_witness(witness)
    turns = random.Random(7)

    async def push(history, size):
        old = 0
        for _ in range(30):
            if old > size:
                return None
            answer = await add(client, history.request(old, size))
            if answer.status_code == 200:
                return history, size
            if answer.status_code != 409 or int(answer.text) == old:
                return None
            old = int(answer.text)
        return None

    wanted = [(history, size) for history in (HONEST, REWRITTEN) for size in range(3, 23)]
    turns.shuffle(wanted)
    cosigned = [one for one in await asyncio.gather(*(push(*one) for one in wanted)) if one]
    assert cosigned
    assert len({id(history) for history, _ in cosigned}) == 1
    assert parse_checkpoint(witness.last(HONEST.origin).text).size == max(n for _, n in cosigned)


async def test_of_two_continuations_at_once_exactly_one_is_cosigned(witness):
    fork = History([*HONEST.leaves[:5], "another", *HONEST.leaves[6:]])
    await add(client_of_witness(witness), HONEST.request(0, 5))
    bodies = [history.request(5, 9).encode() for history in (HONEST, fork) for _ in range(10)]
    decisions = await asyncio.gather(*(asyncio.to_thread(witness.add, one, NOW) for one in bodies))
    verdicts = [one.verdict for one in decisions]
    assert verdicts.count(Verdict.COSIGN) == 1
    assert verdicts.count(Verdict.STALE) == len(bodies) - 1


async def test_what_cannot_be_kept_is_not_cosigned(witness, tmp_path):
    client = client_of_witness(witness)
    await add(client, HONEST.request(0, 5))
    folder = tmp_path / "witness"
    folder.rename(tmp_path / "gone")
    assert (await add(client, HONEST.request(5, 9))).status_code == 503
    (tmp_path / "gone").rename(folder)
    assert (await add(client, HONEST.request(0, 9))).content == b"5\n"
    assert (await add(client, HONEST.request(5, 9))).status_code == 200


def test_the_folder_is_one_process_s_and_its_key_is_secret(witness, tmp_path):
    folder = tmp_path / "witness"
    assert stat.S_IMODE((folder / "witness.key").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    with pytest.raises(CannotWitness, match="another witness"):
        open_witness(folder)


def test_a_folder_that_is_not_whole_is_refused(witness, tmp_path):
    folder = tmp_path / "witness"
    witness.add(HONEST.request(0, 5).encode(), NOW)
    witness.close()
    (kept,) = folder.glob("log-*")
    key, note = (folder / "witness.key").read_text(), kept.read_text(encoding="utf-8")

    with pytest.raises(CannotWitness, match="name"):
        open_witness(folder, name="another.test/name")
    for spoiled in ("", note.replace("\n5\n", "\n4\n"), HONEST.note(5)):
        write_durably(kept, spoiled)
        with pytest.raises(CannotWitness, match="damaged"):
            open_witness(folder)
    write_durably(kept, note)
    for wrong in ("", key.replace("cz.test", "zc.test"), f"{LOG_KEY.secret_text}\n"):
        write_durably(folder / "witness.key", wrong)
        with pytest.raises(CannotWitness) as refusal:
            open_witness(folder)
        assert key.split("+", 4)[4].strip() not in str(refusal.value)
    (folder / "witness.key").unlink()
    with pytest.raises(CannotWitness, match="gone"):
        open_witness(folder)
    write_durably(folder / "witness.key", key)
    open_witness(folder).close()


def test_a_witness_is_given_the_keys_of_logs_and_a_name_that_a_key_may_have(tmp_path):
    with pytest.raises(CannotWitness, match="--log"):
        open_witness(tmp_path, SignerKey("x", Algorithm.COSIGNATURE, b"w" * 32))
    with pytest.raises(CannotWitness, match="spaces"):
        open_witness(tmp_path, name="has a space")


class Running:
    """`python -m app witness` on a folder, at a port that it finds."""

    def __init__(self, folder: Path, *more: str) -> None:
        said = [sys.executable, "-m", "app", "witness", "--folder", str(folder), "--port", "0"]
        self.process = subprocess.Popen(
            [*said, "--log", str(LOG_KEY.verifier), *more],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={k: v for k, v in os.environ.items() if k != "DATABASE_URL"},
        )
        assert self.process.stdout is not None
        lines = []
        for line in self.process.stdout:
            lines.append(line.strip())
            if "http://" in line:
                break
        else:
            raise AssertionError(lines)
        self.key = parse_verifier(next(one for one in lines if "+" in one))
        self.url = "http://" + lines[-1].split("http://")[1]

    def add(self, request) -> httpx.Response:
        with httpx.Client(transport=httpx.HTTPTransport(retries=20)) as client:
            return client.post(f"{self.url}/add-checkpoint", content=request.encode())

    def stop(self, how: signal.Signals) -> int:
        self.process.send_signal(how)
        self.process.communicate(timeout=30)
        return self.process.returncode


def test_a_witness_that_is_killed_keeps_its_promise(tmp_path):
    folder = tmp_path / "bureau" / "witness"
    first = Running(folder, "--name", "sj.test/witness")
    try:
        answer = first.add(HONEST.request(0, 5))
        assert answer.status_code == 200
        assert first.key.name == "sj.test/witness"
        open_note((HONEST.note(5) + answer.text).encode(), [first.key])
    finally:
        first.stop(signal.SIGKILL)
    second = Running(folder)
    try:
        assert second.key == first.key
        assert second.add(REWRITTEN.request(0, 5)).content == b"5\n"
        assert second.add(REWRITTEN.request(5, 5)).status_code == 409
        assert second.add(REWRITTEN.request(5, 9)).status_code == 422
        assert second.add(HONEST.request(5, 9)).status_code == 200
    finally:
        with contextlib.suppress(ProcessLookupError):
            second.stop(signal.SIGTERM)
    assert second.process.returncode in {0, 128 + signal.SIGTERM, -signal.SIGTERM}


def test_a_witness_that_cannot_start_says_why(witness, tmp_path):
    command = [sys.executable, "-m", "app", "witness", "--port", "0", "--folder"]
    for folder, log, words in (
        (tmp_path / "witness", str(LOG_KEY.verifier), "另一个见证程序"),
        (tmp_path / "new", "nonsense", "不是日志的公钥"),
    ):
        ended = subprocess.run(
            [*command, str(folder), "--log", log],
            cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert ended.returncode in {1, 2}
        assert words in ended.stderr
        assert "Traceback" not in ended.stderr
