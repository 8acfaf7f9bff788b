"""MinHash signatures of texts: how much two of them share, without keeping either."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

import numpy as np

HASHES = 64
WORDS = 5
"""Words in a shingle: long enough that a shared one is no chance."""
LARGEST = 10_000_000
"""Characters beyond which a text is not read on, and bytes of a file that may be one."""


def signature(text: str) -> list[str]:
    """The signature of a text: for each of 64 hash functions its least value over all runs of five words, in hex.

    Texts of no words have none. Two texts agree in about as many places as the Jaccard similarity of their shingles
    says (Broder 1997, Compression and Complexity of Sequences, 21-29).
    """
    words = re.findall(r"\w+", text[:LARGEST].casefold())
    if not words:
        return []
    runs = {" ".join(words[at : at + WORDS]) for at in range(max(len(words) - WORDS + 1, 1))}
    digests = [hashlib.blake2b(run.encode(), digest_size=8).digest() for run in runs]
    hashed = np.frombuffer(b"".join(digests), dtype="<u8")
    return [f"{int((hashed * a + b).min()):016x}" for a, b in _multipliers()]


def _multipliers() -> list[tuple[np.uint64, np.uint64]]:
    """Odd multipliers and offsets modulo 2^64, from fixed digests: everybody's signatures compare."""
    found = []
    for number in range(HASHES):
        digest = hashlib.sha256(f"minhash {number}".encode()).digest()
        a, b = np.frombuffer(digest[:16], dtype="<u8")
        found.append((a | np.uint64(1), b))
    return found


def similarity(one: Sequence[str], other: Sequence[str]) -> float:
    """Part of the places in which two signatures agree, 0 to 1; 0 where one is missing."""
    if not one or len(one) != len(other):
        return 0.0
    return sum(a == b for a, b in zip(one, other, strict=True)) / len(one)
