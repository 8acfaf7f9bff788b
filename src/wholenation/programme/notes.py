"""Signed notes and checkpoints of a log, and the keys that sign and verify them, as C2SP lays them out.

A note is text, an empty line, and a line for each signature: an em dash, the key's name, and base64 of four bytes that
identify the key with the signature. A checkpoint is a note of three lines: origin, size, root in base64. A witness
signs the same text with a time before it (tlog-cosignature). All signatures are Ed25519.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from ..errors import QuestionError

LOG = 1
"""The kind of key that signs a note's text as it is."""
WITNESS = 4
"""The kind of key that signs when it has seen a checkpoint."""

_NAME = re.compile(r"[^\s+\x00-\x1f\x7f]+")
_DASH = "\u2014"


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key: the name of who signs, LOG or WITNESS, and 32 bytes."""

    name: str
    kind: int
    public: bytes

    @property
    def id(self) -> bytes:
        """Four bytes that tell keys of one name apart."""
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{_base64(bytes([self.kind]) + self.public)}"

    def time_of(self, text: str, signature: bytes) -> int | None:
        """When a witness signed this text, in seconds since 1970; 0 for a log's key; None where it did not."""
        stamp, signed, time = b"", signature, 0
        if self.kind == WITNESS:
            stamp, signed = signature[:8], signature[8:]
            time = int.from_bytes(stamp, "big")
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signed, _message(self.kind, text, time))
        except InvalidSignature:
            return None
        return time


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key with its public one."""

    verifier: Verifier
    seed: bytes

    def __repr__(self) -> str:
        return f"Signer({self.verifier})"

    def secret(self) -> str:
        """The key as it is kept in a file that nobody else may read."""
        one = self.verifier
        return f"PRIVATE+KEY+{one.name}+{one.id.hex()}+{_base64(bytes([one.kind]) + self.seed)}"

    def sign(self, text: str, time: int = 0) -> str:
        """The signature line for a note's text; a witness signs the time (seconds since 1970) too."""
        signature = Ed25519PrivateKey.from_private_bytes(self.seed).sign(
            _message(self.verifier.kind, text, time)
        )
        stamp = time.to_bytes(8, "big") if self.verifier.kind == WITNESS else b""
        return f"{_DASH} {self.verifier.name} {_base64(self.verifier.id + stamp + signature)}"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log says of itself at one moment."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """The three lines that are signed."""
        return f"{self.origin}\n{self.size}\n{_base64(self.root)}\n"


def _message(kind: int, text: str, time: int) -> bytes:
    return f"cosignature/v1\ntime {time}\n{text}".encode() if kind == WITNESS else text.encode()


def new_signer(name: str, kind: int = LOG, seed: bytes | None = None) -> Signer:
    """A new key; `seed` (32 bytes) is drawn by the operating system where none is given."""
    if not _NAME.fullmatch(name):
        raise QuestionError(f"{name!r} cannot name a key: it needs a character, and has no space and no +")
    return _signer(name, kind, seed or secrets.token_bytes(32))


def _signer(name: str, kind: int, seed: bytes) -> Signer:
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    return Signer(Verifier(name, kind, public), seed)


def read_signer(text: str) -> Signer:
    """The private key that was written; `QuestionError` where it is none (its text is never repeated)."""
    parts = text.strip().removeprefix("PRIVATE+KEY+").split("+", 2)
    data = _bytes(parts[-1])
    if not text.startswith("PRIVATE+KEY+") or len(parts) != 3 or not _is_key(data):
        raise QuestionError("this is no private key; it must look like PRIVATE+KEY+name+id+base64")
    signer = _signer(parts[0], data[0], data[1:])
    if signer.verifier.id.hex() != parts[1]:
        raise QuestionError(f"the private key of {parts[0]} is damaged: its id does not follow from it")
    return signer


def read_verifier(text: str) -> Verifier:
    """The public key that was written; `QuestionError` where it is none."""
    parts = text.strip().split("+", 2)
    data = _bytes(parts[-1])
    if text.startswith("PRIVATE+KEY+"):
        raise QuestionError("this is a private key, where a public one is enough; keep it to yourself")
    if len(parts) != 3 or not _NAME.fullmatch(parts[0]) or not _is_key(data):
        raise QuestionError(f"{text.strip()[:80]!r} is no public key; it must look like name+id+base64")
    verifier = Verifier(parts[0], data[0], data[1:])
    if verifier.id.hex() != parts[1]:
        raise QuestionError(f"the public key of {parts[0]} is damaged: its id does not follow from it")
    return verifier


def _is_key(data: bytes) -> bool:
    return len(data) == 33 and data[0] in (LOG, WITNESS)


def join_note(text: str, signatures: Iterable[str]) -> str:
    """A note from its text and its signature lines."""
    return text + "\n" + "".join(f"{line}\n" for line in signatures)


def split_note(note: str) -> tuple[str, list[str]]:
    """A note's text and its signature lines; `QuestionError` where it is no note."""
    text, gap, rest = note.rpartition("\n\n")
    lines = rest.split("\n")
    signed = len(lines) > 1 and lines.pop() == "" and all(line.startswith(f"{_DASH} ") for line in lines)
    if not gap or not signed:
        raise QuestionError("this is no signed note: text, an empty line and lines of signatures")
    return text + "\n", lines


def read_checkpoint(text: str) -> Checkpoint:
    """The checkpoint that a note's text is; `QuestionError` where it is none."""
    lines = text.split("\n")
    root = _bytes(lines[2]) if len(lines) > 3 else b""
    size = lines[1] if len(lines) > 3 else ""
    if not lines[0] or not re.fullmatch(r"0|[1-9][0-9]{0,18}", size) or len(root) != 32:
        raise QuestionError("this is no checkpoint: origin, size and root, a line each")
    return Checkpoint(lines[0], int(size), root)


def signed_by(text: str, lines: Sequence[str], verifiers: Iterable[Verifier]) -> list[Verifier]:
    """Those of the keys that have signed; `QuestionError` for a signature that is a key's and is not good.

    Signatures by other keys are passed over: they say nothing to who does not know the key.
    """
    found = []
    by_id = {(one.name, one.id): one for one in verifiers}
    for line in lines:
        name, signature = split_signature(line)
        verifier = by_id.get((name, signature[:4]))
        if verifier is None:
            continue
        if verifier.time_of(text, signature[4:]) is None:
            raise QuestionError(f"the signature of {name} is not good")
        found.append(verifier)
    return found


def vouching(text: str, lines: Sequence[str], verifiers: Iterable[Verifier]) -> list[Verifier]:
    """Those of the keys that have signed a checkpoint, as `signed_by` finds them.

    A log's key speaks for the log that has its name: `QuestionError` where logs have signed, and none of them is the
    origin of the checkpoint. Otherwise one log could pass for another whose key is known too.
    """
    found = signed_by(text, lines, verifiers)
    origin = read_checkpoint(text).origin
    logs = [one.name for one in found if one.kind == LOG]
    if logs and origin not in logs:
        raise QuestionError(f"it is one of {origin!r}, and is signed by {', '.join(logs)}")
    return found


def split_signature(line: str) -> tuple[str, bytes]:
    """The name on a signature line, and its bytes: four of the key's id, then the signature."""
    parts = line.split(" ")
    data = _bytes(parts[2]) if len(parts) == 3 else b""
    if parts[0] != _DASH or len(data) < 5:
        raise QuestionError(f"{line[:80]!r} is no signature line")
    return parts[1], data


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: str) -> bytes:
    """What base64 stands for; nothing where it is not written as we would write it."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
    return data if _base64(data) == text else b""
