"""The tree of RFC 9162: published roots, the definitions as slow twins, and every proof of small trees."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wholenation.programme.merkle import (
    EMPTY,
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    levels,
    node_hash,
    peaks_at,
    root,
    verify_consistency,
    verify_inclusion,
)

# The leaves and roots that implementations of Certificate Transparency have in common.
LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def some(size: int) -> list[bytes]:
    return [leaf_hash(number.to_bytes(2, "big")) for number in range(size)]


def split(size: int) -> int:
    """The largest power of two below the size, by trying."""
    power = 1
    while power * 2 < size:
        power *= 2
    return power


def defined_root(leaves: list[bytes]) -> bytes:
    """MTH of section 2.1.1, word for word, over leaf hashes."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return hashlib.sha256(b"\x01" + defined_root(leaves[:k]) + defined_root(leaves[k:])).digest()


def defined_path(index: int, leaves: list[bytes]) -> list[bytes]:
    """PATH of section 2.1.3.1, word for word."""
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if index < k:
        return [*defined_path(index, leaves[:k]), defined_root(leaves[k:])]
    return [*defined_path(index - k, leaves[k:]), defined_root(leaves[:k])]


@pytest.mark.parametrize("size", range(9))
def test_the_published_roots(size: int) -> None:
    leaves = [leaf_hash(bytes.fromhex(text)) for text in LEAVES[:size]]
    assert root(leaves).hex() == ROOTS[size] == defined_root(leaves).hex()
    assert root([]) == EMPTY


def test_the_published_path_of_a_leaf() -> None:
    leaves = [leaf_hash(bytes.fromhex(text)) for text in LEAVES]
    assert [one.hex() for one in inclusion_proof(0, leaves)] == [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ]


@given(st.integers(0, 70))
def test_a_frontier_grows_to_the_defined_root(size: int) -> None:
    leaves = some(size)
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf)
    assert frontier.root() == defined_root(leaves)
    assert Frontier.unpacked(size, frontier.packed()) == frontier
    assert peaks_at(levels(leaves), size) == frontier.peaks


@given(st.integers(0, 5), st.integers(0, 8))
def test_a_frontier_takes_in_trees(full: int, more: int) -> None:
    leaves = some(full * 8 + more)
    frontier = Frontier()
    for start in range(0, len(leaves), 8):
        part = leaves[start : start + 8]
        frontier.extend(peaks_at(levels(part), len(part)), len(part))
    assert frontier.size == len(leaves)
    assert frontier.root() == defined_root(leaves)


@pytest.mark.parametrize("size", range(1, 18))
def test_every_inclusion_proof(size: int) -> None:
    leaves = some(size)
    top = root(leaves)
    for index, leaf in enumerate(leaves):
        proof = inclusion_proof(index, leaves)
        assert proof == defined_path(index, leaves)
        assert verify_inclusion(leaf, index, size, proof, top)
        for other in range(size + 1):
            assert verify_inclusion(leaf, other, size, proof, top) == (other == index)
        assert not verify_inclusion(leaf_hash(b"another"), index, size, proof, top)
        assert not verify_inclusion(leaf, index, size, [*proof, top], top)
        assert not (proof and verify_inclusion(leaf, index, size, proof[:-1], top))


@pytest.mark.parametrize("second", range(1, 18))
def test_every_consistency_proof(second: int) -> None:
    leaves = some(second)
    top = root(leaves)
    for first in range(1, second + 1):
        proof, old = consistency_proof(first, leaves), root(leaves[:first])
        assert verify_consistency(first, second, proof, old, top)
        assert not verify_consistency(first, second, proof, node_hash(old, old), top)
        assert not verify_consistency(first, second, proof, old, node_hash(top, top))
        assert not verify_consistency(first, second, [*proof, top], old, top)
        assert not (proof and verify_consistency(first, second, proof[:-1], old, top))


def test_what_cannot_be_proved() -> None:
    with pytest.raises(ValueError, match="leaf 3 is not within a tree of 3"):
        inclusion_proof(3, some(3))
    with pytest.raises(ValueError, match="a tree of 3 does not continue one of 4"):
        consistency_proof(4, some(3))
    with pytest.raises(ValueError, match="a frontier of 3 leaves has 2 hashes"):
        Frontier.unpacked(3, b"\x00" * 32)
    assert not verify_consistency(0, 3, [], EMPTY, root(some(3)))
    assert not verify_consistency(3, 4, [], root(some(3)), root(some(4)))
