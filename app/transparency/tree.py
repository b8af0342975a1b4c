"""The Merkle tree of RFC 6962: hashes, proofs from stored nodes, and their verification. Pure.

A *node* (level, index) is the root of the perfect subtree over the leaves from index · 2^level to
(index + 1) · 2^level − 1. Every tree and every proof is made of perfect nodes, which never change
once their leaves are there: that is why a published tile never changes.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()
"""The root of a tree without leaves, RFC 6962 section 2.1."""

Node = Callable[[int, int], bytes]
"""Gives the hash of a perfect node by its level and index."""


class ProofError(ValueError):
    """A proof that does not prove what it claims, or indexes that no tree has."""


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return SHA-256(0x01 ‖ left ‖ right), RFC 6962 section 2.1."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def nodes_of(begin: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the perfect nodes (level, index) that cover the leaves from `begin` up to `end`.

    The fewest there are, from the left to the right; `begin` is where a subtree of an RFC 6962
    tree of size `end` begins, so that they fold into that subtree's root.
    """
    while begin < end:
        level = (end - begin).bit_length() - 1
        if begin:
            level = min(level, (begin & -begin).bit_length() - 1)
        yield level, begin >> level
        begin += 1 << level


def fold(hashes: Sequence[bytes]) -> bytes:
    """Return the root of the subtree whose covering nodes, left to right, have these hashes."""
    if not hashes:
        return EMPTY_ROOT
    *rest, root = hashes
    for left in reversed(rest):
        root = node_hash(left, root)
    return root


def root_of(size: int, node: Node) -> bytes:
    """Return the root of the tree of the first `size` leaves."""
    return fold([node(*place) for place in nodes_of(0, size)])


def _split(size: int) -> int:
    """Return the largest power of two smaller than a size above one."""
    return 1 << ((size - 1).bit_length() - 1)


def inclusion_proof(index: int, size: int, node: Node) -> list[bytes]:
    """Return the audit path of a leaf in the tree of `size`, RFC 6962 section 2.1.1.

    Raises ProofError for a leaf that the tree does not have.
    """
    if not 0 <= index < size:
        raise ProofError(f"leaf {index} is not in a tree of {size}")
    path: list[bytes] = []
    begin, end = 0, size
    while end - begin > 1:
        middle = begin + _split(end - begin)
        if index < middle:
            path.append(fold([node(*place) for place in nodes_of(middle, end)]))
            end = middle
        else:
            path.append(fold([node(*place) for place in nodes_of(begin, middle)]))
            begin = middle
    return path[::-1]


def consistency_proof(old: int, new: int, node: Node) -> list[bytes]:
    """Return the proof that the tree of `new` begins with that of `old`, RFC 6962 section 2.1.2.

    Raises ProofError for sizes that are not 0 < old ≤ new: nothing follows from an empty tree.
    """
    if not 0 < old <= new:
        raise ProofError(f"no consistency proof from {old} to {new}")
    proof: list[bytes] = []
    begin, end, known = 0, new, True
    while old != end:
        middle = begin + _split(end - begin)
        if old <= middle:
            proof.append(fold([node(*place) for place in nodes_of(middle, end)]))
            end = middle
        else:
            proof.append(fold([node(*place) for place in nodes_of(begin, middle)]))
            begin, known = middle, False
    if not known:
        proof.append(fold([node(*place) for place in nodes_of(begin, end)]))
    return proof[::-1]


def check_inclusion(
    leaf_hash: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> None:
    """Raise ProofError unless `proof` shows that the leaf stands at `index` under `root`.

    RFC 9162 section 2.1.3.2, which is the same tree.
    """
    if not 0 <= index < size:
        raise ProofError(f"leaf {index} is not in a tree of {size}")
    _check_hashes([leaf_hash, *proof])
    place, last = index, size - 1
    computed = leaf_hash
    for step in proof:
        if last == 0:
            raise ProofError("the proof is too long")
        if place & 1 or place == last:
            computed = node_hash(step, computed)
            while not place & 1 and place:
                place >>= 1
                last >>= 1
        else:
            computed = node_hash(computed, step)
        place >>= 1
        last >>= 1
    if last or computed != root:
        raise ProofError("the leaf is not under this root")


def check_consistency(
    old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes
) -> None:
    """Raise ProofError unless `proof` shows that the tree of `new` begins with that of `old`.

    RFC 9162 section 2.1.4.2. Nothing can be shown from size 0.
    """
    if not 0 < old <= new:
        raise ProofError(f"no consistency proof from {old} to {new}")
    if old == new:
        if proof or old_root != new_root:
            raise ProofError("one size has one root")
        return
    # A tree of a power of two is itself the first node of the proof.
    _check_grown(
        old, new, [old_root, *proof] if old & (old - 1) == 0 else proof, (old_root, new_root)
    )


def _check_grown(old: int, new: int, steps: Sequence[bytes], roots: tuple[bytes, bytes]) -> None:
    _check_hashes(steps)
    if not steps:
        raise ProofError("the proof is empty")
    place, last = old - 1, new - 1
    while place & 1:
        place >>= 1
        last >>= 1
    older = newer = steps[0]
    for step in steps[1:]:
        if last == 0:
            raise ProofError("the proof is too long")
        if place & 1 or place == last:
            older, newer = node_hash(step, older), node_hash(step, newer)
            while not place & 1 and place:
                place >>= 1
                last >>= 1
        else:
            newer = node_hash(newer, step)
        place >>= 1
        last >>= 1
    if last or (older, newer) != roots:
        raise ProofError("the trees do not begin alike")


def _check_hashes(hashes: Sequence[bytes]) -> None:
    if any(len(one) != HASH_BYTES for one in hashes):
        raise ProofError("a hash has 32 bytes")
