"""Draws of futures against theory: PERT, the Gaussian copula, feasibility, parallel paths, stratification; and CVaR."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from plan_chains import build, effort, planning_chain, route
from scipy.special import ndtr, ndtri, roots_hermitenorm
from scipy.stats import beta, multivariate_normal

from wholenation.capability import to_horizon
from wholenation.network import to_network
from wholenation.plans.menu import Menu, to_menu
from wholenation.plans.samples import draw_efforts, draw_samples
from wholenation.plans.sobol import owen_scrambled, sobol_points
from wholenation.stochastic.two_stage import tail_mean

MANY = 4000


def menu_of(*routes: dict) -> Menu:
    chain = planning_chain(projects=[build("a"), build("b")], routes=routes)
    network = to_network(chain, "AAA")
    return to_menu(chain, network, to_horizon(network))


def draws(menu: Menu, seed: int = 1) -> np.ndarray:
    return draw_efforts(menu, MANY, (seed,))


@pytest.mark.parametrize(("low", "mode", "high"), [(1, 2, 9), (0, 4, 4), (3, 3, 5)])
def test_pert_mean_and_spread(low, mode, high):
    """Mean (low + 4 mode + high) / 6 and the beta distribution's variance, within the points' error."""
    drawn = draws(menu_of(route("a") | effort(low, mode, high)))[:, 0]
    mean = (low + 4 * mode + high) / 6
    variance = (mean - low) * (high - mean) / 7
    assert drawn.min() >= low
    assert drawn.max() <= high
    assert drawn.mean() == pytest.approx(mean, abs=1e-3 * (high - low))
    assert drawn.var() == pytest.approx(variance, rel=0.02)


def test_an_effort_without_range_is_certain():
    assert (draws(menu_of(route("a", effort=2.5))) == 2.5).all()


def latent(menu: Menu, drawn: np.ndarray) -> np.ndarray:
    """The standard normal numbers behind efforts, by the distribution function of the PERT."""
    low, mode, high = menu.effort.T
    a, b = 1 + 4 * (mode - low) / (high - low), 1 + 4 * (high - mode) / (high - low)
    return ndtri(beta.cdf((drawn - low) / (high - low), a, b))


def test_efforts_of_rivals_are_joined_by_the_copula_and_projects_are_independent():
    span = effort(1, 2, 9)
    menu = menu_of(
        route("a", "p", correlation=0.81) | span,
        route("a", "q", correlation=0.36) | span,
        route("b", "r", correlation=0.81) | span,
    )
    found = np.corrcoef(latent(menu, draws(menu)).T)
    error = 5 / np.sqrt(MANY)
    # Two routes load on the common factor with the roots of their correlations.
    assert found[0, 1] == pytest.approx(np.sqrt(0.81 * 0.36), abs=error)
    assert found[0, 2] == pytest.approx(0.0, abs=error)
    assert found[1, 2] == pytest.approx(0.0, abs=error)


@pytest.mark.parametrize("feasibility", [0.05, 0.3, 1.0, 0.0])
@pytest.mark.parametrize("correlation", [0.0, 0.5, 1.0])
def test_frequency_of_infeasible_routes(feasibility, correlation):
    drawn = draws(menu_of(route("a", feasibility=feasibility, correlation=correlation) | effort(1, 2, 9)))
    error = 5 * np.sqrt(feasibility * (1 - feasibility) / MANY)
    assert np.isfinite(drawn).mean() == pytest.approx(feasibility, abs=error)


def test_required_effort_given_feasibility_is_still_pert():
    drawn = draws(menu_of(route("a", feasibility=0.4, correlation=0.5) | effort(1, 2, 9)))[:, 0]
    drawn = drawn[np.isfinite(drawn)]
    assert drawn.mean() == pytest.approx(3.0, abs=5 * np.sqrt(2 * 6 / 7 / len(drawn)))


def test_two_rivals_fail_together_as_the_bivariate_normal_says():
    menu = menu_of(
        route("a", "p", feasibility=0.6, correlation=0.49), route("a", "q", feasibility=0.3, correlation=0.49)
    )
    both = np.isinf(draws(menu)).all(axis=1).mean()
    # Infeasible is where the latent number lies above the feasibility's quantile.
    upper = -ndtri([0.6, 0.3])
    expected = multivariate_normal([0, 0], [[1, 0.49], [0.49, 1]]).cdf(upper)
    assert both == pytest.approx(expected, abs=5 * np.sqrt(expected * (1 - expected) / MANY))
    assert expected > 0.4 * 0.7 + 0.05, "the case must tell the copula from independence"


@pytest.mark.parametrize("rho", [0.0, 0.3, 0.9])
def test_parallel_paths(rho):
    """One of k rivals succeeds: 1 - E[(1 - p(c))^k] over the common factor c (Gauss-Hermite)."""
    count, feasibility = 4, 0.25
    menu = menu_of(*(route("a", f"r{i}", feasibility=feasibility, correlation=rho) for i in range(count)))
    found = np.isfinite(draws(menu)).any(axis=1).mean()
    nodes, weight = roots_hermitenorm(80)
    chance = ndtr((ndtri(feasibility) - np.sqrt(rho) * nodes) / np.sqrt(1 - rho))
    expected = 1 - (weight / weight.sum() * (1 - chance) ** count).sum()
    assert found == pytest.approx(expected, abs=5 * np.sqrt(expected * (1 - expected) / MANY))


def test_more_rivals_help_and_correlation_takes_from_it():
    def success(count: int, rho: float) -> float:
        menu = menu_of(*(route("a", f"r{i}", feasibility=0.3, correlation=rho) for i in range(count)))
        return float(np.isfinite(draws(menu)).any(axis=1).mean())

    assert success(1, 0.3) < success(3, 0.3) - 0.1
    assert success(3, 0.9) < success(3, 0.0) - 0.1


PROBABILITIES = st.lists(st.one_of(st.just(0.0), st.floats(1e-4, 1.0)), min_size=1, max_size=12).filter(any)


@given(PROBABILITIES, st.integers(1, 50), st.integers(0, 2**32))
@example([0.9, 0.05, 0.05], 3, 0)
@example([0.96] + [0.005] * 8, 9, 0)
def test_weights_add_up_and_scenarios_keep_their_probability(probability, count, seed):
    menu = menu_of(route("a", feasibility=0.5))
    weight = np.array(probability) / sum(probability)
    samples = draw_samples(menu, weight, count, seed)
    # Fewer draws than scenarios would leave some out, and make every other look likelier than it is.
    count = max(count, int((weight > 0).sum()))
    assert len(samples) == len(samples.scenario) == len(samples.effort) == count
    assert samples.weight.sum() == pytest.approx(1.0)
    assert (samples.weight > 0).all()
    held = np.bincount(samples.scenario, weights=samples.weight, minlength=len(weight))
    np.testing.assert_allclose(held, weight, atol=1e-12)
    drawn = np.bincount(samples.scenario, minlength=len(weight))
    assert (drawn[weight > 0] >= 1).all()
    # Largest remainders: nobody is more than one draw away from its part, except for those raised to one.
    assert (drawn <= np.maximum(np.ceil(weight * count), 1)).all()


@pytest.mark.parametrize("count", [3, 8])
def test_stratified_draws_are_unbiased(count):
    """Over many seeds, the weighted mean of a loss comes to its exact expectation."""
    menu = menu_of(
        route("a", feasibility=0.35, correlation=0.5) | effort(1, 2, 9), route("b") | effort(0, 1, 5)
    )
    weight = np.array([0.7, 0.1, 0.2])
    size = np.array([1.0, 10.0, 3.0])

    def mean_loss(seed: int) -> float:
        samples = draw_samples(menu, weight, count, seed)
        loss = np.where(np.isinf(samples.effort[:, 0]), 1.0, 0.0) + samples.effort[:, 1]
        return float(samples.weight @ (size[samples.scenario] * loss))

    found = np.array([mean_loss(seed) for seed in range(400)])
    expected = (weight @ size) * (0.65 + 9 / 6)
    assert found.mean() == pytest.approx(expected, abs=4 * found.std() / np.sqrt(len(found)))
    assert found.std() > 0


def test_the_same_seed_draws_the_same_and_another_one_does_not():
    menu = menu_of(route("a", feasibility=0.5) | effort(1, 2, 9))
    weight = np.array([0.5, 0.5])
    one, two, other = (draw_samples(menu, weight, 10, seed) for seed in (7, 7, 8))
    assert (one.effort == two.effort).all()
    assert (one.effort != other.effort).any()


def test_another_scenario_leaves_the_draws_of_the_others_alone():
    menu = menu_of(route("a") | effort(1, 2, 9))
    few = draw_samples(menu, np.array([0.5, 0.5]), 8, 3)
    more = draw_samples(menu, np.array([0.5, 0.5, 0.5]), 12, 3)
    for scenario in (0, 1):
        assert (few.effort[few.scenario == scenario] == more.effort[more.scenario == scenario]).all()


def test_another_project_leaves_the_draws_of_the_others_alone():
    ways = [route("a", "p", correlation=0.5) | effort(1, 2, 9), route("a", "q") | effort(1, 2, 9)]
    more = menu_of(*ways, route("b", "p", correlation=0.5) | effort(1, 2, 9))
    few, both = draw_efforts(menu_of(*ways), 11, (3, 0)), draw_efforts(more, 11, (3, 0))
    assert (few == both[:, :2]).all()
    assert (both[:, 2] != both[:, 0]).any(), "a name of its own has draws of its own"


# --- Scrambled Sobol points

PAIR = [("a", ""), ("a", "x")]
FAR = [("a", ""), ("b", "")]


@pytest.mark.parametrize("size", range(9))
@given(st.integers(0, 2**40), st.integers(0, 30))
def test_one_point_lies_in_each_of_equal_parts(size, seed, scenario):
    count = 2**size
    points = sobol_points(count, [*PAIR, ("a", "y"), ("b", "z"), ("b", "")], (seed, scenario))
    assert points.shape == (count, 5)
    assert points.min() > 0
    assert points.max() < 1
    for column in points.T:
        assert sorted((column * count).astype(int)) == list(range(count))


@given(st.integers(0, 2**40))
def test_a_pair_of_a_group_is_a_net(seed):
    """The first two dimensions are a (0, 6, 2)-net: one point in each of 64 boxes, whatever their shape."""
    points = sobol_points(64, PAIR, (seed,))
    for bits in range(7):
        boxes = np.floor(points * [2**bits, 2 ** (6 - bits)])
        assert len({tuple(box) for box in boxes}) == 64


def test_a_name_asked_for_twice_is_the_same():
    points = sobol_points(5, [*PAIR, PAIR[0]], (1,))
    assert (points[:, 0] == points[:, 2]).all()
    assert sobol_points(0, PAIR, (1,)).shape == (0, 2)
    assert sobol_points(3, [], (1,)).shape == (3, 0)


def test_a_scramble_keeps_what_two_words_share_and_no_more():
    """Words that agree in exactly k leading bits do so afterwards: the definition of a nested scramble."""
    rng = np.random.default_rng(0)
    one, other = rng.integers(2**32, size=(2, 500), dtype=np.uint32)
    other ^= (one ^ other) & (0xFFFFFFFF << rng.integers(32, size=500)).astype(np.uint32)
    seeds = rng.integers(2**32, size=500, dtype=np.uint32)

    def shared(a: np.ndarray, b: np.ndarray) -> list[int]:
        return [32 - int(word).bit_length() for word in a ^ b]

    assert shared(one, other) == shared(owen_scrambled(one, seeds), owen_scrambled(other, seeds))


@pytest.mark.parametrize("count", [2, 4, 8, 16])
def test_points_are_spread_within_their_parts_as_if_each_were_drawn_alone(count):
    """The mean of u^3 then varies by a sum over the parts, each by its own variance (a weak hash gives less)."""
    means = [(sobol_points(count, [("a", "")], (seed,)) ** 3).mean() for seed in range(6000)]
    low = np.arange(count) / count
    high = low + 1 / count
    mean = (high**4 - low**4) / 4 * count
    variance = ((high**7 - low**7) / 7 * count - mean**2).sum() / count**2
    assert np.mean(means) == pytest.approx(0.25, abs=4 * np.sqrt(variance / len(means)))
    assert np.var(means) == pytest.approx(variance, rel=0.08)


@pytest.mark.parametrize("count", [7, 16])
@pytest.mark.parametrize(("first", "second"), [FAR, (("a", "x"), ("b", "x")), (("a", ""), ("b", "x"))])
def test_groups_are_independent_even_in_the_same_dimension(first, second, count):
    """As many and as large correlations by chance as between independent permutations: 1 / (n - 1) squared."""
    seeds = 2000
    ranks = [
        np.argsort(np.argsort(sobol_points(count, [*PAIR, *FAR, ("b", "x")], (s,)), axis=0), axis=0)
        for s in range(seeds)
    ]
    names = [*PAIR, *FAR, ("b", "x")]
    i, j = names.index(first), names.index(second)
    found = np.array([np.corrcoef(rank[:, i], rank[:, j])[0, 1] for rank in ranks])
    assert found.mean() == pytest.approx(0, abs=4 / np.sqrt((count - 1) * seeds))
    assert (found**2).mean() == pytest.approx(1 / (count - 1), rel=0.15)


@pytest.mark.parametrize(("count", "times"), [(13, 1.4), (64, 4), (256, 5)])
def test_less_error_than_independent_draws(count, times):
    """The effort spent on two routes when the first, of two latent numbers, is given up after 12 team-years."""
    menu = menu_of(
        route("a", "p", feasibility=0.6, correlation=0.5) | effort(1, 2, 9), route("b") | effort(0, 1, 5)
    )

    def spent(drawn: np.ndarray) -> np.ndarray:
        return np.minimum(drawn[:, 0], 12) + drawn[:, 1]

    many = spent(draw_efforts(menu, 2**17, (1,)))
    # The median error of the mean of independent draws.
    plain = ndtri(0.75) * many.std() / np.sqrt(count)
    errors = [abs(spent(draw_efforts(menu, count, (seed, 8))).mean() - many.mean()) for seed in range(200)]
    assert np.median(errors) * times < plain


LOSSES = st.lists(st.tuples(st.floats(0, 100), st.floats(0.01, 1)), min_size=1, max_size=12)


def rockafellar(losses: np.ndarray, weight: np.ndarray, tail: float) -> float:
    """The least of eta + E[(loss - eta)+] / (1 - tail): it is reached at one of the losses."""
    return min(eta + weight @ np.maximum(losses - eta, 0) / (1 - tail) for eta in losses)


@given(LOSSES, st.floats(0, 0.999))
@example([(1.0, 0.5), (3.0, 0.5)], 0.5)
@example([(1.0, 0.5), (3.0, 0.5)], 0.75)
def test_tail_mean_is_rockafellars_minimum(pairs, tail):
    losses, weight = np.array(pairs).T
    weight = weight / weight.sum()
    assert tail_mean(losses, weight, tail) == pytest.approx(
        rockafellar(losses, weight, tail), rel=1e-6, abs=1e-6
    )


@given(LOSSES)
def test_tail_mean_at_its_ends(pairs):
    losses, weight = np.array(pairs).T
    weight = weight / weight.sum()
    assert tail_mean(losses, weight, 0.0) == pytest.approx(weight @ losses)
    assert tail_mean(losses, weight, 1 - 1e-9) == pytest.approx(losses.max(), rel=1e-6)
    assert tail_mean(losses, weight, 1.0) == losses.max()


def test_tail_mean_by_hand():
    """Half of the worst half lies in the loss of 3, the other half in that of 2."""
    assert tail_mean(np.array([0.0, 2.0, 3.0]), np.array([0.5, 0.25, 0.25]), 0.5) == pytest.approx(2.5)
    assert tail_mean(np.array([0.0, 2.0, 3.0]), np.array([0.5, 0.25, 0.25]), 0.6) == pytest.approx(
        (0.25 * 3 + 0.15 * 2) / 0.4
    )
