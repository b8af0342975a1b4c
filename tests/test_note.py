"""Signed notes, cosignatures and checkpoints against published examples and every single flip."""

import base64
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.transparency.checkpoint import Checkpoint, MalformedCheckpoint, parse_checkpoint
from app.transparency.keys import (
    Algorithm,
    MalformedKey,
    SignerKey,
    VerifierKey,
    parse_signer,
    parse_verifier,
)
from app.transparency.note import (
    MOST_BYTES,
    MOST_SIGNATURES,
    MalformedNote,
    Note,
    NoteError,
    Signature,
    UnverifiedNote,
    cosign,
    open_note,
    parse_note,
    parse_signatures,
    sign,
)

# The example of the Go package golang.org/x/mod/sumdb/note.
GO_PRIVATE = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
GO_PUBLIC = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
GO_LINE = (
    "— PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
GO_NOTE = f"{GO_TEXT}\n{GO_LINE}".encode()

# A checkpoint of a public log, whose own signature is of another type, and four of its witnesses.
SEEN_TEXT = (
    "arche2025h1.staging.ct.transparency.dev\n"
    "1432088532\n"
    "U7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=\n"
)
SEEN_NOTE = (
    f"{SEEN_TEXT}\n"
    "— arche2025h1.staging.ct.transparency.dev zTM8sQAAAZ5W0WdjBAMARjBEAiBjW5IQf9pvsYLfQFX6hoGREPMH"
    "bdQ3urbllzalApkptQIgIpwtEroeW2BXaHAI4kJXFbon5Ch9MNL5zRNZ55lvGt0=\n"
    "— arche2025h1.staging.ct.transparency.dev ui8GwCF1+kWqZrxGdhj4aX3gcw7XUlXQQabg/27lefwhUkzbC3Ny"
    "gNI75MdhL1bfTW9g8Ei59RA23oHP7Ry1k3ZFWwQ=\n"
    "— transparency.dev/DEV:witness-little-garden 2AQqhwAAAABqEiEgzgFIqqhbUoDwjMWE6UP8nd8/KYTzwZ2rh"
    "IgcqoXHAwVkjZr4AscylP3v7sEodkRAErumC2q44vdgJY096st5BQ==\n"
    "— witness1.smartit.nu/witness1 pIyCDwAAAABqEiEghIp82KWebrw7/oHQwlTAm3g2RKS4+eebl8eO0WH+/iEcxZ7"
    "5W3u5hNI7TOQtmJbqmNWVuE0tgh0XwzdZsDsUAQ==\n"
    "— remora.n621.de 2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+aVCIobWX9sXT"
    "ynk5XeU/zZ0WBxtqB0DrAWfBw==\n"
    "— witness.stagemole.eu Z/euoAAAAABqEiEgw0i+7g2ENfDAWHmtRzCfKTHSDwYDJA2NmKeGi9Y8FtEyOUvVr+AJmIY"
    "/2TUFucgKi7lI7cUiOvKFYe/TmN9DAg==\n"
).encode()
SEEN_LOG = (
    "arche2025h1.staging.ct.transparency.dev+ba2f06c0+AU0vHmlGCS/PdN8b2OaGmKprLI8HKM+dJ472xgFYh15f"
)
SEEN_WITNESSES = [
    "transparency.dev/DEV:witness-little-garden+d8042a87+BCtusOxINQNUTN5Oj8HObRkh2yHf/MwYaGX4CPdiVEPM",
    "witness1.smartit.nu/witness1+a48c820f+BPSFWg9G6KPiO7QPryYO5Xq4oYJJ+kAvLKLSimDhoxMO",
    "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2",
    "witness.stagemole.eu+67f7aea0+BEqSG3yu9YrmcM3BHvQYTxwFj3uSWakQepafafpUqklv",
]

LOG = SignerKey("platform.example/log", Algorithm.ED25519, bytes(range(32)))
NEXT = SignerKey("platform.example/log", Algorithm.ED25519, bytes(range(1, 33)))
WITNESS = SignerKey("审计.example/witness", Algorithm.COSIGNATURE, bytes(range(2, 34)))
HEAD = Checkpoint("platform.example/log", 20852163, bytes(range(32)))
TIME = 1_700_000_000


def cosigned(text: str) -> Note:
    return Note(text, (*sign(text, [LOG]).signatures, cosign(text, WITNESS, TIME)))


names = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Z"], exclude_characters="+"), min_size=1
)
lines = st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\x7f\u2028"))
texts = st.lists(lines, min_size=1).map(lambda said: "".join(f"{one}\n" for one in said))
seeds = st.binary(min_size=32, max_size=32)
signers = st.builds(SignerKey, names, st.sampled_from(Algorithm), seeds)


def test_the_example_of_the_go_package_is_verified_and_printed_exactly():
    opened = open_note(GO_NOTE, [parse_verifier(GO_PUBLIC)])

    assert opened.text == GO_TEXT
    assert opened.names == {"PeterNeumann"}
    assert opened.note.encode() == GO_NOTE


def test_the_go_package_s_example_key_signs_the_same_bytes():
    key = parse_signer(GO_PRIVATE)

    assert str(key.verifier) == GO_PUBLIC
    assert key.secret_text == GO_PRIVATE
    assert sign(GO_TEXT, [key]).encode() == GO_NOTE


def test_a_public_log_s_checkpoint_is_verified_by_its_ed25519_key_and_its_witnesses():
    keys = [parse_verifier(text) for text in [SEEN_LOG, *SEEN_WITNESSES]]

    opened = open_note(SEEN_NOTE, keys)

    assert [one.key for one in opened.signed] == keys
    assert [one.at for one in opened.signed] == [None, *[0x6A122120] * 4]
    assert len(opened.note.signatures) == 6
    assert opened.note.encode() == SEEN_NOTE
    head = parse_checkpoint(opened.text)
    assert (head.origin, head.size) == ("arche2025h1.staging.ct.transparency.dev", 1432088532)
    assert head.text == SEEN_TEXT


def test_a_public_log_s_checkpoint_of_another_size_is_not_verified():
    other = SEEN_NOTE.replace(b"\n1432088532\n", b"\n1432088533\n")

    for key in [SEEN_LOG, *SEEN_WITNESSES]:
        with pytest.raises(UnverifiedNote):
            open_note(other, [parse_verifier(key)])


@given(texts, st.lists(signers, min_size=1, max_size=4), st.integers(0, (1 << 63) - 1))
def test_what_keys_sign_they_verify_and_it_prints_as_it_was(text, keys, at):
    note = Note(
        text,
        tuple(
            cosign(text, key, at)
            if key.algorithm is Algorithm.COSIGNATURE
            else sign(text, [key]).signatures[0]
            for key in keys
        ),
    )

    opened = open_note(note.encode(), [key.verifier for key in keys])

    assert opened.note == note == parse_note(note.encode())
    assert [one.key for one in opened.signed] == [key.verifier for key in keys]
    assert {one.at for one in opened.signed} <= {None, at}
    assert parse_signatures("".join(one.line for one in note.signatures)) == note.signatures


@given(signers)
def test_keys_print_and_parse_as_they_are(key):
    assert parse_signer(key.secret_text) == key
    assert parse_verifier(str(key.verifier)) == key.verifier


def test_a_signer_key_does_not_show_its_seed():
    assert LOG.seed.hex() not in repr(LOG)
    assert repr(LOG.seed) not in repr(LOG)
    assert str(LOG) == repr(LOG)


@pytest.mark.parametrize("key", [LOG.verifier, WITNESS.verifier], ids=["log", "witness"])
def test_any_flipped_bit_of_a_note_is_not_verified(key):
    note = cosigned(HEAD.text)
    raw = note.encode()
    whole = open_note(raw, [key])
    line = next(one.line for one in note.signatures if one.key_id == key.key_id).encode()
    begin = raw.index(line)
    trusted = [*range(len(HEAD.text.encode()) + 1), *range(begin, begin + len(line))]
    for place in trusted:
        for bit in range(8):
            flipped = bytearray(raw)
            flipped[place] ^= 1 << bit
            with pytest.raises(NoteError):
                open_note(bytes(flipped), [key])
    assert whole.names == {key.name}


@given(st.data())
def test_no_note_is_believed_to_say_what_was_not_signed(data):
    raw = cosigned(HEAD.text).encode()
    begin = data.draw(st.integers(0, len(raw)))
    end = data.draw(st.integers(begin, len(raw)))
    changed = raw[:begin] + data.draw(st.binary(max_size=6)) + raw[end:]
    try:
        opened = open_note(changed, [LOG.verifier, WITNESS.verifier])
    except NoteError:
        return
    assert opened.text == HEAD.text
    assert opened.note.encode() == changed


def test_signing_is_deterministic_and_keeps_the_order_of_the_keys():
    assert sign("a\n", [LOG, NEXT]) == sign("a\n", [LOG, NEXT])
    assert [one.key_id for one in sign("a\n", [NEXT, LOG]).signatures] == [
        NEXT.verifier.key_id,
        LOG.verifier.key_id,
    ]
    assert cosign("a\n", WITNESS, TIME) == cosign("a\n", WITNESS, TIME)


def test_an_old_and_a_new_key_of_one_name_are_told_apart():
    raw = sign("a\n", [LOG, NEXT]).encode()

    for key in (LOG, NEXT):
        assert [one.key for one in open_note(raw, [key.verifier]).signed] == [key.verifier]
    assert len(open_note(raw, [LOG.verifier, NEXT.verifier]).signed) == 2


def test_an_unknown_signature_is_kept_and_not_trusted():
    opened = open_note(cosigned(HEAD.text).encode(), [WITNESS.verifier])

    assert opened.names == {WITNESS.name}
    assert [one.name for one in opened.note.signatures] == [LOG.name, WITNESS.name]
    with pytest.raises(UnverifiedNote):
        open_note(sign("a\n", [LOG]).encode(), [WITNESS.verifier])
    with pytest.raises(UnverifiedNote):
        open_note(sign("a\n", [LOG]).encode(), [])


@pytest.mark.parametrize(
    "change", [{"name": "other.example/log"}, {"key_id": b"\0\0\0\0"}], ids=["name", "key id"]
)
def test_a_right_signature_under_another_name_or_key_id_is_unknown(change):
    note = sign("a\n", [LOG])
    disguised = Note(note.text, (replace(note.signatures[0], **change),))

    with pytest.raises(UnverifiedNote, match="no known key"):
        open_note(disguised.encode(), [LOG.verifier])


@pytest.mark.parametrize("value", [b"\0", bytes(63), bytes(64), bytes(65), bytes(72), bytes(200)])
@pytest.mark.parametrize("key", [LOG, WITNESS], ids=["log", "witness"])
def test_a_wrong_signature_under_a_known_key_spoils_the_note(key, value):
    wrong = Signature(key.name, key.verifier.key_id, value)
    note = Note("a\n", (*sign("a\n", [NEXT]).signatures, wrong))

    with pytest.raises(UnverifiedNote, match="wrong"):
        open_note(note.encode(), [NEXT.verifier, key.verifier])
    assert open_note(note.encode(), [NEXT.verifier]).names == {NEXT.name}


def test_a_cosignature_holds_for_its_own_time_alone():
    signature = cosign(HEAD.text, WITNESS, TIME)
    assert signature.value[:8] == TIME.to_bytes(8, "big")
    later = replace(signature, value=(TIME + 1).to_bytes(8, "big") + signature.value[8:])

    with pytest.raises(UnverifiedNote):
        open_note(Note(HEAD.text, (later,)).encode(), [WITNESS.verifier])


def test_a_cosignature_beyond_the_last_time_is_not_made_and_not_verified():
    for at in (-1, 1 << 63):
        with pytest.raises(MalformedNote):
            cosign(HEAD.text, WITNESS, at)
    at = 1 << 63
    message = f"cosignature/v1\ntime {at}\n{HEAD.text}".encode()
    value = at.to_bytes(8, "big") + WITNESS.sign(message)
    note = Note(HEAD.text, (Signature(WITNESS.name, WITNESS.verifier.key_id, value),))
    with pytest.raises(UnverifiedNote):
        open_note(note.encode(), [WITNESS.verifier])


def test_a_key_signs_only_in_its_own_way():
    with pytest.raises(MalformedNote):
        sign("a\n", [WITNESS])
    with pytest.raises(MalformedNote):
        cosign("a\n", LOG, TIME)


def test_two_known_keys_of_one_name_and_key_id_decide_nothing():
    twin = VerifierKey(LOG.name, Algorithm.ED25519, NEXT.verifier.public)
    # A real collision of 32 bits takes too long to find here.
    twin.__dict__["key_id"] = LOG.verifier.key_id

    with pytest.raises(UnverifiedNote, match="share"):
        open_note(sign("a\n", [LOG]).encode(), [LOG.verifier, twin])
    assert open_note(sign("a\n", [LOG]).encode(), [LOG.verifier, LOG.verifier])
    with pytest.raises(UnverifiedNote, match="wrong"):
        open_note(sign("a\n", [LOG]).encode(), [twin])


def test_a_text_may_have_empty_lines_and_lines_that_look_like_signatures():
    text = f"\na\n\n\n{GO_LINE}\n\n"

    opened = open_note(sign(text, [LOG]).encode(), [LOG.verifier])

    assert opened.text == text
    assert len(opened.note.signatures) == 1


def test_a_note_has_sixteen_signatures_and_more_but_not_any_number():
    def raw(count):
        return (GO_TEXT + "\n" + GO_LINE * count).encode()

    for count in (16, MOST_SIGNATURES):
        assert len(open_note(raw(count), [parse_verifier(GO_PUBLIC)]).signed) == count
    with pytest.raises(MalformedNote):
        parse_note(raw(MOST_SIGNATURES + 1))
    with pytest.raises(MalformedNote):
        sign("a\n", [LOG] * (MOST_SIGNATURES + 1))


def test_a_note_is_not_of_any_size():
    line = sign("\n", [LOG]).signatures[0].line
    room = MOST_BYTES - len(line.encode()) - 2
    assert len(sign("a" * room + "\n", [LOG]).encode()) == MOST_BYTES
    with pytest.raises(MalformedNote):
        sign("a" * (room + 1) + "\n", [LOG])
    with pytest.raises(MalformedNote):
        parse_note(b"a" * (MOST_BYTES + 1))


def spoilt(old, new):
    assert old in GO_NOTE
    return GO_NOTE.replace(old, new, 1)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\n",
        b"\n\n",
        GO_TEXT.encode(),
        GO_LINE.encode(),
        f"\n{GO_LINE}".encode(),
        f"{GO_TEXT}\n".encode(),
        f"{GO_TEXT}{GO_LINE}".encode(),
        GO_NOTE[:-1],
        GO_NOTE + b"\n",
        GO_NOTE + b"a\n",
        b"\xef\xbb\xbf" + GO_NOTE[:-1],
        spoilt(b"\n", b"\r\n"),
        GO_NOTE.replace(b"\n", b"\r\n"),
        spoilt(b"If", b"\x00If"),
        spoilt(b"If", b"\tIf"),
        spoilt(b"If", b"\x1fIf"),
        spoilt(b"If", b"\xff"),
        spoilt(b"If", b"\xed\xa0\x80"),
        spoilt("—".encode(), b"-"),
        spoilt("— ".encode(), "—".encode()),
        spoilt("— ".encode(), "—  ".encode()),
        spoilt("— ".encode(), " — ".encode()),
        spoilt("— ".encode(), "—\u00a0".encode()),
        spoilt(b"PeterNeumann ", b" "),
        spoilt(b"PeterNeumann ", b""),
        spoilt(b"PeterNeumann ", b"PeterNeumann"),
        spoilt(b"PeterNeumann ", b"PeterNeumann  "),
        spoilt(b"PeterNeumann ", b"Peter Neumann "),
        spoilt(b"PeterNeumann ", b"Peter+Neumann "),
        spoilt(b"PeterNeumann ", "Peter\u3000Neumann ".encode()),
        spoilt(b"PeterNeumann ", "Peter\u2028Neumann ".encode()),
        spoilt(b"PeterNeumann ", b"Peter\tNeumann "),
        spoilt(b"AM=", b"AM"),
        spoilt(b"AM=", b"AN="),
        spoilt(b"AM=", b"AM=="),
        spoilt(b"AM=", b"AM= "),
        spoilt(b"AM=", b"AM=AM="),
        spoilt(b"x08go/", b"x08go_"),
        spoilt(b"x08go/", b"x08go!/"),
        spoilt(b"x08go/", "x08go／".encode()),
        "a\n\n— b \n".encode(),
        "a\n\n— b AAAA\n".encode(),
        "a\n\n— b AAAAAA==\n".encode(),
    ],
)
def test_a_malformed_note_is_refused(raw):
    with pytest.raises(MalformedNote):
        open_note(raw, [parse_verifier(GO_PUBLIC)])


def test_a_signature_is_at_least_one_byte_after_the_key_id():
    assert parse_note("a\n\n— b AAAAAAA=\n".encode()).signatures == (
        Signature("b", bytes(4), bytes(1)),
    )


@pytest.mark.parametrize("text", ["", "a", "a\nb", "a\r\n", "a\x00\n", "\ud800\n"])
def test_a_text_that_no_note_can_say_is_not_signed(text):
    with pytest.raises(MalformedNote):
        sign(text, [LOG])
    with pytest.raises(MalformedNote):
        cosign(text, WITNESS, TIME)


def test_a_note_without_signatures_is_none():
    with pytest.raises(MalformedNote):
        sign("a\n", [])


@pytest.mark.parametrize(
    "said", ["", "\n", GO_LINE[:-1], GO_LINE + "\n", "\n" + GO_LINE, GO_LINE * 101, "— a\n"]
)
def test_malformed_signature_lines_are_refused(said):
    with pytest.raises(MalformedNote):
        parse_signatures(said)


def other_key(name, algorithm, material):
    """Return a verifier key line whose key id fits, whatever it says."""
    public = SignerKey("x", Algorithm.ED25519, bytes(32)).verifier
    object.__setattr__(public, "name", name)
    object.__setattr__(public, "public", material)
    object.__setattr__(public, "algorithm", algorithm)
    return str(public)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "+",
        "++",
        GO_PRIVATE,
        GO_PUBLIC + "\n",
        " " + GO_PUBLIC,
        GO_PUBLIC[:-1],
        GO_PUBLIC[:-4],
        GO_PUBLIC.replace("PeterNeumann", "PaulNeumann"),
        GO_PUBLIC.replace("c74f20a3", "c74f20a4"),
        GO_PUBLIC.replace("c74f20a3", "C74F20A3"),
        GO_PUBLIC.replace("c74f20a3", "c74f20a"),
        GO_PUBLIC.replace("c74f20a3", "0c74f20a3"),
        GO_PUBLIC.replace("c74f20a3+A", "c74f20a3A"),
        GO_PUBLIC.replace("+ARpc", "+AZpc"),
        GO_PUBLIC.replace("+ARpc", "+BBpc"),
        "PeterNeumann+c74f20a3+",
        other_key("", 1, bytes(32)),
        other_key("a b", 1, bytes(32)),
        other_key("a\u00a0b", 1, bytes(32)),
        other_key("a\x01b", 1, bytes(32)),
        other_key("a", 1, bytes(31)),
        other_key("a", 1, bytes(33)),
        other_key("a", 1, b""),
        other_key("a", 0, bytes(32)),
        other_key("a", 2, bytes(32)),
        other_key("a", 5, bytes(32)),
        "\ud800+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    ],
)
def test_a_malformed_verifier_key_is_refused(text):
    with pytest.raises(MalformedKey):
        parse_verifier(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        GO_PUBLIC,
        GO_PRIVATE + "\n",
        GO_PRIVATE.removeprefix("PRIVATE+"),
        GO_PRIVATE.replace("PRIVATE", "private"),
        GO_PRIVATE.replace("c74f20a3", "c74f20a4"),
        GO_PRIVATE.replace("Peter", "Paul"),
        GO_PRIVATE[:-4],
        GO_PRIVATE + "AAAA",
        GO_PRIVATE.replace("AYEK", "BIEK"),
    ],
)
def test_a_malformed_signer_key_is_refused_and_not_quoted(text):
    with pytest.raises(MalformedKey) as refusal:
        parse_signer(text)
    assert "AYEK" not in str(refusal.value)
    assert refusal.value.__cause__ is None


heads = st.builds(
    Checkpoint,
    lines.filter(bool),
    st.integers(0, (1 << 63) - 1),
    st.binary(min_size=32, max_size=32),
    st.lists(lines.filter(bool), max_size=3).map(tuple),
)


@given(heads)
def test_a_checkpoint_prints_and_parses_as_it_is(head):
    assert parse_checkpoint(head.text) == head
    opened = open_note(sign(head.text, [LOG]).encode(), [LOG.verifier])
    assert parse_checkpoint(opened.text) == head


def test_a_checkpoint_is_three_lines():
    assert HEAD.text == (
        "platform.example/log\n20852163\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
    )


ROOT = base64.b64encode(bytes(range(32))).decode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "a\n1\n",
        f"a\n1\n{ROOT}",
        f"\n1\n{ROOT}\n",
        f"a\n\n{ROOT}\n",
        "a\n1\n\n",
        f"a\n1\n{ROOT}\n\n",
        f"a\n1\n{ROOT}\n\nb\n",
        f"a\n01\n{ROOT}\n",
        f"a\n00\n{ROOT}\n",
        f"a\n+1\n{ROOT}\n",
        f"a\n-1\n{ROOT}\n",
        f"a\n 1\n{ROOT}\n",
        f"a\n1 \n{ROOT}\n",
        f"a\n1_0\n{ROOT}\n",
        f"a\n1.0\n{ROOT}\n",
        f"a\n0x1\n{ROOT}\n",
        f"a\n１\n{ROOT}\n",
        f"a\n{1 << 63}\n{ROOT}\n",
        f"a\n{'1' * 5000}\n{ROOT}\n",
        f"a\n1\n{ROOT[:-1]}\n",
        f"a\n1\n{ROOT[:-2]}9=\n",
        f"a\n1\n{ROOT} \n",
        f"a\n1\n{ROOT[:-4]}\n",
        f"a\n1\nAAAA{ROOT}\n",
        f"a\n1\n{bytes(32).hex()}\n",
        f"a\r\n1\r\n{ROOT}\r\n",
        f"a\x00\n1\n{ROOT}\n",
        f"a\n1\n{ROOT}\nb\tc\n",
    ],
)
def test_a_malformed_checkpoint_is_refused(text):
    with pytest.raises(MalformedCheckpoint):
        parse_checkpoint(text)


@pytest.mark.parametrize(
    "change",
    [
        {"origin": ""},
        {"origin": "a\nb"},
        {"size": -1},
        {"size": 1 << 63},
        {"root": bytes(31)},
        {"extensions": ("",)},
        {"extensions": ("a\nb",)},
    ],
)
def test_no_malformed_checkpoint_can_be_made(change):
    with pytest.raises(MalformedCheckpoint):
        replace(HEAD, **change)
