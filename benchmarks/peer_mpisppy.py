"""mpi-sppy on one two-stage programme, in whatever Python has it: `python peer_mpisppy.py METHOD INSTANCE ANSWER`.

METHOD is `lshaped`, `ph` or `ef`, INSTANCE a file that `peers.save` wrote. Nothing of the product is imported here, and
numpy alone is needed to read the instance. On standard output the last line is JSON: seconds, build_seconds, objective
(as the peer says it; null where it says none), bound, status, iterations, versions. ANSWER gets what the method had
after every iteration: `seconds` and `bound` (k,), and the first stage `x` (k, n).

mpi-sppy runs here in one process, as do our own figures beside it: `opt.lshaped.LShapedMethod` (its cut generator is
Pyomo's, which imports mpi4py even then), `opt.ph.PH` (the proximal term made linear, since HiGHS takes no quadratic one
with integers; rho a hundredth of the mean objective after the first iteration) and `opt.ef.ExtensiveForm`.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Array = NDArray[Any]

ROUNDS = 100_000
PACKAGES = ("mpi-sppy", "pyomo", "highspy", "mpi4py")


@dataclass(frozen=True)
class Matrix:
    """Rows in compressed form: row i has columns `index[start[i]:start[i + 1]]`."""

    start: Array
    index: Array
    value: Array

    def row(self, i: int) -> tuple[list[int], list[float]]:
        """Columns and values of a row, as Python numbers."""
        part = slice(self.start[i], self.start[i + 1])
        return self.index[part].tolist(), self.value[part].tolist()


@dataclass(frozen=True)
class Part:
    """A problem of the instance: the first stage, or a recourse with its linking rows."""

    cost: Array
    lower: Array
    upper: Array
    row_lower: Array
    row_upper: Array
    integer: Array
    link: Array
    matrix: Matrix


@dataclass
class Instance:
    """The programme as arrays; `floor` (S,) bounds every sample's recourse from below."""

    first: Part
    recourse: list[Part]
    kind: Array
    weight: Array
    floor: Array
    low: list[Array]
    high: list[Array]
    technology: list[Matrix]
    aversion: float
    tail: float
    names: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.names = [f"Scenario{s}" for s in range(len(self.weight))]


@dataclass
class Log:
    """What a method had after each iteration."""

    begun: float = field(default_factory=time.perf_counter)
    seconds: list[float] = field(default_factory=list)
    bound: list[float] = field(default_factory=list)
    x: list[list[float]] = field(default_factory=list)

    def add(self, bound: float, x: list[float]) -> None:
        """Note a bound and a first stage, now."""
        self.seconds.append(time.perf_counter() - self.begun)
        self.bound.append(bound)
        self.x.append(x)


def load(path: Path) -> Instance:
    """The instance in a file of `peers.save`."""
    data: Mapping[str, Any] = dict(np.load(path))

    def matrix(name: str) -> Matrix:
        return Matrix(data[f"{name}.start"], data[f"{name}.index"], data[f"{name}.value"])

    def part(name: str) -> Part:
        fields = ("cost", "lower", "upper", "row_lower", "row_upper", "integer", "link")
        return Part(**{name_: data[f"{name}.{name_}"] for name_ in fields}, matrix=matrix(f"{name}.matrix"))

    count = len(data["weight"])
    return Instance(
        first=part("first"),
        recourse=[part(f"recourse{k}") for k in range(int(data["kind"].max()) + 1)],
        kind=data["kind"],
        weight=data["weight"],
        floor=data["floor"],
        low=[data[f"sample{s}.low"] for s in range(count)],
        high=[data[f"sample{s}.high"] for s in range(count)],
        technology=[matrix(f"sample{s}.technology") for s in range(count)],
        aversion=float(data["risk"][0]),
        tail=float(data["risk"][1]),
    )


def scenario(name: str, instance: Instance) -> Any:
    """A sample as the Pyomo model that mpi-sppy wants: the whole first stage, and this sample's recourse.

    With aversion, the quantile eta is a column of the first stage, and what a sample loses above it one of the second.
    """
    pyo: Any = import_module("pyomo.environ")
    sputils: Any = import_module("mpisppy.utils.sputils")
    linear: Any = import_module("pyomo.core.expr.numeric_expr").LinearExpression
    s = instance.names.index(name)
    first, second = instance.first, instance.recourse[int(instance.kind[s])]
    model = pyo.ConcreteModel(name=name)
    model.x = pyo.Var(range(len(first.cost)), bounds=_bounds(first.lower, first.upper))
    for j in np.flatnonzero(first.integer).tolist():
        model.x[j].domain = pyo.Integers
    model.z = pyo.Var(range(len(second.cost)), bounds=_bounds(second.lower, second.upper))
    x, z = list(model.x.values()), list(model.z.values())

    def terms(*parts: tuple[list[Any], tuple[list[int], list[float]]]) -> Any:
        columns = [variables[j] for variables, (index, _) in parts for j in index]
        return linear(
            constant=0, linear_coefs=[v for _, (_, value) in parts for v in value], linear_vars=columns
        )

    def rows(low: Array, high: Array, *parts: list[tuple[list[Any], tuple[list[int], list[float]]]]) -> Any:
        kept = [
            i
            for i, own in enumerate(parts)
            if (low[i] > -np.inf or high[i] < np.inf) and any(t[1][0] for t in own)
        ]

        def rule(_model: Any, i: int) -> Any:
            if low[i] == high[i]:
                return terms(*parts[i]) == float(low[i])
            return (_finite(low[i]), terms(*parts[i]), _finite(high[i]))

        return pyo.Constraint(kept, rule=rule)

    model.first = rows(
        first.row_lower, first.row_upper, *([(x, first.matrix.row(i))] for i in range(len(first.row_lower)))
    )
    low, high = second.row_lower.copy(), second.row_upper.copy()
    low[second.link], high[second.link] = instance.low[s], instance.high[s]
    place = {int(row): i for i, row in enumerate(second.link)}
    model.second = rows(
        low,
        high,
        *(
            [(z, second.matrix.row(i))] + ([(x, instance.technology[s].row(place[i]))] if i in place else [])
            for i in range(len(low))
        ),
    )
    own = terms((x, _priced(first.cost)))
    loss = _priced(second.cost)
    nonants = [model.x]
    if instance.aversion > 0:
        # The quantile of the losses is no lower than the lowest loss.
        model.eta = pyo.Var(bounds=(float(instance.floor.min()), None))
        model.above = pyo.Var(bounds=(0, None))
        model.tail = pyo.Constraint(
            expr=terms((z, (loss[0], [-value for value in loss[1]]))) + model.above + model.eta >= 0
        )
        own = own + instance.aversion * model.eta
        nonants.append(model.eta)
    scaled = terms((z, (loss[0], [(1 - instance.aversion) * value for value in loss[1]])))
    if instance.aversion > 0:
        scaled = scaled + instance.aversion / max(1 - instance.tail, 1e-9) * model.above
    model.own = pyo.Expression(expr=own)
    model.objective = pyo.Objective(expr=model.own + scaled)
    sputils.attach_root_node(model, model.own, nonants, do_uniform=False)
    model._mpisppy_probability = float(instance.weight[s])
    return model


def _bounds(lower: Array, upper: Array) -> Any:
    low, high = [_finite(v) for v in lower], [_finite(v) for v in upper]
    return lambda _model, j: (low[j], high[j])


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _priced(cost: Array) -> tuple[list[int], list[float]]:
    index = np.flatnonzero(cost)
    return index.tolist(), cost[index].tolist()


def lshaped(instance: Instance, gap: float, seconds: float) -> tuple[float, Log, dict[str, Any]]:
    """The serial L-shaped method: one cut per sample and iteration, the root a mixed-integer problem each time."""
    made = time.perf_counter()
    method: Any = import_module("mpisppy.opt.lshaped").LShapedMethod(
        {
            "root_solver": "highs",
            "sp_solver": "highs",
            "root_solver_options": {"mip_rel_gap": gap / 4, "threads": 1},
            "sp_solver_options": {"threads": 1},
            "valid_eta_lb": dict(
                zip(
                    instance.names,
                    ((1 - instance.aversion) * instance.weight * instance.floor).tolist(),
                    strict=True,
                )
            ),
            "max_iter": ROUNDS,
            "tol": 1e-7,
            "verbose": False,
        },
        instance.names,
        scenario,
        scenario_creator_kwargs={"instance": instance},
    )
    build, log = time.perf_counter() - made, Log()
    n = len(instance.first.cost)

    def first_stage() -> list[float]:
        # Where the root is empty of a column, its value is none.
        return [float(variable.value or 0.0) for variable in method.root_vars[:n]]

    class Watch:
        """Notes every iteration and stops when time is up."""

        def __init__(self, *_: Any):
            pass

        def convergence_value(self) -> float:
            log.add(float(method._LShaped_bound), first_stage())
            return log.bound[-1]

        def is_converged(self) -> bool:
            return time.perf_counter() - log.begun >= seconds

    method.lshaped_algorithm(converger=Watch)
    done = bool(getattr(method, "first_stage_solution_available", False))
    objective = None
    if done:
        log.add(float(method._LShaped_bound), first_stage())
        objective = float(method.root.obj.expr())
    status = "no cut is left" if done else "stopped at the time limit"
    return build, log, {"objective": objective, "bound": log.bound[-1], "status": status}


def ph(instance: Instance, gap: float, seconds: float) -> tuple[float, Log, dict[str, Any]]:
    """Serial progressive hedging; its bound is that of the samples apart, and the Lagrangian one at the end."""
    made = time.perf_counter()
    n = len(instance.first.cost)
    log = Log()

    class Watch(import_module("mpisppy.convergers.converger").Converger):  # type: ignore[misc]
        """Notes the sample's first stage that is nearest to the mean, and stops when time is up."""

        def __init__(self, opt: Any):
            super().__init__(opt)
            self.opt = opt

        def is_converged(self) -> bool:
            apart: dict[str, float] = {}
            points: dict[str, list[float]] = {}
            for name, model in self.opt.local_scenarios.items():
                here = np.array([variable.value for variable in model._mpisppy_data.nonant_indices.values()])
                mean = np.array(
                    [model._mpisppy_model.xbars[key].value for key in model._mpisppy_data.nonant_indices]
                )
                apart[name], points[name] = float(np.abs(here - mean).sum()), here[:n].tolist()
            log.add(float(self.opt.trivial_bound), points[min(apart, key=apart.__getitem__)])
            return time.perf_counter() - log.begun >= seconds

    def rho(model: Any) -> list[tuple[int, float]]:
        worth = sum(
            float(instance.weight[s])
            * import_module("pyomo.environ").value(method.local_scenarios[name].objective.expr)
            for s, name in enumerate(instance.names)
        )
        return [
            (id(variable), max(0.01 * abs(worth), 1e-6))
            for variable in model._mpisppy_data.nonant_indices.values()
        ]

    method: Any = import_module("mpisppy.opt.ph").PH(
        {
            "solver_name": "appsi_highs",
            "PHIterLimit": ROUNDS,
            "defaultPHrho": 1.0,
            "convthresh": 1e-6,
            "verbose": False,
            "display_progress": False,
            "linearize_proximal_terms": True,
            "iter0_solver_options": {"mip_rel_gap": gap / 4, "threads": 1},
            "iterk_solver_options": {"mip_rel_gap": gap / 4, "threads": 1},
        },
        instance.names,
        scenario,
        scenario_creator_kwargs={"instance": instance},
        ph_converger=Watch,
        rho_setter=rho,
    )
    build = time.perf_counter() - made
    log.begun = time.perf_counter()
    _, _, trivial = method.ph_main(finalize=False)
    lagrange = float(method.post_solve_bound())
    bound = max(float(trivial), lagrange)
    if log.x:
        log.add(bound, log.x[-1])
    done = method.conv is not None and method.conv < 1e-6
    status = "samples agree" if done else "stopped at the time limit"
    return build, log, {"objective": None, "bound": bound, "status": status}


def ef(instance: Instance, gap: float, seconds: float) -> tuple[float, Log, dict[str, Any]]:
    """The extensive form, handed to HiGHS as a whole."""
    made = time.perf_counter()
    method: Any = import_module("mpisppy.opt.ef").ExtensiveForm(
        {"solver": "appsi_highs"}, instance.names, scenario, scenario_creator_kwargs={"instance": instance}
    )
    build, log = time.perf_counter() - made, Log()
    results = method.solve_extensive_form({"mip_rel_gap": gap, "time_limit": seconds, "threads": 1})
    bound = float(results.problem.lower_bound)
    objective = None
    status = str(results.solver.termination_condition)
    if method.tree_solution_available:
        objective = float(method.get_objective_value())
        values = {key: value for key, value in method.get_root_solution().items() if key.startswith("x[")}
        log.add(bound, [float(values[f"x[{j}]"]) for j in range(len(instance.first.cost))])
    return build, log, {"objective": objective, "bound": bound, "status": status}


NEEDED = {"lshaped": ("mpi4py.MPI",), "ph": ("scipy.optimize",)}
METHODS = {"lshaped": lshaped, "ph": ph, "ef": ef}


def versions() -> dict[str, str]:
    """Of the packages that took part."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def main() -> int:
    """0 with an answer, 3 with one line on standard error where a package is missing."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("method", choices=METHODS)
    parser.add_argument("instance", type=Path)
    parser.add_argument("answer", type=Path)
    parser.add_argument("--gap", type=float, default=0.01)
    parser.add_argument("--seconds", type=float, default=60.0)
    asked = parser.parse_args()
    try:
        for name in ("pyomo.environ", "mpisppy.opt.ef", "highspy", *NEEDED.get(asked.method, ())):
            import_module(name)
    except (ImportError, RuntimeError) as error:
        print(f"{asked.method}: {str(error).splitlines()[0]}", file=sys.stderr)
        return 3
    instance = load(asked.instance)
    build, log, told = METHODS[asked.method](instance, asked.gap, asked.seconds)
    taken = time.perf_counter() - log.begun
    np.savez(asked.answer, seconds=np.array(log.seconds), bound=np.array(log.bound), x=np.array(log.x))
    told |= {"seconds": taken, "build_seconds": build, "iterations": len(log.x), "versions": versions()}
    print(json.dumps(told))
    return 0


if __name__ == "__main__":
    sys.exit(main())
