"""Key rings and receipts, pure: written one way, read back the same, and nothing else taken."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.transparency.keyring import OVERLAP, MalformedRing, new_ring, parse_ring
from app.transparency.keys import Algorithm, MalformedKey, SignerKey, VerifierKey, parse_verifier
from app.transparency.note import NoteError, sign
from app.transparency.receipt import (
    MalformedReceipt,
    ReceiptSigner,
    name_of,
    open_receipt,
    parse_receipt,
)

NOW = datetime(2026, 11, 22, 8, 30, 0, 123456, tzinfo=UTC)
LATER = NOW + timedelta(days=30)
KEYS = [SignerKey("log.test/hebei", Algorithm.ED25519, bytes([n]) * 32) for n in range(3)]
RECEIPTS = SignerKey(name_of("log.test/hebei"), Algorithm.ED25519, b"r" * 32)

P = 2**255 - 19
D = -121665 * pow(121666, -1, P) % P


def added(one, other):
    """Add two points of edwards25519, RFC 8032 section 5.1.4, in affine coordinates."""
    (x1, y1), (x2, y2) = one, other
    t = D * x1 * x2 * y1 * y2
    return (
        (x1 * y2 + x2 * y1) * pow(1 + t, -1, P) % P,
        (y1 * y2 + x1 * x2) * pow(1 - t, -1, P) % P,
    )


def on_curve(y: int) -> tuple[int, int] | None:
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * pow(2, (P - 1) // 4, P) % P
    return (x, y % P) if x * x % P == square else None


def low_order_encodings() -> set[bytes]:
    """Every way to write a point whose order divides 8: multiply until the eight are found."""
    for y in range(2, 100):
        point = on_curve(y)
        if point is None:
            continue
        # the order of the group is 8 times a prime: the prime multiple has an order that divides 8
        low, base, rest = (0, 1), point, 2**252 + 27742317777372353535851937790883648493
        while rest:
            if rest & 1:
                low = added(low, base)
            base, rest = added(base, base), rest >> 1
        found, each = set(), low
        for _ in range(8):
            found.add(each[1])
            each = added(each, low)
        if len(found) == 5:  # eight points, of which three pairs share their y
            break
    ways = {y + k * P for y in found for k in (0, 1) if y + k * P < 2**255}
    return {(y | sign << 255).to_bytes(32, "little") for y in ways for sign in (0, 1)}


def test_every_public_key_of_low_order_is_refused():
    encodings = low_order_encodings()
    assert len(encodings) == 14
    for encoding in encodings:
        with pytest.raises(MalformedKey, match="low order"):
            VerifierKey("log.test", Algorithm.ED25519, encoding)


def test_a_ring_signs_with_the_old_key_for_ninety_days_and_then_forgets_it():
    ring = new_ring(KEYS[0], NOW).rotated(KEYS[1], LATER)
    end = LATER + OVERLAP
    assert ring.current == KEYS[1]
    assert ring.signing(LATER) == [KEYS[1], KEYS[0]]
    assert ring.signing(end - timedelta(microseconds=1)) == [KEYS[1], KEYS[0]]
    assert ring.signing(end) == [KEYS[1]]
    assert ring.without_ended(LATER) == ring
    kept = ring.without_ended(end)
    assert KEYS[0].secret_text not in kept.secret_text
    assert kept.verifiers == [KEYS[1].verifier, KEYS[0].verifier]
    assert parse_ring(kept.secret_text) == kept
    thrice = kept.rotated(KEYS[2], end)
    assert parse_ring(thrice.secret_text) == thrice
    assert thrice.origin == "log.test/hebei"


def test_a_stolen_key_signs_no_more_at_once():
    ring = new_ring(KEYS[0], NOW).rotated(KEYS[1], LATER, timedelta(0))
    assert ring.signing(LATER) == [KEYS[1]]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        KEYS[0].secret_text,
        f"{KEYS[0].secret_text} 2026-11-22T08:30:00.123456Z",
        f"{KEYS[0].secret_text} 2026-11-22 -",
        f"{KEYS[0].secret_text[:-4]} 2026-11-22T08:30:00.123456Z -",
        f"{KEYS[0].verifier} 2026-11-22T08:30:00.123456Z -",
        f"{KEYS[0].secret_text} 2026-11-22T08:30:00.123456Z 2026-12-22T08:30:00.123456Z",
        new_ring(KEYS[0], NOW).secret_text
        + f"{RECEIPTS.verifier} 2026-11-22T08:30:00.123456Z 2026-12-22T08:30:00.123456Z",
    ],
)
def test_another_text_is_no_ring_and_its_refusal_quotes_no_key(text):
    with pytest.raises(MalformedRing) as refused:
        parse_ring(text)
    assert "PRIVATE" not in str(refused.value)


MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))


@given(st.uuids(), st.binary(min_size=32, max_size=32), MOMENTS)
def test_a_receipt_says_what_was_promised_and_is_always_the_same(event, leaf_hash, at):
    signer = ReceiptSigner(RECEIPTS)
    note = signer.promise(event, leaf_hash, at)
    assert note == signer.promise(event, leaf_hash, at)
    receipt = open_receipt(note.encode(), RECEIPTS.verifier)
    assert (receipt.event, receipt.leaf_hash, receipt.recorded_at) == (event, leaf_hash, at)
    assert receipt.due - receipt.recorded_at == timedelta(hours=24)
    assert parse_receipt(receipt.text) == receipt


NOTE = ReceiptSigner(RECEIPTS).promise(UUID(int=7 << 76 | 1 << 63), b"\x07" * 32, NOW)


@given(st.integers(0, len(NOTE.encode()) - 1), st.integers(1, 255))
def test_a_receipt_with_any_byte_changed_is_refused(place, change):
    changed = bytearray(NOTE.encode())
    changed[place] ^= change
    with pytest.raises((NoteError, MalformedReceipt)):
        open_receipt(bytes(changed), RECEIPTS.verifier)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("event 0", "event g"),
        ("recorded 2026-11-22T", "recorded 2026-13-22T"),
        ("recorded 2026", "recorded  2026"),
        ("due ", "before "),
        ("leaf 07", "leaf 0G"),
        ("0000-7000-8000-", "00007000-8000--"),
    ],
)
def test_what_the_key_signed_in_another_form_is_no_receipt(old, new):
    text = parse_receipt(NOTE.split("\n\n")[0] + "\n").text
    assert old in text
    with pytest.raises(MalformedReceipt):
        open_receipt(sign(text.replace(old, new), [RECEIPTS]).encode(), RECEIPTS.verifier)


def test_a_checkpoint_key_gives_no_receipts():
    text = NOTE.split("\n\n")[0] + "\n"
    key = KEYS[0]
    with pytest.raises(MalformedReceipt, match="name"):
        open_receipt(sign(text, [key]).encode(), parse_verifier(str(key.verifier)))
