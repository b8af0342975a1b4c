"""The witness's judgement: of a log that lies as it likes, only one history is ever cosigned."""

import contextlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.transparency.add_checkpoint import (
    MOST_PROOF_LINES,
    AddCheckpoint,
    MalformedRequest,
    parse_add_checkpoint,
)
from app.transparency.checkpoint import Checkpoint
from app.transparency.note import sign
from app.transparency.tree import EMPTY_ROOT
from app.witness.judge import Head, Verdict, judge
from tests.witnessing import HONEST, LOG_KEY, NEXT_KEY, REWRITTEN, STRANGER, History

KEYS = [LOG_KEY.verifier]
MOST = 12


def head_of(history: History, size: int) -> Head:
    return Head(size, history.root(size)) if size else Head()


@given(st.data())
def test_no_two_checkpoints_that_are_cosigned_contradict_each_other(data):
    """The log has its key, and offers any size of any of its histories with any proof."""
    histories = [HONEST]
    for n in range(data.draw(st.integers(1, 3))):
        kept = data.draw(st.integers(0, MOST))
        histories.append(History([*HONEST.leaves[:kept], *(f"{n} {m}" for m in range(MOST))]))
    a_history, a_size = st.sampled_from(histories), st.integers(0, MOST)
    head, cosigned = Head(), []
    for _ in range(data.draw(st.integers(1, 12))):
        history, prover = data.draw(a_history), data.draw(a_history)
        size, old = data.draw(a_size), data.draw(st.just(head.size) | a_size)
        begin, end = data.draw(st.just((old, size)) | st.tuples(a_size, a_size))
        proof = prover.proof(begin, end)
        if proof and data.draw(st.booleans()):
            proof = data.draw(st.permutations(proof).map(tuple) | st.just(proof[1:]))
        request = replace(history.request(0, size), old=old, proof=proof)
        if judge(head, request, KEYS) is Verdict.COSIGN:
            head = Head(request.checkpoint.size, request.checkpoint.root)
            cosigned.append((history.leaves[:size], history.point(size)))
    sizes = [point.size for _, point in cosigned]
    assert sizes == sorted(sizes)
    for older, point in cosigned:
        for newer, later in cosigned:
            if point.size <= later.size:
                assert newer[: point.size] == older


@given(st.lists(st.integers(0, len(HONEST.leaves)), max_size=8))
def test_a_log_that_only_grows_is_always_cosigned(sizes):
    head = Head()
    for size in sorted(sizes):
        assert judge(head, HONEST.request(head.size, size), KEYS) is Verdict.COSIGN
        head = head_of(HONEST, size)


@given(st.integers(1, 20), st.integers(0, 20), st.data())
def test_a_proof_that_is_changed_anywhere_is_no_proof(old, more, data):
    request = HONEST.request(old, old + more)
    spoiled = list(request.proof)
    place = data.draw(st.integers(0, len(spoiled)))
    if place < len(spoiled) and data.draw(st.booleans()):
        spoiled[place] = bytes([spoiled[place][0] ^ 1]) + spoiled[place][1:]
    else:
        spoiled.insert(place, bytes(32))
    request = replace(request, proof=tuple(spoiled))
    assert judge(head_of(HONEST, old), request, KEYS) is Verdict.NOT_PROVEN


@pytest.mark.parametrize(
    ("seen", "request_", "verdict"),
    [
        (0, HONEST.request(0, 5), Verdict.COSIGN),
        (0, HONEST.request(0, 0), Verdict.COSIGN),
        (3, HONEST.request(3, 5), Verdict.COSIGN),
        (5, HONEST.request(5, 5), Verdict.COSIGN),
        (5, HONEST.request(3, 5), Verdict.STALE),
        (5, HONEST.request(0, 5), Verdict.STALE),
        (5, HONEST.request(0, 3), Verdict.STALE),
        (5, HONEST.request(0, 0), Verdict.STALE),
        (5, HONEST.request(6, 9), Verdict.STALE),
        (5, replace(HONEST.request(0, 3), old=5), Verdict.BACKWARDS),
        (5, REWRITTEN.request(5, 5), Verdict.OTHER_ROOT),
        (5, REWRITTEN.request(5, 9), Verdict.NOT_PROVEN),
        (5, replace(HONEST.request(0, 9), old=5), Verdict.NOT_PROVEN),
        (5, replace(HONEST.request(0, 5), old=5, proof=(bytes(32),)), Verdict.NOT_PROVEN),
        (0, replace(HONEST.request(0, 5), proof=(bytes(32),)), Verdict.NOT_PROVEN),
        (3, HONEST.request(3, 5, STRANGER), Verdict.NOT_SIGNED),
        (3, HONEST.request(3, 5, STRANGER, LOG_KEY), Verdict.COSIGN),
        (3, History(HONEST.leaves, "other.test/log").request(3, 5), Verdict.UNKNOWN_LOG),
    ],
)
def test_each_verdict(seen, request_, verdict):
    assert judge(head_of(HONEST, seen), request_, KEYS) is verdict


def test_while_a_log_changes_its_key_either_signature_is_enough():
    both = [LOG_KEY.verifier, NEXT_KEY.verifier]
    for keys in ([LOG_KEY], [NEXT_KEY], [NEXT_KEY, LOG_KEY]):
        assert judge(head_of(HONEST, 3), HONEST.request(3, 5, *keys), both) is Verdict.COSIGN


def test_a_wrong_signature_under_a_known_key_is_not_outweighed_by_a_right_one():
    both = [LOG_KEY.verifier, NEXT_KEY.verifier]
    note = HONEST.request(3, 5, LOG_KEY, NEXT_KEY).note
    wrong = replace(note.signatures[1], value=note.signatures[0].value)
    request = replace(
        HONEST.request(3, 5), note=replace(note, signatures=(note.signatures[0], wrong))
    )
    assert judge(head_of(HONEST, 3), request, both) is Verdict.NOT_SIGNED


def test_the_empty_tree_has_one_root():
    for root, verdict in ((EMPTY_ROOT, Verdict.COSIGN), (bytes(32), Verdict.NOT_PROVEN)):
        point = Checkpoint(LOG_KEY.name, 0, root)
        request = AddCheckpoint(0, (), sign(point.text, [LOG_KEY]), point)
        assert judge(Head(), request, KEYS) is verdict


@given(st.integers(0, 20), st.integers(0, 20))
def test_a_request_prints_as_it_is_read(old, more):
    request = HONEST.request(old, old + more)
    assert parse_add_checkpoint(request.encode()) == request


WHOLE = HONEST.request(3, 7).encode()
HASH = b"A" * 43 + b"=\n"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\n\n",
        b"old 3\n",
        WHOLE.replace(b"old 3", b"old 03"),
        WHOLE.replace(b"old 3", b"old -3"),
        WHOLE.replace(b"old 3", b"old  3"),
        WHOLE.replace(b"old 3", b"Old 3"),
        WHOLE.replace(b"old 3", b"old 3 "),
        WHOLE.replace(b"old 3", b"old 3\r"),
        WHOLE.replace(b"old 3", b"old 99999999999999999999"),
        WHOLE.replace(b"old 3", "old ３".encode()),
        WHOLE.replace(b"old 3\n", b""),
        WHOLE.replace(b"old 3\n", b"old 3\nAAAA\n"),
        WHOLE.replace(b"old 3\n", b"old 3\nnot base64\n"),
        WHOLE.replace(b"old 3\n", b"old 3\n" + HASH.replace(b"A=", b"B=")),
        WHOLE.replace(b"old 3\n", b"old 3\n" + HASH * (MOST_PROOF_LINES + 1)),
        WHOLE.replace(b"\n7\n", b"\n07\n"),
        WHOLE.replace(b"\n7\n", b"\n9223372036854775808\n"),
        WHOLE.replace(b"\n7\n", b"\n"),
        WHOLE.rstrip(b"\n"),
        WHOLE + b"\n",
        WHOLE + b"\xff",
        WHOLE.split("\n— ".encode())[0],
        WHOLE.replace(ORIGIN_LINE := b"\nlog.test/hebei\n", ORIGIN_LINE + b"\x00\n"),
    ],
)
def test_bytes_that_are_no_request_are_refused(raw):
    with pytest.raises(MalformedRequest):
        parse_add_checkpoint(raw)


def test_as_many_proof_lines_as_the_standard_allows_are_read():
    raw = HONEST.request(0, 7).encode().replace(b"old 0\n", b"old 0\n" + HASH * MOST_PROOF_LINES)
    assert len(parse_add_checkpoint(raw).proof) == MOST_PROOF_LINES


@given(st.binary(max_size=200), st.integers(0, len(WHOLE)))
def test_any_bytes_are_a_request_or_malformed(noise, place):
    for raw in (noise, WHOLE[:place] + noise + WHOLE[place:], WHOLE[:place] + noise):
        with contextlib.suppress(MalformedRequest):
            assert parse_add_checkpoint(raw).encode() == raw
