"""Propagation as users ask for it: frames, samples, long runs, strangers, and questions that make no sense."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from loopback import loopback
from polars.testing import assert_frame_equal

from wholenation.errors import ChainError, QuestionError
from wholenation.firms.disruptions import Disruption, read_disruptions
from wholenation.firms.dynamics import propagate
from wholenation.firms.generator import generate_firms
from wholenation.firms.network import FirmNetwork, from_arrays

FRAMES = ("days", "sectors", "firms", "samples", "summary", "recorded")
ESSENTIAL = np.full((3, 3), 2)


@pytest.fixture(scope="module")
def nation() -> FirmNetwork:
    return generate_firms(3000, links_per_firm=80, seed=7)


def pair(**more: Any) -> FirmNetwork:
    """Firm 0 sells all it makes to firm 1, which sells to final demand."""
    return from_arrays(
        [0, 1], [0], [1], [100.0], ESSENTIAL, output=[100.0, 200.0], sectors=["A", "B", "C"],
        jurisdictions=["X", "Y"], **more,
    )  # fmt: skip


def same(one: Any, two: Any) -> None:
    for name in FRAMES:
        assert_frame_equal(getattr(one, name), getattr(two, name), check_exact=True)


def test_one_worker_and_two_give_the_same_to_the_last_bit(nation: FirmNetwork) -> None:
    shock = [Disruption(0.7, sector=nation.sectors[2], start=2, end=30)]
    for more in ({}, {"rationing": "smallest_first"}, {"substitution_days": 2, "spare_capacity": 0.2}):
        one = propagate(nation, shock, days=40, workers=1, **more)
        same(one, propagate(nation, shock, days=40, workers=2, **more))
        assert one.days["output"].min() < 0.999


def test_samples_are_the_same_for_any_number_of_them(nation: FirmNetwork) -> None:
    shock = [Disruption(0.7, sector=nation.sectors[2], end=30)]
    more: dict[str, Any] = {"days": 40, "inventory_draw": "poisson", "seed": 3}
    two = propagate(nation, shock, samples=2, workers=1, **more)
    three = propagate(nation, shock, samples=3, workers=2, **more)
    assert_frame_equal(two.samples, three.samples.head(2), check_exact=True)
    assert three.samples["lost_days"].n_unique() == 3
    one = propagate(nation, shock, **more)
    assert_frame_equal(one.samples, three.samples.head(1), check_exact=True)
    assert (
        propagate(nation, shock, **{**more, "seed": 4}).samples["lost_days"][0] != one.samples["lost_days"][0]
    )


def test_a_cluster_gives_the_same_to_the_last_bit(nation: FirmNetwork) -> None:
    shock = [
        Disruption(0.7, sector=nation.sectors[2], end=30),
        Disruption(0.5, "deliveries", to_firm="F0007"),
    ]
    more: dict[str, Any] = {"days": 30, "inventory_draw": "poisson", "samples": 3}
    with loopback() as cluster:
        same(
            propagate(nation, shock, engine=cluster.scheduler_address, **more),
            propagate(nation, shock, **more),
        )


def test_what_was_cut_off_goes_on(nation: FirmNetwork, tmp_path: Path) -> None:
    shock = [Disruption(0.7, sector=nation.sectors[2], end=30)]
    more: dict[str, Any] = {"days": 30, "inventory_draw": "poisson", "samples": 4, "workers": 1}
    heard = []

    def enough(done: int, total: int, label: str) -> None:
        heard.append(done)
        assert (total, label.partition(",")[0]) == (4, "samples")
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        propagate(nation, shock, parts=tmp_path / "parts", progress=enough, **more)
    heard.clear()
    resumed = propagate(
        nation, shock, parts=tmp_path / "parts", progress=lambda *told: heard.append(told[0]), **more
    )
    assert heard[0] >= 2
    same(resumed, propagate(nation, shock, **more))
    with pytest.raises(QuestionError, match="answer another question"):
        propagate(nation, shock, parts=tmp_path / "parts", **{**more, "seed": 1})


def test_without_a_shock_every_share_is_one(nation: FirmNetwork) -> None:
    for more in ({}, {"rationing": "smallest_first", "substitution_days": 0}):
        still = propagate(nation, [], days=40, **more)
        for column in ("output", "value_added", "final_demand", "used", "stocks"):
            assert still.days[column].to_list() == pytest.approx([1.0] * 40, abs=1e-12)
        assert still.sectors["output"].to_numpy() == pytest.approx(1.0, abs=1e-12)
        assert still.samples["recovered"].to_list() == [0]
        assert still.firms["lost_days"].abs().max() < 1e-12


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"rationing": "smallest_first", "substitution_days": 1, "spare_capacity": 0.1},
        {"stocks": "supplier"},
    ],
)
def test_the_nation_accounts_for_its_goods(nation: FirmNetwork, more: dict[str, Any]) -> None:
    """Output = final demand + inputs used + change of stocks (less goods that were used but never there)."""
    shock = [Disruption(0.8, sector=nation.sectors[2], start=1, end=30)]
    found = propagate(nation, shock, days=60, inventory_days=10.0, **more)
    output, trade = found.firms["output"].sum(), nation.value.sum()
    day = {name: found.days[name].to_numpy() for name in found.days.columns}
    change = np.diff(day["stocks"], prepend=1.0) * trade * 10
    created = found.samples["created"][0] * 365 if "created" in found.samples.columns else 0.0
    left = day["output"] * output - day["final_demand"] * (output - trade) - day["used"] * trade - change
    assert left.sum() == pytest.approx(-created, abs=1e-9 * output)
    if not created:
        assert left == pytest.approx(np.zeros(60), abs=1e-9 * output)


def test_days_are_told_as_they_pass_and_can_be_stopped() -> None:
    def enough(done: int, total: int, label: str) -> None:
        assert (total, label) == (365, "days")
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        propagate(pair(), [], progress=enough)


def test_by_hand() -> None:
    """Stocks of 15 days bridge 15 days; then the client stops, and comes back when deliveries do."""
    found = propagate(pair(), [Disruption(firm="0", end=20)], days=60)
    output = found.days["output"].to_numpy()
    assert output[:15] == pytest.approx(np.full(15, 2 / 3))
    assert output[15:20] == pytest.approx(np.zeros(5))
    # The client ordered 15/6 days' worth; firm 0 makes at most its normal 100, which is used the day after.
    assert output[20:22] == pytest.approx([1 / 3, 1.0])
    assert found.samples.row(0, named=True) == pytest.approx(
        {"sample": 0, "lowest_output": 0.0, "lowest_day": 15, "recovered": 21, "lost_days": 15 / 3 + 5 + 2 / 3,
         "lost_output": 300 * (15 / 3 + 5 + 2 / 3) / 365, "lost_value_added": (100 * 20 + 100 * 6) / 365}
    )  # fmt: skip
    firms = found.firms.select("firm", "lost_days", "lowest", "recovered").rows()
    assert firms == [("0", 20.0, 0.0, 20), ("1", pytest.approx(6.0), 0.0, 21)]
    assert found.sectors.filter(pl.col("sector") == "B")["output"].to_list()[14:16] == [1.0, 0.0]
    assert found.sectors["sector"].unique().sort().to_list() == ["A", "B"]
    assert len(found.recorded) == 0


def test_each_non_essential_input_takes_its_share_however_much_there_is_of_others() -> None:
    network = from_arrays(
        [0, 1, 2], [0, 1], [2, 2], [30.0, 70.0], np.ones((3, 3), int), output=[30.0, 70.0, 200.0]
    )
    found = propagate(network, [Disruption(firm="0")], days=60, record=["2"]).recorded["output"].to_list()
    # The stock of the first input is empty after 15 days; from then on three tenths of output are lost.
    assert found == pytest.approx([1.0] * 15 + [0.7] * 45)


def test_named_firms_are_recorded_day_by_day(nation: FirmNetwork) -> None:
    shock = [Disruption(0.7, sector=nation.sectors[2], end=30)]
    more: dict[str, Any] = {"days": 25, "inventory_draw": "poisson"}
    codes = nation.firms["firm"].gather([5, 2]).to_list()
    three = propagate(nation, shock, samples=3, record=codes, **more).recorded
    assert three["firm"].to_list() == codes * 25
    assert three["day"].to_list() == [day for day in range(25) for _ in codes]
    one = propagate(nation, shock, record=codes, **more)
    lost = one.firms.filter(pl.col("firm").is_in(codes)).sort("firm")["lost_days"]
    mine = (
        one.recorded.group_by("firm").agg((1 - pl.col("output")).sum().alias("output")).sort("firm")["output"]
    )
    assert mine.to_list() == pytest.approx(lost.to_list())


def test_a_control_on_links_denies_these_alone() -> None:
    """Two clients abroad and at home: only deliveries from X to Y stop, and only while the control holds."""
    network = from_arrays(
        [0, 1, 1], [0, 0], [1, 2], [50.0, 50.0], ESSENTIAL, output=[100.0, 80.0, 80.0], sectors=["A", "B", "C"],
        jurisdictions=["X", "Y", "X"],
    )  # fmt: skip
    control = Disruption(kind="deliveries", jurisdiction="X", to_jurisdiction="Y", start=1, end=40)
    found = propagate(network, [control], days=120, inventory_days=5.0)
    assert found.firms["lowest"].to_list() == [0.5, 0.0, 1.0]
    # An order is permitted by what is in force when it is filled: days 1 to 39, then stocks of 5 days are rebuilt.
    assert found.firms["lost_days"][1] == pytest.approx(39 - 5, abs=2)
    assert found.firms["recovered"][1] is not None
    half = propagate(network, [Disruption(0.5, "deliveries", firm="0", to_firm="1")], days=200)
    assert half.firms["lowest"].to_list() == pytest.approx([0.75, 1.0, 1.0], abs=0.26)


@st.composite
def rivers(draw: st.DrawFn) -> tuple[FirmNetwork, np.ndarray[Any, Any]]:
    """Every firm sells all it makes to one other firm; the last one sells to final demand."""
    n = draw(st.integers(2, 7))
    into = [draw(st.integers(i + 1, n - 1)) for i in range(n - 1)]
    # A supplier of its own sector for every input: there is nobody else to turn to.
    value = np.array([draw(st.floats(1.0, 9.0)) for _ in into])
    levels = np.array(draw(st.lists(st.integers(0, 2), min_size=n * n, max_size=n * n))).reshape(n, n)
    output = np.append(value, value.sum())
    return from_arrays(range(n), range(n - 1), into, value, levels, output=output), levels


@settings(max_examples=40, deadline=None)
@given(rivers(), st.sampled_from([0.2, 0.75, 1.0]), st.data())
def test_the_long_run_is_the_static_loss_downstream(
    river: tuple[FirmNetwork, Any], share: float, data: st.DataObject
) -> None:
    """Where nobody else can deliver and all goes to one client, the days end at h_d of the static model."""
    network, levels = river
    failed = data.draw(st.integers(0, network.n - 1))
    bought = np.bincount(network.buyer, network.value, network.n)
    h = np.ones(network.n)
    h[failed] = 1 - share
    for j in range(network.n):  # suppliers come before their clients
        for i in network.supplier[network.buyer == j]:
            if levels[i, j] == 2:
                h[j] = min(h[j], h[i])
        lost = sum(
            w / bought[j] * (1 - h[i])
            for i, w in zip(
                network.supplier[network.buyer == j], network.value[network.buyer == j], strict=True
            )
            if levels[i, j] == 1
        )
        h[j] = min(h[j], 1 - lost)
    # Small losses take years to empty large stocks; these are the smallest that there can be.
    found = propagate(network, [Disruption(share, firm=str(failed))], days=600, inventory_days=1.0)
    hit = [failed]
    while hit[-1] < network.n - 1:
        hit.append(int(network.buyer[network.supplier == hit[-1]][0]))
    assert found.firms["lowest"].to_numpy()[hit] == pytest.approx(h[hit], abs=1e-6)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([0.1, 0.6, 1.0]))
def test_the_long_run_is_the_static_loss_upstream(seed: int, share: float) -> None:
    """Where demand falls for good, output ends at 1 − Σ Λu (1 − h) with Λu by output: the upstream part, exactly."""
    random = np.random.default_rng(seed)
    n, m = 8, 14
    supplier, buyer = random.integers(0, n, (2, m))
    keep = supplier != buyer
    value = random.uniform(1, 9, m)[keep]
    bare = from_arrays(random.integers(0, 3, n), supplier[keep], buyer[keep], value, np.full((3, 3), 1))
    sold = np.bincount(bare.supplier, bare.value, n)
    output = sold + random.uniform(1, 30, n)
    network = from_arrays(
        bare.sector,
        bare.supplier,
        bare.buyer,
        bare.value,
        bare.essentiality,
        output=output,
        sectors=bare.sectors,
    )
    hit = int(random.integers(0, n))
    weights = np.zeros((n, n))
    weights[network.supplier, network.buyer] = network.value / output[network.supplier]
    direct = np.where(np.arange(n) == hit, share * (output - sold) / output, 0.0)
    lost = np.linalg.solve(np.eye(n) - weights, direct)
    found = propagate(network, [Disruption(share, "demand", firm=str(hit))], days=1500)
    late = propagate(network, [Disruption(share, "demand", firm=str(hit))], days=1400)
    rate = (found.firms["lost_days"] - late.firms["lost_days"]) / 100
    assert rate.to_numpy() == pytest.approx(lost, abs=1e-6)


def test_substitution_finds_idle_firms_and_respects_controls() -> None:
    """Firm 0 fails; firm 1 makes the same and has room; the client is short only for the days of its search."""

    def market(control: bool) -> FirmNetwork:
        return from_arrays(
            [0, 0, 1], [0], [2], [10.0], ESSENTIAL, output=[10.0, 10.0, 40.0], sectors=["A", "B", "C"],
            jurisdictions=["X", "X" if control else "Z", "Y"],
        )  # fmt: skip

    more: dict[str, Any] = {"days": 120, "inventory_days": 4.0, "spare_capacity": 1.0}
    dead = Disruption(firm="0")
    alone = propagate(market(False), [dead], **more).firms
    assert alone["lowest"].to_list() == [0.0, 1.0, 0.0]
    # Orders stay unfilled from day 0 on: after days 0 to 6, longer than 6, the sector is asked, and delivers on day 7.
    helped = propagate(market(False), [dead], substitution_days=6, record=["1"], **more)
    assert helped.recorded["output"].head(7).to_list() == [1.0] * 7
    assert helped.recorded["output"][7] > 1.1
    found = helped.firms
    assert found["recovered"][2] is not None
    assert 0 < found["lost_days"][2] < 6
    assert found["lost_days"][1] < 0  # it makes more than it used to
    # Firm 1 is in the jurisdiction that denies its deliveries: it sells nothing to strangers there.
    denied = Disruption(kind="deliveries", jurisdiction="X", to_jurisdiction="Y")
    assert propagate(market(True), [denied], substitution_days=6, **more).firms["recovered"][2] is None
    # Nobody may sell to the client.
    banned = Disruption(kind="deliveries", to_firm="2")
    assert propagate(market(False), [banned], substitution_days=6, **more).firms["recovered"][2] is None


def test_final_demand_last_serves_firms_first() -> None:
    network = from_arrays([0, 1], [0], [1], [50.0], ESSENTIAL, output=[100.0, 100.0])
    half = [Disruption(0.5, firm="0")]
    assert propagate(network, half, days=100, final_demand="last").firms["lowest"].to_list() == [0.5, 1.0]
    assert propagate(network, half, days=100).firms["lowest"][1] < 1.0


def test_what_output_stands_for_is_told() -> None:
    network = from_arrays([0, 1], [0], [1], [100.0], None, output=[40.0, np.nan])
    found = propagate(network, [], days=2)
    assert found.firms["output"].to_list() == [100.0, 100.0]
    assert len(found.assumed) == 2
    revenue = from_arrays([0, 1], [0], [1], [100.0], None, revenue=[150.0, 300.0])
    assert propagate(revenue, [], days=2).firms["output"].to_list() == [150.0, 300.0]


@pytest.mark.parametrize(
    ("network", "lost"),
    [
        (from_arrays([0], [], [], [], None, output=[5.0]), [2.0]),
        (from_arrays([0, 0, 1], [], [], [], None, output=[5.0, 1.0, 0.0]), [2.0, 2.0, 2.0]),
        # A firm without output is an end user: it buys. Orders follow what was made or used the day before.
        (from_arrays([0, 1], [0], [1], [3.0], None, output=[3.0, 0.0]), [3.0, 2.0]),
        # Two components.
        (from_arrays([0, 1, 0, 1], [0, 2], [1, 3], [3.0, 4.0], ESSENTIAL[:2, :2]), [3.0, 2.0] * 2),
    ],
    ids=["one firm", "no links", "no output", "two components"],
)
def test_small_networks_have_an_answer(network: FirmNetwork, lost: list[float]) -> None:
    for more in ({}, {"rationing": "smallest_first", "substitution_days": 1}, {"stocks": "supplier"}):
        found = propagate(network, [Disruption(start=0, end=2)], days=30, **more)
        assert found.firms["lost_days"].to_list() == pytest.approx(lost)
        assert found.days["output"].is_finite().all()
        assert found.days["output"][-1] == pytest.approx(1.0)


def test_networks_without_anything_have_none() -> None:
    with pytest.raises(QuestionError, match="makes or sells anything"):
        propagate(from_arrays([0, 0], [], [], [], None), [])
    with pytest.raises(QuestionError, match="no firms"):
        propagate(from_arrays([], [], [], [], None), [])


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"days": 0}, "days 0: must be a whole number"),
        ({"days": -3}, "days -3"),
        ({"days": 2.5}, "days 2.5"),
        ({"days": float("nan")}, "days nan"),
        ({"samples": 0}, "samples 0"),
        ({"seed": -1}, "seed -1"),
        ({"workers": 0}, "workers 0"),
        ({"samples": 3}, "inventory_draw poisson"),
        ({"rationing": "proportionl"}, "is proportional meant"),
        ({"final_demand": "first"}, "final_demand first"),
        ({"inputs": "all"}, "inputs all"),
        ({"stocks": "none"}, "stocks none"),
        ({"stock_target": "none"}, "stock_target none"),
        ({"inventory_draw": "normal"}, "inventory_draw normal"),
        ({"inventory_days": 0.0}, "inventory_days 0: a stock must last at least 1 day"),
        ({"inventory_days": float("nan")}, "inventory_days nan"),
        ({"inventory_days": [3.0]}, "1 entries for 2 firms"),
        ({"inventory_days": {"Q": 3.0}}, "no such sector"),
        ({"inventory_least": 0.0}, "inventory_least 0"),
        ({"reorder_days": 0.0}, "reorder_days 0"),
        ({"reorder_days": float("nan")}, "reorder_days nan"),
        ({"spare_capacity": -0.1}, "spare_capacity -0.1"),
        ({"substitution_days": -1}, "substitution_days -1"),
        ({"recovered_at": 1.5}, "recovered_at 1.5"),
        ({"record": ["7"]}, "record 7: no such firm"),
        ({"record": "0"}, "takes a list"),
        ({"stocks": "supplier", "rationing": "smallest_first"}, "as published"),
    ],
)
def test_settings_that_make_no_sense(more: dict[str, Any], said: str) -> None:
    with pytest.raises(QuestionError, match=said.replace("(", r"\(")):
        propagate(pair(), [], **more)


def test_disruptions_that_make_no_sense_are_all_told_at_once() -> None:
    wrong = [
        Disruption(1.2), Disruption(float("nan")), Disruption(kind="capacty"), Disruption(start=-1),  # type: ignore[arg-type]
        Disruption(start=5, end=5), Disruption(half_life=0.0), Disruption(firm="7"), Disruption(sector="AA"),
        Disruption(jurisdiction="Q"), Disruption(to_firm="1"),
    ]  # fmt: skip
    with pytest.raises(QuestionError) as caught:
        propagate(pair(), wrong)
    lines = str(caught.value).splitlines()
    assert [line.split(":")[0] for line in lines] == [f"disruption {at}" for at in range(10)]


def test_a_file_of_disruptions(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    path.write_text(
        "name,kind,firm,sector,jurisdiction,to_jurisdiction,share,start,end,half_life,source\n"
        "quake,,0,,,,0.5,3,,7,\n"
        "control,deliveries,,A,X,Y,1,5,90,,a decree\n"
    )
    read = read_disruptions(pair(), path)
    assert read == (
        Disruption(0.5, firm="0", start=3, half_life=7.0, name="quake"),
        Disruption(
            1.0,
            "deliveries",
            sector="A",
            jurisdiction="X",
            to_jurisdiction="Y",
            start=5,
            end=90,
            name="control",
        ),
    )
    same(propagate(pair(), path, days=9), propagate(pair(), read, days=9))


def test_every_fault_of_a_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    path.write_text(
        "kind,firm,sector,jurisdiction,to_firm,share,start,end,half_life\n"
        "capacity,9,,,,0.5,0,,\n"
        "capcity,0,,,,0.5,0,,\n"
        "capacity,,Q,,,0.5,0,,\n"
        "capacity,,,,1,0.5,0,,\n"
        "capacity,0,,,,50 %,0,,\n"
        "capacity,0,,,,nan,0,,\n"
        "capacity,0,,,,1.5,0,,\n"
        "capacity,0,,,,,0,,\n"
        "capacity,0,,,,1,-2,,\n"
        "capacity,0,,,,1,9,4,\n"
        "capacity,0,,,,1,9,,0\n"
        "capacity,,,Q,,1,1.5,,\n"
    )
    with pytest.raises(ChainError) as caught:
        read_disruptions(pair(), path)
    told = [(fault.row, fault.column) for fault in caught.value.faults]
    assert told == [
        (2, "firm"), (3, "kind"), (4, "sector"), (5, "to_firm"), (6, "share"), (7, "share"), (8, "share"),
        (9, "share"), (10, "start"), (11, "end"), (12, "half_life"), (13, "start"),
    ]  # fmt: skip
    path.write_text("share\n")
    with pytest.raises(ChainError, match="no rows"):
        read_disruptions(pair(), path)
