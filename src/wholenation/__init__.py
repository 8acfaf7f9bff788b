"""Where a nation's technology can be stopped, what happens then, and what to fund against it.

One verb is one function: `read_chain` and `check`, `import_eto`, `measure`, `stress`, `plan`, `open_programme`,
`audit_ledger` and `audit_releases`, `report`.
Nothing heavy loads before it is used; `__init__.pyi` lists every public name with its type.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "Certainty": "plans",
    "Chain": "chain",
    "ChainError": "errors",
    "Exposure": "exposure",
    "Fault": "errors",
    "Frontier": "plans",
    "Outcomes": "stress",
    "OutputError": "errors",
    "Plan": "plans",
    "Policy": "plans",
    "Programme": "programme.office",
    "QuestionError": "errors",
    "WholenationError": "errors",
    "audit_ledger": "audit.ledger",
    "audit_releases": "audit.ocds",
    "budget_frontier": "plans",
    "check": "chain",
    "difference": "plans",
    "formulate": "plans",
    "import_eto": "importers.eto",
    "measure": "exposure",
    "open_programme": "programme.office",
    "plan": "plans",
    "read_chain": "chain",
    "read_smps": "stochastic.smps",
    "replicate": "plans",
    "report": "report",
    "robustness": "plans",
    "sensitivity": "plans",
    "simulate_policy": "plans",
    "stress": "stress",
    "unite": "union",
    "value_of_information": "plans",
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
