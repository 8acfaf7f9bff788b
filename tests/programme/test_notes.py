"""Signed notes: a published one, and every way in which a note, a key or a signature can be wrong."""

from __future__ import annotations

import pytest

from wholenation.errors import QuestionError
from wholenation.programme.notes import (
    WITNESS,
    Checkpoint,
    join_note,
    new_signer,
    read_checkpoint,
    read_signer,
    read_verifier,
    signed_by,
    split_note,
    split_signature,
)

# The example of the Go project's package for notes.
SECRET = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
PUBLIC = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
LINE = (
    "\u2014 PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
)
# The checkpoint of C2SP's specification of cosignatures.
CHECKPOINT = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"


def test_the_published_note() -> None:
    signer = read_signer(SECRET)
    assert str(signer.verifier) == PUBLIC
    assert signer.secret() == SECRET
    assert signer.sign(TEXT) == LINE
    assert signed_by(TEXT, [LINE], [read_verifier(PUBLIC)]) == [read_verifier(PUBLIC)]
    assert SECRET[-20:] not in repr(signer)


def test_the_published_checkpoint() -> None:
    checkpoint = read_checkpoint(CHECKPOINT)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert checkpoint.text() == CHECKPOINT


def test_a_witness_signs_the_time() -> None:
    witness = new_signer("witness.example/w1", WITNESS)
    line = witness.sign(CHECKPOINT, 1679315147)
    name, data = split_signature(line)
    assert name == "witness.example/w1"
    assert data[:4] == witness.verifier.id
    assert len(data) == 4 + 8 + 64
    assert witness.verifier.time_of(CHECKPOINT, data[4:]) == 1679315147
    moved = data[4:11] + bytes([data[11] ^ 1]) + data[12:]
    assert witness.verifier.time_of(CHECKPOINT, moved) is None
    assert read_verifier(str(witness.verifier)) == witness.verifier
    assert read_signer(witness.secret()) == witness


def test_a_note_is_split_at_its_last_empty_line() -> None:
    text = "a\n\nb\n"
    assert split_note(join_note(text, [LINE, LINE])) == (text, [LINE, LINE])


def test_signatures_of_others_are_passed_over_and_bad_ones_are_not() -> None:
    verifier = read_verifier(PUBLIC)
    other = new_signer("somebody")
    assert signed_by(TEXT, [other.sign(TEXT)], [verifier]) == []
    assert signed_by(TEXT, [other.sign(TEXT), LINE], [verifier]) == [verifier]
    with pytest.raises(QuestionError, match="the signature of PeterNeumann is not good"):
        signed_by(TEXT + "more\n", [LINE], [verifier])


@pytest.mark.parametrize(
    "note", ["", "text\n", "text\n\n", f"text\n{LINE}\n", f"text\n\n{LINE}", "text\n\nno signature\n"]
)
def test_what_is_no_note(note: str) -> None:
    with pytest.raises(QuestionError, match="no signed note"):
        split_note(note)


@pytest.mark.parametrize(
    "text", ["", "a\n1\n", "a\n01\nCsU=\n", "a\n-1\n" + CHECKPOINT[-45:], "a\n1\nCsU=\n"]
)
def test_what_is_no_checkpoint(text: str) -> None:
    with pytest.raises(QuestionError, match="no checkpoint"):
        read_checkpoint(text)


@pytest.mark.parametrize("line", ["", "\u2014 a", "\u2014 a AAAA", "- a AAAAAAAA", "\u2014 a AAAAAAA"])
def test_what_is_no_signature(line: str) -> None:
    with pytest.raises(QuestionError, match="no signature line"):
        split_signature(line)


def test_keys_that_are_none() -> None:
    for text in ("", "a+b", PUBLIC.replace("+ARpc", "+BRpc"), SECRET.replace("AYEK", "AYE")):
        with pytest.raises(QuestionError):
            read_verifier(text)
    with pytest.raises(QuestionError, match="private key, where a public one is enough"):
        read_verifier(SECRET)
    with pytest.raises(QuestionError, match="damaged: its id does not follow"):
        read_verifier(PUBLIC.replace("c74f", "c74e"))
    with pytest.raises(QuestionError, match="damaged: its id does not follow"):
        read_signer(SECRET.replace("c74f", "c74e"))
    with pytest.raises(QuestionError, match="no private key") as caught:
        read_signer(SECRET.replace("PRIVATE+", ""))
    assert "AYEK" not in str(caught.value)
    with pytest.raises(QuestionError, match="cannot name a key"):
        new_signer("two words")


def test_a_checkpoint_is_what_it_says() -> None:
    assert Checkpoint("log", 0, b"\x00" * 32).text() == f"log\n0\n{'A' * 43}=\n"
