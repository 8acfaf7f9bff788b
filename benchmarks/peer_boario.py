"""BoARIO on an input–output table, in a Python of its own: `python benchmarks/peer_boario.py TABLE.npz STEPS`.

The table has `z` (k, k) of regions × sectors, `y` (k, regions), and `sectors`. Printed: milliseconds per step (the
median), as JSON. What BoARIO 0.7.2 needs and does not ask for: numpy, pandas, pymrio, progressbar.

    python -m venv peers && peers/bin/pip install boario numpy pandas pymrio progressbar
"""

from __future__ import annotations

import json
import logging
import sys
import time
import warnings
from importlib import import_module
from statistics import median
from typing import Any

MISSING = 3
"""The exit status with which the script says that something is not installed."""


def installed() -> list[Any]:
    """numpy, pandas, pymrio and BoARIO's rooms, which are known where this script runs and not where it is checked."""
    rooms = ("numpy", "pandas", "pymrio", "boario.event", "boario.extended_models", "boario.simulation")
    try:
        return [import_module(room) for room in rooms]
    except ImportError as missing:
        print(f"BoARIO does not run here: {missing}", file=sys.stderr)
        sys.exit(MISSING)


def main(path: str, steps: int) -> None:
    """Run so many steps with a tenth of one region's first sector lost, and print how long one takes."""
    np, pd, pymrio, event, models, simulations = installed()
    warnings.filterwarnings("ignore")
    logging.disable(logging.CRITICAL)
    table = np.load(path)
    sectors = int(table["sectors"])
    regions = len(table["z"]) // sectors
    names = [f"R{r:03d}" for r in range(regions)], [f"S{s:03d}" for s in range(sectors)]
    index = pd.MultiIndex.from_product(names, names=["region", "sector"])
    final = pd.MultiIndex.from_product([names[0], ["final"]], names=["region", "category"])
    system = pymrio.IOSystem(
        Z=pd.DataFrame(table["z"], index=index, columns=index),
        Y=pd.DataFrame(table["y"], index=index, columns=final),
    )
    system.calc_all()
    model = models.ARIOPsiModel(system, main_inv_dur=15, inventory_restoration_tau=6, monetary_factor=1)
    simulation = simulations.Simulation(model, n_temporal_units_to_sim=steps + 1)
    simulation.add_event(
        event.from_scalar_industries(
            float(table["z"].sum()) * 1e-4,
            event_type="recovery",
            affected_industries=[(names[0][0], names[1][0])],
            impact_distrib="equal",
            occurrence=1,
            duration=1,
            recovery_tau=60,
            event_monetary_factor=1,
        )
    )
    taken = []
    for _ in range(steps):
        start = time.perf_counter()
        simulation.next_step()
        taken.append(time.perf_counter() - start)
    print(json.dumps({"milliseconds": 1e3 * median(taken), "steps": steps}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
