"""Money: what may be pledged, called, paid and given, and that nothing is ever paid from what did not come in."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import permutations, product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from offices import AFTER, Office, office

from wholenation.errors import QuestionError
from wholenation.programme import pools
from wholenation.programme.funding import Offer, allocate, bounds, fundable, shared
from wholenation.programme.offers import offers
from wholenation.programme.standing import standing_frames
from wholenation.programme.state import fold


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Office]:
    made = office(tmp_path)
    yield made
    made.programme.close()


def test_money_is_called_by_schedule_and_paid_in_part_late_or_never(hall: Office) -> None:
    calls = [
        {"call": "one", "due": "2027-01-31", "amount": 60},
        {"call": "two", "due": "2027-06-30", "amount": 40},
    ]
    hall.pledge("p", 100, calls=calls)
    asked = pools.call(hall.programme, key="c", actor="office", pledge="p", by="2027-03-01")
    assert [entry.body["call"] for entry in asked] == ["one"]
    hall.pay("a", "one", 25)
    state = hall.programme.state
    assert (
        pools.standing(state, state.get("call.made", "one"), "2027-02-10").standing
        == "paid in part, 10 days late"
    )
    hall.pay("b", "one", 30, date="2027-02-03")
    lost = pools.default(
        hall.programme, key="d", actor="office", default="d", call="one", amount=None, reason="gone"
    )
    assert lost.body["amount"] == 5
    row = standing_frames(state, AFTER)["pools"].row(0, named=True)
    assert (row["pledged"], row["called"], row["paid"], row["defaulted"], row["free"]) == (100, 60, 55, 5, 55)
    with pytest.raises(QuestionError, match="more than the 0 that is open"):
        hall.pay("c", "one", 1)


def test_a_request_that_comes_twice_is_one_entry(hall: Office) -> None:
    hall.pledge("p", 100)
    hall.call("p")
    first = hall.pay("a", "p-1", 100)
    assert hall.pay("a", "p-1", 100) == first
    assert hall.pledge("p", 100).seq < first.seq
    with pytest.raises(QuestionError):
        hall.pay("a", "p-1", 50)
    assert hall.programme.ledger.balance("fund:p", "EUR").posted == 100


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"calls": [{"call": "x", "due": "2027-01-31", "amount": 101}]}, "more than the 100 that is pledged"),
        ({"calls": [{"call": "x", "due": "2027-02-30", "amount": 1}]}, "no date"),
        ({"calls": [{"call": "x", "due": "2027-01-31", "amount": 1}] * 2}, "a call x already"),
        ({"earmark": {"item": ["gas"]}}, "is items meant"),
        ({"earmark": {"projects": True}}, "an object of lists of texts"),
        ({"match_ratio": -1}, "negative"),
        ({"contributor": "treasurer"}, "is treasury meant"),
        ({"currency": "euro"}, "3 capital letters"),
    ],
)
def test_a_pledge_says_all_that_is_wrong_with_it(hall: Office, more: dict[str, Any], words: str) -> None:
    size = hall.programme.state.size
    with pytest.raises(QuestionError, match=words):
        hall.pledge("p", 100, **({"contributor": "treasury"} | more))
    assert hall.programme.refresh().size == size


def test_only_money_that_is_paid_in_and_eligible_is_offered(hall: Office) -> None:
    hall.paid("any", 100)
    hall.paid("gas", 100, earmark={"items": ["gas"]})
    hall.paid("lens", 70, earmark={"items": ["lens"], "kinds": ["develop"]})
    hall.paid("yen", 100, currency="JPY")
    hall.pledge("unpaid", 1000)
    hall.challenge()
    state = hall.programme.state
    found = offers(state, state.get("challenge.published", "optics"))
    assert {one.pledge: one.free for one in found} == {"lens": 70, "any": 100, "unpaid": 0}
    assert allocate(found, 90) == {"lens": 70, "any": 20}
    with pytest.raises(QuestionError, match="170 is paid in"):
        allocate(found, 171)


def offer(name: str, free: int, ratio: str | None = None, *, given: int = 0, cap: int = 10**9) -> Offer:
    """A pledge of the contributor that its first letter names."""
    most = min(cap, given + free)
    return Offer(name, name[0], given, free, most, None if ratio is None else Fraction(ratio))


def test_matched_money_follows_that_of_others() -> None:
    found = [offer("a", 100), offer("b", 100, "0.5")]
    assert fundable(found) == 150
    assert allocate(found, 150) == {"a": 100, "b": 50}
    assert fundable([offer("a", 100, "1")]) == 0
    # A contributor's own money is no reason to match.
    assert fundable([offer("a1", 100), offer("a2", 100, "1")]) == 100
    assert fundable([offer("a", 10, "1"), offer("b", 30, "1")]) == 20
    assert fundable([offer("a", 100, cap=30), offer("b", 100, "1")]) == 60


def feasible(found: list[Offer], parts: tuple[int, ...]) -> bool:
    """The rules as they are written, for one choice of parts."""
    held = {one.pledge: one.given + part for one, part in zip(found, parts, strict=True)}
    for one in found:
        others = sum(held[other.pledge] for other in found if other.contributor != one.contributor)
        if held[one.pledge] > one.most or (one.ratio is not None and held[one.pledge] > one.ratio * others):
            return False
    return True


small = st.builds(
    lambda letter, n, free, ratio, cap: offer(f"{letter}{n}", free, ratio, cap=cap),
    st.sampled_from("ab"), st.integers(0, 9), st.integers(0, 6), st.sampled_from([None, "0", "0.5", "1", "2"]),
    st.integers(0, 8),
)  # fmt: skip


@settings(deadline=None)
@given(st.lists(small, min_size=1, max_size=4, unique_by=lambda one: one.pledge))
def test_funding_is_what_trying_every_choice_finds(found: list[Offer]) -> None:
    choices = [parts for parts in product(*(range(one.free + 1) for one in found)) if feasible(found, parts)]
    sums = {sum(parts) for parts in choices}
    amount = fundable(found)
    assert amount == max(sums)
    funding = allocate(found, amount)
    assert feasible(found, tuple(funding.get(one.pledge, 0) for one in found))
    assert all(limit >= 0 for limit in bounds(found, amount).values())


@given(st.lists(st.integers(0, 50), min_size=1, max_size=6), st.data())
def test_shares_add_up_and_none_is_more_than_its_part(parts: list[int], data: st.DataObject) -> None:
    amount = data.draw(st.integers(0, sum(parts)))
    cut = shared(amount, parts)
    assert sum(cut) == (amount if sum(parts) else 0)
    assert all(0 <= share <= part for share, part in zip(cut, parts, strict=True))


acts = st.lists(
    st.tuples(
        st.sampled_from(["pledge", "call", "pay", "default"]), st.sampled_from("pqr"), st.integers(-5, 130)
    ),
    max_size=25,
)


@settings(max_examples=25, deadline=None)
@given(acts)
def test_whatever_is_tried_money_is_conserved(tried: list[tuple[str, str, int]]) -> None:
    with TemporaryDirectory() as folder:
        hall = office(Path(folder))
        for number, (act, name, amount) in enumerate(tried):
            try:
                if act == "pledge":
                    hall.pledge(name, amount)
                elif act == "call":
                    hall.call(name)
                elif act == "pay":
                    hall.pay(f"{name}{number}", f"{name}-1", amount)
                else:
                    pools.default(
                        hall.programme, key=f"d{number}", actor="office", default=f"d{number}", call=f"{name}-1",
                        amount=amount, reason="gone",
                    )  # fmt: skip
            except QuestionError:
                continue
        state = hall.programme.refresh()
        assert sum(one.posted for one in state.balances.values()) == 0
        assert sum(one.pending for one in state.balances.values()) == 0
        for name in state.records.get("pledge.made", {}):
            fund = state.balance(f"fund:{name}", "EUR")
            came = sum(one["amount"] for one in state.all("payment.received", call=f"{name}-1"))
            assert fund.posted == came <= state.get("pledge.made", name)["amount"]
            assert fund.posted + fund.pending >= 0
        assert fold(hall.programme.ledger.entries()).balances == state.balances
        hall.programme.close()


def test_the_order_of_independent_payments_changes_no_balance(tmp_path: Path) -> None:
    payments = [("a", "p-1", 10), ("b", "p-1", 20), ("c", "q-1", 30)]
    seen = set()
    for number, order in enumerate(permutations(payments)):
        (tmp_path / str(number)).mkdir()
        hall = office(tmp_path / str(number))
        for name in "pq":
            hall.pledge(name, 50)
            hall.call(name)
        for payment in order:
            hall.pay(*payment)
        balances = hall.programme.state.balances
        seen.add(tuple(sorted((place, one.posted, one.pending) for place, one in balances.items())))
        hall.programme.close()
    assert len(seen) == 1
