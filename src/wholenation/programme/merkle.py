"""The Merkle tree of RFC 9162, section 2: its root, and proofs of what is in it and of what it continues."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

EMPTY = hashlib.sha256(b"").digest()
"""The root of a tree without leaves."""


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf: SHA-256 of a zero byte and what the leaf says."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of a node: SHA-256 of a one byte and both hashes below."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """The root over leaf hashes."""
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf)
    return frontier.root()


@dataclass(slots=True)
class Frontier:
    """What is left of a tree that only grows: the roots of its full subtrees, the largest first.

    There is one for each bit of `size`, so that a leaf more and the root take O(log size).
    """

    size: int = 0
    peaks: list[bytes] = field(default_factory=list)

    def append(self, leaf: bytes, width: int = 1) -> None:
        """Take in a leaf hash, or the root of a full subtree of `width` leaves (a power of two that divides `size`)."""
        size, peaks = self.size // width, self.peaks
        while size & 1:
            leaf = node_hash(peaks.pop(), leaf)
            size >>= 1
        peaks.append(leaf)
        self.size += width

    def extend(self, peaks: Sequence[bytes], size: int) -> None:
        """Take in the peaks of a tree of `size` leaves that stands behind; `self.size` is a multiple of its widest."""
        heights = [height for height in reversed(range(size.bit_length())) if size >> height & 1]
        for height, peak in zip(heights, peaks, strict=True):
            self.append(peak, 1 << height)

    def root(self) -> bytes:
        """The root of the tree so far."""
        if not self.peaks:
            return EMPTY
        found = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            found = node_hash(peak, found)
        return found

    def copy(self) -> Frontier:
        """Another one that grows by itself."""
        return Frontier(self.size, list(self.peaks))

    def packed(self) -> bytes:
        """The peaks as bytes, to be kept beside the size."""
        return b"".join(self.peaks)

    @classmethod
    def unpacked(cls, size: int, packed: bytes) -> Frontier:
        """The frontier that was packed; `ValueError` where there are not as many peaks as bits in the size."""
        peaks = [packed[at : at + 32] for at in range(0, len(packed), 32)]
        if len(packed) != 32 * size.bit_count():
            raise ValueError(f"a frontier of {size} leaves has {size.bit_count()} hashes of 32 bytes")
        return cls(size, peaks)


def levels(leaves: Sequence[bytes]) -> list[list[bytes]]:
    """The full subtrees over leaf hashes: the leaves, the nodes above pairs of them, and so on.

    What a frontier would have held at any size is read off them (`peaks_at`), and making them all at once is faster
    than growing one.
    """
    found = [list(leaves)]
    sha256 = hashlib.sha256
    while len(found[-1]) > 1:
        pairs = iter(found[-1])
        found.append(
            [sha256(b"\x01" + left + right).digest() for left, right in zip(pairs, pairs, strict=False)]
        )
    return found


def peaks_at(levels: Sequence[Sequence[bytes]], size: int) -> list[bytes]:
    """The peaks of the tree over the first `size` leaves, the largest first."""
    return [
        levels[height][(size >> height) - 1]
        for height in reversed(range(size.bit_length()))
        if size >> height & 1
    ]


def inclusion_proof(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """The hashes that lead from leaf `index` (from 0) to the root over all leaves, the lowest first (2.1.3.1)."""
    if not 0 <= index < len(leaves):
        raise ValueError(f"leaf {index} is not within a tree of {len(leaves)}")
    proof: list[bytes] = []
    low, high = 0, len(leaves)
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            proof.append(root(leaves[middle:high]))
            high = middle
        else:
            proof.append(root(leaves[low:middle]))
            low = middle
    return proof[::-1]


def consistency_proof(first: int, leaves: Sequence[bytes]) -> list[bytes]:
    """The hashes that show that the tree over all leaves continues the one over the first `first` (2.1.4.1)."""
    if not 0 < first <= len(leaves):
        raise ValueError(f"a tree of {len(leaves)} does not continue one of {first}")
    return list(_subproof(first, leaves, whole=True))


def _subproof(first: int, leaves: Sequence[bytes], *, whole: bool) -> Iterator[bytes]:
    size = len(leaves)
    if first == size:
        if not whole:
            yield root(leaves)
        return
    middle = _split(size)
    if first <= middle:
        yield from _subproof(first, leaves[:middle], whole=whole)
        yield root(leaves[middle:])
    else:
        yield from _subproof(first - middle, leaves[middle:], whole=False)
        yield root(leaves[:middle])


def _split(size: int) -> int:
    """The largest power of two below the size."""
    return 1 << ((size - 1).bit_length() - 1)


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether the proof leads from this leaf hash to this root (2.1.3.2)."""
    if not 0 <= index < size:
        return False
    found, node, last = leaf, index, size - 1
    for hash_ in proof:
        if last == 0:
            return False
        if node & 1 or node == last:
            found = node_hash(hash_, found)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            found = node_hash(found, hash_)
        node, last = node >> 1, last >> 1
    return last == 0 and found == root


def verify_consistency(
    first: int, second: int, proof: Sequence[bytes], first_root: bytes, second_root: bytes
) -> bool:
    """Whether the proof shows that the second tree continues the first (2.1.4.2)."""
    if not 0 < first <= second:
        return False
    if first == second:
        return not proof and first_root == second_root
    path = [first_root, *proof] if first.bit_count() == 1 else list(proof)
    if not path:
        return False
    node, last = first - 1, second - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old = new = path[0]
    for hash_ in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            old, new = node_hash(hash_, old), node_hash(hash_, new)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            new = node_hash(new, hash_)
        node, last = node >> 1, last >> 1
    return last == 0 and old == first_root and new == second_root
