"""Days of firm networks: as the slow twin, as the published simulator, with goods and orders accounted for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from days_twin import served, walk
from hypothesis import given, settings
from hypothesis import strategies as st

from wholenation.firms import economy as economies
from wholenation.firms.disruptions import Disruption
from wholenation.firms.dynamics import PUBLISHED, propagate
from wholenation.firms.economy import to_economy
from wholenation.firms.effects import Effects, to_hits
from wholenation.firms.network import FirmNetwork, from_arrays
from wholenation.firms.samples import threads
from wholenation.firms.simulation import Rules, State, one_by_one, simulate
from wholenation.kernels.production import _level
from wholenation.kernels.trade import Clients

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "firms" / "pronet.json").read_text())
DAYS = 12


@pytest.fixture(scope="module", autouse=True)
def several_ranges() -> Iterator[None]:
    """Small networks are split into ranges as large ones are."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(economies, "LINKS_PER_RANGE", 3)
        yield


@dataclass(frozen=True)
class Case:
    """A network, what befalls it, and the rules."""

    network: FirmNetwork
    disruptions: tuple[Disruption, ...]
    rules: Rules
    target: np.ndarray[Any, Any]


@st.composite
def networks(draw: st.DrawFn, *, most: int = 7) -> FirmNetwork:
    n, k = draw(st.integers(1, most)), draw(st.integers(1, 3))
    number = st.floats(0.1, 100.0)
    sector = draw(st.lists(st.integers(0, k - 1), min_size=n, max_size=n))
    pairs = draw(st.sets(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), max_size=3 * n))
    links = sorted((i, j) for i, j in pairs if i != j)
    value = draw(st.lists(number, min_size=len(links), max_size=len(links)))
    output = draw(st.lists(st.sampled_from([np.nan, 50.0, 400.0]), min_size=n, max_size=n))
    levels = draw(st.lists(st.integers(0, 2), min_size=9, max_size=9))
    return from_arrays(
        sector,
        np.array([i for i, _ in links], int),
        np.array([j for _, j in links], int),
        value,
        np.array(levels).reshape(3, 3),
        output=output,
        sectors=["A", "B", "C"],
        jurisdictions=["X" if i % 2 else "Y" for i in range(n)],
    )


@st.composite
def disruptions(draw: st.DrawFn, n: int) -> Disruption:
    kind = draw(st.sampled_from(["capacity", "demand", "deliveries"]))
    start = draw(st.integers(0, 6))
    who = draw(st.sampled_from(["firm", "sector", "jurisdiction", "nobody"]))
    told: dict[str, Any] = {
        "firm": {"firm": str(draw(st.integers(0, n - 1)))},
        "sector": {"sector": "B"},
    }.get(who, {"jurisdiction": "X"} if who == "jurisdiction" else {})
    if kind == "deliveries" and draw(st.booleans()):
        told |= draw(st.sampled_from([{"to_jurisdiction": "Y"}, {"to_firm": "0"}]))
    return Disruption(
        share=draw(st.sampled_from([0.0, 0.3, 0.9, 1.0])),
        kind=kind,
        start=start,
        end=draw(st.sampled_from([None, start + 1, start + 5])),
        half_life=draw(st.sampled_from([None, 2.0])),
        **told,
    )


@st.composite
def cases(draw: st.DrawFn) -> Case:
    network = draw(networks())
    target = draw(st.lists(st.sampled_from([1.0, 2.0, 7.0]), min_size=network.n, max_size=network.n))
    steady = draw(st.booleans())
    rules = Rules(
        by_level=draw(st.booleans()),
        firms_first=draw(st.booleans()),
        # A target that follows output amplifies rounding by 1 + target / days every day.
        rate=1 / draw(st.sampled_from([1.0, 3.0, 6.0] if steady else [3.0, 6.0])),
        steady=steady,
        spare=draw(st.sampled_from([0.0, 0.2])),
        wait=draw(st.sampled_from([-1, 0, 2])),
    )
    befalls = draw(st.lists(disruptions(network.n), max_size=3))
    return Case(network, tuple(befalls), rules, np.array(target))


@dataclass
class Evening:
    """What a day left behind, in money where the network is."""

    output: Any
    stock: Any
    delivered: Any
    limit: Any


def run(case: Case, days: int = DAYS, spread: Any = one_by_one) -> list[Evening]:
    economy = to_economy(case.network)
    evenings: list[Evening] = []

    def told(day: int, state: State, effects: Effects) -> None:
        evenings.append(
            Evening(state.output.copy(), state.stock.copy(), state.delivered.copy(), state.limit.copy())
        )

    hits = to_hits(case.network, economy, case.disruptions)
    simulate(economy, hits, case.rules, case.target, days, spread=spread, told=told)
    return evenings


def twin(case: Case, days: int = DAYS) -> list[dict[str, Any]]:
    network, rules, economy = case.network, case.rules, to_economy(case.network)
    bought = np.bincount(network.buyer, network.value, network.n)
    effects = [Effects(economy, to_hits(network, economy, case.disruptions), 0.0) for _ in range(days)]
    for day, effect in enumerate(effects):
        for past in range(day + 1):
            effect.look_ahead(past)
            effect.advance(past)
    place = np.argsort(economy.trade.link)

    def weight(k: int, j: int) -> float:
        level = network.essentiality[k, network.sector[j]]
        mine = (network.buyer == j) & (network.sector[network.supplier] == k)
        return {2: -1.0, 0: 0.0}.get(int(level), float(network.value[mine].sum() / bought[j]))

    def permitted(day: int, e: int) -> float:
        return float(effects[day].flow[place[e]] / network.value[e])

    def demand(day: int, i: int) -> float:
        return float(effects[day].final[i] / economy.final[i]) if economy.final[i] else 1.0

    if any(not (effect.buys.all() and effect.sells.all()) for effect in effects):
        case = replace(
            case, rules=replace(rules, wait=-1)
        )  # who may trade with strangers has a test of its own
    return walk(
        network, economy.normal, weight, case.target, days,
        rule="smallest" if rules.by_level else "proportional", last=rules.firms_first, steady=rules.steady,
        tau=1 / rules.rate, capacity=lambda day, i: float(effects[day].capacity[i]), demand=demand,
        permitted=permitted, spare=rules.spare, wait=case.rules.wait,
    )  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(cases())
def test_disruptions_bite_where_they_say(case: Case) -> None:
    network, economy = case.network, to_economy(case.network)
    firms = network.firms.select("firm", "sector", "jurisdiction").rows()

    def fits(i: int, *told: str | None) -> bool:
        return all(code is None or code == mine for code, mine in zip(told, firms[i], strict=True))

    effects = [Effects(economy, to_hits(network, economy, case.disruptions), 0.0) for _ in range(DAYS)]
    for day, effect in enumerate(effects):
        effect.look_ahead(day)
        effect.advance(day)
        capacity, final, flow = np.ones(network.n), economy.final.copy(), network.value.copy()
        sells, buys = np.ones(network.n, bool), np.ones(network.n, bool)
        for one in case.disruptions:
            left = 1 - one.on(day)
            who = [i for i in range(network.n) if fits(i, one.firm, one.sector, one.jurisdiction)]
            to = [i for i in range(network.n) if fits(i, one.to_firm, one.to_sector, one.to_jurisdiction)]
            if one.kind == "capacity":
                capacity[who] *= left
            elif one.kind == "demand":
                final[who] *= left
            else:
                flow[np.isin(network.supplier, who) & np.isin(network.buyer, to)] *= left
                if left < 1 and any((one.firm, one.sector, one.jurisdiction)):
                    sells[who] = False
                elif left < 1:
                    buys[to] = False
        assert effect.capacity == pytest.approx(capacity)
        assert effect.final == pytest.approx(final)
        assert effect.flow == pytest.approx(flow[economy.trade.link])
        assert (effect.sells == sells).all()
        assert (effect.buys == buys).all()


@settings(max_examples=150, deadline=None)
@given(cases())
def test_as_the_slow_twin(case: Case) -> None:
    economy = to_economy(case.network)
    effects = Effects(economy, to_hits(case.network, economy, case.disruptions), 0.0)
    for day in range(DAYS + 1):
        effects.look_ahead(day)
        if not (effects.buys.all() and effects.sells.all()):
            case = replace(case, rules=replace(case.rules, wait=-1))
            break
    buyer = np.repeat(np.arange(economy.n), np.diff(economy.trade.input_start))
    for mine, slow in zip(run(case), twin(case), strict=True):
        assert mine.output == pytest.approx(slow["output"], abs=1e-9)
        keys = zip(economy.trade.sector.tolist(), buyer.tolist(), strict=True)
        stocks = np.array([slow["stock"][key] for key in keys])
        assert mine.stock * economy.trade.need == pytest.approx(stocks, abs=1e-7)
        assert mine.delivered == pytest.approx(slow["final"], abs=1e-7)


@settings(max_examples=60, deadline=None)
@given(cases())
def test_goods_and_orders_are_accounted_for(case: Case) -> None:
    """In the twin, which the kernels equal: shipped = received = stock change + use; a firm ships what it makes."""
    network, economy = case.network, to_economy(case.network)
    for day in twin(case):
        assert sum(day["goods"].values()) == pytest.approx(sum(day["arrived"].values()))
        for key, stock in day["stock"].items():
            change = stock - day["before"][key]
            assert change == pytest.approx(
                day["arrived"][key] + day["elsewhere"][key] - day["used"][key], abs=1e-9
            )
            assert stock >= -1e-9
        for i in range(network.n):
            if economy.normal[i] == 0:
                continue
            shipped = sum(g for e, g in day["goods"].items() if network.supplier[e] == i)
            made = day["output"][i] * economy.normal[i]
            assert shipped + day["final"][i] + day["market"][i] == pytest.approx(made, abs=1e-7)
            assert shipped <= made + 1e-7
        assert sum(day["market"]) == pytest.approx(sum(day["elsewhere"].values()), abs=1e-9)
        assert all(goods >= 0 for goods in day["goods"].values())


@settings(max_examples=40, deadline=None)
@given(cases())
def test_goods_are_conserved_by_the_kernels(case: Case) -> None:
    """What firms make is used, stocked or delivered to final demand, over all days."""
    economy = to_economy(case.network)
    trade = economy.trade
    buyer = np.repeat(np.arange(economy.n), np.diff(trade.input_start))
    before = np.repeat(case.target, np.diff(trade.input_start))
    for evening in run(case):
        used = np.minimum(evening.output[buyer], before)
        into_stock = ((evening.stock - before + used) * trade.need).sum()
        made = (evening.output * economy.normal).sum()
        assert into_stock + evening.delivered[economy.normal > 0].sum() == pytest.approx(
            made, rel=1e-9, abs=1e-7
        )
        before = evening.stock


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(0.1, 9.0), st.sampled_from([0.0, 0.3, 1.0, 1.2, 2.0, 3.5])),
        min_size=1,
        max_size=7,
    ),
    st.sampled_from([0.0, 4.0]),
    st.floats(0.0, 0.999),
)
def test_the_water_level_is_exact(clients: list[tuple[float, float]], final: float, part: float) -> None:
    """As found by sorting; all that is made goes out, nobody gets more than the level, or less and not all."""
    flow, ratio = (np.array(column) for column in zip(*clients, strict=True))
    made = part * (float(flow @ ratio) + final)
    places = np.arange(len(flow), dtype=np.int32)
    rows = Clients(np.array([0, len(flow)]), places, places)
    level = _level(made, final, 0, rows, flow, ratio, np.empty(len(flow)), np.empty(len(flow)))
    goods, rest = served(
        made, final, {e: (w * r, w) for e, (w, r) in enumerate(clients)}, "smallest", last=False
    )
    assert flow * np.minimum(ratio, level) == pytest.approx([goods[e] for e in places.tolist()], abs=1e-9)
    assert final * min(1.0, level) == pytest.approx(rest, abs=1e-9)
    assert sum(goods.values()) + rest == pytest.approx(made, abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(cases())
def test_orders_are_the_sum_over_links(case: Case) -> None:
    economy = to_economy(case.network)
    trade = economy.trade
    of_link = np.repeat(np.arange(len(trade.need)), np.diff(trade.link_start))

    def told(day: int, state: State, effects: Effects) -> None:
        orders = np.bincount(trade.supplier, effects.ahead * state.ratio[of_link], economy.n)
        assert state.orders.sum(axis=0) == pytest.approx(orders, rel=1e-12)

    hits = to_hits(case.network, economy, case.disruptions)
    simulate(economy, hits, replace(case.rules, by_level=True), case.target, DAYS, told=told)


@settings(max_examples=60, deadline=None)
@given(networks(), st.booleans(), st.booleans(), st.sampled_from([-1, 0]), st.booleans(), st.booleans())
def test_nothing_moves_without_a_shock(
    network: FirmNetwork, by_level: bool, last: bool, wait: int, steady: bool, by_supplier: bool
) -> None:
    rules = Rules(by_level=by_level, firms_first=last, wait=wait, steady=steady)
    if by_supplier:
        rules = Rules(by_supplier=True, firms_first=last, steady=steady)
    ran = simulate(to_economy(network), (), rules, np.full(network.n, 15.0), 200)
    assert np.abs(ran.lost).max() < 1e-12
    assert ran.lowest.min() > 1 - 1e-12


@pytest.mark.parametrize("case", GOLDEN["cases"], ids=lambda case: f"{case['name']} {case['options']}")
def test_as_the_published_simulator(case: dict[str, Any]) -> None:
    told = GOLDEN["networks"][case["name"]]
    sold = np.bincount(told["supplier"], told["value"], len(told["sector"]))
    network = from_arrays(
        told["sector"], told["supplier"], told["buyer"], told["value"], None, output=sold + told["final"]
    )
    found = propagate(
        network,
        [Disruption(lost, firm=firm) for firm, lost in case["lost"].items()],
        days=case["days"],
        final_demand="last" if case["rationing"] == 1 else "equal",
        **{**PUBLISHED, "stock_target": "normal" if case["order"] == 1 else "output"},
    )
    for name in ("output", "value_added", "final_demand"):
        published = np.array(case[name])
        assert found.days[name].to_numpy() == pytest.approx(published[1:] / published[0], rel=1e-12)


def test_one_supplier_per_input_needs_no_stocks_by_supplier() -> None:
    told = next(case for case in GOLDEN["cases"] if case["name"] == "toy" and case["order"] == 0)
    toy = GOLDEN["networks"]["toy"]
    network = from_arrays(
        toy["sector"], toy["supplier"], toy["buyer"], toy["value"], None, output=[200.0, 200.0]
    )
    shock = [Disruption(lost, firm=firm) for firm, lost in told["lost"].items()]
    kept = propagate(network, shock, days=told["days"], inputs="essential", stock_target="output")
    published = np.array(told["output"])
    assert kept.days["output"].to_numpy() == pytest.approx(published[1:] / published[0], rel=1e-12)


@settings(max_examples=30, deadline=None)
@given(cases(), st.randoms(use_true_random=False))
def test_relabelling_changes_nothing(case: Case, random: Any) -> None:
    network = case.network
    order = list(range(network.n))
    random.shuffle(order)
    at = np.argsort(order)  # firm i becomes firm at[i]
    other = from_arrays(
        network.sector[order], at[network.supplier], at[network.buyer], network.value, network.essentiality,
        output=network.output[order], firms=[str(i) for i in order], sectors=["A", "B", "C"],
        jurisdictions=network.firms["jurisdiction"].gather(order),
    )  # fmt: skip
    moved = replace(case, network=other, target=case.target[order])
    for one, two in zip(run(case), run(moved), strict=True):
        assert two.output[at] == pytest.approx(one.output, abs=1e-9)


@settings(max_examples=30, deadline=None)
@given(cases(), st.sampled_from([1e-6, 0.37, 1e9]))
def test_the_unit_of_money_changes_nothing(case: Case, unit: float) -> None:
    network = case.network
    other = from_arrays(
        network.sector, network.supplier, network.buyer, network.value * unit, network.essentiality,
        output=network.output * unit, sectors=["A", "B", "C"], jurisdictions=network.firms["jurisdiction"],
    )  # fmt: skip
    for one, two in zip(run(case), run(replace(case, network=other)), strict=True):
        assert two.output == pytest.approx(one.output, abs=1e-10)


@settings(max_examples=20, deadline=None)
@given(cases())
def test_threads_change_no_bit(case: Case) -> None:
    with threads(2) as spread:
        for one, two in zip(run(case), run(case, spread=spread), strict=True):
            assert one.output.tobytes() == two.output.tobytes()
            assert one.stock.tobytes() == two.stock.tobytes()
