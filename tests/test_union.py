"""Several chains as one: shared things once, different things apart, contradictions named."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest
from plan_chains import build, effort, money, people, planning_chain, route

from wholenation.chain import Chain
from wholenation.dictionary import dictionary
from wholenation.errors import ChainError, QuestionError
from wholenation.plans import plan
from wholenation.stress import stress
from wholenation.union import unite

INK = {"ink": {"kind": "material", "stage": "materials", "stock_months": 0, "surge": 0}}


def gas_chain(**changes) -> Chain:
    tables = {"projects": [build()], "pools": money({2026: 100}, "Gas fund", earmark_item="gas")}
    return planning_chain(**(tables | changes))


def ink_chain(**changes) -> Chain:
    """Paper (chip, in the words of the toy) from ink; ink is what gas is to chips."""
    tables = {
        "items": INK, "needed": ("ink",), "supply": {"ink": {"BBB": 0.5, "CCC": 0.5}},
        "projects": [build("press", item="ink", capacity=0.5, capex_musd=50)],
        "pools": money({2026: 50}, "Ink fund", earmark_item="ink"),
    }  # fmt: skip
    return planning_chain(**(tables | changes))


def together(*chains: Chain) -> Chain:
    return unite(chains, ["one", "two", "three"][: len(chains)])


def test_a_chain_united_with_itself_is_itself():
    chain = gas_chain(routes=[route("plant")], prerequisites=(), pools=[*money({2026: 9}), *people(1)])
    both = together(chain, chain)
    assert both.data_hash == chain.data_hash
    assert together(chain).data_hash == chain.data_hash


def test_the_same_code_for_different_things_gets_the_chains_name():
    """Both make chips, of different inputs; gas, the tool and what supplies them are the same."""
    both = together(gas_chain(), ink_chain())
    assert sorted(both.items["item"]) == ["gas", "ink", "one-chip", "tool", "two-chip"]
    assert set(both.needs.select("item", "input", "group").rows()) == {
        ("one-chip", "gas", "gas"), ("two-chip", "ink", "ink"),
    }  # fmt: skip
    products = dict(both.missions.select("mission", "product").iter_rows())
    assert products == {"one-chips": "one-chip", "two-chips": "two-chip"}
    assert sorted(both.projects["project"]) == ["plant", "press"]
    assert len(both.scenarios) == len(both.controls) == 1


def test_what_rests_on_different_things_is_different_itself():
    """Gas from other suppliers is another gas; so are the chips made from it, and the project for it."""
    other = gas_chain(supply={"gas": {"BBB": 0.9, "CCC": 0.1}}, routes=[route("plant") | effort(1, 2, 3)])
    both = together(gas_chain(), other)
    assert sorted(both.items["item"]) == ["one-chip", "one-gas", "tool", "two-chip", "two-gas"]
    assert set(both.needs.select("item", "input", "group").rows()) == {
        ("one-chip", "one-gas", "one-gas"), ("two-chip", "two-gas", "two-gas"),
    }  # fmt: skip
    assert dict(both.projects.select("project", "item").iter_rows()) == {
        "one-plant": "one-gas",
        "two-plant": "two-gas",
    }
    assert both.routes["project"].to_list() == ["two-plant"]
    assert set(both.pools["earmark_item"]) == {"one-gas", "two-gas"}


def test_every_reference_leads_somewhere():
    both = together(gas_chain(), gas_chain(supply={"gas": {"BBB": 0.9, "CCC": 0.1}}), ink_chain())
    for table, columns in dictionary().items():
        for column in columns.values():
            if column.references:
                known = set(both.table(column.references[0])[column.references[1]])
                assert set(both.table(table)[column.name].drop_nulls()) <= known, (table, column.name)


def test_losses_of_both_missions_add_up():
    """0.6 of the gas and 0.5 of the ink are denied for five years."""
    one, two, both = gas_chain(), ink_chain(), together(gas_chain(), ink_chain())
    losses = [stress(chain, "AAA", ["embargo"]).summary["loss"][0] for chain in (one, two, both)]
    assert losses[2] == pytest.approx(losses[0] + losses[1])
    assert losses[2] > 5


def test_one_budget_goes_where_it_saves_most():
    """USD 150 million build both; 50 build the press, which saves 0.5 a year for half the money."""
    both = together(gas_chain(pools=money({2026: 50})), ink_chain(pools=money({2026: 50})))
    assert len(both.pools) == 1, "the same pool is one"
    found = plan(both, "AAA", samples=1, evaluate=0, gap=0.0)
    assert found.spending.select("project", "musd").rows() == [("press", pytest.approx(50, abs=1e-3))]
    loss = dict(found.loss.select("measure", "after").iter_rows())["expected"]
    assert loss == pytest.approx(5 * 0.6 + 0.5)


@pytest.mark.parametrize(
    ("second", "message"),
    [
        (
            gas_chain(scenarios={"embargo": 0.5}),
            "scenarios: embargo has probability 1 in one and 0.5 in two; give both chains the same",
        ),
        (gas_chain(pools=money({2026: 70}, "Gas fund", earmark_item="gas")), "has amount 100 in one and 70 in two"),
        (gas_chain(demand_share=0.5), "AAA plans in both chains and has demand_share 1 in one and 0.5 in two"),
        (
            gas_chain(
                scenarios={"other": 0.5},
                controls=[{"scenario": "other", "controller": "CCC", "kind": "item", "start": "2026-01-01"}],
            ),
            "the probabilities of the scenarios of one and two add up to 1.5, above 1",
        ),
        (
            gas_chain(
                controls=[
                    {"scenario": "embargo", "controller": "BBB", "kind": "item", "start": "2026-01-01"},
                    {"scenario": "embargo", "controller": "CCC", "kind": "item", "start": "2026-01-01"},
                ]
            ),
            None,
        ),
    ],
    ids=["probability", "amount", "demand", "sum", "another control of the same event"],
)  # fmt: skip
def test_contradictions_are_named(second, message):
    if message is None:
        assert len(together(gas_chain(), second).controls) == 2
        return
    with pytest.raises(QuestionError) as caught:
        together(gas_chain(), second)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_names_are_needed_and_differ():
    chain = gas_chain()
    with pytest.raises(QuestionError, match="no chain is given"):
        unite([])
    with pytest.raises(QuestionError, match="2 chains need as many different names, not a, a"):
        unite([chain, chain], ["a", "a"])


def test_faults_between_chains_are_faults():
    """Each chain's shares add up; a project that trains people whom only the other chain's pool knows is sound."""
    school = {"project": "school", "kind": "train", "capacity": 5, "capex_musd": 1, "resource": "engineers"}
    one = gas_chain(projects=[school], pools=people(1))
    assert len(together(one, ink_chain()).projects) == 2
    away = replace(one, pools=one.pools.with_columns(resource=pl.lit("others")))
    with pytest.raises(ChainError, match="engineers"):
        together(away, ink_chain())
