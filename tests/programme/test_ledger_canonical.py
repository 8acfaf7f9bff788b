"""Canonical JSON against the numbers and the order that RFC 8785 publishes, and the kinds of fields of entries."""

from __future__ import annotations

import math
import struct
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wholenation.programme.canonical import canonical, number, parsed, sha256_hex
from wholenation.programme.chunks import read_entry
from wholenation.programme.entries import faults_of, subject_of, types

# Appendix B of RFC 8785: the bits of a double, and how it is written.
NUMBERS = {
    "0000000000000000": "0",
    "8000000000000000": "0",
    "0000000000000001": "5e-324",
    "8000000000000001": "-5e-324",
    "7fefffffffffffff": "1.7976931348623157e+308",
    "4340000000000000": "9007199254740992",
    "c340000000000000": "-9007199254740992",
    "4430000000000000": "295147905179352830000",
    "44b52d02c7e14af5": "9.999999999999997e+22",
    "44b52d02c7e14af6": "1e+23",
    "44b52d02c7e14af7": "1.0000000000000001e+23",
    "444b1ae4d6e2ef4e": "999999999999999700000",
    "444b1ae4d6e2ef4f": "999999999999999900000",
    "444b1ae4d6e2ef50": "1e+21",
    "3eb0c6f7a0b5ed8c": "9.999999999999997e-7",
    "3eb0c6f7a0b5ed8d": "0.000001",
    "41b3de4355555553": "333333333.3333332",
    "41b3de4355555554": "333333333.33333325",
    "41b3de4355555557": "333333333.33333343",
    "becbf647612f3696": "-0.0000033333333333333333",
    "43143ff3c1cb0959": "1424953923781206.2",
}
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)


@pytest.mark.parametrize(("bits", "text"), NUMBERS.items())
def test_the_published_numbers(bits: str, text: str) -> None:
    value = struct.unpack(">d", bytes.fromhex(bits))[0]
    assert number(value) == text
    assert float(text) == value


def test_the_published_order_of_keys() -> None:
    value = {"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\x80": 6, "\xf6": 7}
    assert list(parsed(canonical(value)).values()) == [2, 4, 6, 7, 1, 5, 3]


def test_the_published_text() -> None:
    assert canonical('€$\x0f\nA\'B"\\\\"/') == '"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"'.encode()


@given(VALUES)
def test_written_read_and_written_again_is_the_same(value: Any) -> None:
    data = canonical(value)
    assert canonical(parsed(data)) == data
    assert canonical(read_entry(data)) == data


@given(VALUES, st.integers(0, 400), st.integers(1, 255))
def test_other_bytes_are_another_value_or_none(value: Any, place: int, flip: int) -> None:
    data = bytearray(canonical(value))
    data[place % len(data)] ^= flip
    with suppress(ValueError):
        assert canonical(read_entry(bytes(data))) == bytes(data)


@pytest.mark.parametrize(
    "text",
    ["1.0", "1e2", "0.10", "1E-7", "1e-07", '{"b":1,"a":2}', '{"a":1,"a":1}', "[1, 2]", '"\\u0061"', "-0"],
)
def test_json_that_is_not_canonical(text: str) -> None:
    with pytest.raises(ValueError, match="its bytes are not those that its value has"):
        read_entry(text.encode())


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (math.nan, "no finite number"),
        (-math.inf, "no finite number"),
        (2**53 + 1, "beyond 2\\^53"),
        ("\ud800", "surrogate"),
        ({1: 2}, "a key is no text"),
        ({"a": {1, 2}}, "set is no kind of JSON"),
        (b"a", "bytes is no kind of JSON"),
    ],
)
def test_what_cannot_be_written(value: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        canonical(value)


def test_what_is_nested_too_deep() -> None:
    value: Any = []
    for _ in range(100_000):
        value = [value]
    with pytest.raises(ValueError, match="too deep"):
        canonical(value)
    with pytest.raises(ValueError, match="too deep"):
        read_entry(b"[" * 100_000 + b"]" * 100_000)


def test_nan_is_no_json() -> None:
    with pytest.raises(ValueError, match="NaN is no JSON"):
        parsed("NaN")
    assert sha256_hex(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


RIGHT: dict[str, tuple[list[Any], list[Any]]] = {
    "id": (["a", "a/b", "é", "x" * 200], ["", "a b", "a\n", "x" * 201, 1, "a\u2028"]),
    "ids": ([[], ["a"]], ["a", ["a b"]]),
    "text": (["", "a b"], [1, None]),
    "texts": ([[], ["a b"]], ["a", [1]]),
    "hash": (["0" * 64], ["0" * 63, "A" * 64, 0]),
    "currency": (["EUR"], ["eur", "EURO", 1]),
    "amount": ([0, 2**53 - 1], [-1, 2**53, 1.0, True, "1"]),
    "count": ([0, 3], [-1, 1.5, False]),
    "number": ([0, -1.5, 3], [math.nan, math.inf, True, "1", 2**53]),
    "date": (["2026-02-28"], ["2026-02-29", "20260228", "2026-2-28", 1]),
    "time": (
        ["2026-02-28T12:00:00Z", "2026-02-28T12:00:00.5Z"],
        ["2026-02-28T12:00:00", "2026-02-28T25:00:00Z", 1],
    ),
    "flag": ([True, False], [1, "yes"]),
    "object": ([{}, {"a": 1}], [[], 1]),
    "objects": ([[], [{}]], [{}, [1]]),
    "lists": ([{}, {"a": []}, {"a": ["b"]}], [[], {"a": "b"}, {"a": True}, {"a": [1]}, {"a": None}]),
}


def test_every_field_takes_what_its_kind_allows_and_nothing_else() -> None:
    for kind, fields in types().items():
        body = {}
        for field in fields:
            choices = field.kind.partition(":")[2].split(",")
            right, wrong = ([choices[0].strip()], ["other", 1]) if choices != [""] else RIGHT[field.kind]
            body[field.name] = right[0]
            for value in wrong:
                told = faults_of(kind, {**body, field.name: value})
                assert any(fault.startswith(f"{kind}: {field.name} is ") for fault in told), (field, value)
            for value in right:
                assert not any(
                    f": {field.name} is " in fault
                    for fault in faults_of(kind, {field.name: value})
                    if "missing" not in fault
                )
        assert faults_of(kind, body) == []
        assert subject_of(kind) == fields[0].name


def test_all_faults_of_a_body_at_once() -> None:
    told = faults_of("call.made", {"call": "", "due": "soon", "amuont": 1})
    assert told == [
        "call.made: call is ''; it must be an id (1 to 200 characters without spaces)",
        "call.made: due is 'soon'; it must be a date (YYYY-MM-DD)",
        "call.made: 'amuont': no such field; is amount meant?",
        "call.made: pledge is missing",
        "call.made: amount is missing",
    ]
    assert faults_of("call.maid", {}) == ["'call.maid': no such type of entry; is call.made meant?"]
