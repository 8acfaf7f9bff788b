"""Controls on named organizations: the same losses as `stress`, and shocks to the organization's firms."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from wholenation.chain import Chain
from wholenation.errors import QuestionError
from wholenation.firms.cascade import cascade
from wholenation.firms.from_chain import firms_of, sales_of, seen_from
from wholenation.firms.linked import link_firms, match_organizations
from wholenation.firms.network import from_arrays
from wholenation.firms.shocks import from_matrix
from wholenation.stress import stress


def with_own(chain: Chain, coverage: float = 0.5) -> Chain:
    """The toy with an organization at home that makes dry etchers and chips, and a control on it beside an embargo."""
    one = chain.organizations.with_columns(
        organization=pl.lit("own"), name=pl.lit("Own Tools Ltd"), jurisdiction=pl.lit("AAA")
    )
    rows = chain.organization_supply
    supply = [
        rows.with_columns(organization=pl.lit("own"), item=pl.lit(item), share=pl.lit(share))
        for item, share in (("etcher_dry", 0.05), ("chip", 0.25))
    ]
    control = chain.controls.filter(pl.col("kind") == "entity").with_columns(
        scenario=pl.lit("service"),
        organization=pl.lit("own"),
        item=pl.lit("wafer"),
        coverage=pl.lit(coverage),
    )
    return replace(
        chain,
        organizations=pl.concat([chain.organizations, one]),
        organization_supply=pl.concat([rows, *supply]),
        controls=pl.concat([chain.controls, control]),
    )


def test_items_lose_what_stress_says(toy_chain: Chain) -> None:
    found = link_firms(with_own(toy_chain), "AAA")
    assert found.controls["organization"].to_list() == ["etchcorp", "own"]
    plain = stress(toy_chain, "AAA").summary
    losses = dict(zip(plain["scenario"], plain["loss"], strict=True))
    # The first is the only control of its scenario; the second comes on top of another.
    assert found.controls["loss"][0] == pytest.approx(losses["entity"] - losses["none"])
    assert found.controls["loss_added"][0] == pytest.approx(found.controls["loss"][0])
    both = dict(stress(with_own(toy_chain), "AAA").summary.select("scenario", "loss").iter_rows())
    assert found.controls["loss_added"][1] == pytest.approx(both["service"] - losses["service"])
    alone = replace(
        with_own(toy_chain), controls=with_own(toy_chain).controls.filter(pl.col("organization") == "own")
    )
    only = dict(stress(alone, "AAA").summary.select("scenario", "loss").iter_rows())
    assert found.controls["loss"][1] == pytest.approx(only["service"] - only["none"])
    first = found.items.filter(pl.col("control") == 0)
    assert first["item"].to_list() == ["etcher_dry"]
    assert first["loss"][0] == pytest.approx(found.controls["loss"][0])
    assert first["denied"][0] == pytest.approx(0.9 / 0.95)


def test_firms_lose_what_they_cannot_make(toy_chain: Chain) -> None:
    chain = with_own(toy_chain, 0.5)
    found = link_firms(chain, "AAA").controls
    # The foreign organization delivers nothing any more; home's own gets four tenths of its wafers from the
    # controller, which withholds half of that.
    assert found["firms_lose"].to_list() == pytest.approx([1.0, 0.5 * 0.4])
    whole = firms_of(chain)
    network = seen_from(whole, {"AAA"})
    codes = network.firms["firm"].to_list()
    psi = np.zeros((network.n, 4))
    psi[codes.index("etchcorp:etcher_dry"), 0] = 1.0
    psi[codes.index("own:chip"), 1] = 0.2
    psi[codes.index("etchcorp:etcher_dry"), 2] = 1.0
    psi[[codes.index("own:chip"), codes.index("own:etcher_dry")], 3] = 1.0
    shocks = from_matrix(network, psi, names=["a", "b", "c", "d"])
    risk = dict(
        cascade(network, shocks, weights=sales_of(whole, {"AAA"})).firms.select("shock", "risk").iter_rows()
    )
    assert found["risk"].to_list() == pytest.approx([risk["a"], risk["b"]])
    assert found["risk_if_stopped"].to_list() == pytest.approx([risk["c"], risk["d"]])
    assert (found["low"] <= found["risk"]).all()
    assert (found["risk"] <= found["high"]).all()


def test_the_part_covered_decides(toy_chain: Chain) -> None:
    risks = [
        link_firms(with_own(toy_chain, coverage), "AAA").controls["risk"][1] for coverage in (0.0, 0.4, 0.8)
    ]
    assert risks[0] == 0.0
    assert risks[0] < risks[1] < risks[2]


def test_scenarios_can_be_named(toy_chain: Chain) -> None:
    assert link_firms(toy_chain, "AAA", scenarios=["none"]).controls.is_empty()
    assert link_firms(toy_chain, "AAA", scenarios=["entity"]).controls.height == 1
    with pytest.raises(QuestionError, match="is entity meant"):
        link_firms(toy_chain, "AAA", scenarios=["entitty"])


def test_organizations_are_found_among_firms(toy_chain: Chain) -> None:
    chain = with_own(toy_chain)

    def firms(
        codes: list[str], names: list[str | None], owners: list[str | None] | None = None
    ) -> pl.DataFrame:
        network = from_arrays([0] * len(codes), [0], [1], [1.0], None, firms=codes, names=names)
        if owners is not None:
            told = pl.Series("organization", owners, dtype=pl.String)
            network = replace(network, firms=network.firms.with_columns(told))
        return match_organizations(chain, network)

    by_name = firms(["f1", "f2", "f3"], ["ETCH CORPORATION", "Tools Own", None])
    assert by_name.select("organization", "firm", "by").rows() == [
        ("etchcorp", "f1", "name"),
        ("own", "f2", "name"),
    ]
    by_code = firms(["etchcorp", "f2"], ["Etch Corp", "Etch Corp"])
    assert by_code.rows() == [("etchcorp", "etchcorp", "code", 100.0)]
    told = firms(["etchcorp", "f2", "f3"], ["Etch Corp", None, "Own Tools"], [None, "etchcorp", None])
    assert told.select("firm", "by").rows() == [("f2", "column"), ("f3", "name")]


def test_firms_from_elsewhere(toy_chain: Chain) -> None:
    network = from_arrays(
        [0, 1, 1], [0, 0], [1, 2], [3.0, 1.0], [[1, 2], [1, 1]], names=["Etch Corp", "A", "B"], name="nation"
    )
    found = link_firms(toy_chain, "AAA", network)
    assert found.controls["firms"].to_list() == [1]
    whole = cascade(network).firms
    assert found.controls["risk"][0] == pytest.approx(whole.filter(pl.col("shock") == "0")["risk"][0])
    nobody = link_firms(
        toy_chain, "AAA", replace(network, firms=network.firms.with_columns(name=pl.lit("?")))
    )
    assert nobody.matched.is_empty()
    assert nobody.controls["risk"].to_list() == [None]
    assert nobody.controls["loss"][0] > 0
