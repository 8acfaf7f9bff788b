"""Where a nation's technology can be stopped, what happens then, and what to fund against it.

One verb is one function: `read_chain` and `check`, `import_eto`, `measure`, `stress`, `plan`, `cascade`, `propagate`,
`open_programme`, `audit_ledger` and `audit_releases`, `report`.
Nothing heavy loads before it is used; `__init__.pyi` lists every public name with its type.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "Cascade": "firms.cascade",
    "Certainty": "plans",
    "Chain": "chain",
    "ChainError": "errors",
    "Disruption": "firms.disruptions",
    "Exposure": "exposure",
    "Fault": "errors",
    "FirmNetwork": "firms.network",
    "Frontier": "plans",
    "Linked": "firms.linked",
    "Outcomes": "stress",
    "OutputError": "errors",
    "Plan": "plans",
    "Policy": "plans",
    "Programme": "programme.office",
    "Propagation": "firms.propagation",
    "QuestionError": "errors",
    "Shocks": "firms.shocks",
    "WholenationError": "errors",
    "audit_ledger": "audit.ledger",
    "audit_releases": "audit.ocds",
    "budget_frontier": "plans",
    "cascade": "firms.cascade",
    "check": "chain",
    "difference": "plans",
    "firms_of": "firms.from_chain",
    "formulate": "plans",
    "generate_firms": "firms.generator",
    "import_eto": "importers.eto",
    "import_graphml": "firms.importers",
    "import_io_table": "firms.importers",
    "import_links": "firms.importers",
    "link_firms": "firms.linked",
    "measure": "exposure",
    "open_programme": "programme.office",
    "plan": "plans",
    "propagate": "firms.dynamics",
    "read_chain": "chain",
    "read_firms": "firms.reading",
    "read_shocks": "firms.shock_files",
    "read_smps": "stochastic.smps",
    "replicate": "plans",
    "report": "report",
    "robustness": "plans",
    "sensitivity": "plans",
    "simulate_policy": "plans",
    "stress": "stress",
    "unite": "union",
    "value_of_information": "plans",
    "write_firms": "firms.writing",
    "write_package": "chain",
    "write_table": "chain",
}
__all__ = ["__version__", *_HOMES]


def __getattr__(name: str) -> Any:
    """PEP 562: a public name loads its module when it is first used."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)


class _Package(ModuleType):
    """The package, on which the verbs `stress` and `report` win over the modules of the same name."""

    def __setattr__(self, name: str, value: object) -> None:
        # Importing wholenation.stress would otherwise put the module where the function is promised.
        if not (name in _HOMES and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
